import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function rows({ cloud, output }: Running) {
  const { Items } = await cloud.client(DynamoDBClient).send(new ScanCommand({ TableName: output("Table") }));
  return Items!.map((item) => `${item["id"]!.S} by ${item["by"]!.S}`);
}

export const application: Application = {
  async drive(running) {
    expect(running.output("Seeded")).toBe("FIRST");
    expect(await rows(running)).toEqual(["first by Create"]);
  },
  // Another physical id: the old one is deleted when the update is cleaned up.
  update: (template) => template.replace("Row: first", "Row: second"),
  async updated(running) {
    expect(running.output("Seeded")).toBe("SECOND");
    expect(await rows(running)).toEqual(["second by Update"]);
  },
};
