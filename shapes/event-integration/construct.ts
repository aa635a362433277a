import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { type Alarm, ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { AttributeType, BillingMode, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { Effect, type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import { type SubscriptionFilter, Topic } from "aws-cdk-lib/aws-sns";
import { SqsSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { ShapeFunction } from "../function.ts";
import { TopicSink } from "../ports/sinks.ts";
import { DeadLetters, Messages, Notifications } from "../ports/sources.ts";
import { throwIfInvalid } from "../validation.ts";

export interface EventConsumer {
  /**
   * Path of the file that exports `handler`: it is given an `SQSEvent` and answers which messages failed. Left out, the
   * messages wait in the queue for whoever is joined to `messages(name)`.
   */
  readonly handler?: string;
  /** Which messages it gets, by their attributes. @default - all */
  readonly filter?: Readonly<Record<string, SubscriptionFilter>>;
  /** Messages that one call gets. @default 10 */
  readonly batchSize?: number;
  /** How often a message is tried before it goes to the dead-letter queue. @default 5 */
  readonly maxAttempts?: number;
  /** Calls at a time; keeps what lies behind from being overrun. @default - as many as Lambda makes */
  readonly maxConcurrency?: number;
  /** @default - no variables of its own */
  readonly environment?: Readonly<Record<string, string>>;
  /** @default Duration.seconds(10) */
  readonly timeout?: Duration;
}

export interface EventIntegrationProps {
  /** Who works on the messages, by name. */
  readonly consumers: Readonly<Record<string, EventConsumer>>;
  /** In order for each message group, and each message once within five minutes. @default false */
  readonly fifo?: boolean;
  /** What becomes of the table when the stack goes. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
  /** @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;
}

/** What stands behind one consumer. */
export interface ConsumerParts {
  readonly queue: Queue;
  /** Messages that were tried as often as allowed. */
  readonly deadLetters: Queue;
  readonly deadLettersAlarm: Alarm;
  /** Undefined where the consumer has no handler. */
  readonly function: ShapeFunction | undefined;
}

/** AWS: "Configuring a queue to use with Lambda": six times the function's timeout. */
const VISIBILITY_TIMEOUTS = 6;
/** AWS: "Amazon SQS quotas". */
const ATTEMPTS_MAX = 1000;
/** AWS: "CreateEventSourceMapping": of a FIFO queue, and of a standard queue without a batch window. */
const BATCH_MAX = 10;

/**
 * Shape 2.3 `event-integration`: one process tells a topic what happened, and each of the others works on it in its own
 * time, out of its own queue.
 *
 * ```ts
 * new EventIntegration(this, "Orders", { consumers: { billing: { handler: "handlers/billing.ts" } } });
 * ```
 */
export class EventIntegration extends Construct {
  readonly topic: Topic;
  readonly consumers: Readonly<Record<string, ConsumerParts>>;
  /** What each consumer has done, by consumer and id: work that came twice is done once. */
  readonly ledger: Table;
  /** Messages that the topic could not hand to a queue. */
  readonly undelivered: Queue;
  readonly undeliveredAlarm: Alarm;
  /** Source: what is published. */
  readonly notifications: Notifications;
  /** Sink: what is joined is published. */
  readonly publisher: TopicSink;

  constructor(scope: Construct, id: string, props: EventIntegrationProps) {
    super(scope, id);
    validate(this, props);
    this.topic = new Topic(this, "Topic", {
      // AWS: SNS encrypts disks by itself; a key of one's own is needed only where a rule asks for it.
      enforceSSL: true,
      ...(props.fifo ? { fifo: true, contentBasedDeduplication: true } : {}),
    });
    this.notifications = new Notifications(this.topic);
    this.publisher = new TopicSink(this.topic);
    this.ledger = new Table(this, "Ledger", {
      partitionKey: { name: "consumer", type: AttributeType.STRING },
      sortKey: { name: "id", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    this.undelivered = this.createDeadLetters("Undelivered", props);
    this.undeliveredAlarm = this.createAlarm("UndeliveredAlarm", this.undelivered, "no queue took a message");
    this.consumers = Object.fromEntries(
      Object.entries(props.consumers).map(([name, consumer]) => [name, this.createConsumer(name, consumer, props)]),
    );
  }

  /** Source: the messages of a consumer that has no handler. */
  messages(consumer: string): Messages {
    return new Messages(this.partsOf(consumer).queue);
  }

  /** Source: what a consumer gave up. */
  deadLetters(consumer: string): DeadLetters {
    return new DeadLetters(this.partsOf(consumer).deadLetters);
  }

  /** Lets somebody publish. */
  grantPublish(grantee: IGrantable): void {
    this.topic.grantPublish(grantee);
  }

  private partsOf(name: string): ConsumerParts {
    const found = this.consumers[name];
    if (found) return found;
    throw new Error(
      `${this.node.path} has no consumer "${name}"; there are: ${Object.keys(this.consumers).join(", ")}`,
    );
  }

  private createConsumer(name: string, consumer: EventConsumer, props: EventIntegrationProps): ConsumerParts {
    const id = name[0]!.toUpperCase() + name.slice(1);
    const timeout = consumer.timeout ?? Duration.seconds(10);
    const deadLetters = this.createDeadLetters(`${id}DeadLetters`, props);
    const queue = new Queue(this, `${id}Queue`, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(timeout.toSeconds() * VISIBILITY_TIMEOUTS),
      retentionPeriod: Duration.days(14),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: consumer.maxAttempts ?? 5 },
      ...(props.fifo ? { fifo: true } : {}),
    });
    this.topic.addSubscription(
      new SqsSubscription(queue, {
        rawMessageDelivery: true,
        deadLetterQueue: this.undelivered,
        ...(consumer.filter ? { filterPolicy: { ...consumer.filter } } : {}),
      }),
    );
    const deadLettersAlarm = this.createAlarm(`${id}DeadLettersAlarm`, deadLetters, `${name} gave a message up`);
    const made = consumer.handler === undefined ? undefined : this.createFunction(id, name, consumer, props);
    made?.function.addEventSource(
      new SqsEventSource(queue, {
        batchSize: consumer.batchSize ?? BATCH_MAX,
        reportBatchItemFailures: true,
        ...(consumer.maxConcurrency === undefined ? {} : { maxConcurrency: consumer.maxConcurrency }),
      }),
    );
    return { queue, deadLetters, deadLettersAlarm, function: made };
  }

  private createFunction(id: string, name: string, consumer: EventConsumer, props: EventIntegrationProps) {
    const made = new ShapeFunction(this, id, {
      entry: consumer.handler!,
      timeout: consumer.timeout ?? Duration.seconds(10),
      environment: { ...consumer.environment, LEDGER_TABLE: this.ledger.tableName, CONSUMER: name },
      ...(props.logRetention === undefined ? {} : { logRetention: props.logRetention }),
    });
    // Each consumer sees its own entries and no other's.
    made.role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"],
        resources: [this.ledger.tableArn],
        conditions: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [name] } },
      }),
    );
    return made;
  }

  private createDeadLetters(id: string, props: EventIntegrationProps): Queue {
    const queue = new Queue(this, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      ...(props.fifo ? { fifo: true } : {}),
    });
    Validations.of(queue).acknowledge({ id: "AwsSolutions-SQS3", reason: "This is a dead-letter queue itself." });
    return queue;
  }

  private createAlarm(id: string, queue: Queue, what: string): Alarm {
    return queue
      .metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: "Maximum" })
      .createAlarm(this, id, {
        alarmDescription: `${this.node.path}: ${what}`,
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
  }
}

function validate(scope: Construct, props: EventIntegrationProps): void {
  const consumers = Object.entries(props.consumers);
  const isWhole = (value: number, max: number) => Number.isInteger(value) && value >= 1 && value <= max;
  throwIfInvalid(scope, [
    [consumers.length === 0, "consumers is empty: name at least one"],
    ...consumers.flatMap(([name, { batchSize = 1, maxAttempts = 1, maxConcurrency = 2 }]): [boolean, string][] => [
      [!/^[a-z][A-Za-z0-9]*$/.test(name), `consumer "${name}"; allowed: letters and digits, a small letter first`],
      [!isWhole(batchSize, BATCH_MAX), `batchSize of ${name} is ${batchSize}; allowed: 1 to ${BATCH_MAX}`],
      [!isWhole(maxAttempts, ATTEMPTS_MAX), `maxAttempts of ${name} is ${maxAttempts}; allowed: 1 to ${ATTEMPTS_MAX}`],
      [
        !isWhole(maxConcurrency, 1000) || maxConcurrency < 2,
        `maxConcurrency of ${name} is ${maxConcurrency}; allowed: 2 to 1000`,
      ],
    ]),
  ]);
}
