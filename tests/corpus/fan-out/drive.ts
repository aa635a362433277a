import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function publish({ cloud, output }: Running, Message: string, kind: string) {
  const MessageAttributes = { kind: { DataType: "String", StringValue: kind } };
  await cloud.client(SNSClient).send(new PublishCommand({ TopicArn: output("Topic"), Message, MessageAttributes }));
  await cloud.settled();
}
async function receive({ cloud, output }: Running, queue: string) {
  const take = new ReceiveMessageCommand({ QueueUrl: output(queue), MaxNumberOfMessages: 10 });
  return ((await cloud.client(SQSClient).send(take)).Messages ?? []).map((message) => message.Body!);
}

export const application: Application = {
  async drive(running) {
    await publish(running, "tea", "parcel");
    await publish(running, "e-book", "download");
    expect(await receive(running, "Billing")).toEqual(["tea", "e-book"]);
    const shipped = await receive(running, "Shipping");
    expect(shipped.map((body) => (JSON.parse(body) as { Message: string }).Message)).toEqual(["tea"]);
    await running.cloud.clock.advance("11 seconds");
    expect(await receive(running, "Billing")).toHaveLength(2);
    await running.cloud.clock.advance("11 seconds");
    expect(await receive(running, "Billing")).toEqual([]);
    expect(await receive(running, "Dead")).toEqual(["tea", "e-book"]);
  },
  update: (template) =>
    template.replace("FilterPolicy: { kind: [parcel] }", "FilterPolicy: { kind: [parcel, letter] }"),
  async updated(running) {
    await publish(running, "card", "letter");
    expect(await receive(running, "Shipping")).toContainEqual(expect.stringContaining("card"));
  },
};
