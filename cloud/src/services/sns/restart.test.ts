import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { expect, test } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";
import { ACCOUNT, topicsMaySend } from "./test-cloud.ts";

test("what was accepted before a stop is delivered after the next start, signed with the same key", async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "sns-restart-"));
  const start = () => startCloud({ dataDirectory, clock: "frozen" });
  try {
    const first = await start();
    const sns = first.client(SNSClient);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "kept" }));
    const urls: string[] = [];
    for (const name of ["one", "two"]) urls.push(await subscribedQueue(first, TopicArn!, name));
    await sns.send(new PublishCommand({ TopicArn, Message: "before" }));
    await first.settled();
    const before = await receive(first, urls[0]!);
    first.kernel.deliveries.stop();
    await sns.send(new PublishCommand({ TopicArn, Message: "after" }));
    await first.close();

    const second = await start();
    await second.settled();
    for (const url of urls) {
      const after = await receive(second, url);
      expect(after.map(({ Message }) => Message)).toContain("after");
      const certificate = (document: Record<string, string>) => new URL(document["SigningCertURL"]!).pathname;
      expect(certificate(after.at(-1)!)).toBe(certificate(before[0]!));
    }
    await second.close();
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});

async function subscribedQueue(cloud: Cloud, TopicArn: string, QueueName: string): Promise<string> {
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [topicsMaySend()] });
  const made = await cloud.client(SQSClient).send(new CreateQueueCommand({ QueueName, Attributes: { Policy } }));
  const Endpoint = `arn:aws:sqs:us-east-1:${ACCOUNT}:${QueueName}`;
  await cloud.client(SNSClient).send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));
  return new URL(made.QueueUrl!).pathname;
}

async function receive(cloud: Cloud, path: string): Promise<Record<string, string>[]> {
  const input = { QueueUrl: cloud.endpoint + path, MaxNumberOfMessages: 10 };
  const { Messages } = await cloud.client(SQSClient).send(new ReceiveMessageCommand(input));
  return (Messages ?? []).map(({ Body }) => JSON.parse(Body!) as Record<string, string>);
}
