import { Aws, type CfnElement, Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { type Alarm, ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { AttributeType, BillingMode, StreamViewType, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { Rule, RuleTargetInput, EventField } from "aws-cdk-lib/aws-events";
import { SfnStateMachine } from "aws-cdk-lib/aws-events-targets";
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket } from "aws-cdk-lib/aws-s3";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import {
  DefinitionBody,
  DistributedMap,
  type IItemReader,
  ItemBatcher,
  JitterType,
  JsonPath,
  LogLevel,
  ResultWriterV2,
  S3CsvItemReader,
  S3JsonItemReader,
  S3JsonLItemReader,
  S3ObjectsItemReader,
  CsvHeaders,
  StateMachine,
  StateMachineType,
} from "aws-cdk-lib/aws-stepfunctions";
import { LambdaInvoke } from "aws-cdk-lib/aws-stepfunctions-tasks";
import { STEPFUNCTIONS_USE_DISTRIBUTED_MAP_RESULT_WRITER_V2 } from "aws-cdk-lib/cx-api";
import { Construct } from "constructs";
import { ShapeFunction } from "../function.ts";
import { TableChanges } from "../ports/sources.ts";
import { throwIfInvalid } from "../validation.ts";

export interface ParallelProcessingProps {
  /** Path of the file that exports `handler`: it is given `{ Items, BatchInput }` and works on the rows in `Items`. */
  readonly handler: string;
  /**
   * What the items are: rows of CSV files (first row: headers), elements of JSON arrays, lines of JSON, or the objects
   * below a prefix. @default "csv"
   */
  readonly format?: "csv" | "json" | "jsonl" | "objects";
  /** Objects below it start a run. @default "incoming/" */
  readonly prefix?: string;
  /** Rows that one call of the handler gets; fewer where they would be above 256 KB. @default 500 */
  readonly batchSize?: number;
  /** Calls of the handler at a time. @default 100 */
  readonly concurrency?: number;
  /** Share of rows, in percent, whose batches may fail before the run fails. @default 1 */
  readonly toleratedFailurePercentage?: number;
  /** Attribute that identifies a row in the table. @default "id" */
  readonly partitionKey?: string;
  /** @default Duration.seconds(60) */
  readonly timeout?: Duration;
  /** In MB. @default 512 */
  readonly memorySize?: number;
  /** What becomes of table and buckets when the stack goes. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
  /** @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;
}

/** AWS: "Service quotas": as many child executions of a Map Run at a time. */
const CONCURRENCY_MAX = 10_000;
const RESULTS_PREFIX = "runs";

/**
 * Shape 4.1 `parallel-processing`: S3 → Step Functions Distributed Map → Lambda → DynamoDB.
 * For tens of thousands to millions of rows, in batches, many at a time.
 *
 * ```ts
 * new ParallelProcessing(this, "Import", { handler: "handlers/load-rows.ts" });
 * ```
 */
export class ParallelProcessing extends Construct {
  readonly input: Bucket;
  /** Below `runs/`: for each run a manifest, and the results by status. */
  readonly results: Bucket;
  readonly table: Table;
  readonly handler: ShapeFunction;
  readonly stateMachine: StateMachine;
  readonly executionLogs: LogGroup;
  /** Objects that no run could be started for. */
  readonly deadLetters: Queue;
  readonly rule: Rule;
  readonly failedAlarm: Alarm;
  readonly deadLettersAlarm: Alarm;
  /** Source: each change of a row. */
  readonly tableChanges: TableChanges;

  constructor(scope: Construct, id: string, props: ParallelProcessingProps) {
    super(scope, id);
    validate(this, props);
    // The writer of results that is not deprecated; without the flag it would be left out in silence.
    this.node.setContext(STEPFUNCTIONS_USE_DISTRIBUTED_MAP_RESULT_WRITER_V2, true);
    this.input = this.createBucket("Input", props);
    // On the bucket itself: the L2 property brings a custom resource with a function of its own.
    (this.input.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    this.results = this.createBucket("Results", props);
    this.table = this.createTable(props);
    this.tableChanges = new TableChanges(this.table);
    this.handler = this.createHandler(props);
    this.executionLogs = new LogGroup(this, "ExecutionLogs", {
      // AWS: a name that begins so needs no line of its own in the log group's resource policy.
      logGroupName: `/aws/vendedlogs/states/${Stack.of(this).stackName}-${this.node.addr.slice(-8)}`,
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stateMachine = this.createStateMachine(props);
    this.deadLetters = new Queue(this, "DeadLetters", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.rule = this.createRule(props);
    this.failedAlarm = this.createAlarm("Failed", this.stateMachine.metricFailed(), "a run failed");
    this.deadLettersAlarm = this.createAlarm(
      "DeadLettersAlarm",
      this.deadLetters.metricApproximateNumberOfMessagesVisible(),
      "an object started no run",
    );
    this.explain();
  }

  private createBucket(id: string, props: ParallelProcessingProps): Bucket {
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    return new Bucket(this, id, {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy,
    });
  }

  private createTable(props: ParallelProcessingProps): Table {
    return new Table(this, "Table", {
      partitionKey: { name: props.partitionKey ?? "id", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
  }

  private createHandler(props: ParallelProcessingProps): ShapeFunction {
    const made = new ShapeFunction(this, "Handler", {
      entry: props.handler,
      environment: { TABLE_NAME: this.table.tableName },
      timeout: props.timeout ?? Duration.seconds(60),
      ...(props.memorySize === undefined ? {} : { memorySize: props.memorySize }),
      ...(props.logRetention === undefined ? {} : { logRetention: props.logRetention }),
    });
    made.allow(["dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], [this.table.tableArn]);
    return made;
  }

  private createStateMachine(props: ParallelProcessingProps): StateMachine {
    const work = new LambdaInvoke(this, "Work on a batch", {
      lambdaFunction: this.handler.function,
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
    });
    work.addRetry({
      // What may pass by itself. A handler that throws on bad rows is not tried again: the rows stay bad.
      errors: [
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
      ],
      interval: Duration.seconds(2),
      maxAttempts: 6,
      backoffRate: 2,
      maxDelay: Duration.minutes(1),
      jitterStrategy: JitterType.FULL,
    });
    const map = new DistributedMap(this, "Rows", {
      label: "Rows",
      itemReader: this.createReader(props),
      itemBatcher: new ItemBatcher({
        maxItemsPerBatch: props.batchSize ?? 500,
        batchInput: { "key.$": "$.key" },
      }),
      maxConcurrency: props.concurrency ?? 100,
      toleratedFailurePercentage: props.toleratedFailurePercentage ?? 1,
      mapExecutionType: StateMachineType.STANDARD,
      resultWriterV2: new ResultWriterV2({ bucket: this.results, prefix: RESULTS_PREFIX }),
      resultPath: "$.results",
    });
    map.itemProcessor(work);
    return new StateMachine(this, "StateMachine", {
      definitionBody: DefinitionBody.fromChainable(map),
      role: this.createRole(),
      tracingEnabled: true,
      logs: { destination: this.executionLogs, level: LogLevel.ALL, includeExecutionData: false },
    });
  }

  private createReader(props: ParallelProcessingProps): IItemReader {
    const bucketNamePath = JsonPath.stringAt("$.bucket");
    const key = JsonPath.stringAt("$.key");
    switch (props.format ?? "csv") {
      case "csv":
        return new S3CsvItemReader({ bucketNamePath, key, csvHeaders: CsvHeaders.useFirstRow() });
      case "json":
        return new S3JsonItemReader({ bucketNamePath, key });
      case "jsonl":
        return new S3JsonLItemReader({ bucketNamePath, key });
      case "objects":
        return new S3ObjectsItemReader({ bucketNamePath, prefix: key });
    }
  }

  private createRole(): Role {
    const statement = (actions: string[], resources: string[]) =>
      new PolicyStatement({ effect: Effect.ALLOW, actions, resources });
    return new Role(this, "Role", {
      assumedBy: new ServicePrincipal("states.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: {
        ReadItemsWriteResults: new PolicyDocument({
          statements: [
            statement(["s3:GetObject"], [this.input.arnForObjects("*")]),
            statement(["s3:ListBucket"], [this.input.bucketArn]),
            statement(
              ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
              [this.results.arnForObjects(`${RESULTS_PREFIX}/*`)],
            ),
          ],
        }),
      },
    });
  }

  private createRule(props: ParallelProcessingProps): Rule {
    const target = new SfnStateMachine(this.stateMachine, {
      input: RuleTargetInput.fromObject({
        bucket: EventField.fromPath("$.detail.bucket.name"),
        key: props.format === "objects" ? (props.prefix ?? "incoming/") : EventField.fromPath("$.detail.object.key"),
      }),
      deadLetterQueue: this.deadLetters,
      retryAttempts: 10,
      maxEventAge: Duration.hours(6),
    });
    return new Rule(this, "ObjectCreated", {
      enabled: props.format !== "objects",
      eventPattern: {
        source: ["aws.s3"],
        detailType: ["Object Created"],
        detail: {
          bucket: { name: [this.input.bucketName] },
          object: { key: [{ prefix: props.prefix ?? "incoming/" }] },
        },
      },
      targets: [target],
    });
  }

  private createAlarm(id: string, metric: ReturnType<StateMachine["metricFailed"]>, what: string): Alarm {
    return metric.with({ period: Duration.minutes(1) }).createAlarm(this, id, {
      alarmDescription: `${this.node.path}: ${what}`,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  private explain(): void {
    for (const bucket of [this.input, this.results])
      Validations.of(bucket).acknowledge({
        id: "AwsSolutions-S1",
        reason:
          "Who reads and writes is one rule, one state machine and one function; CloudTrail data events tell them.",
      });
    const name = (of: Construct) => Stack.of(this).getLogicalId(of.node.defaultChild as CfnElement);
    const wildcards = (on: Construct, reason: string, ...resources: string[]) =>
      Validations.of(on).acknowledge(
        ...resources.map((resource) => ({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason })),
      );
    const own = `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"${name(this.stateMachine)}"}]}]}`;
    wildcards(
      this,
      "Which objects there will be is not known: all of the input bucket, and of the results those below runs/.",
      `<${name(this.input)}.Arn>/*`,
      `<${name(this.results)}.Arn>/${RESULTS_PREFIX}/*`,
      // What the CDK grants for the results.
      `arn:<AWS::Partition>:s3:::<${name(this.results)}>/*`,
    );
    wildcards(this, "Versions and aliases of the one handler.", `<${name(this.handler.function)}.Arn>:*`);
    wildcards(this, "Log delivery and X-Ray know no resource: AWS allows only * for them.", "*");
    wildcards(this, "Its own child executions, whose names are made at run time.", `${own}:*`, `${own}/Rows:*`);
    Validations.of(this.deadLetters).acknowledge({
      id: "AwsSolutions-SQS3",
      reason: "This is a dead-letter queue itself.",
    });
  }
}

function validate(scope: Construct, props: ParallelProcessingProps): void {
  const { batchSize = 1, concurrency = 1, toleratedFailurePercentage = 0 } = props;
  throwIfInvalid(scope, [
    [!Number.isInteger(batchSize) || batchSize < 1, `batchSize is ${batchSize}; allowed: a whole number of 1 or more`],
    [
      !Number.isInteger(concurrency) || concurrency < 1 || concurrency > CONCURRENCY_MAX,
      `concurrency is ${concurrency}; allowed: a whole number from 1 to ${CONCURRENCY_MAX}`,
    ],
    [
      toleratedFailurePercentage < 0 || toleratedFailurePercentage > 100,
      `toleratedFailurePercentage is ${toleratedFailurePercentage}; allowed: 0 to 100`,
    ],
  ]);
}
