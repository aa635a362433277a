import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  type RotateSecretCommandInput,
} from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { createArchive } from "../../functions/archive.ts";

let cloud: Cloud;
let secrets: SecretsManagerClient;
let lambda: LambdaClient;
let role: string;

/** The steps of AWS's rotation template, without a database. */
const ROTATION = `
const { SecretsManagerClient, DescribeSecretCommand, GetSecretValueCommand, PutSecretValueCommand, UpdateSecretVersionStageCommand } = require("@aws-sdk/client-secrets-manager");
const client = new SecretsManagerClient({});
exports.handler = async ({ Step, SecretId, ClientRequestToken: token }) => {
  const { VersionIdsToStages: versions } = await client.send(new DescribeSecretCommand({ SecretId }));
  if (!versions[token]?.includes("AWSPENDING")) throw new Error("not pending");
  if (Step === "createSecret") {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
    await client.send(new PutSecretValueCommand({ SecretId, ClientRequestToken: token, SecretString: SecretString + "+", VersionStages: ["AWSPENDING"] }));
  }
  if (Step === "testSecret") await client.send(new GetSecretValueCommand({ SecretId, VersionId: token, VersionStage: "AWSPENDING" }));
  if (Step === "finishSecret") {
    const current = Object.keys(versions).find((id) => versions[id].includes("AWSCURRENT"));
    await client.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage: "AWSCURRENT", MoveToVersionId: token, RemoveFromVersionId: current }));
  }
};`;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2025, 5, 1, 12) });
  secrets = cloud.client(SecretsManagerClient);
  lambda = cloud.client(LambdaClient);
  role = await makeRole("rotator", ["secretsmanager:*", "logs:*"]);
});
afterAll(() => cloud.close());

async function makeRole(RoleName: string, Action: string[]): Promise<string> {
  const iam = cloud.client(IAMClient);
  const document = (statement: object) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  const trust = document({ Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
  const PolicyDocument = document({ Action, Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument }));
  return Role!.Arn!;
}

async function makeFunction(FunctionName: string, code: string, Role = role): Promise<string> {
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Role,
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Code: { ZipFile: await createArchive({ "index.js": code }) },
    }),
  );
  return FunctionArn!;
}

const allow = (FunctionName: string) =>
  lambda.send(
    new AddPermissionCommand({
      FunctionName,
      StatementId: "rotate",
      Action: "lambda:InvokeFunction",
      Principal: "secretsmanager.amazonaws.com",
    }),
  );

const rotate = (SecretId: string, more: Partial<RotateSecretCommandInput> = {}) =>
  secrets.send(new RotateSecretCommand({ SecretId, ...more }));
const read = async (SecretId: string, VersionStage = "AWSCURRENT") =>
  (await secrets.send(new GetSecretValueCommand({ SecretId, VersionStage }))).SecretString;
const describeSecret = (SecretId: string) => secrets.send(new DescribeSecretCommand({ SecretId }));

it("rotates in four steps, at once and by schedule, until it is cancelled", async () => {
  const SecretId = "rotated";
  await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: "v" }));
  await expect(rotate(SecretId)).rejects.toMatchObject({
    name: "InvalidRequestException",
    message: "No Lambda rotation function ARN is associated with this secret.",
  });
  const RotationLambdaARN = await makeFunction("rotation", ROTATION);
  await expect(rotate(SecretId, { RotationLambdaARN })).rejects.toMatchObject({
    name: "AccessDeniedException",
    message:
      "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.",
  });
  await allow("rotation");
  const { VersionId } = await rotate(SecretId, { RotationLambdaARN, RotationRules: { AutomaticallyAfterDays: 10 } });
  await cloud.settled();
  expect(await read(SecretId)).toBe("v+");
  expect(await read(SecretId, "AWSPREVIOUS")).toBe("v");
  const described = await describeSecret(SecretId);
  expect(described).toMatchObject({
    RotationEnabled: true,
    RotationLambdaARN,
    RotationRules: { AutomaticallyAfterDays: 10 },
    LastRotatedDate: cloud.clock.date(),
    NextRotationDate: new Date(cloud.clock.now() + 10 * 86_400_000),
  });
  expect(described.VersionIdsToStages![VersionId!]).toContain("AWSCURRENT");
  await cloud.clock.advance("21 days");
  await cloud.settled();
  expect(await read(SecretId)).toBe("v+++");
  await secrets.send(new CancelRotateSecretCommand({ SecretId }));
  await cloud.clock.advance("21 days");
  await cloud.settled();
  expect(await read(SecretId)).toBe("v+++");
  expect((await describeSecret(SecretId)).RotationEnabled).toBe(false);
});

it("leaves the secret alone where a step fails, and takes the rotation up again", async () => {
  const SecretId = "failing";
  await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: "v" }));
  const RotationLambdaARN = await makeFunction("failing", "exports.handler = async () => { throw new Error('no') }");
  await allow("failing");
  const { VersionId } = await rotate(SecretId, { RotationLambdaARN });
  await cloud.clock.advance("1 hour");
  await cloud.settled();
  expect(await read(SecretId)).toBe("v");
  expect((await describeSecret(SecretId)).VersionIdsToStages![VersionId!]).toEqual(["AWSPENDING"]);
  await expect(read(SecretId, "AWSPENDING")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  const ZipFile = await createArchive({ "index.js": ROTATION });
  await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "failing", ZipFile }));
  await expect(rotate(SecretId)).rejects.toMatchObject({
    name: "InvalidRequestException",
    message: "A previous rotation isn't complete. That rotation will be reattempted.",
  });
  await cloud.settled();
  expect(await read(SecretId)).toBe("v+");
});

it("only tests the function where rotation is not to be immediate", async () => {
  const SecretId = "tested";
  await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: "v" }));
  const RotationLambdaARN = await makeFunction("tester", "exports.handler = async (event) => console.log(event.Step);");
  await allow("tester");
  const { VersionId } = await rotate(SecretId, { RotationLambdaARN, RotateImmediately: false });
  expect((await describeSecret(SecretId)).VersionIdsToStages![VersionId!]).toEqual(["AWSPENDING"]);
  await cloud.settled();
  const { events } = await cloud
    .client(CloudWatchLogsClient)
    .send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/tester", filterPattern: "Secret" }));
  expect(events!.map(({ message }) => /\w+Secret/.exec(message!)![0])).toEqual(["testSecret"]);
  const described = await describeSecret(SecretId);
  expect(Object.values(described.VersionIdsToStages!)).toEqual([["AWSCURRENT"]]);
  expect(described.RotationEnabled).toBe(true);
  expect(await read(SecretId)).toBe("v");
});

it("is refused to a function whose role may not read, in IAM's words", async () => {
  await secrets.send(new CreateSecretCommand({ Name: "closed", SecretString: "v" }));
  const Role = await makeRole("stranger", ["logs:*"]);
  const code = `
const { SecretsManagerClient, GetSecretValueCommand } = require("@aws-sdk/client-secrets-manager");
exports.handler = () => new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: "closed" })).catch((error) => error.name + ": " + error.message);`;
  await makeFunction("stranger", code, Role);
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: "stranger" }));
  expect(JSON.parse(Payload!.transformToString())).toBe(
    "AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/stranger/stranger is not authorized to perform: secretsmanager:GetSecretValue on resource: closed because no identity-based policy allows the secretsmanager:GetSecretValue action",
  );
});

async function deploy(StackName: string, template: object) {
  const cloudformation = cloud.client(CloudFormationClient);
  await cloudformation.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(template) }));
  await cloud.settled();
  const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
  const { StackStatus, Outputs = [] } = Stacks![0]!;
  return {
    status: StackStatus,
    outputs: Object.fromEntries(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!])),
  };
}

it("is deployed by CloudFormation: generated values, policies, rotation", async () => {
  const GenerateSecretString = {
    SecretStringTemplate: '{"user":"admin"}',
    GenerateStringKey: "password",
    PasswordLength: 20,
  };
  const Statement = [
    {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::000000000000:root" },
      Action: "secretsmanager:*",
      Resource: "*",
    },
  ];
  const { status, outputs } = await deploy("secrets", {
    Resources: {
      Secret: { Type: "AWS::SecretsManager::Secret", Properties: { GenerateSecretString } },
      Policy: {
        Type: "AWS::SecretsManager::ResourcePolicy",
        Properties: { SecretId: { Ref: "Secret" }, ResourcePolicy: { Version: "2012-10-17", Statement } },
      },
      Rotation: {
        Type: "AWS::SecretsManager::RotationSchedule",
        Properties: {
          SecretId: { Ref: "Secret" },
          RotationLambdaARN: { "Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:rotation" },
          RotationRules: { ScheduleExpression: "rate(10 days)" },
          RotateImmediatelyOnUpdate: false,
        },
      },
    },
    Outputs: { Arn: { Value: { Ref: "Secret" } }, Id: { Value: { "Fn::GetAtt": ["Secret", "Id"] } } },
  });
  expect(status).toBe("CREATE_COMPLETE");
  expect(outputs["Arn"]).toMatch(/:secret:Secret-[A-Z0-9a-z]{12}-[A-Za-z0-9]{6}$/);
  expect(outputs["Id"]).toBe(outputs["Arn"]);
  const value = JSON.parse((await read(outputs["Arn"]!))!) as Record<string, string>;
  expect(value).toEqual({ user: "admin", password: expect.stringMatching(/^.{20}$/) });
  expect(await describeSecret(outputs["Arn"]!)).toMatchObject({
    RotationEnabled: true,
    RotationRules: { ScheduleExpression: "rate(10 days)" },
  });
});

it("answers dynamic references of templates, in every documented form", async () => {
  const SecretString = JSON.stringify({ user: "u", port: 5432 });
  const made = await secrets.send(new CreateSecretCommand({ Name: "referred", SecretString }));
  const names = {
    whole: "{{resolve:secretsmanager:referred}}",
    string: "{{resolve:secretsmanager:referred:SecretString}}",
    key: "{{resolve:secretsmanager:referred:SecretString:user}}",
    stage: "{{resolve:secretsmanager:referred:SecretString:port:AWSCURRENT}}",
    version: `{{resolve:secretsmanager:referred:SecretString:user::${made.VersionId}}}`,
    arn: `{{resolve:secretsmanager:${made.ARN}:SecretString:user::}}`,
    within:
      "x-{{resolve:secretsmanager:referred:SecretString:user}}-{{resolve:secretsmanager:referred:SecretString:port}}",
  };
  const template = {
    Resources: Object.fromEntries(
      Object.entries(names).map(([Name, Value]) => [
        Name,
        { Type: "AWS::SSM::Parameter", Properties: { Name: `/from/${Name}`, Type: "String", Value } },
      ]),
    ),
  };
  expect((await deploy("referring", template)).status).toBe("CREATE_COMPLETE");
  const values: Record<string, string> = {};
  for (const Name of Object.keys(names))
    values[Name] = (await cloud.call("ssm", "GetParameter", { Name: `/from/${Name}` })).Parameter!.Value!;
  expect(values).toEqual({
    whole: SecretString,
    string: SecretString,
    key: "u",
    stage: "5432",
    version: "u",
    arn: "u",
    within: "x-u-5432",
  });
  const missing = {
    Type: "AWS::SSM::Parameter",
    Properties: { Type: "String", Value: "{{resolve:secretsmanager:nowhere}}" },
  };
  expect((await deploy("missing", { Resources: { Missing: missing } })).status).toBe("ROLLBACK_COMPLETE");
});
