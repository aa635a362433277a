import { NotEmulatedError } from "../../../aws/error.ts";
import type { Exchange } from "../execute/exchange.ts";
import type { Cx } from "../gateway.ts";

/**
 * Lets a request through, or not.
 * @throws GatewayFault UNAUTHORIZED, ACCESS_DENIED, MISSING_AUTHENTICATION_TOKEN, AUTHORIZER_FAILURE, …
 */
export async function authorize(_cx: Cx, exchange: Exchange): Promise<void> {
  const { authorizationType } = exchange.method!.record;
  if (authorizationType === "NONE") return;
  throw new NotEmulatedError(`authorization of type ${authorizationType} of REST APIs`);
}
