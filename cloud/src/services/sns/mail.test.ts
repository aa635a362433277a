import { PublishCommand, type SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
let sns: SNSClient;
beforeAll(async () => {
  cloud = await TestCloud.start();
  ({ sns } = cloud);
});
afterAll(() => cloud.close());

const subscribe = (TopicArn: string, Protocol: string, Endpoint: string) =>
  sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }));

test("a mailbox confirms by the link, then gets the messages, then leaves by the link", async () => {
  const TopicArn = await cloud.newTopic({ DisplayName: "Orders" });
  const to = "ann@example.com";
  expect((await subscribe(TopicArn, "email", to)).SubscriptionArn).toBe("pending confirmation");
  const question = await cloud.cloud.inbox.waitFor({ to, subject: "Subscription Confirmation" });
  expect(question).toMatchObject({
    from: "AWS Notifications <no-reply@sns.amazonaws.com>",
    subject: "AWS Notification - Subscription Confirmation",
  });
  expect(question.text).toContain(`You have chosen to subscribe to the topic:\n${TopicArn}\n`);
  expect((await fetch(/http:\S+ConfirmSubscription\S+/.exec(question.text!)![0])).status).toBe(200);

  await sns.send(new PublishCommand({ TopicArn, Message: "It is sent: 発送済み", Subject: "Order 7" }));
  const message = await cloud.cloud.inbox.waitFor({ to, subject: "Order 7" });
  expect(message.from).toBe("Orders <no-reply@sns.amazonaws.com>");
  expect(message.text).toMatch(/^It is sent: 発送済み\n\n--\nIf you wish to stop receiving notifications/);

  expect((await fetch(/http:\S+Unsubscribe\S+/.exec(message.text!)![0])).status).toBe(200);
  await cloud.cloud.inbox.waitFor({ to, subject: "Unsubscribe Confirmation" });
  await sns.send(new PublishCommand({ TopicArn, Message: "late", Subject: "Order 8" }));
  await cloud.cloud.settled();
  expect(cloud.cloud.inbox.list().map(({ subject }) => subject)).not.toContain("Order 8");
});

test("a mailbox may have documents", async () => {
  const TopicArn = await cloud.newTopic();
  const to = "machine@example.com";
  await subscribe(TopicArn, "email-json", to);
  const question = await cloud.cloud.inbox.waitFor({ to });
  const { SubscribeURL } = JSON.parse(question.text!) as Record<string, string>;
  await fetch(SubscribeURL!);
  await sns.send(new PublishCommand({ TopicArn, Message: "hello" }));
  const message = await cloud.cloud.inbox.waitFor({ to, subject: "AWS Notification Message" });
  expect(JSON.parse(message.text!)).toMatchObject({ Type: "Notification", TopicArn, Message: "hello" });
});
