import { queueAddress } from "../aws/addresses.ts";
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
