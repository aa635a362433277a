import { CloudFormationClient, DeleteStackCommand, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function told({ cloud, output }: Running) {
  const Entries = [{ EventBusName: output("BusName"), Source: "corpus.cdk", DetailType: "made", Detail: "{}" }];
  await cloud.client(EventBridgeClient).send(new PutEventsCommand({ Entries }));
  await cloud.settled();
  const sqs = cloud.client(SQSClient);
  const QueueUrl = output("QueueUrl");
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return Messages.map(({ Body }) => Body);
}

export const application: Application = {
  async drive(running) {
    expect(await told(running)).toEqual(["first"]);
  },
  async updated(running) {
    expect(await told(running)).toEqual(["second"]);
  },
  // What others use cannot be deleted before them; the second stack goes first.
  async clear(running) {
    const cf = running.cloud.client(CloudFormationClient);
    await cf.send(new DeleteStackCommand({ StackName: "cdk-shared" }));
    await running.cloud.settled();
    const { Stacks } = await cf.send(new DescribeStacksCommand({ StackName: "cdk-shared" }));
    expect(Stacks![0]!.StackStatusReason).toMatch(/in use by cdk-user/);
  },
};
