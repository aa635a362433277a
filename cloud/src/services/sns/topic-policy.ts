import { arn } from "../../aws/arn.ts";
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
