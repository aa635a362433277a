import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "vitest";
import type { Application } from "../corpus.ts";

let former = "";

export const application: Application = {
  async drive({ cloud, output }) {
    former = output("Ledger");
    await cloud.client(DynamoDBClient).send(new PutItemCommand({ TableName: former, Item: { id: { S: "1" } } }));
  },
  // Another key: a new table; the former one stays with what is in it.
  update: (template) => template.replaceAll('"AttributeName": "id"', '"AttributeName": "number"'),
  async updated({ cloud, output }) {
    expect(output("Ledger")).not.toBe(former);
    const { Item } = await cloud
      .client(DynamoDBClient)
      .send(new GetItemCommand({ TableName: former, Key: { id: { S: "1" } } }));
    expect(Item).toEqual({ id: { S: "1" } });
  },
  retains: /^dynamodb:TableNames kept-ledger-Ledger-/,
};
