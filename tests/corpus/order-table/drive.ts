import { DynamoDBClient, PutItemCommand, QueryCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function place({ cloud, output }: Running, id: string, size: string) {
  const Item = { id: { S: id }, customer: { S: "hana" }, placed: { S: id }, size: { S: size } };
  await cloud.client(DynamoDBClient).send(new PutItemCommand({ TableName: output("Orders"), Item }));
  await cloud.settled();
}
async function ledger({ cloud, output }: Running) {
  const { Items } = await cloud.client(DynamoDBClient).send(new ScanCommand({ TableName: output("Ledger") }));
  return Items!.map((item) => item["id"]!.S!).toSorted();
}

export const application: Application = {
  async drive(running) {
    await place(running, "1", "small");
    await place(running, "2", "large");
    expect(await ledger(running)).toEqual(["2"]);
    const byCustomer = new QueryCommand({
      TableName: running.output("Orders"),
      IndexName: "by-customer",
      KeyConditionExpression: "customer = :c",
      ExpressionAttributeValues: { ":c": { S: "hana" } },
    });
    expect((await running.cloud.client(DynamoDBClient).send(byCustomer)).Count).toBe(2);
  },
  // All sizes, and a second index, made on the table as it stands.
  update: (template) =>
    template.replace('["large"]', '["large","small"]').replace(
      "      StreamSpecification",
      `        - IndexName: by-day
          KeySchema: [{ AttributeName: placed, KeyType: HASH }]
          Projection: { ProjectionType: KEYS_ONLY }
      StreamSpecification`,
    ),
  async updated(running) {
    await place(running, "3", "small");
    expect(await ledger(running)).toEqual(["2", "3"]);
    const { Count } = await running.cloud.client(DynamoDBClient).send(
      new QueryCommand({
        TableName: running.output("Orders"),
        IndexName: "by-day",
        KeyConditionExpression: "placed = :p",
        ExpressionAttributeValues: { ":p": { S: "1" } },
      }),
    );
    expect(Count).toBe(1);
  },
};
