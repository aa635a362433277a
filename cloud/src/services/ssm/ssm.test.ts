import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DeleteParametersCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  LabelParameterVersionCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
  SendCommandCommand,
  SSMClient,
  UnlabelParameterVersionCommand,
  type PutParameterCommandInput,
} from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let ssm: SSMClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  ssm = cloud.client(SSMClient);
});
afterAll(() => cloud.close());

let count = 0;
const unique = (start: string) => `${start}${++count}`;
const put = (Name: string, Value = "v", more: Partial<PutParameterCommandInput> = {}) =>
  ssm.send(new PutParameterCommand({ Name, Value, Type: "String", ...more }));
const overwrite = (Name: string, Value: string, more: Partial<PutParameterCommandInput> = {}) =>
  ssm.send(new PutParameterCommand({ Name, Value, Overwrite: true, ...more }));
const get = async (Name: string, WithDecryption = false) =>
  (await ssm.send(new GetParameterCommand({ Name, WithDecryption }))).Parameter!;

async function refused(call: Promise<unknown>, name: string, message?: string) {
  const error = await call.then(
    () => expect.fail(`expected ${name}`),
    (thrown: unknown) => thrown as Error & { $metadata: { httpStatusCode?: number } },
  );
  expect({ name: error.name, status: error.$metadata.httpStatusCode }).toEqual({
    name,
    status: name === "NotImplemented" ? 501 : 400,
  });
  if (message !== undefined) expect(error.message).toBe(message);
}

describe("a parameter", () => {
  it("is put, read by name and ARN, and deleted", async () => {
    const Name = `/app/${unique("p")}`;
    expect(await put(Name, "hello")).toMatchObject({ Version: 1, Tier: "Standard" });
    const ARN = `arn:aws:ssm:us-east-1:000000000000:parameter${Name}`;
    const expected = { Name, Value: "hello", Type: "String", Version: 1, ARN, DataType: "text" };
    expect(await get(Name)).toMatchObject({ ...expected, LastModifiedDate: cloud.clock.date() });
    expect(await get(ARN)).toMatchObject(expected);
    const plain = unique("plain");
    await put(plain);
    expect(await get(`arn:aws:ssm:us-east-1:000000000000:parameter/${plain}`)).toMatchObject({ Name: plain });
    await ssm.send(new DeleteParameterCommand({ Name }));
    await refused(get(Name), "ParameterNotFound");
    await refused(ssm.send(new DeleteParameterCommand({ Name })), "ParameterNotFound");
  });

  it("is overwritten only when asked, and keeps what is not said anew", async () => {
    const Name = unique("over");
    await put(Name, "1", { Description: "d", AllowedPattern: "\\d+" });
    await refused(
      put(Name, "2"),
      "ParameterAlreadyExists",
      "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    );
    expect(await overwrite(Name, "2")).toMatchObject({ Version: 2 });
    await refused(
      overwrite(Name, "x"),
      "ParameterPatternMismatchException",
      "Parameter value, cannot be validated against allowedPattern: \\d+",
    );
    await refused(overwrite(Name, "3", { Type: "StringList" }), "HierarchyTypeMismatchException");
    const { Parameters } = await ssm.send(
      new DescribeParametersCommand({ ParameterFilters: [{ Key: "Name", Values: [Name] }] }),
    );
    expect(Parameters).toMatchObject([
      {
        Name,
        Version: 2,
        Description: "d",
        AllowedPattern: "\\d+",
        Tier: "Standard",
        LastModifiedUser: "arn:aws:iam::000000000000:root",
      },
    ]);
  });

  it.each<[Partial<PutParameterCommandInput>, string, string?]>([
    [{ Name: "a/b" }, "ValidationException", "Parameter name must be a fully qualified name."],
    [{ Name: "/a b" }, "ValidationException"],
    [{ Name: "/a//b" }, "ValidationException"],
    [
      { Name: "awsome" },
      "ValidationException",
      'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
    ],
    [{ Name: "/SSM/x" }, "ValidationException"],
    [{ Name: "/aws/x" }, "AccessDeniedException", "No access to reserved parameter name: /aws/x."],
    [{ Name: "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16" }, "HierarchyLevelLimitExceededException"],
    [{ Type: undefined }, "ValidationException", "A parameter type is required when you create a parameter."],
    [{ Type: "Number" as "String" }, "ValidationException"],
    [{ Value: "x".repeat(4097) }, "ValidationException"],
    [{ Value: "x".repeat(8193), Tier: "Advanced" }, "ValidationException"],
    [{ AllowedPattern: "[" }, "InvalidAllowedPatternException"],
    [
      { DataType: "AWS:EC2" },
      "ValidationException",
      "The following data type is not supported: AWS:EC2 (Data type names are all lowercase.)",
    ],
    [{ DataType: "aws:ec2:image" }, "NotImplemented"],
    [{ KeyId: "alias/aws/ssm" }, "ValidationException", "KeyId is required for SecureString type parameter only."],
    [{ Type: "SecureString", KeyId: "alias/mine" }, "NotImplemented"],
    [{ Overwrite: true, Tags: [{ Key: "a", Value: "b" }] }, "ValidationException"],
    [{ Policies: "[]x", Tier: "Advanced" }, "InvalidPolicyAttributeException"],
  ])("is refused with %j: %s", async (more, name, message) => {
    await refused(put(unique("bad"), "v", more), name, message);
  });

  it("of 4,097 to 8,192 characters is advanced and stays so", async () => {
    const Name = unique("big");
    expect(await put(Name, "x".repeat(5000), { Tier: "Intelligent-Tiering" })).toMatchObject({ Tier: "Advanced" });
    expect((await get(Name)).Value).toHaveLength(5000);
    await refused(overwrite(Name, "small", { Tier: "Standard" }), "ValidationException");
    expect(await overwrite(Name, "small")).toMatchObject({ Tier: "Advanced" });
  });

  it("expires by the clock", async () => {
    const Name = unique("expiring");
    const Timestamp = new Date(cloud.clock.now() + 3_600_000).toISOString();
    const Policies = JSON.stringify([{ Type: "Expiration", Version: "1.0", Attributes: { Timestamp } }]);
    await refused(put(Name, "v", { Policies }), "ValidationException");
    await put(Name, "v", { Policies, Tier: "Advanced" });
    const { Parameters } = await ssm.send(
      new DescribeParametersCommand({ ParameterFilters: [{ Key: "Name", Values: [Name] }] }),
    );
    expect(Parameters![0]!.Policies).toMatchObject([{ PolicyType: "Expiration", PolicyStatus: "Pending" }]);
    await cloud.clock.advance("59 min");
    expect((await get(Name)).Value).toBe("v");
    await cloud.clock.advance("1 min");
    await refused(get(Name), "ParameterNotFound");
    expect(await put(Name, "again")).toMatchObject({ Version: 1 });
  });
});

describe("a SecureString", () => {
  it("is told in clear only when asked, and lies encrypted in the store", async () => {
    const Name = unique("secret");
    await put(Name, "pa55word", { Type: "SecureString" });
    const sealed = await get(Name);
    expect(sealed).toMatchObject({ Type: "SecureString" });
    expect(sealed.Value).not.toContain("pa55word");
    expect((await get(Name, true)).Value).toBe("pa55word");
    const kept = [...cloud.kernel.store.collection("ssm.versions").values()];
    expect(JSON.stringify(kept)).not.toContain("pa55word");
    const { Parameters } = await ssm.send(
      new DescribeParametersCommand({ ParameterFilters: [{ Key: "Name", Values: [Name] }] }),
    );
    expect(Parameters).toMatchObject([{ KeyId: "alias/aws/ssm" }]);
  });
});

describe("several parameters", () => {
  it("are read by their names", async () => {
    const [one, two] = [unique("one"), unique("two")];
    await put(one, "1");
    await put(two, "2", { Type: "StringList" });
    const answer = await ssm.send(new GetParametersCommand({ Names: [two, "missing", `${one}:1`, `${one}:9`] }));
    expect(answer.Parameters).toMatchObject([
      { Name: two, Type: "StringList" },
      { Name: one, Selector: ":1" },
    ]);
    expect(answer.InvalidParameters).toEqual(["missing", `${one}:9`]);
    const deleted = await ssm.send(new DeleteParametersCommand({ Names: [one, "missing", two] }));
    expect(deleted).toMatchObject({ DeletedParameters: [one, two], InvalidParameters: ["missing"] });
  });

  it("are read by path, one level or all, in pages", async () => {
    for (const name of ["/tree/a", "/tree/b", "/tree/sub/c", "/tree/sub/deep/d", "/treetop", "/tree-x/e"])
      await put(name);
    const names = async (Path: string, Recursive = false) =>
      (await ssm.send(new GetParametersByPathCommand({ Path, Recursive }))).Parameters!.map((one) => one.Name);
    expect(await names("/tree")).toEqual(["/tree/a", "/tree/b"]);
    expect(await names("/tree/")).toEqual(["/tree/a", "/tree/b"]);
    expect(await names("/tree", true)).toEqual(["/tree/a", "/tree/b", "/tree/sub/c", "/tree/sub/deep/d"]);
    expect(await names("/tree/sub", true)).toEqual(["/tree/sub/c", "/tree/sub/deep/d"]);
    expect(await names("/none")).toEqual([]);
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const answer = await ssm.send(
        new GetParametersByPathCommand({ Path: "/tree", Recursive: true, MaxResults: 3, NextToken }),
      );
      seen.push(...answer.Parameters!.map((one) => one.Name!));
      NextToken = answer.NextToken;
    } while (NextToken !== undefined);
    expect(seen).toHaveLength(4);
    await refused(names("tree"), "ValidationException");
    await refused(ssm.send(new GetParametersByPathCommand({ Path: "/tree", MaxResults: 11 })), "ValidationException");
    await refused(
      ssm.send(new GetParametersByPathCommand({ Path: "/tree", NextToken: "nonsense" })),
      "InvalidNextToken",
    );
  });

  it("are described by filters", async () => {
    const start = `/${unique("filter")}`;
    await put(`${start}/one`, "1", { Tags: [{ Key: "team", Value: "blue" }] });
    await put(`${start}/two`, "2", { Type: "StringList" });
    await put(`${start}/deep/three`, "3", { Type: "SecureString" });
    const names = async (...ParameterFilters: { Key: string; Option?: string; Values?: string[] }[]) =>
      (await ssm.send(new DescribeParametersCommand({ ParameterFilters }))).Parameters!.map((one) =>
        one.Name!.slice(start.length + 1),
      );
    const here = { Key: "Path", Values: [start] };
    const below = { Key: "Path", Option: "Recursive", Values: [start] };
    expect(await names(here)).toEqual(["one", "two"]);
    expect(await names(below)).toEqual(["deep/three", "one", "two"]);
    expect(await names(below, { Key: "Type", Values: ["String", "SecureString"] })).toEqual(["deep/three", "one"]);
    expect(await names({ Key: "Name", Option: "BeginsWith", Values: [start] })).toEqual(["deep/three", "one", "two"]);
    expect(await names(below, { Key: "Name", Option: "Contains", Values: ["/t"] })).toEqual(["deep/three", "two"]);
    expect(await names(below, { Key: "tag:team", Values: ["blue"] })).toEqual(["one"]);
    expect(await names(below, { Key: "KeyId", Values: ["alias/aws/ssm"] })).toEqual(["deep/three"]);
    await refused(names({ Key: "Label", Values: ["x"] }), "InvalidFilterKey");
    await refused(names(here, here), "InvalidFilterKey");
    await refused(names({ Key: "Type", Option: "Contains", Values: ["x"] }), "InvalidFilterOption");
    await refused(names({ Key: "Name" }), "InvalidFilterValue");
    await refused(names({ Key: "Nothing", Values: ["x"] }), "ValidationException");
  });
});

describe("versions and labels", () => {
  it("are selected and told in history", async () => {
    const Name = unique("versions");
    await put(Name, "1");
    await overwrite(Name, "2");
    await overwrite(Name, "3");
    const label = (Labels: string[], ParameterVersion?: number) =>
      ssm.send(new LabelParameterVersionCommand({ Name, Labels, ParameterVersion }));
    expect(await label(["prod", "1st", "aws-x"], 1)).toMatchObject({
      InvalidLabels: ["1st", "aws-x"],
      ParameterVersion: 1,
    });
    await label(["beta"]);
    expect(await get(`${Name}:2`)).toMatchObject({ Value: "2", Selector: ":2", Version: 2 });
    expect(await get(`${Name}:prod`)).toMatchObject({ Value: "1", Selector: ":prod" });
    await label(["prod"], 2);
    expect((await get(`${Name}:prod`)).Value).toBe("2");
    const { Parameters } = await ssm.send(new GetParameterHistoryCommand({ Name }));
    expect(Parameters!.map((one) => [one.Version, one.Value, one.Labels ?? []])).toEqual([
      [1, "1", []],
      [2, "2", ["prod"]],
      [3, "3", ["beta"]],
    ]);
    const removed = await ssm.send(
      new UnlabelParameterVersionCommand({ Name, ParameterVersion: 2, Labels: ["prod", "beta"] }),
    );
    expect(removed).toMatchObject({ RemovedLabels: ["prod"], InvalidLabels: ["beta"] });
    await refused(get(`${Name}:prod`), "ParameterVersionNotFound");
    await refused(
      get(`${Name}:9`),
      "ParameterVersionNotFound",
      `Systems Manager could not find version 9 of ${Name}. Verify the version and try again.`,
    );
    await refused(label(["x"], 9), "ParameterVersionNotFound");
    const ten = Array.from({ length: 10 }, (_, index) => `label-${index}`);
    await refused(label(ten, 3), "ParameterVersionLabelLimitExceeded");
  });

  it("are a hundred at most; the oldest goes unless it has a label", async () => {
    const Name = unique("hundred");
    await put(Name, "1");
    for (let version = 2; version <= 101; version++) await overwrite(Name, String(version));
    const first = await ssm.send(new GetParameterHistoryCommand({ Name, MaxResults: 50 }));
    expect(first.Parameters![0]!.Version).toBe(2);
    const second = await ssm.send(new GetParameterHistoryCommand({ Name, MaxResults: 50, NextToken: first.NextToken }));
    expect([second.Parameters!.at(-1)!.Version, second.NextToken]).toEqual([101, undefined]);
    await ssm.send(new LabelParameterVersionCommand({ Name, ParameterVersion: 2, Labels: ["keep"] }));
    await refused(overwrite(Name, "102"), "ParameterMaxVersionLimitExceeded");
  });
});

it("keeps tags", async () => {
  const ResourceId = unique("tagged");
  await put(ResourceId, "v", { Tags: [{ Key: "a", Value: "1" }] });
  const resource = { ResourceType: "Parameter", ResourceId } as const;
  await ssm.send(new AddTagsToResourceCommand({ ...resource, Tags: [{ Key: "b", Value: "2" }] }));
  await ssm.send(new RemoveTagsFromResourceCommand({ ...resource, TagKeys: ["a"] }));
  expect((await ssm.send(new ListTagsForResourceCommand(resource))).TagList).toEqual([{ Key: "b", Value: "2" }]);
  await refused(ssm.send(new ListTagsForResourceCommand({ ...resource, ResourceId: "none" })), "InvalidResourceId");
});

it("asks for permission on the parameter or path", async () => {
  const iam = cloud.client(IAMClient);
  const UserName = unique("reader");
  await iam.send(new CreateUserCommand({ UserName }));
  const Statement = [{ Effect: "Allow", Action: ["ssm:GetParameter*"], Resource: "arn:aws:ssm:*:*:parameter/mine*" }];
  await iam.send(
    new PutUserPolicyCommand({
      UserName,
      PolicyName: "p",
      PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }),
    }),
  );
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  const own = cloud.client(SSMClient, { credentials });
  await put("/mine/a", "1");
  await put("/yours/a", "1");
  expect((await own.send(new GetParameterCommand({ Name: "/mine/a" }))).Parameter!.Value).toBe("1");
  expect((await own.send(new GetParametersByPathCommand({ Path: "/mine" }))).Parameters).toHaveLength(1);
  await refused(
    own.send(new GetParametersCommand({ Names: ["/mine/a", "/yours/a"] })),
    "AccessDeniedException",
    `User: arn:aws:iam::000000000000:user/${UserName} is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:us-east-1:000000000000:parameter/yours/a because no identity-based policy allows the ssm:GetParameters action`,
  );
});

it("refuses the rest of Systems Manager by name", async () => {
  await refused(
    ssm.send(new SendCommandCommand({ DocumentName: "AWS-RunShellScript" })),
    "NotImplemented",
    "Katachi does not emulate the operation ssm:SendCommand.",
  );
});
