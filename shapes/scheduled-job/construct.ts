import { Aws, type CfnElement, Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import {
  type Alarm,
  ComparisonOperator,
  type IAlarm,
  type IMetric,
  type Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { LambdaAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { AttributeType, BillingMode, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { ShapeFunction } from "../function.ts";
import { AlarmChanges, DeadLetters, Ticks } from "../ports/sources.ts";
import { throwIfInvalid } from "../validation.ts";
import { findExpressionProblem, isTimeZone } from "./expression.ts";

export interface ScheduledJobProps {
  /** Path of the file that exports `handler`: it is given `{ scheduledTime, executionId }`. */
  readonly handler: string;
  /** `cron(0 2 * * ? *)`, `rate(15 minutes)` or `at(2027-01-31T09:00:00)`. */
  readonly schedule: string;
  /** IANA name; cron and at go by its clock, daylight saving included. @default "Etc/UTC" */
  readonly timeZone?: string;
  /** The job begins at some time within it, so that many jobs do not begin at once. @default - at the minute */
  readonly flexibleWindow?: Duration;
  /** No run before it. @default - at once */
  readonly start?: Date;
  /** No run after it. @default - for ever */
  readonly end?: Date;
  /** How often a job that threw is tried again: 0 to 2. @default 2 */
  readonly retries?: number;
  /** How late a job may still begin. @default Duration.hours(6) */
  readonly maxAge?: Duration;
  /** @default Duration.minutes(5) */
  readonly timeout?: Duration;
  /** In MB. @default 512 */
  readonly memorySize?: number;
  /** @default - no variables of its own */
  readonly environment?: Readonly<Record<string, string>>;
  /** Path of a file that exports `handler`: it is called when the job's alarm goes off. @default - nobody is called */
  readonly onAlarm?: string;
  /** Other alarms that call it, too. @default - none */
  readonly alarms?: readonly IAlarm[];
  /** @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;
}

/** AWS: "Configuring a flexible time window": 1 minute to 1440. */
const WINDOW_MAX_MINUTES = 1440;

/**
 * Shape 2.2 `scheduled-job`: EventBridge Scheduler → Lambda, at a time of day in a time zone, at a rate, or once; and an
 * alarm → Lambda.
 *
 * ```ts
 * new ScheduledJob(this, "Report", { handler: "handlers/report.ts", schedule: "cron(0 2 * * ? *)", timeZone: "Asia/Tokyo" });
 * ```
 */
export class ScheduledJob extends Construct {
  readonly job: ShapeFunction;
  /** Called when an alarm goes off. */
  readonly alarmed: ShapeFunction | undefined;
  readonly schedule: CfnSchedule;
  /** Who runs now: a run that finds another's entry leaves the work to it. */
  readonly locks: Table;
  /** Runs that were given up: by the schedule, or by the function after its last try. */
  readonly deadLettersQueue: Queue;
  readonly deadLettersAlarm: Alarm;
  /** The job threw, be it that the next try succeeded. */
  readonly failedAlarm: Alarm;
  /** Source: the job's points in time. */
  readonly ticks: Ticks;
  /** Source: runs were given up, and then no more. */
  readonly alarmChanges: AlarmChanges;
  /** Source: runs that were given up. */
  readonly deadLetters: DeadLetters;

  constructor(scope: Construct, id: string, props: ScheduledJobProps) {
    super(scope, id);
    validate(this, props);
    this.locks = new Table(this, "Locks", {
      partitionKey: { name: "job", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: "expires",
      // Who runs now is worth nothing tomorrow.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.deadLettersQueue = new Queue(this, "DeadLetters", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.job = this.createJob(props);
    this.schedule = this.createSchedule(props);
    const given = this.deadLettersQueue.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum" });
    this.deadLettersAlarm = this.createAlarm("GivenUp", given, "a run was given up");
    this.failedAlarm = this.createAlarm("Failed", this.job.function.metricErrors(), "the job threw");
    this.alarmed = props.onAlarm === undefined ? undefined : this.createAlarmed(props.onAlarm, props);
    this.ticks = new Ticks(this, {
      expression: props.schedule,
      ...(props.timeZone === undefined ? {} : { timeZone: props.timeZone }),
      ...(props.flexibleWindow ? { flexibleWindowMinutes: props.flexibleWindow.toMinutes() } : {}),
    });
    this.alarmChanges = new AlarmChanges(this.deadLettersAlarm);
    this.deadLetters = new DeadLetters(this.deadLettersQueue);
    this.explain();
  }

  private createJob(props: ScheduledJobProps): ShapeFunction {
    const timeout = props.timeout ?? Duration.minutes(5);
    const job = new ShapeFunction(this, "Job", {
      entry: props.handler,
      timeout,
      environment: {
        ...props.environment,
        LOCK_TABLE: this.locks.tableName,
        JOB: this.node.path,
        // A run that was killed leaves its lock: it holds no longer than a run can last.
        LOCK_SECONDS: String(timeout.toSeconds()),
      },
      ...(props.memorySize === undefined ? {} : { memorySize: props.memorySize }),
      ...(props.logRetention === undefined ? {} : { logRetention: props.logRetention }),
    });
    job.allow(["dynamodb:PutItem", "dynamodb:DeleteItem"], [this.locks.tableArn]);
    // AWS: Scheduler calls asynchronously, so it is Lambda that tries again what threw, and gives it up.
    job.function.configureAsyncInvoke({
      retryAttempts: props.retries ?? 2,
      maxEventAge: props.maxAge ?? Duration.hours(6),
      onFailure: new SqsDestination(this.deadLettersQueue),
    });
    return job;
  }

  private createSchedule(props: ScheduledJobProps): CfnSchedule {
    const statement = (actions: string[], resource: string) =>
      new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [resource] });
    const role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: {
        RunJob: new PolicyDocument({
          statements: [
            statement(["lambda:InvokeFunction"], this.job.function.functionArn),
            statement(["sqs:SendMessage"], this.deadLettersQueue.queueArn),
          ],
        }),
      },
    });
    return new CfnSchedule(this, "Schedule", {
      scheduleExpression: props.schedule,
      scheduleExpressionTimezone: props.timeZone ?? "Etc/UTC",
      flexibleTimeWindow: props.flexibleWindow
        ? { mode: "FLEXIBLE", maximumWindowInMinutes: props.flexibleWindow.toMinutes() }
        : { mode: "OFF" },
      ...(props.start ? { startDate: props.start.toISOString() } : {}),
      ...(props.end ? { endDate: props.end.toISOString() } : {}),
      target: {
        arn: this.job.function.functionArn,
        roleArn: role.roleArn,
        input: JSON.stringify({
          scheduledTime: "<aws.scheduler.scheduled-time>",
          executionId: "<aws.scheduler.execution-id>",
        }),
        deadLetterConfig: { arn: this.deadLettersQueue.queueArn },
        retryPolicy: {
          maximumEventAgeInSeconds: (props.maxAge ?? Duration.hours(6)).toSeconds(),
          maximumRetryAttempts: 10,
        },
      },
    });
  }

  private createAlarmed(entry: string, props: ScheduledJobProps): ShapeFunction {
    const alarmed = new ShapeFunction(this, "Alarmed", {
      entry,
      environment: { ...props.environment },
      ...(props.logRetention === undefined ? {} : { logRetention: props.logRetention }),
    });
    alarmed.function.configureAsyncInvoke({ onFailure: new SqsDestination(this.deadLettersQueue) });
    const action = new LambdaAction(alarmed.function);
    this.deadLettersAlarm.addAlarmAction(action);
    for (const alarm of props.alarms ?? []) (alarm as Alarm).addAlarmAction(action);
    return alarmed;
  }

  private createAlarm(id: string, metric: IMetric, what: string): Alarm {
    return (metric as Metric).with({ period: Duration.minutes(1) }).createAlarm(this, id, {
      alarmDescription: `${this.node.path}: ${what}`,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  private explain(): void {
    Validations.of(this.deadLettersQueue).acknowledge({
      id: "AwsSolutions-SQS3",
      reason: "This is a dead-letter queue itself.",
    });
    const name = Stack.of(this).getLogicalId(this.job.function.node.defaultChild as CfnElement);
    Validations.of(this).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${name}.Arn>:*]`,
      reason: "Versions and aliases of the one function.",
    });
  }
}

function validate(scope: Construct, props: ScheduledJobProps): void {
  const { retries = 0, timeZone = "Etc/UTC", flexibleWindow, start, end } = props;
  const problem = findExpressionProblem(props.schedule);
  const window = flexibleWindow?.toMinutes({ integral: false }) ?? 1;
  throwIfInvalid(scope, [
    [problem !== undefined, problem ?? ""],
    [!isTimeZone(timeZone), `timeZone is "${timeZone}"; allowed: an IANA name such as Asia/Tokyo`],
    [!Number.isInteger(retries) || retries < 0 || retries > 2, `retries is ${retries}; allowed: 0 to 2`],
    [
      !Number.isInteger(window) || window < 1 || window > WINDOW_MAX_MINUTES,
      `flexibleWindow is ${window} minutes; allowed: 1 to ${WINDOW_MAX_MINUTES}, whole ones`,
    ],
    [
      start !== undefined && end !== undefined && start >= end,
      `start is ${start?.toISOString()} and end ${end?.toISOString()}; allowed: an end after the start`,
    ],
  ]);
}
