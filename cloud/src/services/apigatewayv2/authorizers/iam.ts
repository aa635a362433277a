import { AwsError } from "../../../aws/error.ts";
import { identityOf } from "../../../gateway/iam-identity.ts";
import { executeArn } from "../../../gateway/arn.ts";
import type { Authorization, Exchange } from "../execute/exchange.ts";
import { GatewayError } from "../execute/reply.ts";
import type { Cx } from "../gateway.ts";

/** The ARN that a request is asked about: `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path`. */
export function requestArn({ stage, request }: Exchange): string {
  return executeArn(stage.scope, stage.api.ApiId, stage.record.StageName, request.method) + request.routePath;
}

/**
 * Asks IAM whether the signer of the request may invoke the route.
 * AWS: "Control access to HTTP APIs with IAM authorization in API Gateway".
 * @throws GatewayError 403 for an unsigned request and for a denied one
 */
export function authorizeByIam(cx: Cx, exchange: Exchange): Authorization {
  const identity = identityOf(cx.principal);
  if (!identity) throw new GatewayError(403);
  try {
    cx.authorize({ action: "execute-api:Invoke", resource: requestArn(exchange) });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    exchange.authorizerError = error.message;
    throw new GatewayError(403, {}, { cause: error });
  }
  return { kind: "iam", identity };
}
