import type { Input } from "../../../aws/api-types.ts";
import { globalArn } from "../../../aws/arn.ts";
import { invalidParameter } from "../errors.ts";
import { type Cx, getTopic, putTopic, topicArn } from "../topic.ts";
import { POLICY_ACTIONS, policyOf } from "../topic-policy.ts";
import type { TopicRecord } from "../records.ts";

interface Policy {
  Statement: { Sid?: string }[];
}

export function addPermission(cx: Cx, input: Input<"sns", "AddPermission">): object {
  const topic = getTopic(cx, input.TopicArn);
  const { Label: label = "", AWSAccountId: accounts = [], ActionName: actions = [] } = input;
  if (label === "") throw invalidParameter("Label");
  if (accounts.length === 0 || accounts.some((account) => !/^\d{12}$/.test(account)))
    throw invalidParameter("AWSAccountId");
  if (actions.length === 0) throw invalidParameter("ActionName");
  if (actions.some((action) => !POLICY_ACTIONS.has(`sns:${action.toLowerCase()}`)))
    throw invalidParameter("Policy statement action out of service scope!");
  const policy = readPolicy(topic);
  if (policy.Statement.some(({ Sid }) => Sid === label)) throw invalidParameter("Statement already exists");
  const statement = {
    Sid: label,
    Effect: "Allow",
    Principal: { AWS: oneOrMany(accounts.map((account) => globalArn("iam", account, "root"))) },
    Action: oneOrMany(actions.map((action) => `SNS:${action}`)),
    Resource: topicArn(topic),
  };
  putPolicy(cx, topic, { ...policy, Statement: [...policy.Statement, statement] });
  return {};
}

export function removePermission(cx: Cx, input: Input<"sns", "RemovePermission">): object {
  const topic = getTopic(cx, input.TopicArn);
  const policy = readPolicy(topic);
  const rest = policy.Statement.filter(({ Sid }) => Sid !== input.Label);
  if (rest.length < policy.Statement.length) putPolicy(cx, topic, { ...policy, Statement: rest });
  return {};
}

function readPolicy(topic: TopicRecord): Policy {
  const policy = JSON.parse(policyOf(topic)) as { Statement: Policy["Statement"] | Policy["Statement"][number] };
  return { ...policy, Statement: Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement] };
}

function putPolicy(cx: Cx, topic: TopicRecord, policy: Policy): void {
  putTopic(cx.state, { ...topic, attributes: { ...topic.attributes, Policy: JSON.stringify(policy) } });
}

function oneOrMany<T>(items: T[]): T | T[] {
  return items.length === 1 ? items[0]! : items;
}
