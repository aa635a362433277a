import {
  AddUserToGroupCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateLoginProfileCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateServiceLinkedRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteGroupCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  DetachRolePolicyCommand,
  GetAccessKeyLastUsedCommand,
  GetAccountAuthorizationDetailsCommand,
  GetAccountSummaryCommand,
  GetGroupCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListAttachedRolePoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListGroupsForUserCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  ListRolesCommand,
  ListUsersCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  SetDefaultPolicyVersionCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAccessKeyCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateUserCommand,
} from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let iam: IAMClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  iam = cloud.client(IAMClient);
});
afterAll(() => cloud.close());

const ACCOUNT = "000000000000";
const allow = (Action: unknown, Resource: unknown = "*", more = {}) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource, ...more }] });
const trust = (Principal: unknown = { Service: "lambda.amazonaws.com" }) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }] });

/** Asserts the error that a call fails with. */
async function refused(call: Promise<unknown>, name: string, status: number, message?: string) {
  const error = await call.then(
    () => expect.fail(`expected ${name}`),
    (thrown: unknown) => thrown as { name: string; message: string; $metadata: { httpStatusCode?: number } },
  );
  expect({ name: error.name, status: error.$metadata.httpStatusCode }).toEqual({ name, status });
  if (message !== undefined) expect(error.message).toBe(message);
}

let count = 0;
const unique = (start: string) => `${start}${++count}`;
async function role(name = unique("role")) {
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust() }));
  return { name, arn: Role!.Arn! };
}

describe("roles", () => {
  it("are made with all that AWS tells of them, found and deleted", async () => {
    const RoleName = unique("Maker");
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName,
        Path: "/service/app/",
        AssumeRolePolicyDocument: trust(),
        Description: "d",
        MaxSessionDuration: 7200,
        Tags: [{ Key: "team", Value: "blue" }],
      }),
    );
    expect(Role).toMatchObject({
      RoleName,
      Path: "/service/app/",
      Arn: `arn:aws:iam::${ACCOUNT}:role/service/app/${RoleName}`,
      Description: "d",
      MaxSessionDuration: 7200,
      Tags: [{ Key: "team", Value: "blue" }],
      AssumeRolePolicyDocument: encodeURIComponent(trust()),
    });
    expect(Role!.RoleId).toMatch(/^AROA[A-Z2-7]{17}$/);
    expect(Role!.CreateDate!.getTime()).toBe(cloud.clock.seconds() * 1000);
    const found = await iam.send(new GetRoleCommand({ RoleName }));
    expect(found.Role).toMatchObject({ RoleId: Role!.RoleId, RoleLastUsed: {} });
    await iam.send(new DeleteRoleCommand({ RoleName }));
    await refused(
      iam.send(new GetRoleCommand({ RoleName })),
      "NoSuchEntityException",
      404,
      `The role with name ${RoleName} cannot be found.`,
    );
  });

  it("have names that are unique without regard to case", async () => {
    const { name } = await role(unique("Unique"));
    const again = iam.send(new CreateRoleCommand({ RoleName: name.toUpperCase(), AssumeRolePolicyDocument: trust() }));
    await refused(again, "EntityAlreadyExistsException", 409, `Role with name ${name.toUpperCase()} already exists.`);
    await refused(iam.send(new GetRoleCommand({ RoleName: name.toUpperCase() })), "NoSuchEntityException", 404);
  });

  it.each([
    [{ RoleName: "bad name" }, "ValidationError"],
    [{ MaxSessionDuration: 10 }, "ValidationError"],
    [{ Path: "no-slash" }, "ValidationError"],
    [{ AssumeRolePolicyDocument: "{" }, "MalformedPolicyDocumentException"],
    [
      { AssumeRolePolicyDocument: trust({ AWS: `arn:aws:iam::${ACCOUNT}:role/nobody` }) },
      "MalformedPolicyDocumentException",
    ],
    [{ PermissionsBoundary: "arn:aws:iam::aws:policy/Nothing" }, "NoSuchEntityException"],
    [
      {
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "A", Value: "2" },
        ],
      },
      "InvalidInputException",
    ],
  ])("are refused with %j: %s", async (more, name) => {
    const call = iam.send(new CreateRoleCommand({ RoleName: unique("r"), AssumeRolePolicyDocument: trust(), ...more }));
    await refused(call, name, name === "NoSuchEntityException" ? 404 : 400);
  });

  it("are deleted last", async () => {
    const { name: RoleName } = await role();
    const PolicyArn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "in", PolicyDocument: allow("s3:*") }));
    const remove = () => iam.send(new DeleteRoleCommand({ RoleName }));
    await refused(remove(), "DeleteConflictException", 409, "Cannot delete entity, must detach all policies first.");
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    await refused(remove(), "DeleteConflictException", 409, "Cannot delete entity, must delete policies first.");
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "in" }));
    await remove();
  });

  it("keep tags, trust and boundary", async () => {
    const { name: RoleName } = await role();
    await iam.send(
      new TagRoleCommand({
        RoleName,
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "b", Value: "2" },
        ],
      }),
    );
    await iam.send(new UntagRoleCommand({ RoleName, TagKeys: ["a"] }));
    await iam.send(
      new PutRolePermissionsBoundaryCommand({
        RoleName,
        PermissionsBoundary: "arn:aws:iam::aws:policy/PowerUserAccess",
      }),
    );
    const PolicyDocument = trust({ AWS: ACCOUNT });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    expect(Role).toMatchObject({
      Tags: [{ Key: "b", Value: "2" }],
      AssumeRolePolicyDocument: encodeURIComponent(PolicyDocument),
      PermissionsBoundary: { PermissionsBoundaryArn: "arn:aws:iam::aws:policy/PowerUserAccess" },
    });
  });

  it("are listed by path in pages", async () => {
    for (let index = 0; index < 5; index++)
      await iam.send(
        new CreateRoleCommand({ RoleName: `paged${index}`, Path: "/paged/", AssumeRolePolicyDocument: trust() }),
      );
    const names: string[] = [];
    let Marker: string | undefined;
    do {
      const answer = await iam.send(new ListRolesCommand({ PathPrefix: "/paged/", MaxItems: 2, Marker }));
      names.push(...answer.Roles!.map((one) => one.RoleName!));
      expect(answer.IsTruncated).toBe(answer.Marker !== undefined);
      Marker = answer.Marker;
    } while (Marker !== undefined);
    expect(names).toEqual(["paged0", "paged1", "paged2", "paged3", "paged4"]);
  });

  it("of services are made with their policy and protected", async () => {
    const { Role } = await iam.send(
      new CreateServiceLinkedRoleCommand({ AWSServiceName: "ops.apigateway.amazonaws.com" }),
    );
    expect(Role!.Arn).toBe(
      `arn:aws:iam::${ACCOUNT}:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway`,
    );
    const call = iam.send(new DeleteRoleCommand({ RoleName: "AWSServiceRoleForAPIGateway" }));
    await refused(call, "UnmodifiableEntityException", 400);
    await refused(
      iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: "nothing.amazonaws.com" })),
      "NotImplemented",
      501,
    );
  });
});

describe("managed policies", () => {
  it("have versions", async () => {
    const PolicyName = unique("Versions");
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument: allow("s3:GetObject") }));
    const PolicyArn = Policy!.Arn!;
    expect(Policy).toMatchObject({
      DefaultVersionId: "v1",
      AttachmentCount: 0,
      Arn: `arn:aws:iam::${ACCOUNT}:policy/${PolicyName}`,
    });
    for (let version = 2; version <= 5; version++) {
      const made = await iam.send(
        new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: allow(`s3:v${version}`) }),
      );
      expect(made.PolicyVersion).toMatchObject({ VersionId: `v${version}`, IsDefaultVersion: false });
    }
    const sixth = () =>
      iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: allow("s3:*"), SetAsDefault: true }));
    await refused(sixth(), "LimitExceededException", 409);
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v3" }));
    expect((await sixth()).PolicyVersion).toMatchObject({ VersionId: "v6", IsDefaultVersion: true });
    const { Versions } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
    expect(Versions!.map((one) => one.VersionId)).toEqual(["v6", "v5", "v4", "v2", "v1"]);
    await refused(
      iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v6" })),
      "DeleteConflictException",
      409,
      "Cannot delete the default version of a policy.",
    );
    await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: "v1" }));
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: "v1" }));
    expect(decodeURIComponent(PolicyVersion!.Document!)).toBe(allow("s3:GetObject"));
    await refused(iam.send(new DeletePolicyCommand({ PolicyArn })), "DeleteConflictException", 409);
  });

  it("of AWS are known by name, others are not", async () => {
    const PolicyArn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
    expect(Policy).toMatchObject({ PolicyName: "AWSLambdaBasicExecutionRole", Path: "/service-role/" });
    const { PolicyVersion } = await iam.send(
      new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy!.DefaultVersionId! }),
    );
    expect(JSON.parse(decodeURIComponent(PolicyVersion!.Document!))).toMatchObject({
      Statement: [{ Action: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], Resource: "*" }],
    });
    const none = "arn:aws:iam::aws:policy/NoSuchPolicy";
    await refused(
      iam.send(new GetPolicyCommand({ PolicyArn: none })),
      "NoSuchEntityException",
      404,
      `Policy ${none} was not found.`,
    );
    const { name: RoleName } = await role();
    await refused(
      iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: none })),
      "NoSuchEntityException",
      404,
      `Policy ${none} does not exist or is not attachable.`,
    );
  });

  it("tell to whom they are attached", async () => {
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: unique("Used"), Path: "/used/", PolicyDocument: allow("s3:*") }),
    );
    const PolicyArn = Policy!.Arn!;
    const { name: RoleName } = await role();
    const UserName = unique("user");
    await iam.send(new CreateUserCommand({ UserName, PermissionsBoundary: PolicyArn }));
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    const entities = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn }));
    expect(entities.PolicyRoles!.map((one) => one.RoleName)).toEqual([RoleName]);
    expect(entities.PolicyUsers!.map((one) => one.UserName)).toEqual([UserName]);
    const listed = await iam.send(
      new ListPoliciesCommand({ Scope: "Local", PathPrefix: "/used/", OnlyAttached: true }),
    );
    expect(listed.Policies).toMatchObject([{ AttachmentCount: 1, PermissionsBoundaryUsageCount: 1 }]);
    const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    expect(attached.AttachedPolicies).toEqual([{ PolicyName: Policy!.PolicyName, PolicyArn }]);
    await refused(
      iam.send(new DeletePolicyCommand({ PolicyArn })),
      "DeleteConflictException",
      409,
      "Cannot delete a policy attached to entities.",
    );
  });

  it("are checked and limited", async () => {
    const make = (PolicyDocument: string) =>
      iam.send(new CreatePolicyCommand({ PolicyName: unique("Bad"), PolicyDocument }));
    await refused(make("x"), "MalformedPolicyDocumentException", 400, "Syntax errors in policy.");
    await refused(
      make(allow("GetObject")),
      "MalformedPolicyDocumentException",
      400,
      "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    );
    const many = Array.from({ length: 400 }, (_, index) => `s3:GetObjectNumber${index}`);
    await refused(make(allow(many)), "LimitExceededException", 409, "Cannot exceed quota for PolicySize: 6144");
    const { name: RoleName } = await role();
    const big = iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: "big", PolicyDocument: allow([...many, ...many]) }),
    );
    await refused(
      big,
      "LimitExceededException",
      409,
      `Maximum policy size of 10240 bytes exceeded for role ${RoleName}`,
    );
    await refused(
      iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: "none" })),
      "NoSuchEntityException",
      404,
      "The role policy with name none cannot be found.",
    );
  });
});

describe("users and groups", () => {
  it("belong together", async () => {
    const UserName = unique("member");
    const GroupName = unique("group");
    const { User } = await iam.send(new CreateUserCommand({ UserName, Path: "/staff/" }));
    expect(User).toMatchObject({ UserName, Arn: `arn:aws:iam::${ACCOUNT}:user/staff/${UserName}` });
    await iam.send(new CreateGroupCommand({ GroupName }));
    await iam.send(new AddUserToGroupCommand({ UserName, GroupName }));
    expect((await iam.send(new GetGroupCommand({ GroupName }))).Users!.map((one) => one.UserName)).toEqual([UserName]);
    expect((await iam.send(new ListGroupsForUserCommand({ UserName }))).Groups!.map((one) => one.GroupName)).toEqual([
      GroupName,
    ]);
    await refused(
      iam.send(new DeleteGroupCommand({ GroupName })),
      "DeleteConflictException",
      409,
      "Cannot delete entity, must remove users from group first.",
    );
    await refused(iam.send(new DeleteUserCommand({ UserName })), "DeleteConflictException", 409);
    await iam.send(new UpdateUserCommand({ UserName, NewUserName: `${UserName}-new` }));
    expect((await iam.send(new GetGroupCommand({ GroupName }))).Users!.map((one) => one.UserName)).toEqual([
      `${UserName}-new`,
    ]);
    await refused(
      iam.send(new GetUserCommand({ UserName })),
      "NoSuchEntityException",
      404,
      `The user with name ${UserName} cannot be found.`,
    );
    expect((await iam.send(new ListUsersCommand({ PathPrefix: "/staff/" }))).Users).toHaveLength(1);
  });

  it("speak with their keys, as their policies and their groups' allow", async () => {
    const UserName = unique("keyed");
    await iam.send(new CreateUserCommand({ UserName }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    expect(AccessKey!.AccessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    const own = cloud.client(IAMClient, { credentials });
    const arn = `arn:aws:iam::${ACCOUNT}:user/${UserName}`;
    await refused(
      own.send(new ListUsersCommand({})),
      "AccessDenied",
      403,
      `User: ${arn} is not authorized to perform: iam:ListUsers on resource: * because no identity-based policy allows the iam:ListUsers action`,
    );
    await iam.send(
      new PutUserPolicyCommand({
        UserName,
        PolicyName: "self",
        PolicyDocument: allow("iam:*", "arn:aws:iam::*:user/${aws:username}"),
      }),
    );
    expect((await own.send(new GetUserCommand({}))).User!.Arn).toBe(arn);
    const GroupName = unique("readers");
    await iam.send(new CreateGroupCommand({ GroupName }));
    await iam.send(new AddUserToGroupCommand({ UserName, GroupName }));
    await refused(own.send(new ListUsersCommand({})), "AccessDenied", 403);
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }));
    await own.send(new ListUsersCommand({}));
    const { AccessKeyLastUsed } = await iam.send(
      new GetAccessKeyLastUsedCommand({ AccessKeyId: credentials.accessKeyId }),
    );
    expect(AccessKeyLastUsed).toMatchObject({ ServiceName: "iam", Region: "us-east-1" });

    await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId: credentials.accessKeyId, Status: "Inactive" }));
    await refused(
      own.send(new GetUserCommand({})),
      "InvalidClientTokenId",
      403,
      "The security token included in the request is invalid.",
    );
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: credentials.accessKeyId }));
    expect((await iam.send(new ListAccessKeysCommand({ UserName }))).AccessKeyMetadata).toEqual([]);
    await refused(own.send(new GetUserCommand({})), "InvalidClientTokenId", 403);
  });

  it("have two keys at most", async () => {
    const UserName = unique("two");
    await iam.send(new CreateUserCommand({ UserName }));
    await iam.send(new CreateAccessKeyCommand({ UserName }));
    await iam.send(new CreateAccessKeyCommand({ UserName }));
    await refused(
      iam.send(new CreateAccessKeyCommand({ UserName })),
      "LimitExceededException",
      409,
      "Cannot exceed quota for AccessKeysPerUser: 2",
    );
  });

  it("have no passwords", async () => {
    await refused(iam.send(new CreateLoginProfileCommand({ UserName: "x", Password: "y" })), "NotImplemented", 501);
  });
});

describe("the account", () => {
  it("is told as a whole", async () => {
    const { name } = await role(unique("whole"));
    await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: "in", PolicyDocument: allow("s3:*") }));
    const details = await iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ["Role"] }));
    expect(details.RoleDetailList!.find((one) => one.RoleName === name)).toMatchObject({
      RolePolicyList: [{ PolicyName: "in", PolicyDocument: encodeURIComponent(allow("s3:*")).replaceAll("*", "%2A") }],
    });
    expect(details.UserDetailList ?? []).toEqual([]);
    const { SummaryMap } = await iam.send(new GetAccountSummaryCommand({}));
    const { Roles } = await iam.send(new ListRolesCommand({ MaxItems: 1000 }));
    expect(SummaryMap).toMatchObject({ Roles: Roles!.length, RolesQuota: 1000 });
  });
});
