import { Aws, type CfnElement, Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { type Alarm, ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { CfnPermission } from "aws-cdk-lib/aws-lambda";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket } from "aws-cdk-lib/aws-s3";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { ShapeFunction } from "../function.ts";
import { BucketSink } from "../ports/sinks.ts";
import { DeadLetters, ObjectCreated } from "../ports/sources.ts";
import { throwIfInvalid } from "../validation.ts";

export interface ObjectProcessingProps {
  /** Path of the file that exports `handler`: it is given S3 events and writes into the bucket `RESULT_BUCKET`. */
  readonly handler: string;
  /** Only objects whose keys begin so are worked on. @default - all */
  readonly prefix?: string;
  /** Only objects whose keys end so, letter for letter: `.JPG` is not `.jpg`. @default - all */
  readonly suffixes?: readonly string[];
  /** How often an object whose processing threw is tried again: 0 to 2. @default 2 */
  readonly retries?: number;
  /** @default Duration.seconds(60) */
  readonly timeout?: Duration;
  /** In MB: at 1,769 a function has one whole processor. @default 1769 */
  readonly memorySize?: number;
  /** Objects worked on at a time. @default - the account's unreserved concurrency */
  readonly concurrency?: number;
  /** @default - no variables of its own */
  readonly environment?: Readonly<Record<string, string>>;
  /** What becomes of the buckets when the stack goes. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
  /** @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;
}

/**
 * Shape 2.1 `object-processing`: S3 → Lambda → S3. Results go into a bucket of their own: a function that writes into the
 * bucket that calls it would call itself for ever.
 *
 * ```ts
 * new ObjectProcessing(this, "Photos", { handler: "handlers/thumbnails.ts", suffixes: [".jpg", ".png"] });
 * ```
 */
export class ObjectProcessing extends Construct {
  readonly input: Bucket;
  readonly results: Bucket;
  readonly processor: ShapeFunction;
  /** Objects that were given up, each with the reason. */
  readonly failures: Queue;
  readonly failuresAlarm: Alarm;
  /** Source: a result is complete. */
  readonly resultCreated: ObjectCreated;
  /** Source: an object was given up. */
  readonly givenUp: DeadLetters;
  /** Sink: what is joined becomes an object to work on. */
  readonly objects: BucketSink;

  constructor(scope: Construct, id: string, props: ObjectProcessingProps) {
    super(scope, id);
    validate(this, props);
    this.failures = new Queue(this, "Failures", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.results = this.createBucket("Results", props);
    this.processor = this.createProcessor(props);
    this.input = this.createBucket("Input", props);
    // The bucket lets the function read, not the role: the role would need the bucket, and the bucket needs the function.
    this.input.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: [this.processor.role],
        actions: ["s3:GetObject", "s3:GetObjectVersion"],
        resources: [this.input.arnForObjects(`${props.prefix ?? ""}*`)],
      }),
    );
    this.notify(props);
    this.failuresAlarm = this.failures
      .metricApproximateNumberOfMessagesVisible({ statistic: "Maximum", period: Duration.minutes(1) })
      .createAlarm(this, "GivenUp", {
        alarmDescription: `${this.node.path}: an object could not be processed`,
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    this.resultCreated = new ObjectCreated(this.results, { suffix: "/result.json" });
    this.givenUp = new DeadLetters(this.failures);
    this.objects = new BucketSink(this.input, props.prefix);
    this.explain();
  }

  private createBucket(id: string, props: ObjectProcessingProps): Bucket {
    return new Bucket(this, id, {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // A photo that is replaced can be had back.
      versioned: true,
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(7), noncurrentVersionExpiration: Duration.days(30) },
      ],
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
  }

  private createProcessor(props: ObjectProcessingProps): ShapeFunction {
    const processor = new ShapeFunction(this, "Processor", {
      entry: props.handler,
      timeout: props.timeout ?? Duration.seconds(60),
      memorySize: props.memorySize ?? 1769,
      environment: { ...props.environment, RESULT_BUCKET: this.results.bucketName },
      ...(props.concurrency === undefined ? {} : { reservedConcurrency: props.concurrency }),
      ...(props.logRetention === undefined ? {} : { logRetention: props.logRetention }),
    });
    processor.allow(["s3:GetObject", "s3:PutObject"], [this.results.arnForObjects("*")]);
    // Who may not list is told "access denied" of what is not there.
    processor.allow(["s3:ListBucket"], [this.results.bucketArn]);
    processor.function.configureAsyncInvoke({
      retryAttempts: props.retries ?? 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(this.failures),
    });
    return processor;
  }

  /** On the bucket itself: the L2 method brings a custom resource with a function of its own. */
  private notify({ prefix, suffixes = [""] }: ObjectProcessingProps): void {
    const { functionArn } = this.processor.function;
    const permission = new CfnPermission(this, "MayBeCalled", {
      action: "lambda:InvokeFunction",
      functionName: functionArn,
      principal: "s3.amazonaws.com",
      sourceAccount: Aws.ACCOUNT_ID,
    });
    const bucket = this.input.node.defaultChild as CfnBucket;
    bucket.notificationConfiguration = {
      lambdaConfigurations: suffixes.map((suffix) => ({
        event: "s3:ObjectCreated:*",
        function: functionArn,
        filter: { s3Key: { rules: rulesOf(prefix, suffix) } },
      })),
    };
    // S3 asks whether it may call when it is told to.
    bucket.addResourceDependency(permission);
  }

  private explain(): void {
    const results = Stack.of(this).getLogicalId(this.results.node.defaultChild as CfnElement);
    Validations.of(this).acknowledge(
      {
        id: "AwsSolutions-S1",
        reason: "One function reads and writes here; CloudTrail data events tell what it does.",
      },
      { id: "AwsSolutions-SQS3", reason: "This queue is where failures end: it is a dead-letter queue itself." },
      {
        id: `AwsSolutions-IAM5[Resource::<${results}.Arn>/*]`,
        reason: "Results are called after their objects, whose keys are not known before.",
      },
    );
  }
}

function rulesOf(prefix = "", suffix: string): { name: string; value: string }[] {
  return [
    ...(prefix === "" ? [] : [{ name: "prefix", value: prefix }]),
    ...(suffix === "" ? [] : [{ name: "suffix", value: suffix }]),
  ];
}

function validate(
  scope: Construct,
  { retries = 0, prefix = "", suffixes = [""], memorySize = 1769 }: ObjectProcessingProps,
): void {
  const overlapping = suffixes.find((one, n) => suffixes.some((other, m) => n !== m && one.endsWith(other)));
  throwIfInvalid(scope, [
    [!Number.isInteger(retries) || retries < 0 || retries > 2, `retries is ${retries}; allowed: 0 to 2`],
    [prefix.startsWith("/"), `prefix is "${prefix}"; allowed: keys do not begin with a slash`],
    [suffixes.length === 0, "suffixes is an empty list; allowed: at least one, or leave it out for all objects"],
    [
      overlapping !== undefined,
      `suffixes has "${overlapping}" and another that it ends with; allowed: suffixes of which none ends with another, as S3 demands`,
    ],
    [
      !Number.isInteger(memorySize) || memorySize < 128 || memorySize > 10_240,
      `memorySize is ${memorySize}; allowed: 128 to 10240 MB`,
    ],
  ]);
}
