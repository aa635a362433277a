import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";

/**
 * Works on a batch and names the messages that failed: the others are done with.
 *
 * Of a FIFO queue nothing is worked on behind a failure of the same group, so that the order holds.
 * Source: "Handling errors for an SQS event source in Lambda".
 */
export async function eachMessage<T>(event: SQSEvent, work: (body: T) => Promise<void>): Promise<SQSBatchResponse> {
  const batchItemFailures: { itemIdentifier: string }[] = [];
  const stopped = new Set<string>();
  for (const record of event.Records) {
    const group = record.attributes.MessageGroupId;
    const hasFailed = (group !== undefined && stopped.has(group)) || !(await succeeds(record, work));
    if (!hasFailed) continue;
    batchItemFailures.push({ itemIdentifier: record.messageId });
    if (group !== undefined) stopped.add(group);
  }
  return { batchItemFailures };
}

async function succeeds<T>(record: SQSRecord, work: (body: T) => Promise<void>): Promise<boolean> {
  try {
    await work(JSON.parse(record.body) as T);
    return true;
  } catch (error) {
    const attempt = Number(record.attributes.ApproximateReceiveCount);
    console.error(JSON.stringify({ message: "failed", messageId: record.messageId, attempt, error: String(error) }));
    return false;
  }
}
