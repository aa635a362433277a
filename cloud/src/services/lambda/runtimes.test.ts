import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Bucket, EventType } from "aws-cdk-lib/aws-s3";
import { BucketDeployment, Source } from "aws-cdk-lib/aws-s3-deployment";
import { SqsDestination } from "aws-cdk-lib/aws-s3-notifications";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { CloudFormationClient, DeleteStackCommand, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  InvokeCommand,
  LambdaClient,
  PublishLayerVersionCommand,
} from "@aws-sdk/client-lambda";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createArchive } from "../../functions/archive.ts";
import { findPython } from "../../functions/python-install.ts";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let lambda: LambdaClient;
let sqs: SQSClient;
let role: string;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  lambda = cloud.client(LambdaClient, { maxAttempts: 1 });
  sqs = cloud.client(SQSClient);
  const iam = cloud.client(IAMClient);
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: "runtimes", AssumeRolePolicyDocument: policy([trust]) }),
  );
  const statement = { Effect: "Allow", Action: ["logs:*", "sqs:*"], Resource: "*" };
  await iam.send(
    new PutRolePolicyCommand({ RoleName: "runtimes", PolicyName: "all", PolicyDocument: policy([statement]) }),
  );
  role = Role!.Arn!;
});

afterAll(() => cloud.close());

function policy(Statement: object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement });
}

async function create(
  FunctionName: string,
  files: Record<string, string>,
  more: Partial<CreateFunctionCommandInput> = {},
): Promise<void> {
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "python3.13",
      Role: role,
      Handler: "index.handler",
      Code: { ZipFile: await createArchive(files, new Set(["bootstrap"])) },
      ...more,
    }),
  );
}

async function invoke(FunctionName: string, event: unknown = {}) {
  const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
  return { error: answer.FunctionError, answer: JSON.parse(answer.Payload!.transformToString()) as unknown };
}

async function logOf(name: string): Promise<string> {
  await cloud.settled();
  const { events } = await cloud
    .client(CloudWatchLogsClient)
    .send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }));
  return events!.map(({ message }) => message).join("");
}

async function queue(QueueName: string): Promise<string> {
  return (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl!;
}

const BOOTSTRAP = `#!/bin/sh
url="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  headers="$(mktemp)"
  event=$(curl -sS -D "$headers" "$url/next")
  id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
  echo "got $event"
  curl -sS -X POST "$url/$id/response" -d "$event" > /dev/null
done
`;

describe.runIf(findPython())("Python functions", () => {
  it("run behind the Lambda API, log, and fail as on AWS", async () => {
    const source = `
def handler(event, context):
    print("hello")
    if event.get("fail"):
        raise ValueError("no")
    return event
`;
    await create("py-invoked", { "index.py": source });
    expect(await invoke("py-invoked", { a: 1 })).toEqual({ error: undefined, answer: { a: 1 } });
    expect(await invoke("py-invoked", { fail: true })).toMatchObject({
      error: "Unhandled",
      answer: { errorMessage: "no", errorType: "ValueError", stackTrace: [expect.stringContaining("index.py")] },
    });
    const log = await logOf("py-invoked");
    expect(log).toContain("hello\n");
    expect(log).toContain("[ERROR] ValueError: no\nTraceback");
  });

  it.runIf(findPython()?.modules["boto3"])(
    "call AWS with boto3 and their role's credentials, asynchronously",
    async () => {
      const url = await queue("py-results");
      const source = `
import boto3, os
sqs = boto3.client("sqs")
def handler(event, context):
    sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=event["text"])
    boto3.client("s3").list_buckets()
`;
      await create("py-async", { "index.py": source }, { Environment: { Variables: { QUEUE: url } }, Timeout: 20 });
      const accepted = await lambda.send(
        new InvokeCommand({
          FunctionName: "py-async",
          InvocationType: "Event",
          Payload: JSON.stringify({ text: "sent" }),
        }),
      );
      expect(accepted.StatusCode).toBe(202);
      // The second call is not allowed: the first attempt fails after it has sent its message.
      await expect.poll(() => logOf("py-async"), { timeout: 15_000 }).toMatch(/\[ERROR\] AccessDenied: .* ListBuckets/);
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
      expect(Messages).toMatchObject([{ Body: "sent" }]);
    },
  );

  it("read queues, and answer which messages failed", async () => {
    const source = `
def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    print("batch", bodies)
    return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in event["Records"] if r["body"] == "bad"]}
`;
    const url = await queue("py-source");
    await create("py-reader", { "index.py": source });
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: "py-reader",
        EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:py-source",
        FunctionResponseTypes: ["ReportBatchItemFailures"],
      }),
    );
    for (const MessageBody of ["good", "bad"]) await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody }));
    await cloud.settled();
    await cloud.clock.advance("31 s");
    const log = await logOf("py-reader");
    expect(log.match(/'bad'/g)!.length).toBeGreaterThan(1);
    expect(log.match(/'good'/g)).toHaveLength(1);
  });
});

describe("custom runtimes", () => {
  it("run any bootstrap, and read queues", async () => {
    await create("custom", { bootstrap: BOOTSTRAP }, { Runtime: "provided.al2023", Handler: "any" });
    expect(await invoke("custom", { n: 1 })).toEqual({ error: undefined, answer: { n: 1 } });
    const url = await queue("custom-source");
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: "custom",
        EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:custom-source",
      }),
    );
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "queued" }));
    await cloud.settled();
    expect(await logOf("custom")).toMatch(/got \{"Records":\[\{.*"body":"queued"/);
  });
});

describe("what cannot run", () => {
  it.runIf(findPython())("under a debugger is told", async () => {
    await create("py-debugged", { "index.py": "handler = lambda event, context: 1" });
    expect(() => cloud.inspect("py-debugged", 9229)).toThrow(
      "py-debugged runs on python3.13: a debugger can be attached to Node.js functions only",
    );
  });

  it("is refused by name, with what to do", async () => {
    const refused = (more: Partial<CreateFunctionCommandInput>) =>
      create("refused", { x: "" }, more).then(
        () => "accepted",
        (error: Error) => error.message,
      );
    expect(await refused({ Runtime: "dotnet8" })).toMatch(/the runtime dotnet8: .*Native AOT/);
    expect(await refused({ Runtime: "ruby3.4" })).toMatch(/the runtime ruby3.4: .*provided.al2023/);
    expect(await refused({ PackageType: "Image" })).toMatch(/PackageType=Image: .*zip archive/);
    const { LayerVersionArn } = await lambda.send(
      new PublishLayerVersionCommand({
        LayerName: "agent",
        Content: { ZipFile: await createArchive({ "extensions/agent": "#!/bin/sh" }, new Set(["extensions/agent"])) },
      }),
    );
    expect(await refused({ Layers: [LayerVersionArn!] })).toMatch(
      /external extensions \(\/opt\/extensions\/agent of the layer .*:layer:agent:1\)/,
    );
  });
});

describe.runIf(findPython())("templates", () => {
  it("give inline Python the cfnresponse module", async () => {
    const ZipFile = `
import cfnresponse
def handler(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Answer": event["ResourceProperties"]["Question"] + "!"}, "the-id")
`;
    const { stacks } = await cloud.deploy({
      Resources: {
        Role: {
          Type: "AWS::IAM::Role",
          Properties: {
            AssumeRolePolicyDocument: JSON.parse(
              policy([{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }]),
            ),
          },
        },
        Function: {
          Type: "AWS::Lambda::Function",
          Properties: {
            Runtime: "python3.13",
            Handler: "index.handler",
            Role: { "Fn::GetAtt": ["Role", "Arn"] },
            Code: { ZipFile },
          },
        },
        Custom: {
          Type: "Custom::Question",
          Properties: { ServiceToken: { "Fn::GetAtt": ["Function", "Arn"] }, Question: "why" },
        },
      },
      Outputs: { Answer: { Value: { "Fn::GetAtt": ["Custom", "Answer"] } }, Id: { Value: { Ref: "Custom" } } },
    });
    expect(stacks[0]!.outputs).toMatchObject([
      { key: "Answer", value: "why!" },
      { key: "Id", value: "the-id" },
    ]);
  });

  it("of SAM run Python in place, edited code at once, and a bootstrap beside it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "runtimes-sam-"));
    const write = (text: string) =>
      writeFileSync(join(folder, "src", "app.py"), `def handler(event, context):\n    return "${text}"\n`);
    for (const name of ["src", "custom"]) mkdirSync(join(folder, name));
    write("one");
    writeFileSync(join(folder, "custom", "bootstrap"), BOOTSTRAP, { mode: 0o755 });
    const template = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Python:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: sam-python, Runtime: python3.14, Handler: app.handler, CodeUri: src/ }
  Inline:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: sam-inline
      Runtime: python3.12
      Handler: index.handler
      InlineCode: "def handler(event, context): return event['n'] + 1"
  Custom:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: sam-custom, Runtime: provided.al2023, Handler: bootstrap, CodeUri: custom/ }
`;
    writeFileSync(join(folder, "template.yaml"), template);
    for (const codeInPlace of [true, false]) {
      await cloud.deploy(join(folder, "template.yaml"), { codeInPlace });
      expect((await invoke("sam-python")).answer).toBe("one");
      expect((await invoke("sam-inline", { n: 1 })).answer).toBe(2);
      expect((await invoke("sam-custom", { n: 1 })).answer).toEqual({ n: 1 });
      if (!codeInPlace) continue;
      write("two");
      await expect.poll(async () => (await invoke("sam-python")).answer, { timeout: 2000, interval: 5 }).toBe("two");
      write("one");
    }
    rmSync(folder, { recursive: true });
  });

  it.runIf(findPython()?.modules["boto3"])(
    "of CDK notify and fill buckets with CDK's own Python",
    { timeout: 120_000 },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "runtimes-cdk-"));
      const site = join(folder, "site");
      mkdirSync(site);
      writeFileSync(join(site, "index.html"), "<h1>hello</h1>");
      const app = new App({ outdir: join(folder, "cdk.out"), analyticsReporting: false });
      const stack = new Stack(app, "python-of-cdk");
      const gone = { removalPolicy: RemovalPolicy.DESTROY, autoDeleteObjects: true };
      const uploads = new Bucket(stack, "Uploads", { bucketName: "py-uploads", ...gone });
      const noted = new Queue(stack, "Noted", { queueName: "py-noted", visibilityTimeout: Duration.seconds(30) });
      uploads.addEventNotification(EventType.OBJECT_CREATED, new SqsDestination(noted), { prefix: "in/" });
      const web = new Bucket(stack, "Web", { bucketName: "py-web", ...gone });
      new BucketDeployment(stack, "Site", {
        sources: [Source.asset(site), Source.jsonData("config.json", { queue: noted.queueName })],
        destinationBucket: web,
        retainOnDelete: false,
      });
      await cloud.deploy(app);

      const s3 = cloud.client(S3Client, { forcePathStyle: true });
      await s3.send(new PutObjectCommand({ Bucket: "py-uploads", Key: "in/a.txt", Body: "a" }));
      await cloud.settled();
      const QueueUrl = `${cloud.endpoint}/000000000000/py-noted`;
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      expect(Messages.map(({ Body }) => Body).join()).toContain(`"key":"in/a.txt"`);

      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "py-web" }));
      expect(Contents.map(({ Key }) => Key).sort()).toEqual(["config.json", "index.html"]);
      const page = await s3.send(new GetObjectCommand({ Bucket: "py-web", Key: "index.html" }));
      expect([page.ContentType, await page.Body!.transformToString()]).toEqual(["text/html", "<h1>hello</h1>"]);
      const config = await s3.send(new GetObjectCommand({ Bucket: "py-web", Key: "config.json" }));
      expect(JSON.parse(await config.Body!.transformToString())).toEqual({ queue: "py-noted" });

      const stacks = cloud.client(CloudFormationClient);
      await stacks.send(new DeleteStackCommand({ StackName: "python-of-cdk" }));
      await cloud.settled();
      await expect(stacks.send(new DescribeStacksCommand({ StackName: "python-of-cdk" }))).rejects.toThrow(
        "does not exist",
      );
      rmSync(folder, { recursive: true });
    },
  );
});
