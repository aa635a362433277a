import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";

const client = DynamoDBDocumentClient.from(new DynamoDBClient());
const TableName = process.env["TABLE_NAME"]!;

export interface ApprovalRequest {
  readonly id: string;
  readonly requester: string;
  readonly title: string;
  readonly amount: number;
}

/** Somebody is asked. Stands under the request, as `step#1`. */
export interface Step {
  readonly step: string;
  readonly level: string;
  readonly approver: string;
  /** Fingerprint of the key in the links. */
  readonly keyHash: string;
  readonly taskToken: string;
  readonly askedAt: string;
  readonly decision?: "approve" | "reject";
  readonly decidedAt?: string;
  readonly comment?: string;
}

export async function insertRequest(request: ApprovalRequest): Promise<void> {
  const at = new Date().toISOString();
  await client.send(
    new PutCommand({ TableName, Item: { ...request, entry: "request", status: "pending", submittedAt: at } }),
  );
  await note(request.id, "submitted", request.requester);
}

export async function setStatus(id: string, status: string): Promise<void> {
  await client.send(
    new UpdateCommand({
      TableName,
      Key: { id, entry: "request" },
      UpdateExpression: "SET #status = :status, endedAt = :at",
      ExpressionAttributeNames: { "#status": "status" },
      ExpressionAttributeValues: { ":status": status, ":at": new Date().toISOString() },
    }),
  );
}

export async function putStep(id: string, step: Step): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { id, entry: `step#${step.step}`, ...step } }));
}

export async function findStep(id: string, step: string): Promise<Step | undefined> {
  const { Item } = await client.send(new GetCommand({ TableName, Key: { id, entry: `step#${step}` } }));
  return Item as Step | undefined;
}

/** The first answer stands. @returns false where there was one already */
export async function decide(id: string, step: string, decision: "approve" | "reject"): Promise<boolean> {
  try {
    await client.send(
      new UpdateCommand({
        TableName,
        Key: { id, entry: `step#${step}` },
        UpdateExpression: "SET decision = :decision, decidedAt = :at",
        ConditionExpression: "attribute_not_exists(decision)",
        ExpressionAttributeValues: { ":decision": decision, ":at": new Date().toISOString() },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** Adds a line to the audit trail: what happened, when, and who did it. */
export async function note(id: string, what: string, who: string): Promise<void> {
  const at = new Date().toISOString();
  const entry = `event#${at}#${what}#${who}`;
  await client.send(new PutCommand({ TableName, Item: { id, entry, what, who, at } }));
}

/** A request with its audit trail; undefined: there is none. */
export async function findRequest(id: string) {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: "id = :id",
      ExpressionAttributeValues: { ":id": id },
      ConsistentRead: true,
    }),
  );
  const request = Items.find((item) => item["entry"] === "request");
  if (!request) return undefined;
  const { entry: _, ...shown } = request;
  const trail = Items.filter((item) => String(item["entry"]).startsWith("event#")).map(({ what, who, at }) => ({
    what: what as string,
    who: who as string,
    at: at as string,
  }));
  return { ...(shown as ApprovalRequest & { status: string }), trail };
}
