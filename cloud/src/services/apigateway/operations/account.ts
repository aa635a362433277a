import type { Account } from "@aws-sdk/client-api-gateway";
import type { Input } from "../../../aws/api-types.ts";
import { passRole } from "../../../iam/pass-role.ts";
import { badRequest } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { patched, removableText, type PatchRules } from "../patch.ts";

/** AWS: the limits of an account in a Region. */
export const ACCOUNT_THROTTLE = { burstLimit: 5_000, rateLimit: 10_000 };

export function getAccount(cx: Cx): Account {
  const cloudwatchRoleArn = cx.state.apis.logRoles.get([cx.scope.account, cx.scope.region]);
  return {
    ...(cloudwatchRoleArn === undefined ? {} : { cloudwatchRoleArn }),
    throttleSettings: ACCOUNT_THROTTLE,
    features: ["UsagePlans"],
    apiKeyVersion: "4",
  };
}

const RULES: PatchRules = { "/cloudwatchRoleArn": removableText, "/features": { ops: ["add"], kind: "values" } };

/** Gap: AWS also tries whether the role may write logs; here the first log line tells. */
export function updateAccount(cx: Cx, { patchOperations }: Input<"apigateway", "UpdateAccount">): Account {
  const { cloudwatchRoleArn } = patched(getAccount(cx), patchOperations, RULES);
  const key = [cx.scope.account, cx.scope.region];
  if (!cloudwatchRoleArn) cx.state.apis.logRoles.remove(key);
  else if (!/^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/.test(cloudwatchRoleArn))
    throw badRequest("The role ARN does not have required permissions set to API Gateway");
  else {
    cx.authorize(passRole(cloudwatchRoleArn, "apigateway.amazonaws.com"));
    cx.state.apis.logRoles.put(key, cloudwatchRoleArn);
  }
  return getAccount(cx);
}
