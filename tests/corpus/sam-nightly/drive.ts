import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function done({ cloud, output }: Running) {
  await cloud.settled();
  const sqs = cloud.client(SQSClient);
  const QueueUrl = output("Done");
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return Messages.map(({ Body }) => Body!);
}

export const application: Application = {
  async drive(running) {
    const Entries = [{ Source: "corpus.nightly", DetailType: "now", Detail: '{"why":"event"}' }];
    await running.cloud.client(EventBridgeClient).send(new PutEventsCommand({ Entries }));
    // AWS: a schedule at a rate begins when it is made.
    expect((await done(running)).toSorted()).toEqual(["event", "night"]);
    await running.cloud.clock.advance("25 hours");
    expect(await done(running)).toEqual(["night"]);
  },
  update: (template) => template.replace('"why":"night"', '"why":"late"'),
  async updated(running) {
    await running.cloud.clock.advance("25 hours");
    expect((await done(running)).at(-1)).toBe("late");
  },
};
