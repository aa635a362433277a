import { AwsError } from "../../../aws/error.ts";
import { identityOf } from "../../../gateway/iam-identity.ts";
import { nameOf } from "../../../iam/principal.ts";
import { requestArn } from "../execute/arn.ts";
import type { Authorization, Exchange } from "../execute/exchange.ts";
import { GatewayFault } from "../execute/fault.ts";
import type { Cx } from "../gateway.ts";
import { conditionKeys, denied } from "./resource-policy.ts";

/**
 * Asks IAM whether the signer of the request may invoke the method.
 * AWS: "Control access to a REST API with IAM permissions".
 * @throws GatewayFault MISSING_AUTHENTICATION_TOKEN for an unsigned request, ACCESS_DENIED for a denied one
 */
export function authorizeByIam(cx: Cx, exchange: Exchange): Authorization {
  const identity = identityOf(cx.principal);
  if (!identity) throw new GatewayFault("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token");
  try {
    cx.authorize({
      action: "execute-api:Invoke",
      resource: requestArn(exchange),
      context: conditionKeys(exchange),
      resourcePolicy: exchange.stage.api.policy,
    });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    exchange.authorizer = { status: 403, error: error.message };
    const how = error.message.includes("explicit deny") ? "with an explicit deny" : undefined;
    throw denied(exchange, how, nameOf(cx.principal));
  }
  return { kind: "iam", identity };
}
