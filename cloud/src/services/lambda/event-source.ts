import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";
import { queueAddress } from "../../aws/addresses.ts";
import { type Arn, findArn } from "../../aws/arn.ts";
import { compilePattern } from "../../aws/event-pattern.ts";
import type { Scope } from "../../aws/scope.ts";
import { QueuePoller } from "../../kernel/poller.ts";
import type { SpanContext } from "../../kernel/trace.ts";
import type { ServiceContext } from "../../service.ts";
import { failedItems } from "./event-source-answer.ts";
import { getVersion } from "./function-lookup.ts";
import { functionArn, type FunctionReference } from "./function-name.ts";
import { run } from "./invocation.ts";
import { scopeKey, type EventSourceRecord, type LambdaState } from "./state.ts";

type Cx = ServiceContext<LambdaState>;

/** One message of a queue as the function gets it. */
export interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Record<string, string>;
  readonly messageAttributes: Record<string, object>;
  readonly md5OfMessageAttributes?: string;
  readonly md5OfBody: string;
  readonly eventSource: "aws:sqs";
  readonly eventSourceARN: string;
  readonly awsRegion: string;
}

/** What SQS gives in one call, and takes in one. */
const RECEIVE_MAX = 10;
/** AWS: "Configuring scaling behavior for SQS event source mappings": five batches at first. */
const CONCURRENCY_DEFAULT = 5;
/** AWS: "Lambda quotas": the payload of a synchronous invocation. */
const BATCH_BYTES_MAX = 6 * 1024 * 1024 - 1024;

/** Runs the pollers of the enabled mappings. */
export class EventSources {
  readonly #pollers = new Map<string, QueuePoller<SqsRecord>>();

  constructor(private readonly cx: Cx) {}

  startAll(): void {
    for (const [key, record] of this.cx.state.eventSources.entries())
      this.apply({ account: String(key[0]), region: String(key[1]) }, record);
  }

  /** Polls as the mapping says from now on; batches that run are let run. */
  apply(scope: Scope, record: EventSourceRecord): void {
    this.remove(record.uuid);
    if (!record.enabled) return;
    const poller = pollQueue(this.cx, scope, record);
    this.#pollers.set(record.uuid, poller);
    poller.start();
  }

  remove(uuid: string): void {
    this.#pollers.get(uuid)?.stop();
    this.#pollers.delete(uuid);
  }

  close(): void {
    for (const poller of this.#pollers.values()) poller.stop();
    this.#pollers.clear();
  }
}

/** The principal that polls: the function's role. @throws AwsError where there is no such function or role */
export async function assumeRole({ state }: Pick<Cx, "state">, reference: FunctionReference) {
  const { scope, name } = reference;
  const { role } = getVersion(state, reference);
  return (await state.running.roles.assume(scope, name, role, functionArn(scope, name))).principal;
}

function pollQueue(cx: Cx, scope: Scope, mapping: EventSourceRecord): QueuePoller<SqsRecord> {
  const reference = { scope, name: mapping.name, qualifier: mapping.qualifier };
  const source = findArn(mapping.sourceArn)!;
  const patterns = mapping.filters.map(compilePattern);
  const options = async () => ({ as: await assumeRole(cx, reference), scope: source });
  const queueUrl = () => queueAddress(cx.endpoint(), source, source.resource);
  return new QueuePoller(
    cx.kernel,
    {
      name: `lambda.sqs ${mapping.name}`,
      topic: mapping.sourceArn,
      async receive(max) {
        const { Messages = [] } = await cx.call(
          "sqs",
          "ReceiveMessage",
          {
            QueueUrl: queueUrl(),
            MaxNumberOfMessages: max,
            WaitTimeSeconds: 0,
            MessageAttributeNames: ["All"],
            MessageSystemAttributeNames: ["All"],
          },
          await options(),
        );
        return Messages.map((message) => toRecord(message, mapping.sourceArn, source));
      },
      async acknowledge(records) {
        for (let at = 0; at < records.length; at += RECEIVE_MAX) {
          const Entries = records
            .slice(at, at + RECEIVE_MAX)
            .map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }));
          await cx.call("sqs", "DeleteMessageBatch", { QueueUrl: queueUrl(), Entries }, await options());
        }
      },
    },
    {
      sizeMax: mapping.batchSize,
      receiveMax: RECEIVE_MAX,
      windowMs: mapping.windowSeconds * 1000,
      concurrency: mapping.maximumConcurrency ?? CONCURRENCY_DEFAULT,
      bytesMax: BATCH_BYTES_MAX,
      bytesOf: (record) => Buffer.byteLength(JSON.stringify(record)),
      accepts: (record) => patterns.length === 0 || accepts(patterns, record),
      handle: (records) => handle(cx, reference, mapping, records),
    },
  );
}

async function handle(
  { state, kernel }: Cx,
  reference: FunctionReference,
  mapping: EventSourceRecord,
  records: readonly SqsRecord[],
): Promise<readonly SqsRecord[]> {
  const { account, region } = reference.scope;
  const traceHeader = records[0]!.attributes["AWSTraceHeader"];
  const span = kernel.trace.start({
    name: "poll:lambda.sqs",
    parent: readTraceHeader(traceHeader),
    account,
    region,
    resource: mapping.sourceArn,
  });
  span.attributes["mapping"] = mapping.uuid;
  span.attributes["records"] = records.length;
  try {
    const event = JSON.stringify({ Records: records });
    const { result } = await run(
      { state, kernel, span },
      reference,
      { requestId: kernel.random.uuid(), event },
      traceHeader,
    );
    if (result.error) {
      kernel.trace.end(span, { error: { code: result.error.errorType, message: result.error.errorMessage } });
      return records;
    }
    const failed = mapping.reportsItemFailures ? failedItems(result.payload.toString("utf8"), records) : [];
    span.attributes["failedRecords"] = failed.length;
    kernel.trace.end(span);
    return failed;
  } catch (error) {
    // Throttled, or the function is no more: the messages come back when their visibility timeout is over.
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    kernel.trace.end(span, { error: { code: name, message } });
    return records;
  }
}

/**
 * AWS: "Lambda event filtering", SQS: a body that is a JSON object or array is matched as such, any other as text.
 */
function accepts(patterns: ((event: unknown) => boolean)[], record: SqsRecord): boolean {
  const event = { ...record, body: parseBody(record.body) };
  return patterns.some((matches) => matches(event));
}

function parseBody(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? parsed : body;
  } catch {
    return body;
  }
}

/** AWS: "Using Lambda with Amazon SQS", the example event. */
function toRecord(message: Message, sourceArn: string, { region }: Arn): SqsRecord {
  return {
    messageId: message.MessageId!,
    receiptHandle: message.ReceiptHandle!,
    body: message.Body!,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, toAttribute(value)]),
    ),
    ...(message.MD5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    md5OfBody: message.MD5OfBody!,
    eventSource: "aws:sqs",
    eventSourceARN: sourceArn,
    awsRegion: region,
  };
}

function toAttribute({ StringValue, BinaryValue, DataType }: MessageAttributeValue): object {
  return {
    ...(StringValue === undefined ? {} : { stringValue: StringValue }),
    ...(BinaryValue === undefined ? {} : { binaryValue: Buffer.from(BinaryValue).toString("base64") }),
    stringListValues: [],
    binaryListValues: [],
    dataType: DataType,
  };
}

function readTraceHeader(header: string | undefined): SpanContext | undefined {
  const traceId = /Root=([^;]+)/.exec(header ?? "")?.[1];
  return traceId === undefined ? undefined : { traceId, spanId: /Parent=([^;]+)/.exec(header!)?.[1] ?? "" };
}

/** The key of a mapping. */
export function mappingKey(scope: Scope, uuid: string): string[] {
  return [...scopeKey(scope), uuid];
}
