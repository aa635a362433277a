import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  GetTemplateSummaryCommand,
  UpdateStackCommand,
  ValidateTemplateCommand,
  type CreateStackCommandInput,
} from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient, ListTagsForResourceCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let cf: CloudFormationClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  cf = cloud.client(CloudFormationClient);
});
afterAll(() => cloud.close());

const body = (Resources: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  JSON.stringify({ Resources, ...more });
const message = async (promise: Promise<unknown>) =>
  promise.then(
    () => "succeeded",
    (error: Error) => `${error.name}: ${error.message}`,
  );
const queue = (Properties: Record<string, unknown> = {}, around: Record<string, unknown> = {}) => ({
  Type: "AWS::SQS::Queue",
  Properties,
  ...around,
});

async function create(StackName: string, TemplateBody: string, more: Partial<CreateStackCommandInput> = {}) {
  await cf.send(new CreateStackCommand({ StackName, TemplateBody, ...more }));
  await cloud.settled();
}
async function stack(StackName: string) {
  return (await cf.send(new DescribeStacksCommand({ StackName }))).Stacks![0]!;
}
async function reasons(StackName: string) {
  const { StackEvents } = await cf.send(new DescribeStackEventsCommand({ StackName }));
  return StackEvents!
    .toReversed()
    .map((event) => `${event.LogicalResourceId} ${event.ResourceStatus} ${event.ResourceStatusReason ?? ""}`.trim());
}

test("addresses that leave work here", async () => {
  await create("addressed", body({ Q: queue() }, { Outputs: { Url: { Value: { Ref: "Q" } } } }));
  const QueueUrl = (await stack("addressed")).Outputs![0]!.OutputValue!;
  expect(QueueUrl).toMatch(new RegExp(`^${cloud.endpoint}/000000000000/addressed-Q-[A-Za-z0-9]{12}$`));
  const sent = await fetch(QueueUrl, { method: "POST" });
  expect(sent.status).not.toBe(404);
  await cloud.client(SQSClient).send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
});

test("stack tags that change alone reach the resources", async () => {
  const template = body({
    L: { Type: "AWS::Logs::LogGroup", Properties: { LogGroupName: "/tagged", Tags: [{ Key: "own", Value: "1" }] } },
  });
  const tags = async () =>
    (
      await cloud
        .client(CloudWatchLogsClient)
        .send(new ListTagsForResourceCommand({ resourceArn: "arn:aws:logs:us-east-1:000000000000:log-group:/tagged" }))
    ).tags!;
  await create("tags", template, { Tags: [{ Key: "team", Value: "a" }] });
  expect(await tags()).toMatchObject({ own: "1", team: "a", "aws:cloudformation:logical-id": "L" });
  await cf.send(
    new UpdateStackCommand({ StackName: "tags", TemplateBody: template, Tags: [{ Key: "team", Value: "b" }] }),
  );
  await cloud.settled();
  expect((await stack("tags")).StackStatus).toBe("UPDATE_COMPLETE");
  expect(await tags()).toMatchObject({ own: "1", team: "b" });
  expect(await reasons("tags")).toContain("L UPDATE_COMPLETE");
});

test("what a service refuses is the reason, in its own words", async () => {
  await create("refused", body({ Q: queue({ VisibilityTimeout: 99_999 }) }));
  const failed = (await reasons("refused")).find((line) => line.startsWith("Q CREATE_FAILED"))!;
  expect(failed).toMatch(
    /^Q CREATE_FAILED Resource handler returned message: ".*VisibilityTimeout.* \(Service: Sqs, Status Code: 400, Request ID: [0-9a-f-]{36}\)" \(RequestToken: [0-9a-f-]{36}, HandlerErrorCode: InvalidRequest\)$/,
  );
});

test("properties are checked against the published specification, all at once", async () => {
  await create(
    "wrong",
    body({ Q: queue({ Colour: "red", DelaySeconds: "soon" }), T: { Type: "AWS::SSM::Parameter", Properties: {} } }),
  );
  const told = await reasons("wrong");
  expect(told).toContain(
    "Q CREATE_FAILED Properties validation failed for resource Q with message:\n#: extraneous key [Colour] is not permitted\n#/DelaySeconds: expected type: Integer, found: String",
  );
  expect(told).toContain(
    "T CREATE_FAILED Properties validation failed for resource T with message:\n#: required key [Type] not found\n#: required key [Value] not found",
  );
  await create("snapshot", body({ Q: queue({}, { DeletionPolicy: "Snapshot" }), R: queue({}, { UpdatePolicy: {} }) }));
  expect(await reasons("snapshot")).toContain(
    "Q CREATE_FAILED Katachi does not emulate DeletionPolicy Snapshot of AWS::SQS::Queue",
  );
  expect(await reasons("snapshot")).toContain(
    "R CREATE_FAILED Katachi does not emulate UpdatePolicy of AWS::SQS::Queue",
  );
});

test("a stack acts as its role: what the role may not do fails and is named", async () => {
  const iam = cloud.client(IAMClient);
  const role = async (RoleName: string, Service: string) => {
    const trust = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }],
    };
    return (await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }))).Role!
      .Arn!;
  };
  const foreign = await role("for-lambda", "lambda.amazonaws.com");
  expect(await message(create("foreign", body({ Q: queue() }), { RoleARN: foreign }))).toBe(
    `ValidationError: Role ${foreign} is invalid or cannot be assumed`,
  );
  const poor = await role("for-cloudformation", "cloudformation.amazonaws.com");
  await create("poor", body({ Q: queue() }), { RoleARN: poor });
  expect((await reasons("poor")).find((line) => line.startsWith("Q CREATE_FAILED"))).toMatch(
    /assumed-role\/for-cloudformation\/AWSCloudFormation is not authorized to perform: sqs:createqueue.*HandlerErrorCode: AccessDenied\)$/i,
  );
  const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sqs:*", Resource: "*" }] };
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: "for-cloudformation",
      PolicyName: "p",
      PolicyDocument: JSON.stringify(policy),
    }),
  );
  await create("rich", body({ Q: queue({ QueueName: "by-role" }) }), { RoleARN: poor });
  expect((await stack("rich")).StackStatus).toBe("CREATE_COMPLETE");
  await cloud.client(SQSClient).send(new GetQueueUrlCommand({ QueueName: "by-role" }));
});

const ROLE = { Type: "AWS::IAM::Role", Properties: { AssumeRolePolicyDocument: {} } };
test("IAM resources need their capability", async () => {
  expect(await message(create("iam", body({ R: ROLE })))).toBe(
    "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]",
  );
  const named = body({ R: { ...ROLE, Properties: { ...ROLE.Properties, RoleName: "n" } } });
  expect(await message(create("iam", named, { Capabilities: ["CAPABILITY_IAM"] }))).toBe(
    "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]",
  );
  const looped = JSON.stringify({ Transform: "AWS::LanguageExtensions", Resources: { Q: queue() } });
  expect(await message(create("iam", looped))).toBe(
    "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_AUTO_EXPAND]",
  );
});

test.each<[string, string]>([
  [
    body({ A: queue({ QueueName: { Ref: "B" } }), B: queue({ QueueName: { Ref: "A" } }) }),
    "ValidationError: Circular dependency between resources: [A, B]",
  ],
  [
    body({ A: { Type: "AWS::SQS::Bucket" } }),
    "ValidationError: Template format error: Unrecognized resource types: [AWS::SQS::Bucket]",
  ],
  [
    body({ A: queue() }, { Parameters: { P: { Type: "String" } } }),
    "ValidationError: Parameters: [P] must have values",
  ],
  [
    body(
      { A: queue() },
      { Rules: { R: { Assertions: [{ Assert: { "Fn::Contains": [["a"], "b"] }, AssertDescription: "must be a" }] } } },
    ),
    "ValidationError: Template error: Rules validation failed: must be a",
  ],
  [
    body({ A: queue() }, { Transform: "AWS::Serverless-2016-10-31" }),
    "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_AUTO_EXPAND]",
  ],
  ["Resources: [", "ValidationError: Template format error: YAML not well-formed. (line 1, column 13)"],
  [" ".repeat(51_201), "ValidationError: 1 validation error detected"],
])("a template that is refused at once: %#", async (TemplateBody, expected) => {
  expect(await message(create("refused-at-once", TemplateBody))).toContain(expected);
  expect(await message(stack("refused-at-once"))).toBe("ValidationError: Stack with id refused-at-once does not exist");
});

test("templates are validated and summarised without being deployed", async () => {
  const TemplateBody = `
Description: An example
Parameters:
  Size: { Type: Number, Default: 3, Description: how many }
  Secret: { Type: String, NoEcho: true, AllowedValues: [a, b] }
Resources:
  R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: {} } }
  Q: { Type: AWS::SQS::Queue }
`;
  expect(await cf.send(new ValidateTemplateCommand({ TemplateBody }))).toMatchObject({
    Description: "An example",
    Parameters: [
      { ParameterKey: "Size", DefaultValue: "3", NoEcho: false, Description: "how many" },
      { ParameterKey: "Secret", NoEcho: true },
    ],
    Capabilities: ["CAPABILITY_IAM"],
    CapabilitiesReason: "The following resource(s) require capabilities: [AWS::IAM::Role]",
  });
  const summary = await cf.send(new GetTemplateSummaryCommand({ TemplateBody }));
  expect(summary.ResourceTypes).toEqual(["AWS::IAM::Role", "AWS::SQS::Queue"]);
  expect(summary.Parameters![1]).toMatchObject({
    ParameterType: "String",
    ParameterConstraints: { AllowedValues: ["a", "b"] },
  });
  expect(
    await message(
      cf.send(new ValidateTemplateCommand({ TemplateBody: body({ Q: queue({ X: { Ref: "Nowhere" } }) }) })),
    ),
  ).toContain("Unresolved resource dependencies [Nowhere]");
});

test("secrets given as NoEcho parameters are shown nowhere", async () => {
  const template = body(
    { P: { Type: "AWS::SSM::Parameter", Properties: { Type: "String", Value: { Ref: "Secret" } } } },
    { Parameters: { Secret: { Type: "String", NoEcho: true } } },
  );
  await create("secretive", template, { Parameters: [{ ParameterKey: "Secret", ParameterValue: "hunter2" }] });
  expect((await stack("secretive")).Parameters).toEqual([{ ParameterKey: "Secret", ParameterValue: "****" }]);
  const { StackEvents } = await cf.send(new DescribeStackEventsCommand({ StackName: "secretive" }));
  expect(JSON.stringify(StackEvents)).not.toContain("hunter2");
  expect(JSON.stringify(StackEvents)).toContain("****");
});
