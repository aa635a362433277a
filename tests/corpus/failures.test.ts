/** Deployments that fail: the status, the reason, and what is rolled back; the earlier version goes on serving. */
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from "@aws-sdk/client-cloudformation";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { startCloud, type Cloud } from "@katachi/cloud";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { inventory } from "./inventory.ts";

let cloud: Cloud;
let cf: CloudFormationClient;
let before: string[];
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  cf = cloud.client(CloudFormationClient);
});
beforeEach(async () => void (before = await inventory(cloud)));
afterAll(() => cloud.close());

const left = async () => (await inventory(cloud)).filter((line) => !before.includes(line));
const status = async (StackName: string) =>
  (await cf.send(new DescribeStacksCommand({ StackName }))).Stacks![0]!.StackStatus;
async function failures(StackName: string) {
  const { StackEvents } = await cf.send(new DescribeStackEventsCommand({ StackName }));
  return StackEvents!
    .filter(({ ResourceStatus }) => ResourceStatus!.endsWith("_FAILED"))
    .map((event) => `${event.LogicalResourceId} ${event.ResourceStatus} ${event.ResourceStatusReason}`);
}
async function create(StackName: string, Resources: object) {
  const TemplateBody = JSON.stringify({ Resources });
  await cf.send(new CreateStackCommand({ StackName, TemplateBody, Capabilities: ["CAPABILITY_IAM"] }));
  await cloud.settled();
}
async function update(StackName: string, Resources: object) {
  const TemplateBody = JSON.stringify({ Resources });
  await cf.send(new UpdateStackCommand({ StackName, TemplateBody, Capabilities: ["CAPABILITY_IAM"] }));
  await cloud.settled();
}
async function remove(StackName: string) {
  await cf.send(new DeleteStackCommand({ StackName }));
  await cloud.settled();
  expect(await left()).toEqual([]);
}

const role = (service: string, Statement: object[] = []) => ({
  Type: "AWS::IAM::Role",
  Properties: {
    AssumeRolePolicyDocument: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: `${service}.amazonaws.com` }, Action: "sts:AssumeRole" }],
    },
    ...(Statement.length > 0
      ? { Policies: [{ PolicyName: "p", PolicyDocument: { Version: "2012-10-17", Statement } }] }
      : {}),
  },
});
const fn = (FunctionName: string, ZipFile: string, Role: unknown = { "Fn::GetAtt": ["Role", "Arn"] }) => ({
  Type: "AWS::Lambda::Function",
  Properties: { FunctionName, Runtime: "nodejs22.x", Handler: "index.handler", Role, Code: { ZipFile }, Timeout: 3 },
});
const custom = { Type: "Custom::Thing", Properties: { ServiceToken: { "Fn::GetAtt": ["Maker", "Arn"] } } };
async function invoke(FunctionName: string) {
  const { Payload } = await cloud.client(LambdaClient).send(new InvokeCommand({ FunctionName }));
  return JSON.parse(Buffer.from(Payload!).toString()) as unknown;
}

test("a wrong property: nothing is made", async () => {
  await create("wrong-property", {
    Q: { Type: "AWS::SQS::Queue", Properties: { Size: 3 } },
    T: { Type: "AWS::SNS::Topic" },
  });
  expect(await status("wrong-property")).toBe("ROLLBACK_COMPLETE");
  expect(await failures("wrong-property")).toEqual([
    "Q CREATE_FAILED Properties validation failed for resource Q with message:\n#: extraneous key [Size] is not permitted",
  ]);
  expect(await left()).toEqual([]);
  await remove("wrong-property");
});

test("a wrong value in an update: the earlier version goes on serving", async () => {
  const resources = (code: string, queue: object) => ({
    Role: role("lambda"),
    Hello: fn("serving", `exports.handler = async () => "${code}";`),
    Q: { Type: "AWS::SQS::Queue", DependsOn: "Hello", Properties: queue },
  });
  await create("serving", resources("one", { DelaySeconds: 1 }));
  await update("serving", resources("two", { DelaySeconds: 9999 }));
  expect(await status("serving")).toBe("UPDATE_ROLLBACK_COMPLETE");
  expect(await failures("serving")).toEqual([
    expect.stringMatching(/^Q UPDATE_FAILED .*DelaySeconds.*InvalidRequest\)$/),
  ]);
  expect(await invoke("serving")).toBe("one");
  await remove("serving");
});

test("a permission that a role lacks", async () => {
  await create("lacking", {
    Role: role("lambda"),
    Worker: fn("lacking", "exports.handler = async () => 1;"),
    Jobs: { Type: "AWS::SQS::Queue" },
    Feed: {
      Type: "AWS::Lambda::EventSourceMapping",
      Properties: { FunctionName: { Ref: "Worker" }, EventSourceArn: { "Fn::GetAtt": ["Jobs", "Arn"] } },
    },
  });
  expect(await status("lacking")).toBe("ROLLBACK_COMPLETE");
  expect(await failures("lacking")).toEqual([
    expect.stringMatching(
      /^Feed CREATE_FAILED .*The function execution role does not have permissions to call ReceiveMessage on SQS/,
    ),
  ]);
  expect(await left()).toEqual([]);
  await remove("lacking");
});

test("a stage whose log cannot be written tells why", async () => {
  await create("stage", {
    Api: { Type: "AWS::ApiGateway::RestApi", Properties: { Name: "stage" } },
    Method: {
      Type: "AWS::ApiGateway::Method",
      Properties: {
        RestApiId: { Ref: "Api" },
        ResourceId: { "Fn::GetAtt": ["Api", "RootResourceId"] },
        HttpMethod: "GET",
        AuthorizationType: "NONE",
        Integration: { Type: "MOCK" },
      },
    },
    Deployment: { Type: "AWS::ApiGateway::Deployment", DependsOn: "Method", Properties: { RestApiId: { Ref: "Api" } } },
    Stage: {
      Type: "AWS::ApiGateway::Stage",
      Properties: {
        RestApiId: { Ref: "Api" },
        DeploymentId: { Ref: "Deployment" },
        StageName: "v1",
        MethodSettings: [{ HttpMethod: "*", ResourcePath: "/*", LoggingLevel: "INFO" }],
      },
    },
  });
  expect(await status("stage")).toBe("ROLLBACK_COMPLETE");
  expect(await failures("stage")).toEqual([
    expect.stringMatching(/^Stage CREATE_FAILED .*CloudWatch Logs role ARN must be set in account settings/),
  ]);
  await remove("stage");
});

test("a custom resource whose code throws when it is loaded: nothing answers, and the hour passes", async () => {
  await create("throwing", {
    Role: role("lambda"),
    Maker: fn("throwing", 'throw new Error("no start");'),
    Thing: custom,
  });
  expect(await status("throwing")).toBe("CREATE_IN_PROGRESS");
  await cloud.clock.advance("61 minutes");
  await cloud.settled();
  // It is not asked to delete what it never made.
  await cloud.clock.advance("61 minutes");
  await cloud.settled();
  expect(await status("throwing")).toMatch(/^ROLLBACK_(COMPLETE|FAILED)$/);
  expect((await failures("throwing")).at(-1)).toMatch(
    /^Thing CREATE_FAILED CloudFormation did not receive a response from your Custom Resource\. Please check your logs for requestId \[/,
  );
});

test("a custom resource that never answers in an update: the earlier version comes back", async () => {
  const answering = (answers: string) => `
    const response = require("cfn-response");
    exports.handler = (event, context) => {
      if (event.ResourceProperties.Word === "silence") return context.done();
      response.send(event, context, response.SUCCESS, {}, "thing");
    };
    // ${answers}`;
  const resources = (Word: string) => ({
    Role: role("lambda"),
    Maker: fn("answering", answering("always")),
    Thing: { ...custom, Properties: { ...custom.Properties, Word } },
    Q: { Type: "AWS::SQS::Queue", Properties: { DelaySeconds: Word === "silence" ? 5 : 1 } },
  });
  await create("answering", resources("hello"));
  expect(await status("answering")).toBe("CREATE_COMPLETE");
  await update("answering", resources("silence"));
  expect(await status("answering")).toBe("UPDATE_IN_PROGRESS");
  await cloud.clock.advance("61 minutes");
  await cloud.settled();
  expect(await status("answering")).toBe("UPDATE_ROLLBACK_COMPLETE");
  expect(await failures("answering")).toEqual([
    expect.stringContaining("Thing UPDATE_FAILED CloudFormation did not receive a response from your Custom Resource."),
  ]);
});
