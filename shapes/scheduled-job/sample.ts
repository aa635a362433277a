import { fileURLToPath } from "node:url";
import { App, CfnOutput, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import { packagePath } from "../package-path.ts";
import { ScheduledJob, type ScheduledJobProps } from "./construct.ts";

const handler = (name: string) => packagePath(`scheduled-job/handlers/${name}.ts`);

/** A nightly report of a shop's sales: the application that the shape's demo and tests run. */
export function buildSample(app: App, overrides: Partial<ScheduledJobProps> = {}, name = "scheduled-job"): Stack {
  const stack = new Stack(app, name, { description: "Katachi shape 2.2: a nightly report of what was sold" });
  const sales = new Table(stack, "Sales", {
    partitionKey: { name: "day", type: AttributeType.STRING },
    sortKey: { name: "id", type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.DEFAULT,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const reports = new Bucket(stack, "Reports", {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const timeZone = overrides.timeZone ?? "Asia/Tokyo";
  const job = new ScheduledJob(stack, "NightlyReport", {
    handler: handler("nightly-report"),
    schedule: "cron(0 2 * * ? *)",
    timeZone,
    onAlarm: handler("tell-operators"),
    ...overrides,
    environment: {
      SALES_TABLE: sales.tableName,
      REPORT_BUCKET: reports.bucketName,
      TIME_ZONE: timeZone,
      ...overrides.environment,
    },
  });
  job.job.allow(["dynamodb:Query"], [sales.tableArn]);
  job.job.allow(["s3:PutObject"], [reports.arnForObjects("reports/*")]);
  job.alarmed?.allow(["s3:PutObject"], [reports.arnForObjects("incidents/*")]);
  explain(stack, reports);
  new CfnOutput(stack, "SalesTable", { value: sales.tableName });
  new CfnOutput(stack, "ReportBucket", { value: reports.bucketName });
  new CfnOutput(stack, "JobFunction", { value: job.job.function.functionName });
  new CfnOutput(stack, "LockTable", { value: job.locks.tableName });
  new CfnOutput(stack, "DeadLetters", { value: job.deadLettersQueue.queueUrl });
  return stack;
}

function explain(stack: Stack, reports: Bucket): void {
  const name = stack.getLogicalId(reports.node.defaultChild as never);
  Validations.of(stack).acknowledge(
    { id: "AwsSolutions-S1", reason: "Two functions write here; CloudTrail data events tell them." },
    ...["reports", "incidents"].map((folder) => ({
      id: `AwsSolutions-IAM5[Resource::<${name}.Arn>/${folder}/*]`,
      reason: "What the files are called is known when they are written.",
    })),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = new App();
  buildSample(app);
  app.synth();
}
