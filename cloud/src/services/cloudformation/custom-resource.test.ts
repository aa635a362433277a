import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from "@aws-sdk/client-cloudformation";
import { GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let cf: CloudFormationClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  cf = cloud.client(CloudFormationClient);
});
afterAll(() => cloud.close());

// Answers as AWS's own `cfn-response` module does: HTTPS to the host name in ResponseURL.
const CODE = `
const https = require("https");
exports.handler = (event, context, done) => {
  console.log(JSON.stringify(event));
  const mode = event.ResourceProperties.Mode;
  if (mode === "silent" && event.RequestType === "Create") return done();
  const failed = mode === "fail-" + event.RequestType;
  const body = JSON.stringify({
    Status: failed ? "FAILED" : "SUCCESS", Reason: failed ? "as asked" : "",
    PhysicalResourceId: event.ResourceProperties.Id || event.PhysicalResourceId || "generated",
    StackId: event.StackId, RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId,
    Data: { Type: event.RequestType, Props: JSON.stringify(event.ResourceProperties), Old: JSON.stringify(event.OldResourceProperties || null) },
  });
  const url = new URL(event.ResponseURL);
  const request = https.request(
    { hostname: url.hostname, port: 443, path: url.pathname + url.search, method: "PUT", headers: { "content-type": "", "content-length": body.length } },
    (response) => { response.resume(); response.on("end", () => done()); },
  );
  request.on("error", done);
  request.end(body);
};`;

const template = (properties: Record<string, unknown>, outputs: Record<string, unknown> = {}) =>
  JSON.stringify({
    Resources: {
      Role: {
        Type: "AWS::IAM::Role",
        Properties: {
          AssumeRolePolicyDocument: {
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
          },
          ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
        },
      },
      Fn: {
        Type: "AWS::Lambda::Function",
        Properties: {
          Runtime: "nodejs22.x",
          Handler: "index.handler",
          Role: { "Fn::GetAtt": ["Role", "Arn"] },
          Code: { ZipFile: CODE },
        },
      },
      Thing: { Type: "Custom::Thing", Properties: { ServiceToken: { "Fn::GetAtt": ["Fn", "Arn"] }, ...properties } },
    },
    Outputs: outputs,
  });

async function stack(StackName: string) {
  return (await cf.send(new DescribeStacksCommand({ StackName }))).Stacks![0]!;
}
async function output(StackName: string, key: string) {
  return (await stack(StackName)).Outputs?.find((one) => one.OutputKey === key)?.OutputValue;
}
async function reasons(StackName: string) {
  const { StackEvents } = await cf.send(new DescribeStackEventsCommand({ StackName }));
  return StackEvents!
    .toReversed()
    .map((event) => `${event.LogicalResourceId} ${event.ResourceStatus} ${event.ResourceStatusReason ?? ""}`.trim());
}
const OUTPUTS = Object.fromEntries(
  ["Type", "Props", "Old"].map((name) => [name, { Value: { "Fn::GetAtt": ["Thing", name] } }]),
);

test("a function makes, changes, replaces and deletes the resource", async () => {
  const create = new CreateStackCommand({
    StackName: "custom",
    TemplateBody: template(
      { Id: "one", Count: 3, Deep: { On: true } },
      { ...OUTPUTS, Ref: { Value: { Ref: "Thing" } } },
    ),
    Capabilities: ["CAPABILITY_IAM"],
  });
  await cf.send(create);
  await cloud.settled();
  expect(await reasons("custom")).toContain("custom CREATE_COMPLETE");
  expect(await output("custom", "Ref")).toBe("one");
  expect(await output("custom", "Type")).toBe("Create");
  // Numbers and truths arrive as texts, and the service token among the properties.
  expect(JSON.parse((await output("custom", "Props"))!)).toMatchObject({
    Id: "one",
    Count: "3",
    Deep: { On: "true" },
    ServiceToken: expect.stringContaining(":function:"),
  });

  await cf.send(
    new UpdateStackCommand({
      StackName: "custom",
      TemplateBody: template({ Id: "two", Count: 4 }, { ...OUTPUTS, Ref: { Value: { Ref: "Thing" } } }),
      Capabilities: ["CAPABILITY_IAM"],
    }),
  );
  await cloud.settled();
  expect(await output("custom", "Ref")).toBe("two");
  expect(await output("custom", "Type")).toBe("Update");
  expect(JSON.parse((await output("custom", "Old"))!)).toMatchObject({ Id: "one", Count: "3" });
  // Another physical id is another resource: the old one is deleted at the end.
  expect((await reasons("custom")).slice(-4)).toEqual([
    "custom UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "Thing DELETE_IN_PROGRESS",
    "Thing DELETE_COMPLETE",
    "custom UPDATE_COMPLETE",
  ]);
  const id = (await stack("custom")).StackId!;
  await cf.send(new DeleteStackCommand({ StackName: "custom" }));
  await cloud.settled();
  expect((await stack(id)).StackStatus).toBe("DELETE_COMPLETE");
});

test("a function that says FAILED fails the stack with its reason", async () => {
  await cf.send(
    new CreateStackCommand({
      StackName: "refusing",
      TemplateBody: template({ Id: "x", Mode: "fail-Create" }),
      Capabilities: ["CAPABILITY_IAM"],
    }),
  );
  await cloud.settled();
  expect((await stack("refusing")).StackStatus).toBe("ROLLBACK_COMPLETE");
  const told = await reasons("refusing");
  expect(told.find((line) => line.startsWith("Thing CREATE_FAILED"))).toMatch(
    /^Thing CREATE_FAILED Received response status \[FAILED\] from custom resource\. Message returned: as asked \(RequestId: [0-9a-f-]{36}\)$/,
  );
  expect(told).toContain("Thing DELETE_COMPLETE");
});

test("a function that never answers fails the stack after its hour, by the clock", async () => {
  await cf.send(
    new CreateStackCommand({
      StackName: "silent",
      TemplateBody: template({ Mode: "silent" }),
      Capabilities: ["CAPABILITY_IAM"],
    }),
  );
  await cloud.settled();
  expect((await stack("silent")).StackStatus).toBe("CREATE_IN_PROGRESS");
  await cloud.clock.advance("61 minutes");
  await cloud.settled();
  const told = await reasons("silent");
  expect(told.find((line) => line.startsWith("Thing CREATE_FAILED"))).toMatch(
    /^Thing CREATE_FAILED CloudFormation did not receive a response from your Custom Resource\. Please check your logs for requestId \[[0-9a-f-]{36}\]\./,
  );
  expect((await stack("silent")).StackStatus).toBe("ROLLBACK_COMPLETE");
});

const wait = (more = {}) =>
  JSON.stringify({
    Resources: {
      Handle: { Type: "AWS::CloudFormation::WaitConditionHandle" },
      Wait: {
        Type: "AWS::CloudFormation::WaitCondition",
        Properties: { Handle: { Ref: "Handle" }, Timeout: "600", Count: 2, ...more },
      },
    },
    Outputs: { Data: { Value: { "Fn::GetAtt": ["Wait", "Data"] } } },
  });

async function signal(StackName: string, body: unknown) {
  const { StackResources } = await cf.send(
    new DescribeStackResourcesCommand({ StackName, LogicalResourceId: "Handle" }),
  );
  const url = new URL(StackResources![0]!.PhysicalResourceId!);
  expect(url.host).toBe("cloudformation-waitcondition-us-east-1.s3.amazonaws.com");
  // The name leads here only from inside of functions: from elsewhere the same as a path on the cloud's port.
  const [bucket] = url.host.split(".");
  return fetch(`${cloud.endpoint}/${bucket}${url.pathname}${url.search}`, {
    method: "PUT",
    body: JSON.stringify(body),
  });
}

test("a wait condition waits for its signals", async () => {
  await cf.send(new CreateStackCommand({ StackName: "waiting", TemplateBody: wait() }));
  await cloud.settled();
  expect((await stack("waiting")).StackStatus).toBe("CREATE_IN_PROGRESS");
  expect((await signal("waiting", { Status: "SUCCESS", UniqueId: "a", Data: "1", Reason: "" })).status).toBe(200);
  expect((await signal("waiting", { Status: "SUCCESS", UniqueId: "a", Data: "1", Reason: "" })).status).toBe(200);
  await cloud.settled();
  expect((await stack("waiting")).StackStatus).toBe("CREATE_IN_PROGRESS");
  await signal("waiting", { Status: "SUCCESS", UniqueId: "b", Data: "2", Reason: "" });
  await cloud.settled();
  expect(await output("waiting", "Data")).toBe('{"a":"1","b":"2"}');
});

test("a wait condition fails by signal, by time, and takes no forged signal", async () => {
  await cf.send(new CreateStackCommand({ StackName: "told", TemplateBody: wait() }));
  await cloud.settled();
  await signal("told", { Status: "FAILURE", UniqueId: "host-1", Data: "", Reason: "disk full" });
  await cloud.settled();
  expect(await reasons("told")).toContain(
    "Wait CREATE_FAILED WaitCondition received failed message: 'disk full' for uniqueId: host-1",
  );

  await cf.send(new CreateStackCommand({ StackName: "tired", TemplateBody: wait() }));
  await cloud.settled();
  const { StackResources } = await cf.send(
    new DescribeStackResourcesCommand({ StackName: "tired", LogicalResourceId: "Handle" }),
  );
  const url = new URL(StackResources![0]!.PhysicalResourceId!);
  const forged = `${cloud.endpoint}/${url.host.split(".")[0]}${url.pathname}?X-Amz-Signature=${"0".repeat(64)}`;
  const refused = await fetch(forged, { method: "PUT", body: "{}" });
  expect([refused.status, await refused.text()]).toEqual([
    403,
    expect.stringContaining("<Code>SignatureDoesNotMatch</Code>"),
  ]);
  await cloud.clock.advance("11 minutes");
  await cloud.settled();
  expect(await reasons("tired")).toContain(
    "Wait CREATE_FAILED WaitCondition timed out. Received 0 conditions when expecting 2",
  );
});

test("nested stacks: made, told their parameters, asked for outputs, updated, rolled back and deleted with their parent", async () => {
  const s3 = cloud.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "nested-templates" }));
  const child = (value: unknown) => ({
    Parameters: { Value: { Type: "String" } },
    Resources: { P: { Type: "AWS::SSM::Parameter", Properties: { Type: "String", Value: value } } },
    Outputs: { Name: { Value: { Ref: "P" } } },
  });
  await s3.send(
    new PutObjectCommand({
      Bucket: "nested-templates",
      Key: "child.json",
      Body: JSON.stringify(child({ Ref: "Value" })),
    }),
  );
  await s3.send(
    new PutObjectCommand({
      Bucket: "nested-templates",
      Key: "bad.json",
      Body: JSON.stringify(child({ "Fn::Join": ["", ["{{resolve:ssm:/nowhere}}"]] })),
    }),
  );
  const parent = (Value: string, key = "child.json", more = {}) =>
    JSON.stringify({
      Resources: {
        Child: {
          Type: "AWS::CloudFormation::Stack",
          Properties: {
            TemplateURL: `https://nested-templates.s3.us-east-1.amazonaws.com/${key}`,
            Parameters: { Value },
          },
        },
        ...more,
      },
      Outputs: { Name: { Value: { "Fn::GetAtt": ["Child", "Outputs.Name"] } }, Id: { Value: { Ref: "Child" } } },
    });
  await cf.send(new CreateStackCommand({ StackName: "parent", TemplateBody: parent("first") }));
  await cloud.settled();
  const name = (await output("parent", "Name"))!;
  const value = async () =>
    (await cloud.client(SSMClient).send(new GetParameterCommand({ Name: name }))).Parameter!.Value;
  expect(await value()).toBe("first");
  const nested = await stack((await output("parent", "Id"))!);
  expect(nested).toMatchObject({
    StackName: expect.stringMatching(/^parent-Child-[A-Za-z0-9]{12}$/),
    ParentId: (await stack("parent")).StackId,
    StackStatus: "CREATE_COMPLETE",
  });

  await cf.send(new UpdateStackCommand({ StackName: "parent", TemplateBody: parent("second") }));
  await cloud.settled();
  expect(await value()).toBe("second");

  // Something else fails after the child was updated: the child goes back with its parent.
  const broken = {
    Broken: {
      Type: "AWS::SSM::Parameter",
      DependsOn: "Child",
      Properties: { Type: "String", Name: "/aws/reserved", Value: "x" },
    },
  };
  await cf.send(new UpdateStackCommand({ StackName: "parent", TemplateBody: parent("third", "child.json", broken) }));
  await cloud.settled();
  expect((await stack("parent")).StackStatus).toBe("UPDATE_ROLLBACK_COMPLETE");
  expect(await value()).toBe("second");
  expect((await reasons("parent")).find((line) => line.startsWith("Broken CREATE_FAILED"))).toMatch(
    /Resource handler returned message: ".*\(Service: Ssm, Status Code: 400, Request ID: .*\)" \(RequestToken: .*, HandlerErrorCode: .*\)$/,
  );

  await cf.send(new CreateStackCommand({ StackName: "unhappy", TemplateBody: parent("x", "bad.json") }));
  await cloud.settled();
  expect((await stack("unhappy")).StackStatus).toBe("ROLLBACK_COMPLETE");
  expect((await reasons("unhappy")).find((line) => line.startsWith("Child CREATE_FAILED"))).toMatch(
    /^Child CREATE_FAILED Embedded stack arn:.* was not successfully created: The following resource\(s\) failed to create: \[P\]\.$/,
  );

  const childId = (await output("parent", "Id"))!;
  await cf.send(new DeleteStackCommand({ StackName: "parent" }));
  await cloud.settled();
  expect((await stack(childId)).StackStatus).toBe("DELETE_COMPLETE");
});

test("SSM parameter types and dynamic references are read when the stack is deployed", async () => {
  const ssm = cloud.client(SSMClient);
  await ssm.send(new PutParameterCommand({ Name: "/app/size", Value: "large", Type: "String" }));
  const TemplateBody = JSON.stringify({
    Parameters: { Size: { Type: "AWS::SSM::Parameter::Value<String>", Default: "/app/size" } },
    Resources: {
      P: {
        Type: "AWS::SSM::Parameter",
        Properties: { Name: "/app/copy", Type: "String", Value: { "Fn::Sub": "${Size} {{resolve:ssm:/app/size:1}}" } },
      },
    },
  });
  await cf.send(new CreateStackCommand({ StackName: "ssm", TemplateBody }));
  await cloud.settled();
  expect((await ssm.send(new GetParameterCommand({ Name: "/app/copy" }))).Parameter!.Value).toBe("large large");
  expect((await stack("ssm")).Parameters).toEqual([
    { ParameterKey: "Size", ParameterValue: "/app/size", ResolvedValue: "large" },
  ]);
  const missing = new CreateStackCommand({
    StackName: "nossm",
    TemplateBody,
    Parameters: [{ ParameterKey: "Size", ParameterValue: "/app/none" }],
  });
  await expect(cf.send(missing)).rejects.toThrow(
    "Unable to fetch parameters [/app/none] from parameter store for this account.",
  );
  const secure = JSON.stringify({
    Resources: {
      P: { Type: "AWS::SSM::Parameter", Properties: { Type: "String", Value: "{{resolve:ssm-secure:/app/size}}" } },
    },
  });
  await cf.send(new CreateStackCommand({ StackName: "secure", TemplateBody: secure }));
  await cloud.settled();
  expect(await reasons("secure")).toContain(
    "P CREATE_FAILED SSM Secure reference is not supported in: [AWS::SSM::Parameter/Properties/Value]",
  );
});
