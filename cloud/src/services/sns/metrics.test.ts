import { CloudWatchClient, GetMetricDataCommand, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { DeleteQueueCommand } from "@aws-sdk/client-sqs";
import { PublishBatchCommand, PublishCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await TestCloud.start();
});
afterAll(() => cloud.close());

test("a topic's metrics: published, delivered, filtered out, failed, redriven", async () => {
  const { sns, sqs } = cloud;
  const TopicArn = await cloud.newTopic();
  const [all, red, gone, letters] = [
    await cloud.newQueue(),
    await cloud.newQueue(),
    await cloud.newQueue(),
    await cloud.newQueue(),
  ];
  await cloud.subscribe(TopicArn, all);
  await cloud.subscribe(TopicArn, red, { FilterPolicy: '{"colour":["red"]}' });
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: letters.arn });
  await cloud.subscribe(TopicArn, gone, { RedrivePolicy });
  await sqs.send(new DeleteQueueCommand({ QueueUrl: gone.url }));
  // Questions to endpoints are no notifications.
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "email", Endpoint: "a@example.com" }));

  const colour = (StringValue: string) => ({ colour: { DataType: "String", StringValue } });
  await sns.send(new PublishCommand({ TopicArn, Message: "four" }));
  const PublishBatchRequestEntries = ["red", "blue"].map((Id) => ({ Id, Message: "x", MessageAttributes: colour(Id) }));
  await sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }));
  await cloud.cloud.settled();
  await cloud.cloud.clock.advance("2s");

  const client = cloud.cloud.client(CloudWatchClient);
  const Dimensions = [{ Name: "TopicName", Value: TopicArn.split(":").at(-1)! }];
  const { Metrics } = await client.send(new ListMetricsCommand({ Namespace: "AWS/SNS", Dimensions }));
  const names = Metrics!.map(({ MetricName }) => MetricName!);
  const now = cloud.cloud.clock.now();
  const { MetricDataResults } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - 600_000),
      EndTime: new Date(now + 600_000),
      MetricDataQueries: names.map((MetricName, n) => ({
        Id: `m${n}`,
        Label: MetricName,
        MetricStat: { Metric: { Namespace: "AWS/SNS", MetricName, Dimensions }, Period: 3600, Stat: "Sum" },
      })),
    }),
  );
  expect(Object.fromEntries(MetricDataResults!.map(({ Label, Values }) => [Label, Values![0]]))).toEqual({
    NumberOfMessagesPublished: 3,
    // "four", and two of "x", "colour", "String" and the colour.
    PublishSize: 4 + (1 + 6 + 6 + 3) + (1 + 6 + 6 + 4),
    NumberOfNotificationsDelivered: 4,
    NumberOfNotificationsFilteredOut: 2,
    "NumberOfNotificationsFilteredOut-NoMessageAttributes": 1,
    "NumberOfNotificationsFilteredOut-MessageAttributes": 1,
    NumberOfNotificationsFailed: 3,
    NumberOfNotificationsRedrivenToDlq: 3,
  });
});
