import { arn } from "../../aws/arn.ts";
import { findPolicyFault } from "../../iam/validation.ts";
import type { TopicRecord } from "./records.ts";

const OWNERS_ACTIONS = [
  "SNS:GetTopicAttributes",
  "SNS:SetTopicAttributes",
  "SNS:AddPermission",
  "SNS:RemovePermission",
  "SNS:DeleteTopic",
  "SNS:Subscribe",
  "SNS:ListSubscriptionsByTopic",
  "SNS:Publish",
];

/** AWS: the actions that a topic's policy may name; `SNS:*` is none of them. */
export const POLICY_ACTIONS: ReadonlySet<string> = new Set(
  [...OWNERS_ACTIONS, "SNS:Receive", "SNS:GetDataProtectionPolicy", "SNS:PutDataProtectionPolicy"].map((action) =>
    action.toLowerCase(),
  ),
);

const POLICY_BYTES_MAX = 30_720;

/** What is wrong with a policy that is to be set, in AWS's words; undefined where nothing is. @param text JSON */
export function policyFault(text: string): string | undefined {
  if (Buffer.byteLength(text) > POLICY_BYTES_MAX || findPolicyFault(text, "resource")) return "Policy Error: null";
  const { Statement } = JSON.parse(text) as { Statement: unknown };
  const statements = (Array.isArray(Statement) ? Statement : [Statement]) as { Action?: string | string[] }[];
  const actions = statements.flatMap(({ Action = [] }) => Action);
  return actions.every((action) => POLICY_ACTIONS.has(action.toLowerCase()))
    ? undefined
    : "Policy statement action out of service scope!";
}

/**
 * The policy of a topic: the one that was set, or the one that AWS gives it.
 * AWS (observed): the default policy speaks to those that tell `aws:SourceOwner`; it grants the account's own users
 * nothing, they need a policy of their own.
 * @returns JSON text
 */
export function policyOf(topic: TopicRecord): string {
  return topic.attributes["Policy"] ?? defaultPolicy(topic);
}

function defaultPolicy(topic: TopicRecord): string {
  return JSON.stringify({
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: OWNERS_ACTIONS,
        Resource: arn("sns", topic, topic.name),
        Condition: { StringEquals: { "AWS:SourceOwner": topic.account } },
      },
    ],
  });
}
