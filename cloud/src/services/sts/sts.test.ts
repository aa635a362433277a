import {
  CreateAccessKeyCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  IAMClient,
  ListRolesCommand,
  ListUsersCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  DecodeAuthorizationMessageCommand,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
  STSClient,
  type AssumeRoleCommandInput,
  type Credentials,
} from "@aws-sdk/client-sts";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let iam: IAMClient;
let sts: STSClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  iam = cloud.client(IAMClient);
  sts = cloud.client(STSClient);
});
afterAll(() => cloud.close());

const ACCOUNT = "000000000000";
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
type Json = Record<string, unknown>;
const policy = (...Statement: Json[]) => JSON.stringify({ Version: "2012-10-17", Statement });
const allow = (Action: unknown, Resource: unknown = "*") => policy({ Effect: "Allow", Action, Resource });

let count = 0;
const unique = (start: string) => `${start}${++count}`;

async function makeRole(trust: Json = {}, permissions = allow("iam:*")) {
  const RoleName = unique("role");
  const AssumeRolePolicyDocument = policy({
    Effect: "Allow",
    Principal: { AWS: ACCOUNT },
    Action: "sts:AssumeRole",
    ...trust,
  });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, Path: "/app/", AssumeRolePolicyDocument }));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument: permissions }));
  return { name: RoleName, arn: Role!.Arn!, id: Role!.RoleId! };
}

function keys({ AccessKeyId, SecretAccessKey, SessionToken }: Credentials) {
  return { credentials: { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey!, sessionToken: SessionToken! } };
}

async function assume(RoleArn: string, more: Partial<AssumeRoleCommandInput> = {}, by = sts) {
  return by.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "s1", ...more }));
}

async function makeUser(permissions?: string) {
  const UserName = unique("user");
  const { User } = await iam.send(new CreateUserCommand({ UserName }));
  if (permissions)
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "own", PolicyDocument: permissions }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  return { arn: User!.Arn!, id: User!.UserId!, credentials, sts: cloud.client(STSClient, { credentials }) };
}

async function refused(call: Promise<unknown>, name: string, message?: string) {
  const error = await call.then(
    () => expect.fail(`expected ${name}`),
    (thrown: unknown) => thrown as Error,
  );
  expect({ name: error.name, message: message ?? error.message }).toEqual({ name, message: error.message });
}

describe("GetCallerIdentity", () => {
  it("knows root, users and sessions", async () => {
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: ACCOUNT,
      Arn: ROOT,
      UserId: ACCOUNT,
    });
    const user = await makeUser();
    expect(await user.sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Arn: user.arn, UserId: user.id });
    const role = await makeRole();
    const { Credentials } = await assume(role.arn);
    expect(await cloud.client(STSClient, keys(Credentials!)).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: ACCOUNT,
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/s1`,
      UserId: `${role.id}:s1`,
    });
  });

  it("takes an account id as access key for that account's root", async () => {
    const other = cloud.client(STSClient, { credentials: { accessKeyId: "111122223333", secretAccessKey: "x" } });
    expect(await other.send(new GetCallerIdentityCommand({}))).toMatchObject({ Arn: "arn:aws:iam::111122223333:root" });
  });
});

describe("AssumeRole", () => {
  it("answers credentials that act as the role until they expire", async () => {
    const role = await makeRole();
    const { Credentials, AssumedRoleUser } = await assume(role.arn, { DurationSeconds: 900 });
    expect(Credentials!.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(Credentials!.Expiration!.getTime()).toBe(cloud.clock.seconds() * 1000 + 900_000);
    expect(AssumedRoleUser).toEqual({
      AssumedRoleId: `${role.id}:s1`,
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/s1`,
    });
    const own = cloud.client(IAMClient, keys(Credentials!));
    await own.send(new ListRolesCommand({}));
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: role.name }));
    expect(Role!.RoleLastUsed).toMatchObject({ Region: "us-east-1" });
    await iam.send(new DeleteRolePolicyCommand({ RoleName: role.name, PolicyName: "own" }));
    await refused(
      own.send(new ListRolesCommand({})),
      "AccessDenied",
      `User: ${AssumedRoleUser!.Arn} is not authorized to perform: iam:ListRoles on resource: * because no identity-based policy allows the iam:ListRoles action`,
    );
    await cloud.clock.advance("15 min");
    await refused(
      own.send(new ListRolesCommand({})),
      "ExpiredToken",
      "The security token included in the request is expired",
    );
  });

  it("is decided by the trust policy", async () => {
    const lambda = await makeRole({ Principal: { Service: "lambda.amazonaws.com" } });
    await refused(
      assume(lambda.arn),
      "AccessDenied",
      `User: ${ROOT} is not authorized to perform: sts:AssumeRole on resource: ${lambda.arn}`,
    );
    const nobody = `arn:aws:iam::${ACCOUNT}:role/nobody`;
    await refused(
      assume(nobody),
      "AccessDenied",
      `User: ${ROOT} is not authorized to perform: sts:AssumeRole on resource: ${nobody}`,
    );
    const service = await cloud.gate.callAs(
      "sts",
      "AssumeRole",
      { RoleArn: lambda.arn, RoleSessionName: "fn" },
      { as: { kind: "service", service: "lambda.amazonaws.com" }, scope: { account: ACCOUNT, region: "us-east-1" } },
    );
    expect(service.AssumedRoleUser!.Arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/${lambda.name}/fn`);
  });

  it("needs a user's own permission where the trust policy names the account only", async () => {
    const role = await makeRole();
    const plain = await makeUser();
    await refused(
      assume(role.arn, {}, plain.sts),
      "AccessDenied",
      `User: ${plain.arn} is not authorized to perform: sts:AssumeRole on resource: ${role.arn}`,
    );
    const permitted = await makeUser(allow("sts:AssumeRole", role.arn));
    await assume(role.arn, {}, permitted.sts);
    const named = await makeRole({ Principal: { AWS: plain.arn } });
    await assume(named.arn, {}, plain.sts);
    await refused(assume(named.arn, {}, permitted.sts), "AccessDenied");
  });

  it("holds external id, tags and source identity against the trust policy", async () => {
    const external = await makeRole({ Condition: { StringEquals: { "sts:ExternalId": "secret" } } });
    await refused(assume(external.arn), "AccessDenied");
    await assume(external.arn, { ExternalId: "secret" });
    const untagged = await makeRole();
    const Tags = [{ Key: "team", Value: "blue" }];
    await refused(
      assume(untagged.arn, { Tags }),
      "AccessDenied",
      `User: ${ROOT} is not authorized to perform: sts:TagSession on resource: ${untagged.arn}`,
    );
    await refused(
      assume(untagged.arn, { SourceIdentity: "ann" }),
      "AccessDenied",
      `User: ${ROOT} is not authorized to perform: sts:SetSourceIdentity on resource: ${untagged.arn}`,
    );
  });

  it("lets session tags decide", async () => {
    const permissions = policy({
      Effect: "Allow",
      Action: "iam:ListRoles",
      Resource: "*",
      Condition: { StringEquals: { "aws:PrincipalTag/team": "blue" } },
    });
    const role = await makeRole({ Action: ["sts:AssumeRole", "sts:TagSession"] }, permissions);
    const tagged = await assume(role.arn, { Tags: [{ Key: "team", Value: "blue" }] });
    await cloud.client(IAMClient, keys(tagged.Credentials!)).send(new ListRolesCommand({}));
    const plain = await assume(role.arn);
    await refused(cloud.client(IAMClient, keys(plain.Credentials!)).send(new ListRolesCommand({})), "AccessDenied");
  });

  it("limits a session by its policies and the role's boundary", async () => {
    const role = await makeRole();
    const { Credentials } = await assume(role.arn, { Policy: allow("iam:ListRoles") });
    const own = cloud.client(IAMClient, keys(Credentials!));
    await own.send(new ListRolesCommand({}));
    const session = `arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/s1`;
    await refused(
      own.send(new ListUsersCommand({})),
      "AccessDenied",
      `User: ${session} is not authorized to perform: iam:ListUsers on resource: * because no session policy allows the iam:ListUsers action`,
    );
    const managed = await assume(role.arn, { PolicyArns: [{ arn: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" }] });
    await refused(cloud.client(IAMClient, keys(managed.Credentials!)).send(new ListRolesCommand({})), "AccessDenied");
    await iam.send(
      new PutRolePermissionsBoundaryCommand({
        RoleName: role.name,
        PermissionsBoundary: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
      }),
    );
    await refused(
      own.send(new ListRolesCommand({})),
      "AccessDenied",
      `User: ${session} is not authorized to perform: iam:ListRoles on resource: * because no permissions boundary allows the iam:ListRoles action`,
    );
  });

  it("chains for an hour, with transitive tags and the source identity", async () => {
    const trust = { Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] };
    const first = await makeRole(trust, allow("sts:*"));
    const second = await makeRole(
      trust,
      policy({
        Effect: "Allow",
        Action: "iam:ListRoles",
        Resource: "*",
        Condition: { StringEquals: { "aws:PrincipalTag/team": "blue", "aws:SourceIdentity": "ann" } },
      }),
    );
    const { Credentials, SourceIdentity } = await assume(first.arn, {
      Tags: [{ Key: "team", Value: "blue" }],
      TransitiveTagKeys: ["team"],
      SourceIdentity: "ann",
    });
    expect(SourceIdentity).toBe("ann");
    const own = cloud.client(STSClient, keys(Credentials!));
    await refused(
      assume(second.arn, { DurationSeconds: 3601 }, own),
      "ValidationError",
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
    await refused(assume(second.arn, { Tags: [{ Key: "Team", Value: "red" }] }, own), "ValidationError");
    const chained = await assume(second.arn, {}, own);
    await cloud.client(IAMClient, keys(chained.Credentials!)).send(new ListRolesCommand({}));
  });

  it.each([
    [
      { DurationSeconds: 3601 },
      "ValidationError",
      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ],
    [{ DurationSeconds: 10 }, "ValidationError", undefined],
    [{ RoleSessionName: "x" }, "ValidationError", undefined],
    [{ Policy: "{" }, "MalformedPolicyDocumentException", "Syntax errors in policy."],
    [{ Policy: allow("s3:*", `arn:aws:s3:::${"x".repeat(2048)}`) }, "ValidationError", undefined],
    [{ SerialNumber: "arn:aws:iam::000000000000:mfa/x", TokenCode: "123456" }, "NotImplemented", undefined],
  ])("refuses %j: %s", async (more, name, message) => {
    const role = await makeRole();
    await refused(assume(role.arn, more), name, message);
  });

  it("ends with the role", async () => {
    const role = await makeRole();
    const { Credentials } = await assume(role.arn);
    await iam.send(new DeleteRolePolicyCommand({ RoleName: role.name, PolicyName: "own" }));
    await iam.send(new DeleteRoleCommand({ RoleName: role.name }));
    await refused(
      cloud.client(STSClient, keys(Credentials!)).send(new GetCallerIdentityCommand({})),
      "InvalidClientTokenId",
    );
  });
});

describe("AssumeRoleWithWebIdentity", () => {
  const issuer = "https://login.example.com/pool";

  async function provider() {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256" };
    const answers: Record<string, unknown> = {
      [`${issuer}/.well-known/openid-configuration`]: { issuer, jwks_uri: `${issuer}/keys` },
      [`${issuer}/keys`]: { keys: [jwk] },
    };
    // The identity provider is the world outside; the rest of the cloud is real.
    vi.stubGlobal("fetch", async (url: string) =>
      answers[url] ? Response.json(answers[url]) : new Response("", { status: 404 }),
    );
    return (claims: Json, expiresIn = "5 min") =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "RS256", kid: "k1" })
        .setIssuer(issuer)
        .setExpirationTime(new Date(cloud.clock.now() + (expiresIn === "past" ? -1000 : 300_000)))
        .sign(privateKey);
  }

  it("trusts the tokens of a known provider", async () => {
    const token = await provider();
    const providerArn = `arn:aws:iam::${ACCOUNT}:oidc-provider/login.example.com/pool`;
    const role = await makeRole({
      Principal: { Federated: providerArn },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: { "login.example.com/pool:aud": "app" },
        StringLike: { "login.example.com/pool:sub": "repo:org/*" },
      },
    });
    const send = async (WebIdentityToken: string) =>
      sts.send(new AssumeRoleWithWebIdentityCommand({ RoleArn: role.arn, RoleSessionName: "web", WebIdentityToken }));
    const good = await token({ aud: "app", sub: "repo:org/one" });
    await refused(
      send(good),
      "InvalidIdentityTokenException",
      `No OpenIDConnect provider found in your account for ${issuer}`,
    );
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: ["app"] }));
    const answer = await send(good);
    expect(answer).toMatchObject({
      SubjectFromWebIdentityToken: "repo:org/one",
      Audience: "app",
      Provider: providerArn,
    });
    await cloud.client(IAMClient, keys(answer.Credentials!)).send(new ListRolesCommand({}));
    await refused(
      send(await token({ aud: "app", sub: "repo:other/one" })),
      "AccessDenied",
      "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    );
    await refused(
      send(await token({ aud: "other", sub: "repo:org/one" })),
      "InvalidIdentityTokenException",
      "Incorrect token audience",
    );
    await refused(send(await token({ aud: "app", sub: "repo:org/one" }, "past")), "ExpiredTokenException");
    await refused(send(`${good.slice(0, -4)}AAAA`), "InvalidIdentityTokenException");
    await refused(send("no token"), "InvalidIdentityTokenException");
    vi.unstubAllGlobals();
  });
});

describe("the rest", () => {
  it("GetSessionToken gives the user's own temporary credentials", async () => {
    const user = await makeUser(allow("iam:ListRoles"));
    const { Credentials } = await user.sts.send(new GetSessionTokenCommand({}));
    expect(Credentials!.Expiration!.getTime()).toBe(cloud.clock.seconds() * 1000 + 43_200_000);
    await cloud.client(IAMClient, keys(Credentials!)).send(new ListRolesCommand({}));
    const again = cloud.client(STSClient, keys(Credentials!)).send(new GetSessionTokenCommand({}));
    await refused(again, "AccessDenied", "Cannot call GetSessionToken with session credentials");
  });

  it("GetAccessKeyInfo reads the account in a key", async () => {
    const user = await makeUser();
    const info = (AccessKeyId: string) => sts.send(new GetAccessKeyInfoCommand({ AccessKeyId }));
    expect((await info(user.credentials.accessKeyId)).Account).toBe(ACCOUNT);
    // A published example: the key's account is in its characters.
    expect((await info("ASIAQNZGKIQY56JQ7WML")).Account).toBe("029608264753");
    await refused(info("notakeyatallnotakey1"), "ValidationError");
  });

  it("refuses what is not emulated, by name", async () => {
    await refused(
      sts.send(new GetFederationTokenCommand({ Name: "ann" })),
      "NotImplemented",
      "Katachi does not emulate the operation sts:GetFederationToken.",
    );
    await refused(
      sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage: "x" })),
      "InvalidAuthorizationMessageException",
    );
  });
});
