import { resolve } from "node:path";
import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { type Alarm, ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, type CfnFunction, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

export interface ShapeFunctionProps {
  /** Path of the TypeScript or JavaScript file that exports `handler`. */
  readonly entry: string;
  /** @default - no variables of its own */
  readonly environment?: Readonly<Record<string, string>>;
  /** @default Duration.seconds(10) */
  readonly timeout?: Duration;
  /** In MB. @default 512 */
  readonly memorySize?: number;
  /** @default - the account's unreserved concurrency */
  readonly reservedConcurrency?: number;
  /** How long log lines are kept. @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;
}

/**
 * A function as every shape keeps it: arm64, current LTS runtime, bundled by esbuild, traced, a log group of its own with
 * a retention, a role that may write there and nothing else, and an alarm when it is throttled.
 */
export class ShapeFunction extends Construct {
  readonly function: NodejsFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;
  readonly throttledAlarm: Alarm;

  constructor(scope: Construct, id: string, props: ShapeFunctionProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, "Logs", {
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = this.createRole();
    const entry = resolve(props.entry);
    this.function = new NodejsFunction(this, "Function", {
      entry,
      handler: "handler",
      runtime: Runtime.NODEJS_22_X,
      architecture: Architecture.ARM_64,
      timeout: props.timeout ?? Duration.seconds(10),
      memorySize: props.memorySize ?? 512,
      tracing: Tracing.ACTIVE,
      role: this.role,
      logGroup: this.logGroup,
      environment: { ...props.environment },
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
      bundling: {
        format: OutputFormat.ESM,
        mainFields: ["module", "main"],
        sourceMap: true,
        sourcesContent: false,
        // CommonJS packages in the bundle may call require, which an ES module does not have.
        banner: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);',
      },
    });
    // `katachi dev` watches this file and swaps the code in place when it changes.
    (this.function.node.defaultChild as CfnFunction).addMetadata("katachi:entry", entry);
    this.throttledAlarm = this.function
      .metricThrottles({ period: Duration.minutes(1) })
      .createAlarm(this, "Throttled", {
        alarmDescription: `${this.node.path} was throttled: callers saw errors`,
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    this.explainTracing();
  }

  /** Lets the function do these actions on these ARNs. */
  allow(actions: string[], resources: string[]): void {
    this.role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources }));
  }

  private createRole(): Role {
    return new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      inlinePolicies: {
        WriteOwnLogs: new PolicyDocument({
          statements: [
            new PolicyStatement({
              effect: Effect.ALLOW,
              actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
              // The ARN that CloudFormation gives for a log group covers its streams.
              resources: [this.logGroup.logGroupArn],
            }),
          ],
        }),
      },
    });
  }

  private explainTracing(): void {
    Validations.of(this).acknowledge(
      {
        id: "AwsSolutions-IAM5[Resource::*]",
        reason: "xray:PutTraceSegments and xray:PutTelemetryRecords know no resource: AWS allows only * for them.",
      },
      {
        id: "AwsSolutions-L1",
        reason:
          "The runtime is the current LTS that Lambda offers in every Region; a newer one is a deliberate change.",
      },
    );
  }
}
