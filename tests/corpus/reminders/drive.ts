import { PurgeQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function receive({ cloud, output }: Running) {
  const take = new ReceiveMessageCommand({ QueueUrl: output("Queue"), MaxNumberOfMessages: 10 });
  return ((await cloud.client(SQSClient).send(take)).Messages ?? []).map((message) => message.Body!);
}

export const application: Application = {
  async drive(running) {
    await running.cloud.clock.advance("3 days");
    await running.cloud.settled();
    expect(await receive(running)).toEqual(["good morning", "good morning", "good morning"]);
    await running.cloud.client(SQSClient).send(new PurgeQueueCommand({ QueueUrl: running.output("Queue") }));
  },
  update: (template) => template.replace("cron(0 9 * * ? *)", "rate(12 hours)").replace("good morning", "twice a day"),
  async updated(running) {
    await running.cloud.clock.advance("25 hours");
    await running.cloud.settled();
    expect((await receive(running)).filter((body) => body === "twice a day").length).toBeGreaterThanOrEqual(2);
  },
};
