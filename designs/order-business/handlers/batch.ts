import type { SQSBatchResponse, SQSEvent } from "aws-lambda";

/** How the approval of an order ended. */
interface Decision {
  readonly id: string;
  readonly outcome: string;
}

/** Works on the decided orders of a batch; those that fail come again, the others do not. */
export async function eachOrder(event: SQSEvent, work: (id: string) => Promise<void>): Promise<SQSBatchResponse> {
  const results = await Promise.allSettled(
    event.Records.map(async ({ body }) => {
      const { decision } = JSON.parse(body) as { decision: string };
      await work((JSON.parse(decision) as Decision).id);
    }),
  );
  const batchItemFailures = results.flatMap((result, index) => {
    if (result.status === "fulfilled") return [];
    console.error(result.reason);
    return [{ itemIdentifier: event.Records[index]!.messageId }];
  });
  return { batchItemFailures };
}
