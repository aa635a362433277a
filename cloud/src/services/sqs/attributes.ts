import { NotEmulatedError } from "../../aws/error.ts";
import { parsePolicy } from "../../iam/document.ts";
import { invalidAttributeValue, oneEncryption, unknownAttribute } from "./errors.ts";
import type { Attributes, QueueRecord } from "./state.ts";

/** Source: SetQueueAttributes in the SQS API reference: lowest, highest and default values. */
const INTEGERS = {
  DelaySeconds: [0, 900, 0],
  MaximumMessageSize: [1024, 1_048_576, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600, 345_600],
  ReceiveMessageWaitTimeSeconds: [0, 20, 0],
  VisibilityTimeout: [0, 43_200, 30],
  KmsDataKeyReusePeriodSeconds: [60, 86_400, 300],
} as const;

const FIFO_CHOICES: Record<string, readonly string[]> = {
  ContentBasedDeduplication: ["false", "true"],
  DeduplicationScope: ["queue", "messageGroup"],
  FifoThroughputLimit: ["perQueue", "perMessageGroupId"],
};
const TEXTS = ["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"];
/** The key that AWS makes and keeps for SQS in each account: nobody sees it, and only the account's own may use it. */
export const MANAGED_KEY = "alias/aws/sqs";

type IntegerName = keyof typeof INTEGERS;

/** An attribute that is a number, or its default. */
export function integerAttribute(queue: QueueRecord, name: IntegerName): number {
  const set = queue.attributes[name];
  return set === undefined ? INTEGERS[name][2] : Number(set);
}

/** An attribute of a FIFO queue, or its default. */
export function fifoAttribute(queue: QueueRecord, name: "ContentBasedDeduplication" | "DeduplicationScope"): string {
  return queue.attributes[name] ?? FIFO_CHOICES[name]![0]!;
}

/**
 * Checks attributes that are set, whatever operation sets them.
 * @throws AwsError InvalidAttributeName, InvalidAttributeValue
 */
export function checkAttributes(attributes: Readonly<Attributes>, fifo: boolean): void {
  for (const [name, value] of Object.entries(attributes)) checkAttribute(name, value, fifo);
}

function checkAttribute(name: string, value: string, fifo: boolean): void {
  if (name in INTEGERS) {
    const [min, max] = INTEGERS[name as IntegerName];
    if (!/^\d{1,9}$/.test(value) || Number(value) < min || Number(value) > max) throw invalidAttributeValue(name);
  } else if (name in FIFO_CHOICES) {
    if (!fifo) throw unknownAttribute(name);
    if (!FIFO_CHOICES[name]!.includes(value)) throw invalidAttributeValue(name);
  } else if (name === "SqsManagedSseEnabled") {
    if (value !== "true" && value !== "false") throw invalidAttributeValue(name);
  } else if (!TEXTS.includes(name)) throw unknownAttribute(name);
  if (name === "Policy" && value !== "" && !isPolicy(value)) throw invalidAttributeValue(name);
  if (name === "KmsMasterKeyId" && value !== "" && value !== MANAGED_KEY)
    throw new NotEmulatedError(`the attribute KmsMasterKeyId of SQS queues other than ${MANAGED_KEY}`);
}

function isPolicy(text: string): boolean {
  try {
    parsePolicy(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The attributes of a queue after some are set: an empty text takes one away, the two kinds of encryption exclude each
 * other.
 * @throws AwsError where they do not fit together
 */
export function mergeAttributes(before: Readonly<Attributes>, given: Readonly<Attributes>): Attributes {
  if (given["KmsMasterKeyId"] && given["SqsManagedSseEnabled"] === "true") throw oneEncryption();
  const merged: Attributes = { ...before, ...given };
  if (given["KmsMasterKeyId"]) merged["SqsManagedSseEnabled"] = "false";
  if (given["SqsManagedSseEnabled"] === "true") {
    delete merged["KmsMasterKeyId"];
    delete merged["KmsDataKeyReusePeriodSeconds"];
  }
  for (const [name, value] of Object.entries(merged)) if (value === "") delete merged[name];
  // AWS: "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup."
  if (merged["FifoThroughputLimit"] === "perMessageGroupId" && merged["DeduplicationScope"] !== "messageGroup")
    throw invalidAttributeValue("FifoThroughputLimit", "perMessageGroupId requires DeduplicationScope messageGroup.");
  return merged;
}

/** What GetQueueAttributes answers for a queue besides ARN, times and counts: what was set, and the defaults. */
export function effectiveAttributes(queue: QueueRecord): Attributes {
  const attributes: Attributes = {};
  for (const name of Object.keys(INTEGERS) as IntegerName[])
    if (name !== "KmsDataKeyReusePeriodSeconds") attributes[name] = String(integerAttribute(queue, name));
  attributes["SqsManagedSseEnabled"] = "true";
  if (queue.fifo) {
    attributes["FifoQueue"] = "true";
    for (const [name, [first]] of Object.entries(FIFO_CHOICES)) attributes[name] = first!;
  }
  if (queue.attributes["KmsMasterKeyId"]) attributes["KmsDataKeyReusePeriodSeconds"] = "300";
  return { ...attributes, ...queue.attributes };
}
