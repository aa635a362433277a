import type { Exchange } from "../execute/exchange.ts";
import type { Cx } from "../gateway.ts";
import { authorizeByPool } from "./cognito.ts";
import { authorizeByIam } from "./iam.ts";
import { authorizeByFunction } from "./lambda.ts";
import { denied, resourceEffect } from "./resource-policy.ts";

/**
 * Lets a request through, or not: by the method's authorization, together with the API's resource policy.
 * AWS: "How API Gateway resource policies affect authorization workflow".
 * @throws GatewayFault UNAUTHORIZED, ACCESS_DENIED, MISSING_AUTHENTICATION_TOKEN, AUTHORIZER_FAILURE, …
 */
export async function authorize(cx: Cx, exchange: Exchange): Promise<void> {
  const { authorizationType } = exchange.method!.record;
  if (authorizationType === "AWS_IAM") {
    exchange.authorization = authorizeByIam(cx, exchange);
    return;
  }
  const effect = resourceEffect(exchange);
  if (effect === "deny") throw denied(exchange, "with an explicit deny");
  switch (authorizationType) {
    case "CUSTOM":
      exchange.authorization = await authorizeByFunction(cx, exchange, effect);
      return;
    case "COGNITO_USER_POOLS":
      exchange.authorization = await authorizeByPool(cx, exchange);
      break;
  }
  if (effect === "none") throw denied(exchange);
}
