import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";

const table = DynamoDBDocumentClient.from(new DynamoDBClient());
const TableName = process.env["TABLE_NAME"];
/** Longer than any provider goes on sending the same delivery. */
const KEPT_SECONDS = 7 * 24 * 3600;
/** Longer than a call of ours can last. */
const CLAIM_SECONDS = 30;

/** `ours`: to be done now; `taken`: another call is at it; `done`: it was done before. */
export type Claim = "ours" | "taken" | "done";

/** Takes a delivery, so that two calls at the same time do not both do it. A claim that led to nothing ends by itself. */
export async function claim(id: string): Promise<Claim> {
  const now = Math.floor(Date.now() / 1000);
  try {
    await table.send(
      new PutCommand({
        TableName,
        Item: { id, isDone: false, claimedUntil: now + CLAIM_SECONDS, expires: now + KEPT_SECONDS },
        ConditionExpression: "attribute_not_exists(id) OR (isDone = :no AND claimedUntil < :now)",
        ExpressionAttributeValues: { ":no": false, ":now": now },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
    return "ours";
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return error.Item?.["isDone"]?.BOOL === true ? "done" : "taken";
  }
}

/** Notes that the delivery is done. */
export async function settle(id: string): Promise<void> {
  const expires = Math.floor(Date.now() / 1000) + KEPT_SECONDS;
  await table.send(new PutCommand({ TableName, Item: { id, isDone: true, expires } }));
}
