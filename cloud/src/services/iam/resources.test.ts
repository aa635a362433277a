import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from "@aws-sdk/client-cloudformation";
import {
  CreateGroupCommand,
  GetGroupCommand,
  GetOpenIDConnectProviderCommand,
  GetPolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListAttachedRolePoliciesCommand,
  ListGroupPoliciesCommand,
  ListGroupsForUserCommand,
  ListPolicyVersionsCommand,
  ListRolePoliciesCommand,
  ListUserPoliciesCommand,
} from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let cloudformation: CloudFormationClient;
let iam: IAMClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  cloudformation = cloud.client(CloudFormationClient);
  iam = cloud.client(IAMClient);
});
afterAll(() => cloud.close());

type Json = Record<string, unknown>;
const ACCOUNT = "000000000000";
const allow = (Action: string) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action, Resource: "*" }],
});
const trust = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
};
const getAtt = (name: string, attribute: string) => ({ "Fn::GetAtt": [name, attribute] });

async function stack(StackName: string) {
  await cloud.settled();
  const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
  const { StackStatus, Outputs = [] } = Stacks![0]!;
  return {
    status: StackStatus,
    outputs: Object.fromEntries(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!])),
  };
}

async function deploy(StackName: string, template: { Resources: Json; Outputs?: Json }, update = false) {
  const input = { StackName, TemplateBody: JSON.stringify(template), Capabilities: ["CAPABILITY_NAMED_IAM" as const] };
  await cloudformation.send(update ? new UpdateStackCommand(input) : new CreateStackCommand(input));
  const deployed = await stack(StackName);
  if (!/^(CREATE|UPDATE)_COMPLETE$/.test(deployed.status!)) {
    const { StackEvents } = await cloudformation.send(new DescribeStackEventsCommand({ StackName }));
    const reasons = StackEvents!.map((event) => event.ResourceStatusReason).filter(Boolean);
    expect.fail(`${deployed.status}: ${reasons.join("; ")}`);
  }
  return deployed.outputs;
}

async function remove(StackName: string) {
  await cloudformation.send(new DeleteStackCommand({ StackName }));
  await cloud.settled();
  await expect(cloudformation.send(new DescribeStacksCommand({ StackName }))).rejects.toMatchObject({
    name: "ValidationError",
  });
}

it("deploys roles with their policies, changes them in place and deletes them", async () => {
  const template = (role: Json, policyAction: string) => ({
    Resources: {
      Role: { Type: "AWS::IAM::Role", Properties: { AssumeRolePolicyDocument: trust, ...role } },
      Inline: {
        Type: "AWS::IAM::Policy",
        Properties: { PolicyName: "shared", PolicyDocument: allow(policyAction), Roles: [{ Ref: "Role" }] },
      },
      Single: {
        Type: "AWS::IAM::RolePolicy",
        Properties: { PolicyName: "single", PolicyDocument: allow(policyAction), RoleName: { Ref: "Role" } },
      },
      Managed: {
        Type: "AWS::IAM::ManagedPolicy",
        Properties: { PolicyDocument: allow(policyAction), Roles: [{ Ref: "Role" }], Description: "d" },
      },
    },
    Outputs: {
      Role: { Value: { Ref: "Role" } },
      Arn: { Value: getAtt("Role", "Arn") },
      Id: { Value: getAtt("Role", "RoleId") },
      Managed: { Value: { Ref: "Managed" } },
    },
  });
  const logs = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
  const first = await deploy(
    "roles",
    template(
      {
        Path: "/app/",
        ManagedPolicyArns: [logs],
        Policies: [{ PolicyName: "own", PolicyDocument: allow("s3:GetObject") }],
        Tags: [{ Key: "team", Value: "blue" }],
        MaxSessionDuration: 7200,
      },
      "sqs:SendMessage",
    ),
  );
  const RoleName = first["Role"]!;
  expect(RoleName).toMatch(/^roles-Role-\w+$/);
  expect(first["Arn"]).toBe(`arn:aws:iam::${ACCOUNT}:role/app/${RoleName}`);
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  expect(Role).toMatchObject({ RoleId: first["Id"], MaxSessionDuration: 7200, Tags: [{ Key: "team", Value: "blue" }] });
  expect((await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames).toEqual(["own", "shared", "single"]);
  const attached = async () =>
    (await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies!.map((one) => one.PolicyArn);
  expect((await attached()).toSorted()).toEqual([first["Managed"], logs].toSorted());

  const xray = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess";
  const second = await deploy("roles", template({ Path: "/app/", ManagedPolicyArns: [xray], Tags: [] }, "sqs:*"), true);
  expect(second).toEqual(first);
  expect((await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames).toEqual(["shared", "single"]);
  expect((await attached()).toSorted()).toEqual([first["Managed"], xray].toSorted());
  const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: "shared" }));
  expect(JSON.parse(decodeURIComponent(PolicyDocument!))).toEqual(allow("sqs:*"));
  const { Versions } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn: first["Managed"]! }));
  expect(Versions!.map((one) => [one.VersionId, one.IsDefaultVersion])).toEqual([
    ["v2", true],
    ["v1", false],
  ]);
  const changed = await iam.send(new GetRoleCommand({ RoleName }));
  expect(changed.Role).toMatchObject({ MaxSessionDuration: 3600 });
  expect(changed.Role!.Tags ?? []).toEqual([]);

  await remove("roles");
  await expect(iam.send(new GetRoleCommand({ RoleName }))).rejects.toMatchObject({ name: "NoSuchEntityException" });
  await expect(iam.send(new GetPolicyCommand({ PolicyArn: first["Managed"]! }))).rejects.toMatchObject({
    name: "NoSuchEntityException",
  });
});

it("deploys users, groups, keys, profiles and providers", async () => {
  await iam.send(new CreateGroupCommand({ GroupName: "existing" }));
  const outputs = await deploy("people", {
    Resources: {
      Group: {
        Type: "AWS::IAM::Group",
        Properties: { ManagedPolicyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] },
      },
      GroupPolicy: {
        Type: "AWS::IAM::GroupPolicy",
        Properties: { GroupName: { Ref: "Group" }, PolicyName: "gp", PolicyDocument: allow("s3:*") },
      },
      User: { Type: "AWS::IAM::User", Properties: { UserName: "deployed", Groups: [{ Ref: "Group" }] } },
      UserPolicy: {
        Type: "AWS::IAM::UserPolicy",
        Properties: { UserName: { Ref: "User" }, PolicyName: "up", PolicyDocument: allow("s3:*") },
      },
      Member: {
        Type: "AWS::IAM::UserToGroupAddition",
        Properties: { GroupName: "existing", Users: [{ Ref: "User" }] },
      },
      Key: { Type: "AWS::IAM::AccessKey", Properties: { UserName: { Ref: "User" } } },
      Role: { Type: "AWS::IAM::Role", Properties: { AssumeRolePolicyDocument: trust } },
      Profile: { Type: "AWS::IAM::InstanceProfile", Properties: { Roles: [{ Ref: "Role" }] } },
      Provider: {
        Type: "AWS::IAM::OIDCProvider",
        Properties: { Url: "https://token.actions.githubusercontent.com", ClientIdList: ["sts.amazonaws.com"] },
      },
      Linked: {
        Type: "AWS::IAM::ServiceLinkedRole",
        Properties: { AWSServiceName: "replication.dynamodb.amazonaws.com" },
      },
    },
    Outputs: {
      Group: { Value: { Ref: "Group" } },
      UserArn: { Value: getAtt("User", "Arn") },
      Key: { Value: { Ref: "Key" } },
      Secret: { Value: getAtt("Key", "SecretAccessKey") },
      Profile: { Value: getAtt("Profile", "Arn") },
      Provider: { Value: { Ref: "Provider" } },
      Linked: { Value: { Ref: "Linked" } },
    },
  });
  const UserName = "deployed";
  expect(outputs["UserArn"]).toBe(`arn:aws:iam::${ACCOUNT}:user/deployed`);
  expect(outputs["Linked"]).toBe("AWSServiceRoleForDynamoDBReplication");
  expect(
    (await iam.send(new ListGroupsForUserCommand({ UserName }))).Groups!.map((one) => one.GroupName).toSorted(),
  ).toEqual(["existing", outputs["Group"]].toSorted());
  expect((await iam.send(new ListUserPoliciesCommand({ UserName }))).PolicyNames).toEqual(["up"]);
  expect((await iam.send(new ListGroupPoliciesCommand({ GroupName: outputs["Group"]! }))).PolicyNames).toEqual(["gp"]);
  expect((await iam.send(new ListAccessKeysCommand({ UserName }))).AccessKeyMetadata).toMatchObject([
    { AccessKeyId: outputs["Key"] },
  ]);
  const credentials = { accessKeyId: outputs["Key"]!, secretAccessKey: outputs["Secret"]! };
  const own = cloud.client(IAMClient, { credentials });
  expect((await own.send(new GetUserCommand({}))).User!.UserName).toBe(UserName);
  const OpenIDConnectProviderArn = outputs["Provider"]!;
  expect(await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))).toMatchObject({
    Url: "token.actions.githubusercontent.com",
    ClientIDList: ["sts.amazonaws.com"],
  });
  await remove("people");
  await expect(iam.send(new GetUserCommand({ UserName }))).rejects.toMatchObject({ name: "NoSuchEntityException" });
  expect((await iam.send(new GetGroupCommand({ GroupName: "existing" }))).Users ?? []).toEqual([]);
});

it("rolls back a role whose policy is malformed, and leaves nothing", async () => {
  const template = {
    Resources: {
      Role: {
        Type: "AWS::IAM::Role",
        Properties: {
          RoleName: "half",
          AssumeRolePolicyDocument: trust,
          Policies: [
            {
              PolicyName: "bad",
              PolicyDocument: {
                Version: "2012-10-17",
                Statement: [{ Effect: "Allow", Action: "nonsense", Resource: "*" }],
              },
            },
          ],
        },
      },
    },
  };
  const input = {
    StackName: "half",
    TemplateBody: JSON.stringify(template),
    Capabilities: ["CAPABILITY_NAMED_IAM" as const],
  };
  await cloudformation.send(new CreateStackCommand(input));
  expect((await stack("half")).status).toBe("ROLLBACK_COMPLETE");
  const { StackEvents } = await cloudformation.send(new DescribeStackEventsCommand({ StackName: "half" }));
  expect(StackEvents!.map((event) => event.ResourceStatusReason).join()).toContain(
    "Actions/Conditions must be prefaced by a vendor",
  );
  await expect(iam.send(new GetRoleCommand({ RoleName: "half" }))).rejects.toMatchObject({
    name: "NoSuchEntityException",
  });
});
