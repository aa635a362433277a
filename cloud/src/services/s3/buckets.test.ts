import * as S3 from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { code, failure, testCloud } from "./test-cloud.ts";

const test = testCloud();
type AnyCommand = Parameters<S3.S3Client["send"]>[0];
const send = <O>(command: { resolveMiddleware: unknown } & object) => test.s3.send(command as AnyCommand) as Promise<O>;

describe("buckets", () => {
  it("are made, found, listed and deleted", async () => {
    const made = await test.s3.send(new S3.CreateBucketCommand({ Bucket: "a-bucket" }));
    expect(made.Location).toBe("/a-bucket");
    const head = await test.s3.send(new S3.HeadBucketCommand({ Bucket: "a-bucket" }));
    expect(head).toMatchObject({ BucketRegion: "us-east-1", AccessPointAlias: false });
    expect(
      (await test.s3.send(new S3.GetBucketLocationCommand({ Bucket: "a-bucket" }))).LocationConstraint,
    ).toBeUndefined();
    const listed = await test.s3.send(new S3.ListBucketsCommand({ Prefix: "a-b" }));
    expect(listed.Buckets).toEqual([
      {
        Name: "a-bucket",
        BucketRegion: "us-east-1",
        BucketArn: "arn:aws:s3:::a-bucket",
        CreationDate: new Date("2026-01-15T10:30:00Z"),
      },
    ]);
    await test.s3.send(new S3.CreateBucketCommand({ Bucket: "a-bucket" }));
    await test.s3.send(new S3.DeleteBucketCommand({ Bucket: "a-bucket" }));
    expect((await failure(test.s3.send(new S3.HeadBucketCommand({ Bucket: "a-bucket" })))).status).toBe(404);
    expect(await code(test.s3.send(new S3.DeleteBucketCommand({ Bucket: "a-bucket" })))).toBe("NoSuchBucket 404");
  });

  it("have names of their own in all accounts and Regions", async () => {
    const create = (client: S3.S3Client, region?: string) =>
      client.send(
        new S3.CreateBucketCommand({
          Bucket: "taken",
          ...(region ? { CreateBucketConfiguration: { LocationConstraint: region as "eu-west-1" } } : {}),
        }),
      );
    await create(test.client({ region: "eu-west-1" }), "eu-west-1");
    expect(await code(create(test.s3))).toBe("BucketAlreadyOwnedByYou 409");
    expect(await code(create(test.client({ region: "eu-west-1" }), "eu-west-1"))).toBe("BucketAlreadyOwnedByYou 409");
    expect(await code(create(test.client({ account: "111111111111" })))).toBe("BucketAlreadyExists 409");
    expect(await code(test.s3.send(new S3.CreateBucketCommand({ Bucket: "Not_A_Name" })))).toBe(
      "InvalidBucketName 400",
    );
  });

  it("lie where they are put", async () => {
    const west = test.client({ region: "eu-west-1" });
    const create = (client: S3.S3Client, Bucket: string, region?: string) =>
      client.send(
        new S3.CreateBucketCommand({
          Bucket,
          ...(region ? { CreateBucketConfiguration: { LocationConstraint: region as "eu-west-1" } } : {}),
        }),
      );
    // The JavaScript client says the Region of its own accord.
    const unsaid = test.cloud.call(
      "s3",
      "CreateBucket",
      { Bucket: "placed" },
      { account: "000000000000", region: "eu-west-1" },
    );
    expect(await failure(unsaid)).toMatchObject({
      code: "IllegalLocationConstraintException",
      message:
        "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
    });
    expect(await code(create(west, "placed", "eu-central-1"))).toBe("IllegalLocationConstraintException 400");
    expect(await code(create(test.s3, "placed", "us-east-1"))).toBe("InvalidLocationConstraint 400");
    expect(await code(create(test.s3, "placed", "mars-1"))).toBe("InvalidLocationConstraint 400");
    expect((await create(west, "placed", "eu-west-1")).Location).toBe("http://placed.s3.amazonaws.com/");
    expect((await test.s3.send(new S3.GetBucketLocationCommand({ Bucket: "placed" }))).LocationConstraint).toBe(
      "eu-west-1",
    );
    expect(await failure(test.s3.send(new S3.ListObjectsV2Command({ Bucket: "placed" })))).toMatchObject({
      code: "PermanentRedirect",
      status: 301,
      members: { Endpoint: "placed.s3.eu-west-1.amazonaws.com" },
    });
    const following = test.cloud.client(S3.S3Client, { followRegionRedirects: true });
    expect((await following.send(new S3.ListObjectsV2Command({ Bucket: "placed" }))).KeyCount).toBe(0);
  });

  it("are reached by host name too", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k", "by host");
    const virtual = test.cloud.client(S3.S3Client, {
      forcePathStyle: false,
      endpoint: `http://s3.localhost:${test.cloud.port}`,
      requestHandler: undefined,
    });
    const got = await virtual.send(new S3.GetObjectCommand({ Bucket, Key: "k" })).catch((error: Error) => error);
    // Names below localhost resolve in most places, not in all.
    if (got instanceof Error) expect(got.message).toMatch(/ENOTFOUND|EAI_AGAIN/);
    else expect(await got.Body!.transformToString()).toBe("by host");
  });

  it("that are not empty cannot be deleted", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k");
    expect(await failure(test.s3.send(new S3.DeleteBucketCommand({ Bucket })))).toMatchObject({
      code: "BucketNotEmpty",
      status: 409,
      message: "The bucket you tried to delete is not empty",
      members: { BucketName: Bucket },
    });
  });

  it("are listed in pages, each account its own", async () => {
    const other = test.client({ account: "222222222222" });
    for (const name of ["page-c", "page-a", "page-b"]) await other.send(new S3.CreateBucketCommand({ Bucket: name }));
    const first = await other.send(new S3.ListBucketsCommand({ MaxBuckets: 2 }));
    expect(first.Buckets!.map(({ Name }) => Name)).toEqual(["page-a", "page-b"]);
    const rest = await other.send(new S3.ListBucketsCommand({ ContinuationToken: first.ContinuationToken }));
    expect(rest.Buckets!.map(({ Name }) => Name)).toEqual(["page-c"]);
    expect(rest.ContinuationToken).toBeUndefined();
    expect(await code(other.send(new S3.ListBucketsCommand({ BucketRegion: "mars-1" })))).toBe("InvalidArgument 400");
  });

  it("know their expected owner", async () => {
    const Bucket = await test.bucket();
    const get = (ExpectedBucketOwner: string) =>
      test.s3.send(new S3.GetBucketVersioningCommand({ Bucket, ExpectedBucketOwner }));
    await get("000000000000");
    expect(await code(get("111111111111"))).toBe("AccessDenied 403");
  });
});

describe("what is set on a bucket", () => {
  it("has S3's defaults", async () => {
    const Bucket = await test.bucket();
    expect(await send(new S3.GetBucketVersioningCommand({ Bucket }))).not.toHaveProperty("Status");
    expect(await send(new S3.GetBucketOwnershipControlsCommand({ Bucket }))).toMatchObject({
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    });
    expect(await send(new S3.GetPublicAccessBlockCommand({ Bucket }))).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    expect(await send(new S3.GetBucketEncryptionCommand({ Bucket }))).toMatchObject({
      ServerSideEncryptionConfiguration: {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" },
            BucketKeyEnabled: false,
            BlockedEncryptionTypes: { EncryptionType: ["SSE-C"] },
          },
        ],
      },
    });
    expect(await send(new S3.GetBucketRequestPaymentCommand({ Bucket }))).toMatchObject({ Payer: "BucketOwner" });
    expect(await send(new S3.GetBucketLoggingCommand({ Bucket }))).not.toHaveProperty("LoggingEnabled");
    expect(await send(new S3.GetBucketAccelerateConfigurationCommand({ Bucket }))).not.toHaveProperty("Status");
    expect(await send(new S3.GetBucketNotificationConfigurationCommand({ Bucket }))).not.toHaveProperty(
      "QueueConfigurations",
    );
    expect(await send(new S3.GetBucketAclCommand({ Bucket }))).toMatchObject({
      Grants: [{ Permission: "FULL_CONTROL", Grantee: { Type: "CanonicalUser" } }],
    });
  });

  it.each([
    [S3.GetBucketPolicyCommand, "NoSuchBucketPolicy", "The bucket policy does not exist"],
    [S3.GetBucketTaggingCommand, "NoSuchTagSet", "The TagSet does not exist"],
    [S3.GetBucketCorsCommand, "NoSuchCORSConfiguration", "The CORS configuration does not exist"],
    [
      S3.GetBucketLifecycleConfigurationCommand,
      "NoSuchLifecycleConfiguration",
      "The lifecycle configuration does not exist",
    ],
    [
      S3.GetBucketWebsiteCommand,
      "NoSuchWebsiteConfiguration",
      "The specified bucket does not have a website configuration",
    ],
    [
      S3.GetBucketReplicationCommand,
      "ReplicationConfigurationNotFoundError",
      "The replication configuration was not found",
    ],
    [
      S3.GetObjectLockConfigurationCommand,
      "ObjectLockConfigurationNotFoundError",
      "Object Lock configuration does not exist for this bucket",
    ],
  ])("is told as missing: %o", async (Command, expected, message) => {
    const Bucket = await test.bucket();
    const missing = await failure(send(new (Command as new (input: object) => object)({ Bucket }) as never));
    expect(missing).toMatchObject({ code: expected, status: 404, message, members: { BucketName: Bucket } });
    expect(
      await code(send(new (Command as new (input: object) => object)({ Bucket: "no-such-bucket" }) as never)),
    ).toBe("NoSuchBucket 404");
  });

  it.each([
    [S3.PutBucketReplicationCommand, { ReplicationConfiguration: { Role: "r", Rules: [] } }],
    [S3.PutBucketAccelerateConfigurationCommand, { AccelerateConfiguration: { Status: "Enabled" } }],
    [S3.PutBucketLoggingCommand, { BucketLoggingStatus: {} }],
    [S3.ListBucketInventoryConfigurationsCommand, {}],
    [S3.ListBucketAnalyticsConfigurationsCommand, {}],
    [S3.ListBucketMetricsConfigurationsCommand, {}],
    [S3.ListBucketIntelligentTieringConfigurationsCommand, {}],
    [S3.PutBucketRequestPaymentCommand, { RequestPaymentConfiguration: { Payer: "Requester" } }],
    [
      S3.SelectObjectContentCommand,
      { Key: "k", Expression: "select", ExpressionType: "SQL", InputSerialization: {}, OutputSerialization: {} },
    ],
  ])("that is not emulated is refused by name: %o", async (Command, input) => {
    const Bucket = await test.bucket();
    const refused = await failure(send(new (Command as unknown as new (input: object) => never)({ Bucket, ...input })));
    expect(refused.status).toBe(501);
    expect(refused.message).toMatch(/Katachi does not emulate/);
  });

  it("is versioning, on or suspended", async () => {
    const Bucket = await test.bucket();
    const put = (VersioningConfiguration: object) =>
      test.s3.send(new S3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    expect(await code(put({ Status: "enabled" }))).toBe("MalformedXML 400");
    expect(await failure(put({}))).toMatchObject({
      code: "IllegalVersioningConfigurationException",
      message: "The Versioning element must be specified",
    });
    expect((await failure(put({ Status: "Enabled", MFADelete: "Enabled" }))).status).toBe(501);
    await put({ Status: "Suspended" });
    expect((await test.s3.send(new S3.GetBucketVersioningCommand({ Bucket }))).Status).toBe("Suspended");
  });

  it("is tags", async () => {
    const Bucket = await test.bucket();
    const put = (TagSet: S3.Tag[]) => test.s3.send(new S3.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
    await put([
      { Key: "b", Value: "" },
      { Key: "a", Value: "1" },
    ]);
    expect((await test.s3.send(new S3.GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([
      { Key: "b", Value: "" },
      { Key: "a", Value: "1" },
    ]);
    expect(await failure(put([{ Key: "aws:x", Value: "1" }]))).toMatchObject({
      code: "InvalidTag",
      message: "System tags cannot be added/updated by requester",
    });
    await test.s3.send(new S3.DeleteBucketTaggingCommand({ Bucket }));
    expect(await code(test.s3.send(new S3.GetBucketTaggingCommand({ Bucket })))).toBe("NoSuchTagSet 404");
  });

  it("is CORS, ownership, public access, website and lifecycle, answered as put", async () => {
    const Bucket = await test.bucket();
    const CORSRules = [
      { ID: "r", AllowedMethods: ["GET"], AllowedOrigins: ["*"], ExposeHeaders: ["ETag"], MaxAgeSeconds: 9 },
    ];
    await test.s3.send(new S3.PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    expect((await test.s3.send(new S3.GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual(CORSRules);
    await test.s3.send(new S3.DeleteBucketCorsCommand({ Bucket }));
    expect(await code(test.s3.send(new S3.GetBucketCorsCommand({ Bucket })))).toBe("NoSuchCORSConfiguration 404");

    const Rules = [{ ObjectOwnership: "ObjectWriter" as const }];
    await test.s3.send(new S3.PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules } }));
    expect((await test.s3.send(new S3.GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls).toEqual({
      Rules,
    });
    const wrong = { Rules: [{ ObjectOwnership: "Nobody" as "ObjectWriter" }] };
    expect(
      await code(test.s3.send(new S3.PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: wrong }))),
    ).toBe("MalformedXML 400");
    await test.s3.send(new S3.DeleteBucketOwnershipControlsCommand({ Bucket }));
    expect(await code(test.s3.send(new S3.GetBucketOwnershipControlsCommand({ Bucket })))).toBe(
      "OwnershipControlsNotFoundError 404",
    );

    await test.s3.send(
      new S3.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: { BlockPublicAcls: true } }),
    );
    expect((await test.s3.send(new S3.GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration).toEqual(
      { BlockPublicAcls: true, IgnorePublicAcls: false, BlockPublicPolicy: false, RestrictPublicBuckets: false },
    );
    await test.s3.send(new S3.DeletePublicAccessBlockCommand({ Bucket }));
    expect(await code(test.s3.send(new S3.GetPublicAccessBlockCommand({ Bucket })))).toBe(
      "NoSuchPublicAccessBlockConfiguration 404",
    );

    const WebsiteConfiguration: S3.WebsiteConfiguration = {
      IndexDocument: { Suffix: "index.html" },
      ErrorDocument: { Key: "error.html" },
      RoutingRules: [{ Condition: { KeyPrefixEquals: "old/" }, Redirect: { ReplaceKeyPrefixWith: "new/" } }],
    };
    await test.s3.send(new S3.PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }));
    expect(await test.s3.send(new S3.GetBucketWebsiteCommand({ Bucket }))).toMatchObject(WebsiteConfiguration);

    const lifecycle: S3.LifecycleRule[] = [
      { ID: "a", Status: "Enabled", Filter: { Prefix: "" }, Expiration: { Days: 7 } },
      {
        ID: "b",
        Status: "Disabled",
        Filter: { And: { Prefix: "x", Tags: [{ Key: "k", Value: "v" }] } },
        Expiration: { Date: new Date("2027-01-01T00:00:00Z") },
        Transitions: [{ Date: new Date("2026-12-01T00:00:00Z"), StorageClass: "GLACIER" }],
      },
    ];
    await test.s3.send(
      new S3.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: lifecycle } }),
    );
    expect(await test.s3.send(new S3.GetBucketLifecycleConfigurationCommand({ Bucket }))).toMatchObject({
      Rules: lifecycle,
      TransitionDefaultMinimumObjectSize: "all_storage_classes_128K",
    });
  });

  it.each([
    [{ IndexDocument: { Suffix: "/index.html" } }, "InvalidArgument", "The IndexDocument Suffix is not well formed"],
    [{}, "InvalidArgument", "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"],
    [
      { RedirectAllRequestsTo: { HostName: "x" }, IndexDocument: { Suffix: "i" } },
      "InvalidArgument",
      "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
    ],
    [
      { RedirectAllRequestsTo: { HostName: "x", Protocol: "ftp" } },
      "InvalidRequest",
      "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.",
    ],
    [
      {
        IndexDocument: { Suffix: "i" },
        RoutingRules: [{ Redirect: { ReplaceKeyWith: "a", ReplaceKeyPrefixWith: "b" } }],
      },
      "InvalidRequest",
      "You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
    ],
  ])("is checked: website %j", async (WebsiteConfiguration, expected, message) => {
    const Bucket = await test.bucket();
    const put = test.s3.send(
      new S3.PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration: WebsiteConfiguration as object }),
    );
    expect(await failure(put)).toMatchObject({ code: expected, message });
  });
});
