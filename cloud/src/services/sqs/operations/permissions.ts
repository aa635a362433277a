import type { Input } from "../../../aws/api-types.ts";
import { globalArn } from "../../../aws/arn.ts";
import type { CallContext } from "../../../service.ts";
import { invalidParameter, invalidValue } from "../errors.ts";
import { getQueue, putQueue, queueArn } from "../queue.ts";
import type { QueueRecord, SqsState } from "../state.ts";

type Cx = CallContext<SqsState>;

interface Policy {
  Version: string;
  Id?: string;
  Statement: { Sid?: string }[];
}

/** AWS: the actions that an owner may allow others; the rest are the owner's own. */
const ACTIONS = [
  "*",
  "SendMessage",
  "ReceiveMessage",
  "DeleteMessage",
  "ChangeMessageVisibility",
  "GetQueueAttributes",
  "GetQueueUrl",
  "ListDeadLetterSourceQueues",
  "PurgeQueue",
];

export function addPermission(cx: Cx, input: Input<"sqs", "AddPermission">): object {
  const queue = getQueue(cx, input.QueueUrl);
  const { Label: label = "", AWSAccountIds: accounts = [], Actions: actions = [] } = input;
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(label))
    throw invalidValue(
      label,
      "Label",
      "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    );
  const stranger = accounts.find((account) => !/^\d{12}$/.test(account));
  if (stranger !== undefined)
    throw invalidParameter(
      `Value ${JSON.stringify(accounts)} for parameter PrincipalId is invalid. Reason: Unable to verify.`,
    );
  const denied = actions.find((action) => !ACTIONS.includes(action));
  if (denied !== undefined)
    throw invalidValue(`SQS:${denied}`, "ActionName", "Only the queue owner is allowed to invoke this action.");
  const policy = policyOf(queue);
  if (policy.Statement.some(({ Sid }) => Sid === label)) throw invalidValue(label, "Label", "Already exists.");
  const statement = {
    Sid: label,
    Effect: "Allow",
    Principal: { AWS: oneOrMany(accounts.map((account) => globalArn("iam", account, "root"))) },
    Action: oneOrMany(actions.map((action) => `SQS:${action}`)),
    Resource: queueArn(queue),
  };
  putPolicy(cx, queue, { ...policy, Statement: [...policy.Statement, statement] });
  return {};
}

export function removePermission(cx: Cx, input: Input<"sqs", "RemovePermission">): object {
  const queue = getQueue(cx, input.QueueUrl);
  const policy = policyOf(queue);
  const rest = policy.Statement.filter(({ Sid }) => Sid !== input.Label);
  if (rest.length === policy.Statement.length) throw invalidValue(input.Label, "Label", "can't find label.");
  putPolicy(cx, queue, { ...policy, Statement: rest });
  return {};
}

function policyOf(queue: QueueRecord): Policy {
  const text = queue.attributes["Policy"];
  if (text === undefined) return { Version: "2008-10-17", Id: `${queueArn(queue)}/SQSDefaultPolicy`, Statement: [] };
  const policy = JSON.parse(text) as Omit<Policy, "Statement"> & {
    Statement: Policy["Statement"] | Policy["Statement"][number];
  };
  return { ...policy, Statement: Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement] };
}

function putPolicy(cx: Cx, queue: QueueRecord, policy: Policy): void {
  const { Policy: _, ...others } = queue.attributes;
  const attributes = policy.Statement.length === 0 ? others : { ...others, Policy: JSON.stringify(policy) };
  putQueue(cx.state, { ...queue, attributes, modifiedMs: cx.kernel.clock.now() });
}

function oneOrMany<T>(items: T[]): T | T[] {
  return items.length === 1 ? items[0]! : items;
}
