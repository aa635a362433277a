import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function fail({ cloud, output }: Running, logStreamName: string, times: number) {
  const logs = cloud.client(CloudWatchLogsClient);
  const logGroupName = output("Log");
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  const timestamp = cloud.clock.now();
  const logEvents = Array.from({ length: times }, () => ({ timestamp, message: '{"level":"error"}' }));
  await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
  await cloud.clock.advance("3 minutes");
  await cloud.settled();
}
async function alarms({ cloud, output }: Running) {
  const sqs = cloud.client(SQSClient);
  const QueueUrl = output("Queue");
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return Messages.map(({ Body }) => (JSON.parse(Body!) as { NewStateValue: string }).NewStateValue);
}

export const application: Application = {
  async drive(running) {
    await fail(running, "one", 1);
    expect(await alarms(running)).toEqual([]);
    await fail(running, "two", 3);
    expect(await alarms(running)).toEqual(["ALARM"]);
  },
  update: (template) => template.replace("Threshold: 2", "Threshold: 1"),
  async updated(running) {
    await running.cloud.clock.advance("10 minutes");
    await fail(running, "three", 1);
    expect(await alarms(running)).toEqual(["ALARM"]);
  },
};
