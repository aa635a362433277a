import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function order({ cloud, output }: Running, id: string, total: number) {
  const MessageBody = JSON.stringify({ id, total });
  await cloud.client(SQSClient).send(new SendMessageCommand({ QueueUrl: output("Queue"), MessageBody }));
  await cloud.settled();
}
async function names({ cloud, output }: Running) {
  const { Items } = await cloud.client(DynamoDBClient).send(new ScanCommand({ TableName: output("Table") }));
  return Items!.map((item) => `${item["id"]!.S} ${item["name"]!.S}`).toSorted();
}

export const application: Application = {
  async drive(running) {
    await order(running, "a", 5);
    await order(running, "b", 500);
    expect(await names(running)).toEqual(["b Hana"]);
  },
  update: (template) => template.replace('"Hana"', '"Taro"').replace('[">",100]', '[">",1]'),
  async updated(running) {
    await order(running, "c", 5);
    expect(await names(running)).toEqual(["b Hana", "c Taro"]);
  },
};
