import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function arrives({ cloud, output }: Running, wait: string) {
  await cloud.client(SNSClient).send(new PublishCommand({ TopicArn: output("Topic"), Message: "hello" }));
  await cloud.settled();
  const take = () => cloud.client(SQSClient).send(new ReceiveMessageCommand({ QueueUrl: output("Queue") }));
  const early = (await take()).Messages?.length ?? 0;
  await cloud.clock.advance(wait);
  return [early, (await take()).Messages?.length ?? 0];
}

export const application: Application = {
  async drive(running) {
    expect(await arrives(running, "1 second")).toEqual([1, 0]);
  },
  update: (template) => template.replace('Delay: "0"', 'Delay: "10"'),
  async updated(running) {
    await running.cloud.clock.advance("1 minute");
    const { cloud, output } = running;
    await cloud.client(SQSClient).send(new ReceiveMessageCommand({ QueueUrl: output("Queue") }));
    expect(await arrives(running, "11 seconds")).toEqual([0, 1]);
  },
};
