import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ListStateMachinesCommand, SFNClient } from "@aws-sdk/client-sfn";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startCloud, type Cloud } from "./cloud.ts";

const ONCE = { maxAttempts: 1 };
let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2026, 0, 31, 9, 0, 10) });
});
afterEach(() => cloud.faults.clear());
afterAll(() => cloud.close());

describe("faults at the gate", () => {
  test("a fault hits the named operation with its error, and is lifted", async () => {
    const sqs = cloud.client(SQSClient, ONCE);
    const id = cloud.faults.add({ match: "sqs:ListQueues", error: "ThrottlingException", message: "Rate exceeded" });
    await expect(sqs.send(new ListQueuesCommand({}))).rejects.toMatchObject({
      name: "ThrottlingException",
      message: "Rate exceeded",
      $metadata: { httpStatusCode: 400 },
    });
    expect(cloud.faults.lift(id)).toBe(true);
    expect(cloud.faults.lift(id)).toBe(false);
    await sqs.send(new ListQueuesCommand({}));
  });

  test("a service is named by its API or by its IAM prefix", async () => {
    const client = cloud.client(SFNClient, ONCE);
    for (const match of ["stepfunctions:ListStateMachines", "states:*"]) {
      cloud.faults.add({ match, error: "InternalError" });
      await expect(client.send(new ListStateMachinesCommand({}))).rejects.toMatchObject({
        $metadata: { httpStatusCode: 500 },
      });
      cloud.faults.clear();
    }
  });

  test("an SDK client retries what is only throttled now and then, as it would on AWS", async () => {
    cloud.faults.add({ match: "s3:ListBuckets", error: "SlowDown", rate: 0.5 });
    const s3 = cloud.client(S3Client, { maxAttempts: 30, retryStrategy: undefined });
    const { $metadata } = await s3.send(new ListBucketsCommand({}));
    expect($metadata.httpStatusCode).toBe(200);
  });

  // The cloud starts ten seconds into a minute: what looks each minute is not due before the delay ends.
  test("a delay lasts as long on the cloud's clock", async () => {
    cloud.faults.add({ match: "sqs:ListQueues", delayMs: 3000 });
    const before = cloud.clock.now();
    const answer = cloud.client(SQSClient, ONCE).send(new ListQueuesCommand({}));
    await expect.poll(() => cloud.kernel.clock.nextDueMs()).toBe(before + 3000);
    await cloud.clock.advance("3 seconds");
    await answer;
    expect(cloud.clock.now() - before).toBe(3000);
  });

  test.each([
    [{ match: "sqs:SendMesage", error: "X" }, 'no operation "SendMesage". Did you mean "SendMessage"'],
    [{ match: "sqz:SendMessage", error: "X" }, 'no service "sqz". Did you mean "sqs"'],
    [{ match: "sqs", error: "X" }, "SERVICE:OPERATION"],
    [{ match: "*", error: "X", rate: 2 }, "rate is 2; allowed: 0 to 1."],
    [{ match: "*", error: "X", status: 200 }, "status is 200; allowed: 400 to 599."],
    [{ match: "*" }, "A fault needs an error or a delay."],
  ])("%j is refused", (fault, message) => {
    expect(() => cloud.faults.add(fault)).toThrow(message);
    expect(cloud.faults.list()).toEqual([]);
  });
});
