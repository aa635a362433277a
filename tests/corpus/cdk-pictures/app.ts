import { type App, CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Bucket, type CfnBucket } from "aws-cdk-lib/aws-s3";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from "aws-cdk-lib/custom-resources";

const CODE = `
const { S3Client, CopyObjectCommand } = require("@aws-sdk/client-s3");
const client = new S3Client({});
exports.handler = async ({ Records }) => {
  for (const { body } of Records)
    for (const { s3 } of JSON.parse(body).Records ?? [])
      await client.send(new CopyObjectCommand({ Bucket: s3.bucket.name, Key: process.env.PREFIX + s3.object.key, CopySource: s3.bucket.name + "/" + s3.object.key }));
};`;

/** A bucket emptied at the end, log retention and a call at the deployment: custom resources of the CDK. */
export function build(app: App, generation: 1 | 2): void {
  const stack = new Stack(app, "cdk-pictures");
  const bucket = new Bucket(stack, "Pictures", {
    bucketName: `cdk-pictures-${stack.account}`,
    removalPolicy: RemovalPolicy.DESTROY,
    autoDeleteObjects: true,
  });
  const queue = new Queue(stack, "New", { visibilityTimeout: Duration.seconds(60) });
  const condition = { ArnLike: { "aws:SourceArn": `arn:aws:s3:::cdk-pictures-${stack.account}` } };
  queue.grantSendMessages(new ServicePrincipal("s3.amazonaws.com", { conditions: condition }));
  const filter = { s3Key: { rules: [{ name: "prefix", value: "in/" }] } };
  const plain = bucket.node.defaultChild as CfnBucket;
  plain.notificationConfiguration = {
    queueConfigurations: [{ event: "s3:ObjectCreated:*", queue: queue.queueArn, filter }],
  };
  plain.node.addDependency(queue.node.findChild("Policy"));
  const copy = new Function(stack, "Copy", {
    runtime: Runtime.NODEJS_24_X,
    handler: "index.handler",
    code: Code.fromInline(CODE),
    environment: { PREFIX: generation === 1 ? "one/" : "two/" },
    logRetention: RetentionDays.ONE_WEEK,
  });
  copy.addEventSource(new SqsEventSource(queue, { batchSize: 1 }));
  bucket.grantReadWrite(copy);
  const call = { service: "SSM", action: "putParameter", physicalResourceId: PhysicalResourceId.of("note") };
  new AwsCustomResource(stack, "Note", {
    onUpdate: {
      ...call,
      parameters: { Name: "/corpus/note", Type: "String", Overwrite: true, Value: `${generation}` },
    },
    onDelete: { service: "SSM", action: "deleteParameter", parameters: { Name: "/corpus/note" } },
    policy: AwsCustomResourcePolicy.fromSdkCalls({ resources: AwsCustomResourcePolicy.ANY_RESOURCE }),
    installLatestAwsSdk: false,
  });
  new CfnOutput(stack, "Bucket", { value: bucket.bucketName });
}
