import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";

const client = DynamoDBDocumentClient.from(new DynamoDBClient());
const TableName = process.env["LOCK_TABLE"];
const job = process.env["JOB"]!;

/**
 * Works unless another run still does. The lock of a run that was killed ends by itself, by when that run had been over
 * in any case.
 * @param run names this run: its own further tries may take its lock over
 * @returns undefined where another run is still going
 */
export async function unlessRunning<T>(run: string, work: () => Promise<T>): Promise<T | undefined> {
  const now = Math.floor(Date.now() / 1000);
  const expires = now + Number(process.env["LOCK_SECONDS"]);
  try {
    await client.send(
      new PutCommand({
        TableName,
        Item: { job, run, expires },
        ConditionExpression: "attribute_not_exists(job) OR expires < :now OR run = :run",
        ExpressionAttributeValues: { ":now": now, ":run": run },
      }),
    );
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
  try {
    return await work();
  } finally {
    await release(run);
  }
}

async function release(run: string): Promise<void> {
  try {
    await client.send(
      new DeleteCommand({
        TableName,
        Key: { job },
        ConditionExpression: "run = :run",
        ExpressionAttributeValues: { ":run": run },
      }),
    );
  } catch (error) {
    // It had lasted too long, and another run has the lock by now; or it cannot be reached, and the lock ends by itself.
    console.warn(JSON.stringify({ message: "the lock was not given back", run, error: String(error) }));
  }
}
