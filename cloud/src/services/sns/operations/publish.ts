import { createHash } from "node:crypto";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import {
  batchTooLong,
  emptyBatch,
  idsNotDistinct,
  invalidBatchEntryId,
  invalidParameter,
  kmsAccessDenied,
  tooManyEntries,
} from "../errors.ts";
import { bytesOf, checkGiven, type Given, type Message, readAttributes, readTexts } from "../message.ts";
import { nextInOrder } from "../fifo.ts";
import { type Cx, getTopic, readTopicArn } from "../topic.ts";
import { MESSAGE_BYTES_DEFAULT, messageBytesMax, signatureVersionOf } from "../topic-attributes.ts";
import { dispatch } from "../dispatch.ts";
import type { TopicRecord } from "../records.ts";

const ENTRIES_MAX = 10;
const TOKEN = /^[A-Za-z0-9!-/:-@[-`{-~]{1,128}$/;

export function publish(cx: Cx, input: Input<"sns", "Publish">): Output<"sns", "Publish"> {
  const { PhoneNumber: phone, TopicArn, TargetArn, ...given } = input;
  if (phone !== undefined) throw new NotEmulatedError("publishing to telephones (PhoneNumber of Publish)");
  const target = TopicArn ?? TargetArn;
  if (target === undefined) throw invalidParameter("TopicArn or TargetArn Reason: no value for required parameter");
  if (TopicArn === undefined && target.includes(":endpoint/"))
    throw new NotEmulatedError("publishing to mobile applications (TargetArn of Publish)");
  checkGiven(given);
  const texts = readTexts(given);
  const topic = getTopic(cx, target, TopicArn === undefined ? "TargetArn" : "TopicArn");
  checkKeyAccess(cx, topic);
  if (bytesOf(given) > messageBytesMax(topic)) throw invalidParameter("Message too long");
  checkFifo(topic, given);
  return accept(cx, topic, given, texts);
}

/** AWS (observed): an entry that is not right fails the batch as a whole. */
export function publishBatch(cx: Cx, input: Input<"sns", "PublishBatch">): Output<"sns", "PublishBatch"> {
  const entries = input.PublishBatchRequestEntries ?? [];
  if (entries.length === 0) throw emptyBatch();
  if (entries.length > ENTRIES_MAX) throw tooManyEntries();
  readTopicArn(cx, input.TopicArn);
  const topic = getTopic(cx, input.TopicArn);
  checkKeyAccess(cx, topic);
  checkIds(entries.map(({ Id }) => Id ?? ""));
  let bytes = 0;
  for (const entry of entries) {
    checkGiven(entry);
    bytes += bytesOf(entry);
  }
  const checked = entries.map((entry) => ({ entry, texts: readTexts(entry) }));
  for (const entry of entries) checkFifo(topic, entry);
  if (bytes > Math.max(messageBytesMax(topic), MESSAGE_BYTES_DEFAULT)) throw batchTooLong();
  const Successful = checked.map(({ entry, texts }) => ({ Id: entry.Id, ...accept(cx, topic, entry, texts) }));
  return { Successful, Failed: [] };
}

/**
 * AWS ("Amazon SNS encryption key management"): the policy of the key that AWS keeps for SNS names its own account's
 * users alone, so neither other accounts nor services (S3, EventBridge, alarms) publish to a topic encrypted with it.
 */
function checkKeyAccess({ principal }: Cx, topic: TopicRecord): void {
  if (topic.attributes["KmsMasterKeyId"] === undefined) return;
  if (!("account" in principal) || principal.account !== topic.account) throw kmsAccessDenied();
}

function checkIds(ids: readonly string[]): void {
  if (new Set(ids).size < ids.length) throw idsNotDistinct();
  for (const id of ids) {
    if (id.length > 80) throw invalidBatchEntryId("too long", id);
    if (!/^[A-Za-z0-9_-]+$/.test(id)) throw invalidBatchEntryId("contains an impermissible character", id);
  }
}

function checkFifo(topic: TopicRecord, { MessageGroupId: group, MessageDeduplicationId: deduplication }: Given): void {
  if (topic.fifo) {
    if (group === undefined || group === "")
      throw invalidParameter("The MessageGroupId parameter is required for FIFO topics");
    if (deduplication === undefined && topic.attributes["ContentBasedDeduplication"] !== "true")
      throw invalidParameter(
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
      );
  } else if (deduplication !== undefined)
    throw invalidParameter(
      "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
    );
  if (group !== undefined && !TOKEN.test(group)) throw invalidParameter("MessageGroupId");
  if (deduplication !== undefined && !TOKEN.test(deduplication)) throw invalidParameter("MessageDeduplicationId");
}

/** Keeps the message for everyone whom it concerns. */
function accept(cx: Cx, topic: TopicRecord, given: Given, texts: Pick<Message, "text" | "texts">) {
  const { account, region, name } = topic;
  const attributes = readAttributes(given.MessageAttributes);
  const traceHeader = cx.source.headers?.["x-amzn-trace-id"];
  const group = given.MessageGroupId;
  const message: Message = {
    id: cx.kernel.random.uuid(),
    topic: { account, region, name },
    publishedMs: cx.kernel.clock.now(),
    ...texts,
    signatureVersion: signatureVersionOf(topic),
    ...(given.Subject === undefined ? {} : { subject: given.Subject }),
    ...(attributes ? { attributes } : {}),
    ...(traceHeader === undefined ? {} : { traceHeader }),
    ...(group === undefined ? {} : { groupId: group }),
  };
  noteSize(cx, bytesOf(given));
  if (!topic.fifo) {
    dispatch(cx, topic, message);
    return { MessageId: message.id };
  }
  const deduplicationId = given.MessageDeduplicationId ?? sha256(given.Message ?? "");
  const place = nextInOrder(cx, topic, { messageId: message.id, groupId: group!, deduplicationId });
  const { messageId, sequenceNumber } = place;
  if (!place.isNew) return { MessageId: messageId, SequenceNumber: sequenceNumber };
  dispatch(cx, topic, { ...message, sequenceNumber, deduplicationId });
  return { MessageId: messageId, SequenceNumber: sequenceNumber };
}

/** The trace tells how large messages were: CloudWatch reads its metrics there. */
function noteSize({ span }: Cx, bytes: number): void {
  const sizes = (span.attributes["messageBytes"] ??= []) as number[];
  sizes.push(bytes);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
