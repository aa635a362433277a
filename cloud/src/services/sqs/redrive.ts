import { findArn } from "../../aws/arn.ts";
import { invalidAttributeValue, invalidParameter } from "./errors.ts";
import type { Messages, Stored } from "./messages.ts";
import { findQueueByArn, queueArn } from "./queue.ts";
import type { Attributes, QueueRecord, SqsState } from "./state.ts";

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

interface RedriveAllowPolicy {
  readonly redrivePermission: "allowAll" | "denyAll" | "byQueue";
  readonly sourceQueueArns?: readonly string[];
}

const RECEIVES_MAX = 1000;
const SOURCES_MAX = 10;

/** The redrive policy of a queue, where it has one. */
export function redrivePolicyOf(queue: QueueRecord): RedrivePolicy | undefined {
  const text = queue.attributes["RedrivePolicy"];
  return text === undefined ? undefined : (JSON.parse(text) as RedrivePolicy);
}

/**
 * Checks the redrive policies among attributes that are set, and writes them as AWS keeps them.
 * @throws AwsError InvalidParameterValue, InvalidAttributeValue
 */
export function checkRedrive(
  state: SqsState,
  queue: Pick<QueueRecord, "account" | "region" | "name" | "fifo">,
  given: Attributes,
): Attributes {
  const checked = { ...given };
  if (given["RedrivePolicy"]) checked["RedrivePolicy"] = checkPolicy(state, queue, given["RedrivePolicy"]);
  if (given["RedriveAllowPolicy"]) checkAllowPolicy(given["RedriveAllowPolicy"]);
  return checked;
}

function checkPolicy(state: SqsState, queue: Parameters<typeof checkRedrive>[1], text: string): string {
  const refuse = (reason: string) =>
    invalidParameter(`Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
  const policy = parse(text);
  if (!policy) throw refuse("Redrive policy is not a valid JSON map.");
  const { deadLetterTargetArn, maxReceiveCount } = policy;
  for (const name of ["maxReceiveCount", "deadLetterTargetArn"])
    if (policy[name] === undefined) throw refuse(`Redrive policy does not contain mandatory attribute: ${name}.`);
  const receives = Number(maxReceiveCount);
  if (!Number.isInteger(receives) || receives < 1 || receives > RECEIVES_MAX)
    throw refuse(
      `Invalid value for maxReceiveCount: ${String(maxReceiveCount)}, valid values are from 1 to ${RECEIVES_MAX} both inclusive.`,
    );
  const target = typeof deadLetterTargetArn === "string" ? findArn(deadLetterTargetArn) : undefined;
  if (target?.service !== "sqs") throw refuse("Invalid value for deadLetterTargetArn.");
  if (target.account !== queue.account || target.region !== queue.region)
    throw refuse("Dead letter target owner should be same as the source.");
  const deadLetters = findQueueByArn(state, deadLetterTargetArn as string);
  if (!deadLetters) throw refuse("Dead letter target does not exist.");
  if (deadLetters.fifo !== queue.fifo) throw refuse("Dead-letter queue must be same type of queue as the source.");
  if (!mayRedrive(deadLetters, queueArn(queue)))
    throw refuse("The dead-letter queue does not allow the source queue to use it (RedriveAllowPolicy).");
  return JSON.stringify({ deadLetterTargetArn, maxReceiveCount: receives });
}

function checkAllowPolicy(text: string): void {
  const policy = parse(text);
  const permission = policy?.["redrivePermission"];
  const sources = policy?.["sourceQueueArns"];
  const refuse = (reason: string) => invalidAttributeValue("RedriveAllowPolicy", reason);
  if (permission !== "allowAll" && permission !== "denyAll" && permission !== "byQueue")
    throw refuse("Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.");
  if (permission !== "byQueue" && sources !== undefined)
    throw refuse("sourceQueueArns can be given only where redrivePermission is byQueue.");
  if (permission === "byQueue" && (!Array.isArray(sources) || sources.length === 0 || sources.length > SOURCES_MAX))
    throw refuse(`sourceQueueArns holds 1 to ${SOURCES_MAX} queue ARNs.`);
}

function mayRedrive(deadLetters: QueueRecord, sourceArn: string): boolean {
  const text = deadLetters.attributes["RedriveAllowPolicy"];
  if (text === undefined) return true;
  const { redrivePermission, sourceQueueArns = [] } = JSON.parse(text) as RedriveAllowPolicy;
  return redrivePermission === "allowAll" || (redrivePermission === "byQueue" && sourceQueueArns.includes(sourceArn));
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The queues that have this one as their dead-letter queue. */
export function* deadLetterSources(state: SqsState, deadLetters: QueueRecord): Iterable<QueueRecord> {
  const wanted = queueArn(deadLetters);
  for (const queue of state.queues.values({ prefix: [deadLetters.account, deadLetters.region] }))
    if (redrivePolicyOf(queue)?.deadLetterTargetArn === wanted) yield queue;
}

/**
 * Moves a message that was received too often to the dead-letter queue.
 * AWS ("Dead-letter queues", "retention period"): in a standard queue it keeps the time from which its retention counts,
 * in a FIFO queue that begins anew.
 */
export function moveToDeadLetters(
  messages: Messages,
  source: QueueRecord,
  deadLetters: QueueRecord,
  stored: Stored,
  nowMs: number,
): void {
  const { message, received, key } = stored;
  messages.remove(source, stored, nowMs);
  messages.add(
    deadLetters,
    {
      ...message,
      availableMs: nowMs,
      sourceArn: queueArn(source),
      earlierReceives: (message.earlierReceives ?? 0) + (received?.receives ?? 0),
      ...(received ? { earlierFirstReceivedMs: message.earlierFirstReceivedMs ?? received.firstReceivedMs } : {}),
    },
    source.fifo ? nowMs : key.enqueuedMs,
  );
}

/** The queue that a policy names, where it still exists. */
export function deadLetterQueueOf(state: SqsState, policy: RedrivePolicy): QueueRecord | undefined {
  return findQueueByArn(state, policy.deadLetterTargetArn);
}
