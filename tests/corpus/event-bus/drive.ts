import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function order({ cloud, output }: Running, id: string, total: number) {
  const Detail = JSON.stringify({ id, total });
  const Entries = [{ EventBusName: output("Bus"), Source: "shop", DetailType: "order placed", Detail }];
  await cloud.client(EventBridgeClient).send(new PutEventsCommand({ Entries }));
  await cloud.settled();
}
async function receive({ cloud, output }: Running) {
  const sqs = cloud.client(SQSClient);
  const QueueUrl = output("Queue");
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return Messages.map(({ Body }) => JSON.parse(Body!) as unknown);
}

export const application: Application = {
  async drive(running) {
    await order(running, "o-1", 50);
    await order(running, "o-2", 500);
    expect(await receive(running)).toEqual([{ order: "o-2", text: "order o-2 of 500" }]);
  },
  update: (template) => template.replace('[">", 100]', '[">", 10]').replace("RetentionDays: 7", "RetentionDays: 30"),
  async updated(running) {
    await order(running, "o-3", 50);
    expect(await receive(running)).toEqual([{ order: "o-3", text: "order o-3 of 50" }]);
  },
};
