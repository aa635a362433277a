import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { checkAttributes, effectiveAttributes, mergeAttributes } from "../attributes.ts";
import { scheduleClearing } from "../clearing.ts";
import {
  invalidAttributeValue,
  invalidParameter,
  invalidValue,
  missingParameter,
  purgeInProgress,
  queueDeletedRecently,
  queueNameExists,
  unknownAttribute,
} from "../errors.ts";
import { expire, findQueue, getQueue, noSuchQueue, putQueue, queueArn, queueUrl } from "../queue.ts";
import { checkRedrive, deadLetterSources } from "../redrive.ts";
import { scopeKey, type Attributes, type QueueRecord, type SqsState } from "../state.ts";

type Cx = CallContext<SqsState>;

const COOL_DOWN_MS = 60_000;
const RESULTS_MAX = 1000;
const COUNTED = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesDelayed",
  "ApproximateNumberOfMessagesNotVisible",
] as const;

export function createQueue(cx: Cx, input: Input<"sqs", "CreateQueue">): Output<"sqs", "CreateQueue"> {
  const { state, scope, kernel } = cx;
  const name = input.QueueName;
  if (name === undefined) throw missingParameter("QueueName");
  const { FifoQueue: kind, ...given } = (input.Attributes ?? {}) as Attributes;
  // AWS: a standard queue is one without the attribute; "false" is no value that it takes.
  if (kind !== undefined && kind !== "true") throw unknownAttribute("FifoQueue");
  const fifo = kind === "true";
  checkName(name, fifo);
  checkAttributes(given, fifo);
  const draft = { ...scope, name, fifo };
  const attributes = mergeAttributes({}, checkRedrive(state, draft, given));
  const known = findQueue(state, scope, name);
  if (known) {
    compare(known, attributes);
    return { QueueUrl: queueUrl(cx.endpoint(), known) };
  }
  const nowMs = kernel.clock.now();
  const deletedMs = state.deleted.get([...scopeKey(scope), name]);
  if (deletedMs !== undefined && nowMs - deletedMs < COOL_DOWN_MS) throw queueDeletedRecently();
  state.deleted.remove([...scopeKey(scope), name]);
  const queue: QueueRecord = {
    id: state.newId(),
    name,
    account: scope.account,
    region: scope.region,
    fifo,
    bin: state.newId(),
    attributes,
    tags: { ...input.tags },
    createdMs: nowMs,
    modifiedMs: nowMs,
  };
  putQueue(state, queue);
  return { QueueUrl: queueUrl(cx.endpoint(), queue) };
}

function checkName(name: string, fifo: boolean): void {
  if (fifo && !/^[A-Za-z0-9_-]{1,75}\.fifo$/.test(name))
    throw invalidParameter(
      "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
    );
  if (!fifo && !/^[A-Za-z0-9_-]{1,80}$/.test(name))
    throw invalidParameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
}

/** AWS: creating a queue that is there answers its address, unless an attribute is given with another value. */
function compare(queue: QueueRecord, given: Attributes): void {
  const present = effectiveAttributes(queue);
  for (const [name, value] of Object.entries(given)) if (present[name] !== value) throw queueNameExists(name);
}

export function deleteQueue(cx: Cx, input: Input<"sqs", "DeleteQueue">): object {
  const { state, kernel } = cx;
  const queue = getQueue(cx, input.QueueUrl);
  const key = [...scopeKey(queue), queue.name];
  state.queues.remove(key);
  state.deleted.put(key, kernel.clock.now());
  scheduleClearing(kernel, queue.bin);
  state.waiters.wake(queue, Infinity);
  return {};
}

/** AWS: takes the messages in flight too, and what was remembered for deduplication. */
export function purgeQueue(cx: Cx, input: Input<"sqs", "PurgeQueue">): object {
  const { state, kernel } = cx;
  const queue = getQueue(cx, input.QueueUrl);
  const nowMs = kernel.clock.now();
  if (queue.purgedMs !== undefined && nowMs - queue.purgedMs < COOL_DOWN_MS) throw purgeInProgress(queue.name);
  putQueue(state, { ...queue, bin: state.newId(), purgedMs: nowMs });
  scheduleClearing(kernel, queue.bin);
  return {};
}

export function getQueueUrl(cx: Cx, input: Input<"sqs", "GetQueueUrl">): Output<"sqs", "GetQueueUrl"> {
  const owner = { account: input.QueueOwnerAWSAccountId ?? cx.scope.account, region: cx.scope.region };
  const queue = findQueue(cx.state, owner, input.QueueName!);
  if (!queue) throw noSuchQueue(cx);
  return { QueueUrl: queueUrl(cx.endpoint(), queue) };
}

export function listQueues(cx: Cx, input: Input<"sqs", "ListQueues">): Output<"sqs", "ListQueues"> {
  const prefix = input.QueueNamePrefix ?? "";
  const key = scopeKey(cx.scope);
  const { urls, NextToken } = page(
    cx,
    cx.state.queues.values({ prefix: key, from: [...key, prefix] }),
    input,
    (queue) => queue.name.startsWith(prefix),
  );
  return { ...(urls.length > 0 ? { QueueUrls: urls } : {}), NextToken };
}

export function listDeadLetterSourceQueues(
  cx: Cx,
  input: Input<"sqs", "ListDeadLetterSourceQueues">,
): Output<"sqs", "ListDeadLetterSourceQueues"> {
  const queue = getQueue(cx, input.QueueUrl);
  const { urls, NextToken } = page(cx, deadLetterSources(cx.state, queue), input, () => true);
  return { queueUrls: urls, NextToken };
}

/** AWS: "You must set MaxResults to receive a value for NextToken in the response." */
function page(
  cx: Cx,
  queues: Iterable<QueueRecord>,
  { MaxResults: max, NextToken: token }: { MaxResults?: number | undefined; NextToken?: string | undefined },
  matches: (queue: QueueRecord) => boolean,
): { urls: string[]; NextToken: string | undefined } {
  if (max !== undefined && (max < 1 || max > RESULTS_MAX))
    throw invalidValue(max, "MaxResults", `MaxResults must be an integer between 1 and ${RESULTS_MAX}.`);
  const after = token === undefined ? undefined : Buffer.from(token, "base64url").toString("utf8");
  const names: QueueRecord[] = [];
  for (const queue of queues) {
    if (!matches(queue)) break;
    if (after !== undefined && queue.name <= after) continue;
    if (names.length === (max ?? RESULTS_MAX)) {
      const NextToken = max === undefined ? undefined : Buffer.from(names.at(-1)!.name).toString("base64url");
      return { urls: names.map((one) => queueUrl(cx.endpoint(), one)), NextToken };
    }
    names.push(queue);
  }
  return { urls: names.map((one) => queueUrl(cx.endpoint(), one)), NextToken: undefined };
}

export function getQueueAttributes(
  cx: Cx,
  input: Input<"sqs", "GetQueueAttributes">,
): Output<"sqs", "GetQueueAttributes"> {
  const queue = getQueue(cx, input.QueueUrl);
  const names: readonly string[] = input.AttributeNames ?? [];
  if (names.length === 0) return {};
  const all: Attributes = {
    ...effectiveAttributes(queue),
    QueueArn: queueArn(queue),
    CreatedTimestamp: String(Math.floor(queue.createdMs / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedMs / 1000)),
  };
  if (names.includes("All") || COUNTED.some((name) => names.includes(name))) Object.assign(all, countsOf(cx, queue));
  const stranger = names.find((name) => name !== "All" && !isKnown(name, queue.fifo));
  if (stranger !== undefined) throw unknownAttribute(stranger);
  const Attributes = names.includes("All")
    ? all
    : Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
  return { Attributes };
}

const OPTIONAL = ["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"];
const ALWAYS: readonly string[] = [
  ...COUNTED,
  "QueueArn",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
  "SqsManagedSseEnabled",
  "DelaySeconds",
  "MaximumMessageSize",
  "MessageRetentionPeriod",
  "ReceiveMessageWaitTimeSeconds",
  "VisibilityTimeout",
];
const FIFO_ONLY = ["FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"];

function isKnown(name: string, fifo: boolean): boolean {
  return ALWAYS.includes(name) || OPTIONAL.includes(name) || (fifo && FIFO_ONLY.includes(name));
}

function countsOf(cx: Cx, queue: QueueRecord): Attributes {
  const nowMs = cx.kernel.clock.now();
  expire(cx.state.messages, queue, nowMs);
  const { visible, delayed, inFlight } = cx.state.messages.counts(queue, nowMs);
  return {
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
  };
}

export function setQueueAttributes(cx: Cx, input: Input<"sqs", "SetQueueAttributes">): object {
  const queue = getQueue(cx, input.QueueUrl);
  if (!input.Attributes) throw missingParameter("Attributes");
  const { FifoQueue: kind, ...given } = input.Attributes as Attributes;
  if (kind !== undefined && !queue.fifo) throw unknownAttribute("FifoQueue");
  if (kind !== undefined && kind !== "true")
    throw invalidAttributeValue("FifoQueue", "Modifying queue type is not supported.");
  // An empty text takes a policy away.
  checkAttributes(
    Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== "" || !OPTIONAL.includes(name))),
    queue.fifo,
  );
  const attributes = mergeAttributes(queue.attributes, checkRedrive(cx.state, queue, given));
  putQueue(cx.state, { ...queue, attributes, modifiedMs: cx.kernel.clock.now() });
  // A shorter delay may have made messages available.
  cx.state.waiters.wake(queue, Infinity);
  return {};
}
