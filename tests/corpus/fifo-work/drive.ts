import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function publish({ cloud, output }: Running, MessageGroupId: string, ...messages: string[]) {
  for (const Message of messages)
    await cloud.client(SNSClient).send(new PublishCommand({ TopicArn: output("Topic"), Message, MessageGroupId }));
}
async function done({ cloud, output }: Running) {
  await cloud.settled();
  const sqs = cloud.client(SQSClient);
  const QueueUrl = output("Done");
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  return Messages.map(({ Body }) => Body!);
}

export const application: Application = {
  async drive(running) {
    await publish(running, "a", "a1", "a2-fails-once", "a3");
    await publish(running, "b", "b1");
    expect((await done(running)).toSorted()).toEqual(["first a1", "first b1"]);
    await running.cloud.clock.advance("31 seconds");
    expect(await done(running)).toEqual(["first a2-fails-once", "first a3"]);
  },
  update: (template) => template.replace('"MARK": "first"', '"MARK": "second"'),
  async updated(running) {
    await publish(running, "a", "a4");
    expect(await done(running)).toEqual(["second a4"]);
  },
};
