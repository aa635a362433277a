import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  type PutEventsRequestEntry,
  type Target,
} from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

export const ACCOUNT = "000000000000";
export const START_MS = Date.UTC(2026, 10, 24, 9, 0, 0);

export interface Queue {
  readonly url: string;
  readonly arn: string;
}

/** For the tests of EventBridge: one started cloud for each file, and what all of them do. */
export function testCloud() {
  let cloud: Cloud;
  let count = 0;
  beforeAll(async () => {
    cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: START_MS });
  });
  afterAll(() => cloud.close());
  const test = {
    get cloud() {
      return cloud;
    },
    get events() {
      return cloud.client(EventBridgeClient, { maxAttempts: 1 });
    },
    /** A client of another account. */
    of: (account: string) =>
      cloud.client(EventBridgeClient, {
        maxAttempts: 1,
        credentials: { accessKeyId: account, secretAccessKey: "test" },
      }),
    name: (prefix: string) => `${prefix}-${(count += 1)}`,
    /** A queue that EventBridge may send to. */
    async queue(attributes: Record<string, string> = {}, policy = true): Promise<Queue> {
      const name = test.name("queue") + (attributes["FifoQueue"] ? ".fifo" : "");
      const arn = `arn:aws:sqs:us-east-1:${ACCOUNT}:${name}`;
      const Policy = JSON.stringify({
        Version: "2012-10-17",
        Statement: {
          Effect: "Allow",
          Principal: { Service: "events.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: arn,
          Condition: { ArnLike: { "aws:SourceArn": `arn:aws:events:us-east-1:${ACCOUNT}:rule/*` } },
        },
      });
      const Attributes = { ...attributes, ...(policy ? { Policy } : {}) };
      const made = await cloud.client(SQSClient).send(new CreateQueueCommand({ QueueName: name, Attributes }));
      return { url: made.QueueUrl!, arn };
    },
    /** Takes all that lies in a queue, once nothing is in flight. */
    async take({ url: QueueUrl }: Queue): Promise<Message[]> {
      await cloud.settled();
      const sqs = cloud.client(SQSClient);
      const taken: Message[] = [];
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: 10,
            MessageAttributeNames: ["All"],
            MessageSystemAttributeNames: ["All"],
          }),
        );
        if (Messages.length === 0) return taken;
        taken.push(...Messages);
        const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
        await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      }
    },
    async bodies(queue: Queue): Promise<string[]> {
      return (await test.take(queue)).map(({ Body }) => Body!);
    },
    /** A rule with one target. */
    async rule(pattern: object, target: Omit<Target, "Id">, EventBusName = "default"): Promise<string> {
      const Name = test.name("rule");
      await test.events.send(new PutRuleCommand({ Name, EventBusName, EventPattern: JSON.stringify(pattern) }));
      await test.events.send(
        new PutTargetsCommand({ Rule: Name, EventBusName, Targets: [{ Id: "one", ...target } as Target] }),
      );
      return Name;
    },
    put: (...Entries: PutEventsRequestEntry[]) => test.events.send(new PutEventsCommand({ Entries })),
    async role(actions: string | string[], resource = "*"): Promise<string> {
      const RoleName = test.name("role");
      const iam = cloud.client(IAMClient);
      const trust = { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sts:AssumeRole" };
      const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement });
      await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
      const grant = { Effect: "Allow", Action: actions, Resource: resource };
      await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: document(grant) }));
      return `arn:aws:iam::${ACCOUNT}:role/${RoleName}`;
    },
  };
  return test;
}

/** What a command failed with, as `CODE: MESSAGE`. @throws Error where it succeeded */
export async function failure(command: Promise<unknown>): Promise<string> {
  const error = await command.then(
    () => undefined,
    (cause: unknown) => cause as Error,
  );
  if (!error) throw new Error("The command succeeded");
  return `${error.name}: ${error.message}`;
}
