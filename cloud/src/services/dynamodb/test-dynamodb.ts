/** For the tests of this service: a started cloud, its clients, and tables in one line. */
import {
  CreateTableCommand,
  DynamoDBClient,
  type AttributeValue,
  type CreateTableCommandInput,
  type KeySchemaElement,
  type ScalarAttributeType,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { afterAll, expect } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

export const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** A cloud for one test file; it is closed at the file's end. */
export async function startDynamo() {
  const cloud: Cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: START_MS });
  const client = cloud.client(DynamoDBClient, { maxAttempts: 1 });
  const streams = cloud.client(DynamoDBStreamsClient, { maxAttempts: 1 });
  afterAll(async () => {
    client.destroy();
    streams.destroy();
    await cloud.close();
  });
  let count = 0;
  /** Makes a table of keys such as `pk:S sk:N` and returns its name. */
  const makeTable = async (keys = "pk:S", extra: Partial<CreateTableCommandInput> = {}): Promise<string> => {
    const TableName = `table-${++count}`;
    await client.send(
      new CreateTableCommand({ TableName, BillingMode: "PAY_PER_REQUEST", ...schemaOf(keys), ...extra }),
    );
    return TableName;
  };
  return { cloud, client, streams, makeTable };
}

/** `pk:S sk:N` as key schema and attribute definitions. */
export function schemaOf(keys: string): {
  KeySchema: KeySchemaElement[];
  AttributeDefinitions: { AttributeName: string; AttributeType: ScalarAttributeType }[];
} {
  const parts = keys.split(" ").map((each) => each.split(":") as [string, ScalarAttributeType]);
  return {
    KeySchema: parts.map(([AttributeName], i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
    AttributeDefinitions: parts.map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
  };
}

/** Plain texts, numbers and so on as attribute values. */
export function item(values: Record<string, string | number | boolean | null>): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "string"
        ? { S: value }
        : typeof value === "number"
          ? { N: String(value) }
          : value === null
            ? { NULL: true }
            : { BOOL: value },
    ]),
  );
}

/** Awaits an error of this name, whose message is or matches this. */
export async function refused(call: Promise<unknown>, name: string, message?: string | RegExp): Promise<Error> {
  const error = await call.then(
    (value) => expect.fail(`expected ${name}, got ${JSON.stringify(value)}`),
    (reason: unknown) => reason as Error,
  );
  expect({ name: error.name, message: error.message }).toEqual({
    name,
    message:
      message === undefined
        ? expect.anything()
        : typeof message === "string"
          ? message
          : expect.stringMatching(message),
  });
  return error;
}
