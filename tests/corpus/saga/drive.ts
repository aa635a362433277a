import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function book({ cloud, output }: Running, id: string, total: number) {
  const sfn = cloud.client(SFNClient);
  const start = new StartExecutionCommand({ stateMachineArn: output("Saga"), input: JSON.stringify({ id, total }) });
  const { executionArn } = await sfn.send(start);
  await cloud.settled();
  const { status, output: result, error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  return status === "SUCCEEDED" ? (JSON.parse(result!) as unknown) : `${error} ${cause}`;
}
async function booked({ cloud, output }: Running) {
  const { Items } = await cloud.client(DynamoDBClient).send(new ScanCommand({ TableName: output("Table") }));
  return Items!.map((item) => item["id"]!.S).toSorted();
}

export const application: Application = {
  async drive(running) {
    expect(await book(running, "a", 50)).toEqual({ paid: 50 });
    expect(await book(running, "b", 500)).toBe("Undone Declined");
    expect(await booked(running)).toEqual(["a"]);
  },
  update: (template) => template.replace("total > 100", "total > 1000"),
  async updated(running) {
    expect(await book(running, "c", 500)).toEqual({ paid: 500 });
  },
};
