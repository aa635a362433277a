import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  PutPublicAccessBlockCommand,
  S3Client,
  type ObjectCannedACL,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { canonicalId } from "./acl.ts";
import { code, failure, testCloud } from "./test-cloud.ts";

const test = testCloud();
const ACCOUNT = "000000000000";
const OTHER = "111111111111";

interface Statement {
  Sid?: string;
  Effect?: "Allow" | "Deny";
  Principal?: unknown;
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

const policyOf = (...statements: Statement[]) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
  });

let users = 0;

/** A client that calls as a user of its own with these permissions. */
async function user(...statements: Statement[]): Promise<S3Client> {
  const iam = test.cloud.client(IAMClient);
  const UserName = `user-${(users += 1)}`;
  await iam.send(new CreateUserCommand({ UserName }));
  if (statements.length > 0)
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "own", PolicyDocument: policyOf(...statements) }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return test.cloud.client(S3Client, {
    maxAttempts: 1,
    credentials: { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! },
  });
}

const setPolicy = (Bucket: string, ...statements: Statement[]) =>
  test.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policyOf(...statements) }));
const unblock = (Bucket: string) => test.s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
const get = (client: S3Client, Bucket: string, Key = "k", VersionId?: string) =>
  client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
const anonymously = (Bucket: string, path = "/k", init: RequestInit = {}) =>
  fetch(`${test.cloud.endpoint}/${Bucket}${path}`, init);
const arn = (Bucket: string, path = "") => `arn:aws:s3:::${Bucket}${path}`;

describe("a user", () => {
  it("may do what its policies allow, and is told what they do not", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "a/1");
    await test.put(Bucket, "b/1");
    const reader = await user({ Action: "s3:GetObject", Resource: arn(Bucket, "/a/*") });
    expect(await (await get(reader, Bucket, "a/1")).Body!.transformToString()).toBe("a/1");
    expect(await failure(get(reader, Bucket, "b/1"))).toMatchObject({
      code: "AccessDenied",
      status: 403,
      message: expect.stringMatching(
        /^User: arn:aws:iam::000000000000:user\/user-\d+ is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::bucket-\d+\/b\/1" because no identity-based policy allows the s3:GetObject action$/,
      ),
    });
    expect(await code(reader.send(new ListBucketsCommand({})))).toBe("AccessDenied 403");
    expect(await code(reader.send(new CreateBucketCommand({ Bucket: "of-a-reader" })))).toBe("AccessDenied 403");
    expect(await code(reader.send(new HeadBucketCommand({ Bucket })))).toBe("Unknown 403");
  });

  it("learns that a key is missing only where it may list the bucket", async () => {
    const Bucket = await test.bucket();
    const blind = await user({ Action: "s3:GetObject", Resource: arn(Bucket, "/*") });
    const seeing = await user(
      { Action: "s3:GetObject", Resource: arn(Bucket, "/*") },
      { Action: "s3:ListBucket", Resource: arn(Bucket) },
    );
    expect(await code(get(blind, Bucket, "none"))).toBe("AccessDenied 403");
    expect((await failure(blind.send(new HeadObjectCommand({ Bucket, Key: "none" })))).status).toBe(403);
    expect(await code(get(seeing, Bucket, "none"))).toBe("NoSuchKey 404");
    expect((await failure(seeing.send(new HeadObjectCommand({ Bucket, Key: "none" })))).status).toBe(404);
  });

  it("lists below the prefix that a condition names", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "home/ann/1");
    const ann = await user({
      Action: "s3:ListBucket",
      Resource: arn(Bucket),
      Condition: { StringLike: { "s3:prefix": "home/ann/*" }, StringEquals: { "s3:delimiter": "/" } },
    });
    const list = (Prefix?: string, Delimiter?: string) =>
      ann.send(new ListObjectsV2Command({ Bucket, Prefix, Delimiter }));
    expect((await list("home/ann/", "/")).KeyCount).toBe(1);
    expect(await code(list("home/", "/"))).toBe("AccessDenied 403");
    expect(await code(list(undefined, "/"))).toBe("AccessDenied 403");
    expect(await code(list("home/ann/"))).toBe("AccessDenied 403");
  });

  it("needs the action's version form where it names a version", async () => {
    const Bucket = await test.bucket();
    await test.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    const VersionId = await test.put(Bucket, "k");
    const plain = await user({ Action: ["s3:GetObject", "s3:DeleteObject"], Resource: arn(Bucket, "/*") });
    const versions = await user({ Action: "s3:GetObjectVersion", Resource: arn(Bucket, "/*") });
    expect((await get(plain, Bucket)).VersionId).toBe(VersionId);
    expect(await code(get(plain, Bucket, "k", VersionId))).toBe("AccessDenied 403");
    expect((await get(versions, Bucket, "k", VersionId)).VersionId).toBe(VersionId);
    expect(await code(get(versions, Bucket))).toBe("AccessDenied 403");
    expect(await code(plain.send(new DeleteObjectCommand({ Bucket, Key: "k", VersionId })))).toBe("AccessDenied 403");
    expect((await plain.send(new DeleteObjectCommand({ Bucket, Key: "k" }))).DeleteMarker).toBe(true);
  });

  it("needs a permission for each thing that it sets with an object", async () => {
    const Bucket = await test.bucket();
    const writer = await user({ Action: "s3:PutObject", Resource: arn(Bucket, "/*") });
    const put = (more: object) => writer.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x", ...more }));
    await put({});
    expect((await failure(put({ Tagging: "a=b" }))).message).toContain("s3:PutObjectTagging");
    expect((await failure(put({ ACL: "bucket-owner-full-control" }))).message).toContain("s3:PutObjectAcl");
    expect((await failure(put({ IfMatch: '"x"' }))).message).toContain("s3:GetObject");
  });

  it("needs to read what it copies", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "from");
    const writer = await user({ Action: "s3:PutObject", Resource: arn(Bucket, "/*") });
    const copy = new CopyObjectCommand({ Bucket, Key: "to", CopySource: `${Bucket}/from` });
    expect((await failure(writer.send(copy))).message).toContain(`s3:GetObject on resource: "${arn(Bucket, "/from")}"`);
    const copier = await user({ Action: ["s3:PutObject", "s3:GetObject"], Resource: arn(Bucket, "/*") });
    expect((await copier.send(copy)).CopyObjectResult?.ETag).toBeDefined();
  });

  it("is denied the keys of a batch one by one", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "mine/1");
    await test.put(Bucket, "theirs/1");
    const owner = await user({ Action: "s3:DeleteObject", Resource: arn(Bucket, "/mine/*") });
    const answer = await owner.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "mine/1" }, { Key: "theirs/1" }] } }),
    );
    expect(answer.Deleted).toEqual([{ Key: "mine/1" }]);
    expect(answer.Errors).toMatchObject([{ Key: "theirs/1", Code: "AccessDenied" }]);
  });

  it("is asked about the tags of objects and requests", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "open", "x", { Tagging: "class=open" });
    await test.put(Bucket, "secret", "x", { Tagging: "class=secret" });
    const reader = await user(
      {
        Action: "s3:GetObject",
        Resource: arn(Bucket, "/*"),
        Condition: { StringEquals: { "s3:ExistingObjectTag/class": "open" } },
      },
      {
        Action: "s3:PutObjectTagging",
        Resource: arn(Bucket, "/*"),
        Condition: {
          StringEquals: { "s3:RequestObjectTag/class": "open" },
          "ForAllValues:StringEquals": { "s3:RequestObjectTagKeys": ["class"] },
        },
      },
    );
    expect((await get(reader, Bucket, "open")).TagCount).toBe(1);
    expect(await code(get(reader, Bucket, "secret"))).toBe("AccessDenied 403");
    const tag = (...TagSet: { Key: string; Value: string }[]) =>
      reader.send(new PutObjectTaggingCommand({ Bucket, Key: "secret", Tagging: { TagSet } }));
    expect(await code(tag({ Key: "class", Value: "secret" }))).toBe("AccessDenied 403");
    expect(await code(tag({ Key: "class", Value: "open" }, { Key: "more", Value: "x" }))).toBe("AccessDenied 403");
    await tag({ Key: "class", Value: "open" });
    expect((await get(reader, Bucket, "secret")).TagCount).toBe(1);
  });
});

describe("a bucket policy", () => {
  it("is kept as given, and gone when deleted", async () => {
    const Bucket = await test.bucket();
    expect(await code(test.s3.send(new GetBucketPolicyCommand({ Bucket })))).toBe("NoSuchBucketPolicy 404");
    const Policy = policyOf({
      Sid: "x",
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: "s3:*",
      Resource: [arn(Bucket), arn(Bucket, "/*")],
    });
    await test.s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    expect((await test.s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
    expect((await test.s3.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus).toEqual({
      IsPublic: false,
    });
    await test.s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    expect(await code(test.s3.send(new GetBucketPolicyCommand({ Bucket })))).toBe("NoSuchBucketPolicy 404");
  });

  it("is refused where it is none", async () => {
    const Bucket = await test.bucket();
    const refused = async (Policy: string) => {
      const { code: name, message } = await failure(test.s3.send(new PutBucketPolicyCommand({ Bucket, Policy })));
      return `${name}: ${message}`;
    };
    expect(await refused("nothing")).toBe(
      "MalformedPolicy: Policies must be valid JSON and the first byte must be '{'",
    );
    expect(await refused('{"Version":"2012-10-17"}')).toBe("MalformedPolicy: Missing required field Statement");
    expect(await refused(policyOf({ Principal: "*", Action: "sqs:SendMessage", Resource: arn(Bucket) }))).toBe(
      "MalformedPolicy: Policy has invalid action",
    );
    expect(await refused(policyOf({ Principal: "*", Action: "s3:*", Resource: arn("another") }))).toBe(
      "MalformedPolicy: Policy has invalid resource",
    );
    expect(await refused(policyOf({ Principal: "*", Action: "s3:GetObject", Resource: arn(Bucket) }))).toBe(
      "MalformedPolicy: Action does not apply to any resource(s) in statement",
    );
    expect(await refused(policyOf({ Action: "s3:GetObject", Resource: arn(Bucket, "/*") }))).toMatch(
      /^MalformedPolicy: /,
    );
    expect(await refused(`{"Version":"2012-10-17","Id":"${"x".repeat(21_000)}","Statement":[]}`)).toMatch(
      /^(MalformedPolicy|PolicyTooLarge): /,
    );
  });

  it("lets users of the account in by itself, and locks everybody out where it denies", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k");
    const nobody = await user();
    expect(await code(get(nobody, Bucket))).toBe("AccessDenied 403");
    const Principal = { AWS: `arn:aws:iam::${ACCOUNT}:user/user-${users}` };
    await setPolicy(Bucket, { Principal, Action: "s3:GetObject", Resource: arn(Bucket, "/*") });
    expect((await get(nobody, Bucket)).ETag).toBeDefined();
    await setPolicy(Bucket, {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: [arn(Bucket), arn(Bucket, "/*")],
    });
    expect((await failure(get(test.s3, Bucket))).message).toContain("with an explicit deny in a resource-based policy");
    // The account's root can repair it.
    await test.s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    expect((await get(test.s3, Bucket)).ETag).toBeDefined();
  });

  it("that insists on TLS does not lock local clients out", async () => {
    const Bucket = await test.bucket();
    await setPolicy(Bucket, {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: [arn(Bucket), arn(Bucket, "/*")],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    });
    await test.put(Bucket, "k");
    expect((await get(test.s3, Bucket)).ETag).toBeDefined();
  });

  it("asks for encryption headers as AWS's own examples do", async () => {
    const Bucket = await test.bucket();
    await setPolicy(Bucket, {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:PutObject",
      Resource: arn(Bucket, "/*"),
      Condition: { StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" } },
    });
    expect(await code(test.put(Bucket, "k"))).toBe("AccessDenied 403");
    await test.put(Bucket, "k", "x", { ServerSideEncryption: "aws:kms" });
  });
});

describe("another account", () => {
  it("needs the bucket's policy and its own, and is not told why it is denied", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k");
    const other = test.client({ account: OTHER });
    expect(await failure(get(other, Bucket))).toMatchObject({ code: "AccessDenied", message: "Access Denied" });
    await setPolicy(Bucket, {
      Principal: { AWS: `arn:aws:iam::${OTHER}:root` },
      Action: ["s3:GetObject", "s3:PutObject"],
      Resource: arn(Bucket, "/*"),
    });
    expect((await get(other, Bucket)).ETag).toBeDefined();
    await other.send(new PutObjectCommand({ Bucket, Key: "theirs", Body: "x" }));
    // The bucket owner owns what others write.
    expect((await get(test.s3, Bucket, "theirs")).ETag).toBeDefined();
    expect(await code(other.send(new ListObjectsV2Command({ Bucket })))).toBe("AccessDenied 403");
  });
});

describe("an unsigned request", () => {
  it("may do what a public policy allows", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k", "hello");
    expect((await anonymously(Bucket)).status).toBe(403);
    await unblock(Bucket);
    await setPolicy(Bucket, { Principal: "*", Action: "s3:GetObject", Resource: arn(Bucket, "/*") });
    expect(await (await anonymously(Bucket)).text()).toBe("hello");
    expect((await anonymously(Bucket, "/k", { method: "PUT", body: "x" })).status).toBe(403);
    expect((await anonymously(Bucket, "")).status).toBe(403);
    expect(await (await anonymously(Bucket, "/none")).text()).toContain("<Code>AccessDenied</Code>");
  });
});

describe("Block Public Access", () => {
  const open = (Bucket: string): Statement => ({ Principal: "*", Action: "s3:GetObject", Resource: arn(Bucket, "/*") });
  const block = (Bucket: string, PublicAccessBlockConfiguration: object) =>
    test.s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));

  it("refuses public policies, as new buckets do", async () => {
    const Bucket = await test.bucket();
    expect((await failure(setPolicy(Bucket, open(Bucket)))).message).toContain(
      "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
    );
    // Fixed values make it one that is not public.
    await setPolicy(Bucket, { ...open(Bucket), Condition: { StringEquals: { "aws:SourceAccount": ACCOUNT } } });
    expect((await test.s3.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic).toBe(false);
  });

  it("restricts a bucket with a public policy to its account", async () => {
    const Bucket = await test.bucket();
    await unblock(Bucket);
    await test.put(Bucket, "k");
    await setPolicy(Bucket, open(Bucket));
    expect((await test.s3.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic).toBe(true);
    const [other, nobody] = [test.client({ account: OTHER }), await user()];
    expect((await get(other, Bucket)).ETag).toBeDefined();
    await block(Bucket, { RestrictPublicBuckets: true });
    expect((await anonymously(Bucket)).status).toBe(403);
    expect(await code(get(other, Bucket))).toBe("AccessDenied 403");
    expect((await get(nobody, Bucket)).ETag).toBeDefined();
  });

  it("refuses public ACLs, or ignores them", async () => {
    const Bucket = await test.bucket({ ObjectOwnership: "ObjectWriter" });
    expect(await code(test.s3.send(new PutBucketAclCommand({ Bucket, ACL: "public-read" })))).toBe("AccessDenied 403");
    expect(await code(test.put(Bucket, "k", "x", { ACL: "public-read" }))).toBe("AccessDenied 403");
    await unblock(Bucket);
    await test.put(Bucket, "k", "x", { ACL: "public-read" });
    expect((await anonymously(Bucket)).status).toBe(200);
    await block(Bucket, { IgnorePublicAcls: true });
    expect((await anonymously(Bucket)).status).toBe(403);
    expect((await test.s3.send(new GetObjectAclCommand({ Bucket, Key: "k" }))).Grants).toHaveLength(2);
  });
});

describe("ACLs", () => {
  const owner = canonicalId(ACCOUNT);
  const ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers";

  it("are disabled in new buckets", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k");
    expect(await failure(test.s3.send(new PutBucketAclCommand({ Bucket, ACL: "private" })))).toMatchObject({
      code: "AccessControlListNotSupported",
      message: "The bucket does not allow ACLs",
    });
    expect(await code(test.s3.send(new PutObjectAclCommand({ Bucket, Key: "k", ACL: "private" })))).toBe(
      "AccessControlListNotSupported 400",
    );
    expect(await code(test.put(Bucket, "k", "x", { ACL: "public-read" }))).toBe("AccessControlListNotSupported 400");
    // What changes nothing is accepted.
    await test.put(Bucket, "k", "x", { ACL: "bucket-owner-full-control" });
    expect(await test.s3.send(new GetBucketAclCommand({ Bucket }))).toMatchObject({
      Owner: { ID: owner },
      Grants: [{ Grantee: { Type: "CanonicalUser", ID: owner }, Permission: "FULL_CONTROL" }],
    });
  });

  it("grant what they say once ownership allows them", async () => {
    const Bucket = await test.bucket();
    await unblock(Bucket);
    await test.s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerPreferred" }] },
      }),
    );
    await test.put(Bucket, "k");
    await test.s3.send(new PutBucketAclCommand({ Bucket, ACL: "public-read" }));
    expect((await anonymously(Bucket, "")).status).toBe(200);
    expect((await anonymously(Bucket)).status).toBe(403);
    const other = test.client({ account: OTHER });
    const id = canonicalId(OTHER);
    await test.s3.send(
      new PutObjectAclCommand({ Bucket, Key: "k", GrantRead: `id="${id}"`, GrantReadACP: `id="${id}"` }),
    );
    expect((await get(other, Bucket)).ETag).toBeDefined();
    expect((await other.send(new GetObjectAclCommand({ Bucket, Key: "k" }))).Grants).toMatchObject([
      { Grantee: { ID: id }, Permission: "READ" },
      { Grantee: { ID: id }, Permission: "READ_ACP" },
    ]);
    await test.s3.send(
      new PutObjectAclCommand({
        Bucket,
        Key: "k",
        AccessControlPolicy: {
          Owner: { ID: owner },
          Grants: [{ Grantee: { Type: "Group", URI: ALL_USERS }, Permission: "READ" }],
        },
      }),
    );
    expect((await anonymously(Bucket)).status).toBe(200);
    // Not while it still grants something to others.
    expect(
      await code(
        test.s3.send(
          new PutBucketOwnershipControlsCommand({
            Bucket,
            OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
          }),
        ),
      ),
    ).toBe("InvalidBucketAclWithObjectOwnership 400");
  });

  it("are refused where they are none", async () => {
    const Bucket = await test.bucket({ ObjectOwnership: "ObjectWriter" });
    const refused = async (acl: object) => {
      const { code: name, message } = await failure(test.s3.send(new PutBucketAclCommand({ Bucket, ...acl })));
      return `${name}: ${message}`;
    };
    expect(await refused({})).toBe("MissingSecurityHeader: Your request was missing a required header");
    expect(await refused({ ACL: "everybody" as ObjectCannedACL })).toMatch(/^InvalidArgument: /);
    expect(await refused({ ACL: "private", GrantRead: `id="${owner}"` })).toBe(
      "InvalidRequest: Specifying both Canned ACLs and Header Grants is not allowed",
    );
    expect(await refused({ GrantRead: 'id="nobody"' })).toBe("InvalidArgument: Invalid id");
    expect(await refused({ GrantRead: 'uri="http://example.com"' })).toBe("InvalidArgument: Invalid group uri");
    expect(await refused({ AccessControlPolicy: { Grants: [] } })).toMatch(/^MalformedACLError: /);
    expect(
      await refused({
        AccessControlPolicy: {
          Owner: { ID: owner },
          Grants: [{ Grantee: { Type: "CanonicalUser", ID: owner }, Permission: "EVERYTHING" }],
        },
      }),
    ).toMatch(/^MalformedACLError: |^MalformedXML: /);
  });
});
