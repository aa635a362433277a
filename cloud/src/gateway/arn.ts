import { arn } from "../aws/arn.ts";
import type { Scope } from "../aws/scope.ts";

/** The ARN of an API or a part of it in execute-api, e.g. `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/GET/orders`. */
export function executeArn(scope: Scope, apiId: string, ...parts: string[]): string {
  return arn("execute-api", scope, [apiId, ...parts].join("/"));
}
