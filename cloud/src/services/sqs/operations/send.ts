import { createHash } from "node:crypto";
import type { Input, Output } from "../../../aws/api-types.ts";
import type { Principal } from "../../../iam/principal.ts";
import type { CallContext } from "../../../service.ts";
import { fifoAttribute, integerAttribute } from "../attributes.ts";
import { batchTooLong, invalidParameter, invalidValue, kmsAccessDenied, missingParameter } from "../errors.ts";
import { attributeBytes, attributesMd5, checkCharacters, readAttributes } from "../message-attributes.ts";
import type { MessageAttribute, MessageRecord } from "../messages.ts";
import { expire, getQueue } from "../queue.ts";
import type { QueueRecord, SqsState } from "../state.ts";
import { checkBatch, runBatch } from "./batch.ts";

type Cx = CallContext<SqsState>;
type SendInput = Omit<Input<"sqs", "SendMessage">, "QueueUrl">;

/** AWS: "The maximum size is 1 MiB or 1,048,576 bytes", of one message and of a batch together. */
const BATCH_BYTES_MAX = 1_048_576;
const DELAY_MAX = 900;
const TOKEN = /^[A-Za-z0-9!-/:-@[-`{-~]{1,128}$/;
const WRONG_TYPE = "The request include parameter that is not valid for this queue type.";
/** AWS: sequence numbers are large and rise by more than one. */
const SEQUENCE_START = 18_849_496_460_000_000_000n;

export function sendMessage(cx: Cx, input: Input<"sqs", "SendMessage">): Output<"sqs", "SendMessage"> {
  const queue = getQueue(cx, input.QueueUrl);
  checkKeyAccess(queue, cx.principal);
  const checked = check(queue, input);
  if (queue.fifo) checkFifo(queue, input, () => missingParameter("MessageGroupId"));
  expire(cx.state.messages, queue, cx.kernel.clock.now());
  return store(cx, queue, input, checked);
}

export function sendMessageBatch(cx: Cx, input: Input<"sqs", "SendMessageBatch">): Output<"sqs", "SendMessageBatch"> {
  const entries = input.Entries ?? [];
  const queue = getQueue(cx, input.QueueUrl);
  checkBatch(entries, "SendMessageBatchRequestEntry");
  checkKeyAccess(queue, cx.principal);
  const bytes = entries.reduce((sum, entry) => sum + roughBytes(entry), 0);
  if (bytes > BATCH_BYTES_MAX) throw batchTooLong(BATCH_BYTES_MAX, bytes);
  // AWS: what a FIFO queue needs and an entry lacks fails the batch as a whole.
  if (queue.fifo)
    for (const entry of entries)
      checkFifo(queue, entry, () => invalidParameter("The request must contain the parameter MessageGroupId."));
  expire(cx.state.messages, queue, cx.kernel.clock.now());
  return runBatch(entries, (entry) => ({ Id: entry.Id, ...store(cx, queue, entry, check(queue, entry)) }));
}

/**
 * AWS ("Key management", "Enable compatibility between event sources from AWS services and encrypted queues"): the key
 * that AWS manages lets no other service in, so S3, SNS and EventBridge cannot send to a queue encrypted with it.
 */
function checkKeyAccess(queue: QueueRecord, principal: Principal): void {
  if (principal.kind === "service" && queue.attributes["KmsMasterKeyId"] !== undefined) throw kmsAccessDenied();
}

interface Checked {
  readonly body: string;
  /** Of the body and the attributes. */
  readonly bytes: number;
  readonly attributes: Record<string, MessageAttribute> | undefined;
  readonly traceHeader: string | undefined;
  readonly delaySeconds: number;
}

/** @throws AwsError for a message that the queue does not take */
function check(queue: QueueRecord, input: SendInput): Checked {
  const body = input.MessageBody ?? "";
  if (body === "") throw missingParameter("MessageBody");
  checkCharacters(body);
  const given = input.MessageAttributes;
  const attributes = given && Object.keys(given).length > 0 ? readAttributes(given) : undefined;
  const bytesMax = integerAttribute(queue, "MaximumMessageSize");
  const bytes = Buffer.byteLength(body) + (attributes ? attributeBytes(attributes) : 0);
  if (bytes > bytesMax)
    throw invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${bytesMax} bytes.`,
    );
  return { body, bytes, attributes, traceHeader: traceHeaderOf(input), delaySeconds: delayOf(queue, input) };
}

function traceHeaderOf({ MessageSystemAttributes: given = {} }: SendInput): string | undefined {
  for (const name of Object.keys(given))
    if (name !== "AWSTraceHeader") throw invalidParameter(`Message system attribute name '${name}' is invalid.`);
  const header = given.AWSTraceHeader;
  if (!header) return undefined;
  if (header.DataType !== "String")
    throw invalidParameter("The message system attribute 'AWSTraceHeader' must be of type 'String'.");
  if (!header.StringValue)
    throw invalidParameter(
      "Message (system) attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'.",
    );
  return header.StringValue;
}

function delayOf(queue: QueueRecord, { DelaySeconds: seconds }: SendInput): number {
  if (seconds === undefined) return integerAttribute(queue, "DelaySeconds");
  if (seconds < 0 || seconds > DELAY_MAX)
    throw invalidValue(seconds, "DelaySeconds", `DelaySeconds must be >= 0 and <= ${DELAY_MAX}.`);
  if (queue.fifo && seconds > 0) throw invalidValue(seconds, "DelaySeconds", WRONG_TYPE);
  return seconds;
}

function checkFifo(queue: QueueRecord, input: SendInput, groupMissing: () => Error): void {
  if (input.MessageDeduplicationId === undefined && fifoAttribute(queue, "ContentBasedDeduplication") === "false")
    throw invalidParameter(
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
  if (input.MessageGroupId === undefined) throw groupMissing();
}

function checkTokens(queue: QueueRecord, { MessageGroupId, MessageDeduplicationId }: SendInput): void {
  for (const [name, value] of Object.entries({ MessageGroupId, MessageDeduplicationId }))
    if (value !== undefined && !TOKEN.test(value))
      throw invalidValue(
        value,
        name,
        `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
      );
  // AWS: a group on a standard queue makes it a fair queue; deduplication is for FIFO queues.
  if (!queue.fifo && MessageDeduplicationId !== undefined)
    throw invalidValue(MessageDeduplicationId, "MessageDeduplicationId", WRONG_TYPE);
}

function store(cx: Cx, queue: QueueRecord, input: SendInput, checked: Checked) {
  checkTokens(queue, input);
  const { messages, deduplication, waiters } = cx.state;
  const nowMs = cx.kernel.clock.now();
  const { body, attributes, traceHeader } = checked;
  const answer = {
    MD5OfMessageBody: md5(body),
    ...(attributes ? { MD5OfMessageAttributes: attributesMd5(attributes) } : {}),
    ...(traceHeader === undefined
      ? {}
      : { MD5OfMessageSystemAttributes: attributesMd5({ AWSTraceHeader: { type: "String", value: traceHeader } }) }),
  };
  const deduplicationId = queue.fifo ? (input.MessageDeduplicationId ?? sha256(body)) : undefined;
  if (deduplicationId !== undefined) {
    const sent = deduplication.find(queue, input.MessageGroupId!, deduplicationId, nowMs);
    if (sent) return { ...answer, MessageId: sent.messageId, SequenceNumber: sequenceNumber(sent.number) };
  }
  const message: MessageRecord = {
    id: cx.kernel.random.uuid(),
    body,
    bodyMd5: answer.MD5OfMessageBody,
    ...(attributes ? { attributes } : {}),
    ...(traceHeader === undefined ? {} : { traceHeader }),
    senderId: senderIdOf(cx.principal),
    sentMs: nowMs,
    availableMs: nowMs + checked.delaySeconds * 1000,
    ...(input.MessageGroupId === undefined ? {} : { groupId: input.MessageGroupId }),
    ...(deduplicationId === undefined ? {} : { deduplicationId }),
  };
  const key = messages.add(queue, message, nowMs);
  noteSize(cx, checked.bytes);
  // Also for a delayed one: who waits then knows until when.
  waiters.wake(queue);
  if (deduplicationId === undefined) return { ...answer, MessageId: message.id };
  const sent = { messageId: message.id, number: key.number };
  deduplication.note(queue, message.groupId!, deduplicationId, sent, nowMs);
  return { ...answer, MessageId: message.id, SequenceNumber: sequenceNumber(key.number) };
}

/** The trace tells how large messages were: CloudWatch reads its metrics there. */
function noteSize({ span }: Cx, bytes: number): void {
  const sizes = (span.attributes["messageBytes"] ??= []) as number[];
  sizes.push(bytes);
}

export function sequenceNumber(number: number): string {
  return (SEQUENCE_START + BigInt(number) * 256n).toString();
}

/** AWS: "For a user, returns the user ID … For an IAM role, returns the IAM role ID". */
function senderIdOf(principal: Principal): string {
  switch (principal.kind) {
    case "user":
    case "role":
      return principal.userId;
    case "root":
      return principal.account;
    case "service":
      return principal.service;
    case "anonymous":
      return "anonymous";
  }
}

/** The bytes of an entry before it is checked. */
function roughBytes(entry: SendInput): number {
  let bytes = Buffer.byteLength(entry.MessageBody ?? "");
  for (const [name, value] of Object.entries(entry.MessageAttributes ?? {}))
    bytes +=
      name.length + (value.DataType?.length ?? 0) + Buffer.byteLength(value.StringValue ?? value.BinaryValue ?? "");
  return bytes;
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
