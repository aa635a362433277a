import { queueAddress } from "../aws/addresses.ts";
import { AwsError } from "../aws/error.ts";
import type { QueueSource } from "../kernel/poller.ts";
import { asReader, type Reader } from "./reader.ts";
import { sqsRecord, type SqsRecord } from "./sqs-record.ts";

/** What SQS gives in one call, and takes in one. */
export const RECEIVE_MAX = 10;

/** A queue of SQS, read by the permissions of the reader. @param endpoint the cloud's own address */
export function queueSource(name: string, reader: Reader, endpoint: () => string): QueueSource<SqsRecord> {
  const { source, sourceArn } = reader;
  const queueUrl = () => queueAddress(endpoint(), source, source.resource);
  return {
    name,
    topic: sourceArn,
    async receive(max) {
      const { Messages = [] } = await reader.call(
        "sqs",
        "ReceiveMessage",
        {
          QueueUrl: queueUrl(),
          MaxNumberOfMessages: max,
          WaitTimeSeconds: 0,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["All"],
        },
        await asReader(reader),
      );
      return Messages.map((message) => sqsRecord(message, sourceArn, source));
    },
    async acknowledge(records) {
      for (let at = 0; at < records.length; at += RECEIVE_MAX) {
        const Entries = records
          .slice(at, at + RECEIVE_MAX)
          .map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }));
        await reader.call("sqs", "DeleteMessageBatch", { QueueUrl: queueUrl(), Entries }, await asReader(reader));
      }
    },
  };
}

/** What keeps a reader from a queue. */
export class QueueFault extends Error {
  override name = "QueueFault";

  constructor(
    readonly operation: string,
    readonly kind: "forbidden" | "missing",
  ) {
    super(`${operation}: ${kind}`);
  }
}

/**
 * Looks whether the reader may do all that polling needs.
 * @returns the queue's visibility timeout in seconds; NaN where that cannot be told now
 * @throws QueueFault
 */
export async function checkQueueAccess(reader: Reader, endpoint: string): Promise<number> {
  const { source, call } = reader;
  const QueueUrl = queueAddress(endpoint, source, source.resource);
  const options = await asReader(reader);
  // What may be called is decided before its arguments are looked at: these two change nothing, whatever the queue holds.
  await allowed("ReceiveMessage", call("sqs", "ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 0 }, options));
  await allowed("DeleteMessage", call("sqs", "DeleteMessage", { QueueUrl, ReceiptHandle: "none" }, options));
  const { Attributes } =
    (await allowed(
      "GetQueueAttributes",
      call("sqs", "GetQueueAttributes", { QueueUrl, AttributeNames: ["VisibilityTimeout"] }, options),
    )) ?? {};
  return Number(Attributes?.["VisibilityTimeout"]);
}

async function allowed<T>(operation: string, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.code.startsWith("AccessDenied")) throw new QueueFault(operation, "forbidden");
    if (/QueueDoesNotExist|NonExistentQueue/.test(error.code)) throw new QueueFault(operation, "missing");
    return undefined;
  }
}
