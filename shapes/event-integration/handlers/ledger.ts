import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";

const client = DynamoDBDocumentClient.from(new DynamoDBClient());

/**
 * Writes down what this consumer has done, once: queues deliver at least once, and people press buttons twice.
 * @returns false where it had been done before
 */
export async function writeOnce(id: string, effect: Record<string, unknown>): Promise<boolean> {
  const key = { consumer: process.env["CONSUMER"]!, id };
  try {
    await client.send(
      new PutCommand({
        TableName: process.env["LEDGER_TABLE"],
        Item: { ...effect, ...key, at: new Date().toISOString() },
        ConditionExpression: "attribute_not_exists(id)",
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
