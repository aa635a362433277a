import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function work({ cloud, output }: Running, MessageBody: string, wait: string) {
  const sqs = cloud.client(SQSClient);
  await sqs.send(new SendMessageCommand({ QueueUrl: output("Jobs"), MessageBody }));
  await cloud.settled();
  await cloud.clock.advance(wait);
  await cloud.settled();
  const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
  const ask = new GetQueueAttributesCommand({ QueueUrl: output("Jobs"), AttributeNames: [...names] });
  const { Attributes } = await sqs.send(ask);
  expect(names.map((name) => Attributes![name])).toEqual(["0", "0"]);
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: output("Dead") }));
  return Messages?.map(({ Body }) => Body);
}

export const application: Application = {
  async drive(running) {
    expect(await work(running, "good", "1 second")).toBeUndefined();
    expect(await work(running, "bad", "2 minutes")).toEqual(["bad"]);
  },
  update: (template) => template.replace('"bad")', '"worse")'),
  async updated(running) {
    await running.cloud.clock.advance("1 minute");
    await running.cloud.client(SQSClient).send(new ReceiveMessageCommand({ QueueUrl: running.output("Dead") }));
    expect(await work(running, "bad", "1 second")).toBeUndefined();
  },
};
