import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
} from "@aws-sdk/client-lambda";
import { PublishCommand, type SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createArchive } from "../../functions/archive.ts";
import { ACCOUNT, type Queue, TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
let sns: SNSClient;
let lambda: LambdaClient;
let role: string;
beforeAll(async () => {
  cloud = await TestCloud.start();
  ({ sns } = cloud);
  lambda = cloud.cloud.client(LambdaClient);
  const iam = cloud.cloud.client(IAMClient);
  const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement });
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const RoleName = "functions";
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
  const grant = { Effect: "Allow", Action: ["sqs:SendMessage", "sns:Publish"], Resource: "*" };
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: document(grant) }));
  role = `arn:aws:iam::${ACCOUNT}:role/${RoleName}`;
});
afterAll(() => cloud.close());

/** A function that hands its event to its destination, a queue. @returns its ARN */
async function newFunction(queue: Queue, topic: string | undefined, code = "async (event) => event"): Promise<string> {
  const FunctionName = cloud.name("function");
  const ZipFile = await createArchive({ "index.js": `exports.handler = ${code};` });
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: role,
      Code: { ZipFile },
    }),
  );
  await lambda.send(
    new PutFunctionEventInvokeConfigCommand({
      FunctionName,
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnSuccess: { Destination: queue.arn } },
    }),
  );
  if (topic !== undefined)
    await lambda.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: "sns",
        Action: "lambda:InvokeFunction",
        Principal: "sns.amazonaws.com",
        SourceArn: topic,
      }),
    );
  return `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${FunctionName}`;
}

const subscribe = async (TopicArn: string, Endpoint: string, Attributes: Record<string, string> = {}) =>
  (await sns.send(new SubscribeCommand({ TopicArn, Protocol: "lambda", Endpoint, Attributes }))).SubscriptionArn!;

interface Outcome {
  readonly responsePayload: unknown;
}

test("a function is invoked with the event that AWS gives it", async () => {
  const topic = await cloud.newTopic();
  const queue = await cloud.newQueue();
  const subscription = await subscribe(topic, await newFunction(queue, topic));
  const MessageAttributes = { colour: { DataType: "String", StringValue: "red" } };
  const { MessageId } = await sns.send(new PublishCommand({ TopicArn: topic, Message: "hello", MessageAttributes }));
  const [message] = await cloud.receive(queue);
  expect((JSON.parse(message!.Body!) as Outcome).responsePayload).toEqual({
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        EventSubscriptionArn: subscription,
        Sns: {
          Type: "Notification",
          MessageId,
          TopicArn: topic,
          Subject: null,
          Message: "hello",
          Timestamp: "2026-01-02T03:04:05.678Z",
          SignatureVersion: "1",
          Signature: expect.any(String),
          SigningCertUrl: expect.stringMatching(/\/SimpleNotificationService-[0-9a-f]{32}\.pem$/),
          UnsubscribeUrl: `${cloud.cloud.endpoint}/?Action=Unsubscribe&SubscriptionArn=${subscription}`,
          MessageAttributes: { colour: { Type: "String", Value: "red" } },
        },
      },
    ],
  });
});

test("what a function's policy does not let the topic invoke goes to the dead-letter queue at once", async () => {
  const [topic, other] = [await cloud.newTopic(), await cloud.newTopic()];
  const [queue, letters] = [await cloud.newQueue(), await cloud.newQueue()];
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: letters.arn });
  await subscribe(topic, await newFunction(queue, other), { RedrivePolicy });
  await sns.send(new PublishCommand({ TopicArn: topic, Message: "hello" }));
  expect(await cloud.receive(queue)).toEqual([]);
  expect(await cloud.texts(letters)).toEqual(["hello"]);
});

test("a function that is throttled or fails is Lambda's affair: SNS has handed it over", async () => {
  const topic = await cloud.newTopic();
  const [queue, letters] = [await cloud.newQueue(), await cloud.newQueue()];
  const endpoint = await newFunction(queue, topic);
  const FunctionName = endpoint.split(":").at(-1)!;
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
  await subscribe(topic, endpoint, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: letters.arn }) });
  await sns.send(new PublishCommand({ TopicArn: topic, Message: "hello" }));
  expect(await cloud.receive(letters)).toEqual([]);
});
