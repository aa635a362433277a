import { createVerify, generateKeyPairSync, X509Certificate } from "node:crypto";
import { createServer, globalAgent, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import {
  ConfirmSubscriptionCommand,
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SetTopicAttributesCommand,
  type SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from "@aws-sdk/client-sns";
import MessageValidator from "sns-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selfSignedCertificate } from "./certificate.ts";
import { TestCloud } from "./test-cloud.ts";
import { Receiver } from "./test-receiver.ts";

let cloud: TestCloud;
let sns: SNSClient;
let server: Receiver;
let tls: Server;
beforeAll(async () => {
  cloud = await TestCloud.start();
  ({ sns } = cloud);
  server = await Receiver.start();
  tls = await startTls();
});
afterAll(async () => {
  tls.closeAllConnections();
  tls.close();
  await server.close();
  await cloud.close();
});

/** The validator insists on TLS: a server in front of the cloud that speaks it. */
async function startTls(): Promise<Server> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const day = 86_400_000;
  const cert = selfSignedCertificate({
    privateKey,
    commonName: "localhost",
    serial: "01",
    fromMs: Date.now() - day,
    toMs: Date.now() + day,
  });
  const key = privateKey.export({ type: "pkcs8", format: "pem" });
  const front = createServer({ key, cert }, (request, response) => {
    void fetch(cloud.cloud.endpoint + request.url).then(async (answer) => {
      response.writeHead(answer.status).end(await answer.text());
    });
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  globalAgent.options.ca = cert;
  globalAgent.options.checkServerIdentity = () => undefined;
  return front;
}

/** Verifies a message as its receivers do, with a published validator. Where the certificate comes from is not signed. */
function validate(document: Record<string, string>): Promise<Record<string, unknown>> {
  const origin = `https://127.0.0.1:${(tls.address() as AddressInfo).port}`;
  const told = { ...document, SigningCertURL: document["SigningCertURL"]!.replace(cloud.cloud.endpoint, origin) };
  const validator = new MessageValidator(/^127\.0\.0\.1:\d+$/);
  return new Promise((resolve, reject) =>
    validator.validate(told, (error, message) => (error ? reject(error) : resolve(message!))),
  );
}

const subscribe = async (TopicArn: string, Endpoint: string, more: object = {}) =>
  (await sns.send(new SubscribeCommand({ TopicArn, Protocol: "http", Endpoint, ...more }))).SubscriptionArn!;

/** A web server that has confirmed its subscription by following the link. @returns the subscription's ARN */
async function newSubscriber(topic: string, path: string, Attributes: Record<string, string> = {}): Promise<string> {
  const arn = await subscribe(topic, server.url(path), { Attributes, ReturnSubscriptionArn: true });
  await cloud.cloud.settled();
  const { SubscribeURL } = server.documents(path).at(-1)!;
  expect((await fetch(SubscribeURL!)).status).toBe(200);
  server.received.length = 0;
  return arn;
}

async function publish(TopicArn: string, Message: string, more: object = {}): Promise<void> {
  await sns.send(new PublishCommand({ TopicArn, Message, ...more }));
  await cloud.cloud.settled();
}

describe("the handshake", () => {
  test("the server is asked, and gets nothing until it has followed the link", async () => {
    const topic = await cloud.newTopic();
    const path = "/handshake";
    expect(await subscribe(topic, server.url(path))).toBe("pending confirmation");
    await publish(topic, "too early");
    const [question, ...others] = server.at(path);
    expect(others).toEqual([]);
    const document = JSON.parse(question!.body) as Record<string, string>;
    expect(question!.headers).toMatchObject({
      "content-type": "text/plain; charset=UTF-8",
      "user-agent": "Amazon Simple Notification Service Agent",
      "x-amz-sns-message-id": document["MessageId"],
      "x-amz-sns-message-type": "SubscriptionConfirmation",
      "x-amz-sns-topic-arn": topic,
    });
    expect(question!.headers["x-amz-sns-subscription-arn"]).toBeUndefined();
    expect(document).toEqual({
      Type: "SubscriptionConfirmation",
      MessageId: expect.any(String),
      Token: expect.stringMatching(/^[0-9a-f]{288}$/),
      TopicArn: topic,
      Message: `You have chosen to subscribe to the topic ${topic}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
      SubscribeURL: `${cloud.cloud.endpoint}/?Action=ConfirmSubscription&TopicArn=${topic}&Token=${document["Token"]}`,
      Timestamp: "2026-01-02T03:04:05.678Z",
      SignatureVersion: "1",
      Signature: expect.any(String),
      SigningCertURL: expect.stringMatching(/\/SimpleNotificationService-[0-9a-f]{32}\.pem$/),
    });
    await validate(document);

    const answer = await fetch(document["SubscribeURL"]!);
    const [, SubscriptionArn] = /<SubscriptionArn>(.*)<\/SubscriptionArn>/.exec(await answer.text())!;
    const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    expect(Attributes).toMatchObject({ PendingConfirmation: "false", ConfirmationWasAuthenticated: "false" });
    await publish(topic, "in time");
    expect(server.documents(path)[1]).toMatchObject({ Type: "Notification", Message: "in time" });
  });

  test("a token that is none, or of another topic, confirms nothing", async () => {
    const [TopicArn, other] = [await cloud.newTopic(), await cloud.newTopic()];
    await subscribe(TopicArn, server.url("/token"));
    await cloud.cloud.settled();
    const { Token } = server.documents("/token")[0]!;
    const confirm = (input: { TopicArn: string; Token: string }) => sns.send(new ConfirmSubscriptionCommand(input));
    await expect(confirm({ TopicArn, Token: "abc" })).rejects.toMatchObject({ message: "Invalid token" });
    await expect(confirm({ TopicArn, Token: "0".repeat(288) })).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "Invalid parameter: Token",
    });
    await expect(confirm({ TopicArn: other, Token: Token! })).rejects.toMatchObject({
      message: "Invalid parameter: Token",
    });
  });

  test("after two days without an answer the subscription is gone", async () => {
    const TopicArn = await cloud.newTopic();
    await subscribe(TopicArn, server.url("/silent"));
    await cloud.cloud.settled();
    const list = async () => (await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions;
    expect(await list()).toMatchObject([{ SubscriptionArn: "PendingConfirmation" }]);
    await cloud.cloud.clock.advance("48h");
    expect(await list()).toEqual([]);
  });

  test("a server that is unsubscribed is told, and may come back by the link", async () => {
    const topic = await cloud.newTopic();
    const arn = await newSubscriber(topic, "/back");
    const answer = await fetch(`${cloud.cloud.endpoint}/?Action=Unsubscribe&SubscriptionArn=${arn}`);
    expect(answer.status).toBe(200);
    await cloud.cloud.settled();
    const [document] = server.documents("/back");
    expect(document).toMatchObject({ Type: "UnsubscribeConfirmation", TopicArn: topic });
    expect(server.at("/back")[0]!.headers).toMatchObject({
      "x-amz-sns-message-type": "UnsubscribeConfirmation",
      "x-amz-sns-subscription-arn": arn,
    });
    // AWS: "Verifying the signatures": the token is signed too. The published validator forgets it here.
    const { SigningCertURL, Signature, SignatureVersion: _, ...signed } = document!;
    const verify = createVerify("RSA-SHA1");
    for (const name of Object.keys(signed).toSorted()) verify.update(`${name}\n${signed[name]}\n`);
    const certificate = new X509Certificate(await (await fetch(SigningCertURL!)).text());
    expect(verify.verify(certificate.publicKey, Signature!, "base64")).toBe(true);

    await publish(topic, "away");
    await fetch(document!["SubscribeURL"]!);
    await publish(topic, "here");
    expect(server.documents("/back").map(({ Message }) => Message)).toEqual([document!["Message"], "here"]);
  });

  test("who confirms with a signature may forbid others to unsubscribe", async () => {
    const TopicArn = await cloud.newTopic();
    await subscribe(TopicArn, server.url("/locked"));
    await cloud.cloud.settled();
    const { Token } = server.documents("/locked")[0]!;
    const { SubscriptionArn } = await sns.send(
      new ConfirmSubscriptionCommand({ TopicArn, Token, AuthenticateOnUnsubscribe: "true" }),
    );
    const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    expect(Attributes).toMatchObject({ ConfirmationWasAuthenticated: "true" });
    const link = `${cloud.cloud.endpoint}/?Action=Unsubscribe&SubscriptionArn=${SubscriptionArn}`;
    expect((await fetch(link)).status).toBe(403);
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    const after = sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    await expect(after).rejects.toMatchObject({ name: "NotFoundException" });
  });
});

describe("notifications", () => {
  test.each(["1", "2"])("of signature version %s verify", async (version) => {
    const topic = await cloud.newTopic({ SignatureVersion: version });
    const arn = await newSubscriber(topic, `/signed${version}`);
    await publish(topic, "signed: 署名", { Subject: "Subject" });
    await publish(topic, "without a subject");
    const [document, bare] = server.documents(`/signed${version}`);
    expect(document).toMatchObject({ SignatureVersion: version, Message: "signed: 署名", Subject: "Subject" });
    await expect(validate(document!)).resolves.toMatchObject({ Message: "signed: 署名" });
    await expect(validate(bare!)).resolves.toMatchObject({ Message: "without a subject" });
    await expect(validate({ ...document!, Message: "forged" })).rejects.toThrow("The message signature is invalid.");
    expect(server.at(`/signed${version}`)[0]!.headers["x-amz-sns-subscription-arn"]).toBe(arn);
  });

  test("raw are the text alone", async () => {
    const topic = await cloud.newTopic();
    await newSubscriber(topic, "/raw", { RawMessageDelivery: "true" });
    await publish(topic, "plain", { MessageAttributes: { a: { DataType: "String", StringValue: "b" } } });
    const { body, headers } = server.at("/raw")[0]!;
    expect(body).toBe("plain");
    expect(headers).toMatchObject({ "x-amz-sns-rawdelivery": "true", "x-amz-sns-message-type": "Notification" });
  });

  test("have the content type that the policy says", async () => {
    const topic = await cloud.newTopic();
    const DeliveryPolicy = JSON.stringify({ requestPolicy: { headerContentType: "application/json" } });
    const SubscriptionArn = await newSubscriber(topic, "/type", { DeliveryPolicy });
    await publish(topic, "typed");
    expect(server.at("/type")[0]!.headers["content-type"]).toBe("application/json");
    const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    expect(JSON.parse(Attributes!["DeliveryPolicy"]!)).toEqual({
      healthyRetryPolicy: null,
      sicklyRetryPolicy: null,
      throttlePolicy: null,
      requestPolicy: { headerContentType: "application/json" },
      guaranteed: false,
    });
    expect(JSON.parse(Attributes!["EffectiveDeliveryPolicy"]!)).toMatchObject({
      healthyRetryPolicy: { numRetries: 3, minDelayTarget: 20, backoffFunction: "linear" },
      requestPolicy: { headerContentType: "application/json" },
    });
  });
});

describe("delivery policies", () => {
  test("without one there are three retries, 20 seconds apart", async () => {
    const topic = await cloud.newTopic();
    await newSubscriber(topic, "/sick");
    server.statuses.set("/sick", [500, 503, 429, 500, 200]);
    await publish(topic, "again");
    const counts = [server.at("/sick").length];
    for (let n = 0; n < 5; n++) {
      await cloud.cloud.clock.advance("22s");
      await cloud.cloud.settled();
      counts.push(server.at("/sick").length);
    }
    expect(counts).toEqual([1, 2, 3, 4, 4, 4]);
    expect(new Set(server.at("/sick").map(({ headers }) => headers["x-amz-sns-message-id"])).size).toBe(1);
  });

  test("phases follow one another", async () => {
    const topic = await cloud.newTopic();
    const healthyRetryPolicy = {
      numRetries: 8,
      numNoDelayRetries: 2,
      numMinDelayRetries: 2,
      numMaxDelayRetries: 1,
      minDelayTarget: 5,
      maxDelayTarget: 25,
      backoffFunction: "linear",
    };
    await newSubscriber(topic, "/phases", { DeliveryPolicy: JSON.stringify({ healthyRetryPolicy }) });
    server.statuses.set(
      "/phases",
      Array.from({ length: 20 }, () => 500),
    );
    const startMs = cloud.cloud.clock.now();
    const times: number[] = [];
    const note = () => {
      while (times.length < server.at("/phases").length) times.push((cloud.cloud.clock.now() - startMs) / 1000);
    };
    await publish(topic, "never");
    note();
    for (let second = 0; second < 110; second++) {
      await cloud.cloud.clock.advance("1s");
      await cloud.cloud.settled();
      note();
    }
    const gaps = times.slice(1).map((time, n) => time - times[n]!);
    expect(gaps).toHaveLength(8);
    // Immediate, before the backoff, backoff, after it; a tenth of jitter, seen by the second.
    for (const [n, wanted] of [0, 0, 5, 5, 5, 15, 25, 25].entries())
      expect(Math.abs(gaps[n]! - wanted)).toBeLessThanOrEqual(wanted * 0.05 + 1);
  });

  test("what a server refuses is not tried again", async () => {
    const topic = await cloud.newTopic();
    await newSubscriber(topic, "/refuses");
    server.statuses.set("/refuses", [404]);
    await publish(topic, "no");
    await cloud.cloud.clock.advance("10m");
    await cloud.cloud.settled();
    expect(server.at("/refuses")).toHaveLength(1);
  });

  test("a server gets no more a second than it said", async () => {
    const topic = await cloud.newTopic();
    await newSubscriber(topic, "/slow", { DeliveryPolicy: '{"throttlePolicy":{"maxReceivesPerSecond":2}}' });
    for (let n = 0; n < 5; n++) await publish(topic, `m${n}`);
    const counts = [server.at("/slow").length];
    for (let n = 0; n < 4; n++) {
      await cloud.cloud.clock.advance("500ms");
      await cloud.cloud.settled();
      counts.push(server.at("/slow").length);
    }
    expect(counts).toEqual([1, 2, 3, 4, 5]);
  });

  test.each([
    ["{", /failed to parse JSON/],
    ['{"healthyRetryPolicy":{"numRetries":101}}', /numRetries must be between 0 and 100/],
    [
      '{"healthyRetryPolicy":{"minDelayTarget":30,"maxDelayTarget":20}}',
      /minDelayTarget must be between 1 and maxDelayTarget/,
    ],
    [
      '{"healthyRetryPolicy":{"numRetries":10,"minDelayTarget":600,"maxDelayTarget":600}}',
      /must not exceed 3600 seconds/,
    ],
    ['{"requestPolicy":{"headerContentType":"image/png"}}', /headerContentType/],
  ])("%s is refused", async (DeliveryPolicy, message) => {
    const topic = await cloud.newTopic();
    await expect(subscribe(topic, server.url("/bad"), { Attributes: { DeliveryPolicy } })).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: expect.stringMatching(message),
    });
  });

  test("a topic's policy holds for subscriptions without one, or for all", async () => {
    const TopicArn = await cloud.newTopic();
    const own = { DeliveryPolicy: '{"requestPolicy":{"headerContentType":"text/csv"}}' };
    await newSubscriber(TopicArn, "/own", own);
    await newSubscriber(TopicArn, "/topic");
    const types = async (disableSubscriptionOverrides: boolean) => {
      const defaultRequestPolicy = { headerContentType: "text/html" };
      const AttributeValue = JSON.stringify({ http: { defaultRequestPolicy, disableSubscriptionOverrides } });
      await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: "DeliveryPolicy", AttributeValue }));
      server.received.length = 0;
      await publish(TopicArn, "x");
      return ["/own", "/topic"].map((path) => server.at(path)[0]!.headers["content-type"]);
    };
    expect(await types(false)).toEqual(["text/csv", "text/html"]);
    expect(await types(true)).toEqual(["text/html", "text/html"]);
  });

  test.each([
    ["https", "http://example.com"],
    ["http", "https://example.com"],
    ["http", "example.com"],
  ])("of %s %s cannot be subscribed", async (Protocol, Endpoint) => {
    const TopicArn = await cloud.newTopic();
    await expect(sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }))).rejects.toMatchObject({
      message: "Invalid parameter: Endpoint must match the specified protocol",
    });
  });
});
