import type { AccessLogSettings } from "@aws-sdk/client-apigatewayv2";
import { findArn } from "../../aws/arn.ts";
import type { Cx } from "./gateway.ts";

/** AWS: the resource policy by which the log delivery of AWS services may write. */
const POLICY_NAME = "AWSLogDeliveryWrite20150319";

interface Policy {
  Version: string;
  Statement: { Sid: string; Effect: string; Principal: { Service: string }; Action: string[]; Resource: string[] }[];
}

/**
 * Lets access logs be written to the log group: API Gateway adds to the account's log policy, as the caller, who needs
 * the permission for that (AWS: "Configure logging for HTTP APIs in API Gateway", "Permissions to activate logging").
 */
export async function allowLogDelivery(cx: Cx, settings: AccessLogSettings | undefined): Promise<void> {
  if (settings?.DestinationArn === undefined) return;
  const group = settings.DestinationArn.replace(/:\*$/, "");
  // Stages that are made at the same time add to the same policy, one after the other.
  const added = cx.state.logPolicyAdded.then(() => addToPolicy(cx, group));
  cx.state.logPolicyAdded = added.catch(() => undefined);
  await added;
}

async function addToPolicy(cx: Cx, group: string): Promise<void> {
  const { account, region } = findArn(group)!;
  const scope = { account, region };
  const { resourcePolicies = [] } = await cx.call("logs", "DescribeResourcePolicies", {}, { scope });
  const text = resourcePolicies.find((policy) => policy.policyName === POLICY_NAME)?.policyDocument;
  const resource = `${group}:log-stream:*`;
  const resources = text === undefined ? [] : (JSON.parse(text) as Policy).Statement[0]!.Resource;
  if (resources.includes(resource)) return;
  const policyDocument: Policy = {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "AWSLogDeliveryWrite",
        Effect: "Allow",
        Principal: { Service: "delivery.logs.amazonaws.com" },
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: [...resources, resource],
      },
    ],
  };
  await cx.call(
    "logs",
    "PutResourcePolicy",
    { policyName: POLICY_NAME, policyDocument: JSON.stringify(policyDocument) },
    { scope },
  );
}
