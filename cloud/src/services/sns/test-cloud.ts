/** What the tests of SNS share: topics, and queues that subscribe to them. */
import { CreateQueueCommand, type Message, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { type Cloud, startCloud } from "../../cloud.ts";

export const ACCOUNT = "000000000000";

export interface Queue {
  readonly url: string;
  readonly arn: string;
}

export class TestCloud {
  #count = 0;

  private constructor(
    readonly cloud: Cloud,
    readonly sns: SNSClient,
    readonly sqs: SQSClient,
  ) {}

  static async start(): Promise<TestCloud> {
    const cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) });
    return new TestCloud(
      cloud,
      cloud.client(SNSClient, { maxAttempts: 1 }),
      cloud.client(SQSClient, { maxAttempts: 1 }),
    );
  }

  close(): Promise<void> {
    return this.cloud.close();
  }

  name(prefix: string, suffix = ""): string {
    return `${prefix}-${this.#count++}${suffix}`;
  }

  /** @returns its ARN */
  async newTopic(attributes: Record<string, string> = {}): Promise<string> {
    const Name = this.name("topic", attributes["FifoTopic"] === "true" ? ".fifo" : "");
    return (await this.sns.send(new CreateTopicCommand({ Name, Attributes: attributes }))).TopicArn!;
  }

  /** A queue that topics may send to. */
  async newQueue(attributes: Record<string, string> = {}, statement: object = topicsMaySend()): Promise<Queue> {
    const QueueName = this.name("queue", attributes["FifoQueue"] === "true" ? ".fifo" : "");
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    const made = await this.sqs.send(new CreateQueueCommand({ QueueName, Attributes: { ...attributes, Policy } }));
    return { url: made.QueueUrl!, arn: `arn:aws:sqs:us-east-1:${ACCOUNT}:${QueueName}` };
  }

  /** @returns the subscription's ARN */
  async subscribe(TopicArn: string, queue: Queue, Attributes: Record<string, string> = {}): Promise<string> {
    const input = { TopicArn, Protocol: "sqs", Endpoint: queue.arn, Attributes, ReturnSubscriptionArn: true };
    return (await this.sns.send(new SubscribeCommand(input))).SubscriptionArn!;
  }

  /** What came into a queue, once everything has been delivered. */
  async receive(queue: Queue): Promise<Message[]> {
    await this.cloud.settled();
    const all: Message[] = [];
    for (;;) {
      const { Messages = [] } = await this.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queue.url,
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["All"],
        }),
      );
      if (Messages.length === 0) return all;
      all.push(...Messages);
    }
  }

  /** The texts that came into a queue inside of envelopes. */
  async texts(queue: Queue): Promise<string[]> {
    return (await this.receive(queue)).map(({ Body }) => (JSON.parse(Body!) as { Message: string }).Message);
  }
}

export function topicsMaySend(condition: object = {}): object {
  return {
    Effect: "Allow",
    Principal: { Service: "sns.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: "*",
    ...(Object.keys(condition).length > 0 ? { Condition: condition } : {}),
  };
}
