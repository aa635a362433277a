import { policyEffect, type PolicyEffect } from "../../../gateway/policy-effect.ts";
import { requestArn } from "../execute/arn.ts";
import type { Exchange } from "../execute/exchange.ts";
import { GatewayFault } from "../execute/fault.ts";

/** What the API's resource policy says of an unsigned request; `allow` where the API has none. */
export function resourceEffect(exchange: Exchange): PolicyEffect {
  const { policy } = exchange.stage.api;
  if (policy === undefined) return "allow";
  return policyEffect(policy, requestArn(exchange), conditionKeys(exchange));
}

export function conditionKeys({ request }: Exchange): Record<string, string> {
  return {
    "aws:SourceIp": request.http.sourceIp,
    ...(request.userAgent === null ? {} : { "aws:UserAgent": request.userAgent }),
    ...(request.header("Referer") === undefined ? {} : { "aws:Referer": request.header("Referer")! }),
  };
}

/** AWS: the account's number is hidden but for its end. */
export function denied(exchange: Exchange, how?: string, caller = "anonymous"): GatewayFault {
  const resource = requestArn(exchange).replace(/:\d{8}(\d{4}):/, ":********$1:");
  const end = how === undefined ? "" : ` ${how}`;
  return new GatewayFault(
    "ACCESS_DENIED",
    `User: ${caller} is not authorized to perform: execute-api:Invoke on resource: ${resource}${end}`,
  );
}
