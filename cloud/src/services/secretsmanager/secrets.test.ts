import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  ReplicateSecretToRegionsCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
  type CreateSecretCommandInput,
  type Filter,
  type GetRandomPasswordCommandInput,
} from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let secrets: SecretsManagerClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2025, 5, 1, 12) });
  secrets = cloud.client(SecretsManagerClient);
});
afterAll(() => cloud.close());

let count = 0;
const unique = (start = "secret") => `${start}/${++count}`;
const create = (Name: string, SecretString?: string, more: Partial<CreateSecretCommandInput> = {}) =>
  secrets.send(new CreateSecretCommand({ Name, SecretString, ...more }));
const get = (SecretId: string, more: { VersionId?: string; VersionStage?: string } = {}) =>
  secrets.send(new GetSecretValueCommand({ SecretId, ...more }));
const describeSecret = (SecretId: string) => secrets.send(new DescribeSecretCommand({ SecretId }));
const put = (
  SecretId: string,
  SecretString: string,
  more: { VersionStages?: string[]; ClientRequestToken?: string } = {},
) => secrets.send(new PutSecretValueCommand({ SecretId, SecretString, ...more }));

const refused = (call: Promise<unknown>, name: string, message?: string) =>
  expect(call).rejects.toMatchObject(message === undefined ? { name } : { name, message });
const NOT_FOUND = ["ResourceNotFoundException", "Secrets Manager can't find the specified secret."] as const;
const MARKED = [
  "InvalidRequestException",
  "You can't perform this operation on the secret because it was marked for deletion.",
] as const;

describe("a secret", () => {
  it("is made, and read by name, ARN and partial ARN", async () => {
    const Name = unique();
    const made = await create(Name, "s3cret", { Description: "d", Tags: [{ Key: "a", Value: "1" }] });
    expect(made.ARN).toMatch(
      new RegExp(`^arn:aws:secretsmanager:us-east-1:000000000000:secret:${Name}-[A-Za-z0-9]{6}$`),
    );
    const expected = {
      ARN: made.ARN,
      Name,
      VersionId: made.VersionId,
      SecretString: "s3cret",
      VersionStages: ["AWSCURRENT"],
    };
    for (const id of [Name, made.ARN!, made.ARN!.slice(0, -7)]) expect(await get(id)).toMatchObject(expected);
    expect(await describeSecret(Name)).toMatchObject({
      ARN: made.ARN,
      Name,
      Description: "d",
      Tags: [{ Key: "a", Value: "1" }],
      VersionIdsToStages: { [made.VersionId!]: ["AWSCURRENT"] },
      CreatedDate: cloud.clock.date(),
      LastAccessedDate: new Date(Date.UTC(2025, 5, 1)),
    });
    await refused(
      create(Name, "other"),
      "ResourceExistsException",
      `The operation failed because the secret ${Name} already exists.`,
    );
    await refused(get("none"), ...NOT_FOUND);
    await refused(get(`${made.ARN!.slice(0, -6)}zzzzzz`), ...NOT_FOUND);
  });

  it("may hold bytes", async () => {
    const Name = unique();
    await secrets.send(new CreateSecretCommand({ Name, SecretBinary: Buffer.from([1, 2, 255]) }));
    const read = await get(Name);
    expect([...read.SecretBinary!]).toEqual([1, 2, 255]);
    expect(read.SecretString).toBeUndefined();
  });

  it("may have no value yet", async () => {
    const Name = unique();
    expect((await create(Name)).VersionId).toBeUndefined();
    await refused(
      get(Name),
      "ResourceNotFoundException",
      "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    );
    // AWS: the first version is current in any case.
    const { VersionStages } = await put(Name, "v", { VersionStages: ["MINE"] });
    expect(VersionStages?.toSorted()).toEqual(["AWSCURRENT", "MINE"]);
    expect((await get(Name)).SecretString).toBe("v");
  });

  it.each<[Partial<CreateSecretCommandInput>, string, string?]>([
    [{ Name: "a b" }, "ValidationException"],
    [
      { SecretString: "a", SecretBinary: Buffer.from("a") },
      "InvalidParameterException",
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    ],
    [{ KmsKeyId: "alias/mine" }, "NotImplemented"],
    [{ AddReplicaRegions: [{ Region: "eu-west-1" }] }, "NotImplemented"],
    [{ Tags: [{ Key: "aws:x", Value: "" }] }, "InvalidParameterException"],
  ])("is refused with %j: %s", async (more, name, message) => {
    await refused(create(unique("bad"), undefined, more), name, message);
  });

  it("is not replicated", async () => {
    const SecretId = unique();
    await create(SecretId, "v");
    await refused(
      secrets.send(new ReplicateSecretToRegionsCommand({ SecretId, AddReplicaRegions: [{ Region: "eu-west-1" }] })),
      "NotImplemented",
    );
  });

  it("never shows its value in a trace", async () => {
    const Name = unique();
    const word = "w0rd-that-nobody-sees";
    await create(Name, word);
    await put(Name, `${word}2`);
    await get(Name);
    await secrets.send(new BatchGetSecretValueCommand({ SecretIdList: [Name] }));
    const shown = JSON.stringify(cloud.trace.spans());
    expect(shown).toContain(`"SecretString":"***"`);
    expect(shown).not.toContain(word);
  });
});

describe("versions", () => {
  it("move AWSCURRENT and AWSPREVIOUS", async () => {
    const Name = unique();
    const first = (await create(Name, "1")).VersionId!;
    const second = (await put(Name, "2")).VersionId!;
    expect((await describeSecret(Name)).VersionIdsToStages).toEqual({
      [first]: ["AWSPREVIOUS"],
      [second]: ["AWSCURRENT"],
    });
    const third = (await secrets.send(new UpdateSecretCommand({ SecretId: Name, SecretString: "3" }))).VersionId!;
    expect((await describeSecret(Name)).VersionIdsToStages).toEqual({
      [second]: ["AWSPREVIOUS"],
      [third]: ["AWSCURRENT"],
    });
    expect((await get(Name, { VersionStage: "AWSPREVIOUS" })).SecretString).toBe("2");
    expect((await get(Name, { VersionId: first })).SecretString).toBe("1");
    await refused(
      get(Name, { VersionId: first, VersionStage: "AWSCURRENT" }),
      "InvalidRequestException",
      "You provided a VersionStage that is not associated to the provided VersionId.",
    );
    const list = async (IncludeDeprecated: boolean) =>
      (await secrets.send(new ListSecretVersionIdsCommand({ SecretId: Name, IncludeDeprecated }))).Versions!;
    expect((await list(false)).map(({ VersionId }) => VersionId)).toEqual([second, third]);
    expect((await list(true)).map(({ VersionId }) => VersionId)).toEqual([first, second, third]);
  });

  it("may be put again with the same token and value, and with no other", async () => {
    const Name = unique();
    const { ARN } = await create(Name, "1");
    const ClientRequestToken = "11111111-1111-1111-1111-111111111111";
    await put(Name, "2", { ClientRequestToken });
    await put(Name, "2", { ClientRequestToken });
    await refused(
      put(Name, "3", { ClientRequestToken }),
      "ResourceExistsException",
      `You can't use ClientRequestToken ${ClientRequestToken} because that value is already in use for a version of secret ${ARN}.`,
    );
  });

  it("take labels of the user's, moved explicitly", async () => {
    const Name = unique();
    const first = (await create(Name, "1")).VersionId!;
    const second = (await put(Name, "2", { VersionStages: ["NEXT"] })).VersionId!;
    const move = (VersionStage: string, RemoveFromVersionId?: string, MoveToVersionId?: string) =>
      secrets.send(
        new UpdateSecretVersionStageCommand({ SecretId: Name, VersionStage, RemoveFromVersionId, MoveToVersionId }),
      );
    await refused(
      move("AWSCURRENT", undefined, second),
      "InvalidParameterException",
      `The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version ${first}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
    await refused(move("AWSCURRENT", first), "InvalidParameterException");
    await refused(move("NEXT", first), "InvalidParameterException");
    await move("AWSCURRENT", first, second);
    await move("NEXT", second);
    expect((await describeSecret(Name)).VersionIdsToStages).toEqual({
      [first]: ["AWSPREVIOUS"],
      [second]: ["AWSCURRENT"],
    });
  });
});

describe("deletion", () => {
  it("waits for the window, and may be undone until then", async () => {
    const SecretId = unique();
    await create(SecretId, "v");
    const nowMs = cloud.clock.now();
    const { DeletionDate } = await secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }));
    expect(DeletionDate).toEqual(new Date(nowMs + 7 * 86_400_000));
    await refused(get(SecretId), ...MARKED);
    await refused(put(SecretId, "x"), ...MARKED);
    await refused(
      create(SecretId, "x"),
      "InvalidRequestException",
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
    const Filters: Filter[] = [{ Key: "name", Values: [SecretId] }];
    expect((await secrets.send(new ListSecretsCommand({ Filters }))).SecretList).toEqual([]);
    expect(
      (await secrets.send(new ListSecretsCommand({ Filters, IncludePlannedDeletion: true }))).SecretList,
    ).toHaveLength(1);
    await secrets.send(new RestoreSecretCommand({ SecretId }));
    await cloud.clock.advance("8 days");
    expect((await get(SecretId)).SecretString).toBe("v");
    await secrets.send(new DeleteSecretCommand({ SecretId }));
    await cloud.clock.advance("29 days");
    await refused(get(SecretId), ...MARKED);
    await cloud.clock.advance("2 days");
    await refused(get(SecretId), ...NOT_FOUND);
  });

  it("by force is at once, also of what is not there", async () => {
    const SecretId = unique();
    const { ARN } = await create(SecretId, "v");
    await secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
    await refused(get(SecretId), ...NOT_FOUND);
    expect((await create(SecretId, "w")).ARN).not.toBe(ARN);
    await secrets.send(new DeleteSecretCommand({ SecretId: "never", ForceDeleteWithoutRecovery: true }));
    await refused(secrets.send(new DeleteSecretCommand({ SecretId: "never" })), ...NOT_FOUND);
    await refused(
      secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true, RecoveryWindowInDays: 7 })),
      "InvalidParameterException",
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
    await refused(
      secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 6 })),
      "InvalidParameterException",
      "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
    );
  });
});

describe("many secrets", () => {
  it("are listed by filters, in pages", async () => {
    const start = unique("list");
    for (const name of ["a", "b", "c"])
      await create(`${start}/${name}`, name, {
        Description: `The ${name}`,
        Tags: [{ Key: `k${name}${start}`, Value: name }],
      });
    const list = async (...Filters: Filter[]) =>
      (
        await secrets.send(
          new ListSecretsCommand({ Filters: [{ Key: "name", Values: [start] }, ...Filters], SortBy: "name" }),
        )
      )
        .SecretList!.map(({ Name }) => Name!.at(-1))
        .join("");
    expect(await list()).toBe("abc");
    expect(await list({ Key: "name", Values: [`!${start}/b`] })).toBe("ac");
    expect(await list({ Key: "description", Values: ["the A", "THE b"] })).toBe("ab");
    expect(await list({ Key: "tag-key", Values: [`kb${start}`] })).toBe("b");
    expect(await list({ Key: "tag-value", Values: ["c"] })).toBe("c");
    expect(await list({ Key: "all", Values: [`${start}/A`] })).toBe("a");
    const Filters: Filter[] = [{ Key: "name", Values: [start] }];
    const first = await secrets.send(new ListSecretsCommand({ Filters, MaxResults: 2 }));
    const second = await secrets.send(new ListSecretsCommand({ Filters, MaxResults: 2, NextToken: first.NextToken }));
    expect([first.SecretList!.length, second.SecretList!.length, second.NextToken]).toEqual([2, 1, undefined]);
    await refused(secrets.send(new ListSecretsCommand({ NextToken: "x" })), "InvalidNextTokenException");
  });

  it("are read at once, failures beside", async () => {
    const Name = unique();
    await create(Name, "v");
    const { SecretValues, Errors } = await secrets.send(
      new BatchGetSecretValueCommand({ SecretIdList: [Name, "none"] }),
    );
    expect(SecretValues).toMatchObject([{ Name, SecretString: "v" }]);
    expect(Errors).toEqual([{ SecretId: "none", ErrorCode: NOT_FOUND[0], Message: NOT_FOUND[1] }]);
  });
});

it("makes random passwords by the rules", async () => {
  const make = async (input: GetRandomPasswordCommandInput) =>
    (await secrets.send(new GetRandomPasswordCommand(input))).RandomPassword!;
  expect(await make({})).toHaveLength(32);
  expect(await make({ PasswordLength: 4 })).toMatch(/(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^a-zA-Z0-9]).{4}/);
  expect(
    await make({ PasswordLength: 200, ExcludePunctuation: true, ExcludeLowercase: true, ExcludeCharacters: "AB01" }),
  ).toMatch(/^[C-Z2-9]{200}$/);
  await refused(
    make({ PasswordLength: 3 }),
    "InvalidParameterException",
    "Password length 3 is too short based on the required types.",
  );
});

it("keeps tags and resource policies", async () => {
  const SecretId = unique();
  const { ARN } = await create(SecretId, "v");
  await secrets.send(
    new TagResourceCommand({
      SecretId,
      Tags: [
        { Key: "a", Value: "1" },
        { Key: "b", Value: "2" },
      ],
    }),
  );
  await secrets.send(new UntagResourceCommand({ SecretId, TagKeys: ["a"] }));
  expect((await describeSecret(SecretId)).Tags).toEqual([{ Key: "b", Value: "2" }]);
  const policy = (AWS: string) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { AWS }, Action: "secretsmanager:GetSecretValue", Resource: "*" }],
    });
  const ResourcePolicy = policy("arn:aws:iam::000000000000:root");
  await secrets.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy, BlockPublicPolicy: true }));
  expect(await secrets.send(new GetResourcePolicyCommand({ SecretId }))).toMatchObject({ ARN, ResourcePolicy });
  await refused(
    secrets.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy: policy("*"), BlockPublicPolicy: true })),
    "PublicPolicyException",
  );
  await refused(
    secrets.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy: "{}" })),
    "MalformedPolicyDocumentException",
    "This resource policy contains a syntax error.",
  );
});

it("asks IAM, and says what was denied as the caller named it", async () => {
  const iam = cloud.client(IAMClient);
  await iam.send(new CreateUserCommand({ UserName: "reader" }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "reader" }));
  const as = cloud.client(SecretsManagerClient, {
    credentials: { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! },
  });
  const SecretId = unique();
  const { ARN } = await create(SecretId, "v");
  const read = () => as.send(new GetSecretValueCommand({ SecretId }));
  await refused(
    read(),
    "AccessDeniedException",
    `User: arn:aws:iam::000000000000:user/reader is not authorized to perform: secretsmanager:GetSecretValue on resource: ${SecretId} because no identity-based policy allows the secretsmanager:GetSecretValue action`,
  );
  const { Errors } = await cloud
    .client(SecretsManagerClient)
    .send(new BatchGetSecretValueCommand({ SecretIdList: [SecretId] }));
  expect(Errors).toEqual([]);
  await iam.send(
    new PutUserPolicyCommand({
      UserName: "reader",
      PolicyName: "read",
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: `${ARN!.slice(0, -6)}??????` },
        ],
      }),
    }),
  );
  expect((await read()).SecretString).toBe("v");
  await refused(as.send(new PutSecretValueCommand({ SecretId, SecretString: "x" })), "AccessDeniedException");
  await refused(as.send(new RotateSecretCommand({ SecretId })), "AccessDeniedException");
});
