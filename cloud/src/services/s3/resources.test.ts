import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from "@aws-sdk/client-cloudformation";
import {
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { code, testCloud } from "./test-cloud.ts";

const test = testCloud();
const ACCOUNT = "000000000000";

const client = () => test.cloud.client(CloudFormationClient);

interface Resource {
  Type: string;
  Properties?: object;
  DependsOn?: string;
}

function templateOf(Resources: Record<string, Resource>, outputs: Record<string, unknown> = {}): string {
  const Outputs = Object.fromEntries(Object.entries(outputs).map(([name, Value]) => [name, { Value }]));
  return JSON.stringify({ Resources, ...(Object.keys(outputs).length > 0 ? { Outputs } : {}) });
}

/** Status and outputs of a stack once it rests. */
async function settled(StackName: string) {
  await test.cloud.settled();
  const { Stacks } = await client().send(new DescribeStacksCommand({ StackName }));
  const { StackStatus, Outputs = [] } = Stacks![0]!;
  const { StackEvents } = await client().send(new DescribeStackEventsCommand({ StackName }));
  return {
    status: StackStatus,
    outputs: Object.fromEntries(Outputs.map((output) => [output.OutputKey, output.OutputValue!])),
    reasons: StackEvents!.map((event) => event.ResourceStatusReason ?? "").join("\n"),
  };
}

async function create(StackName: string, TemplateBody: string) {
  await client().send(new CreateStackCommand({ StackName, TemplateBody }));
  return settled(StackName);
}

async function update(StackName: string, TemplateBody: string) {
  await client().send(new UpdateStackCommand({ StackName, TemplateBody }));
  return settled(StackName);
}

const FULL = {
  BucketName: "everything",
  AccessControl: "BucketOwnerFullControl",
  BucketEncryption: {
    ServerSideEncryptionConfiguration: [
      { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } },
    ],
  },
  CorsConfiguration: {
    CorsRules: [{ AllowedMethods: ["GET"], AllowedOrigins: ["*"], ExposedHeaders: ["ETag"], MaxAge: 5 }],
  },
  LifecycleConfiguration: {
    Rules: [
      { Id: "old", Status: "Enabled", Prefix: "tmp/", ExpirationInDays: 1, TagFilters: [{ Key: "a", Value: "b" }] },
      { Id: "parts", Status: "Enabled", AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 } },
    ],
  },
  ObjectLockEnabled: true,
  ObjectLockConfiguration: {
    ObjectLockEnabled: "Enabled",
    Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } },
  },
  OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerPreferred" }] },
  PublicAccessBlockConfiguration: { BlockPublicAcls: true },
  Tags: [{ Key: "team", Value: "a" }],
  VersioningConfiguration: { Status: "Enabled" },
  WebsiteConfiguration: { IndexDocument: "index.html", ErrorDocument: "error.html" },
};

describe("AWS::S3::Bucket", () => {
  it("is made with all its properties", async () => {
    const { status, reasons } = await create(
      "full",
      templateOf({ Bucket: { Type: "AWS::S3::Bucket", Properties: FULL } }),
    );
    expect(status, reasons).toBe("CREATE_COMPLETE");
    const Bucket = "everything";
    expect(await test.s3.send(new GetBucketEncryptionCommand({ Bucket }))).toMatchObject({
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" }, BucketKeyEnabled: true }],
      },
    });
    expect((await test.s3.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual([
      { AllowedMethods: ["GET"], AllowedOrigins: ["*"], ExposeHeaders: ["ETag"], MaxAgeSeconds: 5 },
    ]);
    expect((await test.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toMatchObject([
      { ID: "old", Expiration: { Days: 1 }, Filter: { And: { Prefix: "tmp/", Tags: [{ Key: "a", Value: "b" }] } } },
      { ID: "parts", AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 } },
    ]);
    expect(
      (await test.s3.send(new GetObjectLockConfigurationCommand({ Bucket }))).ObjectLockConfiguration?.Rule,
    ).toEqual({ DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } });
    expect((await test.s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls?.Rules).toEqual([
      { ObjectOwnership: "BucketOwnerPreferred" },
    ]);
    expect((await test.s3.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      IgnorePublicAcls: false,
      BlockPublicPolicy: false,
      RestrictPublicBuckets: false,
    });
    expect((await test.s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([{ Key: "team", Value: "a" }]);
    expect((await test.s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe("Enabled");
    expect((await test.s3.send(new GetBucketWebsiteCommand({ Bucket }))).ErrorDocument).toEqual({ Key: "error.html" });
  });

  it("has a name of its own and tells its addresses", async () => {
    const { outputs } = await create(
      "Names",
      templateOf(
        { Data: { Type: "AWS::S3::Bucket" } },
        {
          Ref: { Ref: "Data" },
          ...Object.fromEntries(
            ["Arn", "DomainName", "RegionalDomainName", "DualStackDomainName", "WebsiteURL"].map((name) => [
              name,
              { "Fn::GetAtt": ["Data", name] },
            ]),
          ),
        },
      ),
    );
    const name = outputs["Ref"]!;
    expect(name).toMatch(/^names-data-[a-z0-9]{12}$/);
    expect(outputs).toEqual({
      Ref: name,
      Arn: `arn:aws:s3:::${name}`,
      DomainName: `${name}.s3.amazonaws.com`,
      RegionalDomainName: `${name}.s3.us-east-1.amazonaws.com`,
      DualStackDomainName: `${name}.s3.dualstack.us-east-1.amazonaws.com`,
      // CloudFormation tells addresses of AWS as this cloud's own.
      WebsiteURL: `${test.cloud.endpoint}/_aws/s3-website/${name}`,
    });
  });

  it("is changed in place, settings that are gone are taken back, and it is replaced under a new name", async () => {
    const StackName = "changes";
    const stack = (Properties: object) => templateOf({ Data: { Type: "AWS::S3::Bucket", Properties } });
    const { BucketName: _, ObjectLockEnabled: _lock, ObjectLockConfiguration: _rule, ...settings } = FULL;
    await create(StackName, stack({ ...settings, BucketName: "changed-1" }));
    const { status, reasons } = await update(
      StackName,
      stack({ BucketName: "changed-1", Tags: [{ Key: "team", Value: "b" }] }),
    );
    expect(status, reasons).toBe("UPDATE_COMPLETE");
    const Bucket = "changed-1";
    expect((await test.s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([{ Key: "team", Value: "b" }]);
    expect(await code(test.s3.send(new GetBucketCorsCommand({ Bucket })))).toBe("NoSuchCORSConfiguration 404");
    expect(await code(test.s3.send(new GetBucketWebsiteCommand({ Bucket })))).toBe("NoSuchWebsiteConfiguration 404");
    expect(await code(test.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })))).toBe(
      "NoSuchLifecycleConfiguration 404",
    );
    expect((await test.s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe("Suspended");
    expect((await update(StackName, stack({ BucketName: "changed-2" }))).status).toBe("UPDATE_COMPLETE");
    expect((await test.s3.send(new HeadBucketCommand({ Bucket: "changed-2" }))).BucketRegion).toBe("us-east-1");
    expect(await test.s3.send(new HeadBucketCommand({ Bucket })).catch((error: Error) => error.name)).toBe("NotFound");
  });

  it("that holds objects cannot be deleted", async () => {
    await create("kept", templateOf({ Data: { Type: "AWS::S3::Bucket", Properties: { BucketName: "kept-full" } } }));
    await test.put("kept-full", "k");
    await client().send(new DeleteStackCommand({ StackName: "kept" }));
    const { status, reasons } = await settled("kept");
    expect(status).toBe("DELETE_FAILED");
    expect(reasons).toContain("The bucket you tried to delete is not empty");
  });

  it("of a name that is taken fails", async () => {
    const Bucket = await test.bucket();
    const { status, reasons } = await create(
      "taken",
      templateOf({ Data: { Type: "AWS::S3::Bucket", Properties: { BucketName: Bucket } } }),
    );
    expect(status).toBe("ROLLBACK_COMPLETE");
    expect(reasons).toContain(`${Bucket} already exists`);
    expect((await test.s3.send(new HeadBucketCommand({ Bucket }))).BucketRegion).toBe("us-east-1");
  });

  it("with properties that are not emulated is refused by name", async () => {
    const { status, reasons } = await create(
      "replicated",
      templateOf({
        Data: { Type: "AWS::S3::Bucket", Properties: { ReplicationConfiguration: { Role: "r", Rules: [] } } },
      }),
    );
    expect(status).toBe("ROLLBACK_COMPLETE");
    expect(reasons).toContain("ReplicationConfiguration");
  });

  it("sends notifications to a queue of the same stack", async () => {
    const { status, reasons } = await create(
      "notified",
      templateOf({
        Queue: { Type: "AWS::SQS::Queue" },
        QueuePolicy: {
          Type: "AWS::SQS::QueuePolicy",
          Properties: {
            Queues: [{ Ref: "Queue" }],
            PolicyDocument: {
              Version: "2012-10-17",
              Statement: {
                Effect: "Allow",
                Principal: { Service: "s3.amazonaws.com" },
                Action: "sqs:SendMessage",
                Resource: "*",
                Condition: { ArnLike: { "aws:SourceArn": "arn:aws:s3:::notifying" } },
              },
            },
          },
        },
        Bucket: {
          Type: "AWS::S3::Bucket",
          DependsOn: "QueuePolicy",
          Properties: {
            BucketName: "notifying",
            NotificationConfiguration: {
              QueueConfigurations: [
                {
                  Event: "s3:ObjectCreated:*",
                  Queue: { "Fn::GetAtt": ["Queue", "Arn"] },
                  Filter: { S3Key: { Rules: [{ Name: "prefix", Value: "in/" }] } },
                },
              ],
            },
          },
        },
      }),
    );
    expect(status, reasons).toBe("CREATE_COMPLETE");
    const { QueueConfigurations } = await test.s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket: "notifying" }),
    );
    expect(QueueConfigurations).toMatchObject([
      {
        QueueArn: expect.stringMatching(new RegExp(`^arn:aws:sqs:us-east-1:${ACCOUNT}:notified-Queue-`)),
        Filter: { Key: { FilterRules: [{ Name: "Prefix", Value: "in/" }] } },
      },
    ]);
  });
});

describe("AWS::S3::BucketPolicy", () => {
  it("is put, changed and deleted with its stack", async () => {
    const StackName = "policies";
    const stack = (Action: string) =>
      templateOf({
        Data: { Type: "AWS::S3::Bucket", Properties: { BucketName: "with-policy" } },
        Policy: {
          Type: "AWS::S3::BucketPolicy",
          Properties: {
            Bucket: { Ref: "Data" },
            PolicyDocument: {
              Version: "2012-10-17",
              Statement: [
                {
                  Effect: "Deny",
                  Principal: "*",
                  Action,
                  Resource: { "Fn::Sub": "${Data.Arn}/*" },
                  Condition: { Bool: { "aws:SecureTransport": false } },
                },
              ],
            },
          },
        },
      });
    const { status, reasons } = await create(StackName, stack("s3:GetObject"));
    expect(status, reasons).toBe("CREATE_COMPLETE");
    const policy = async () => (await test.s3.send(new GetBucketPolicyCommand({ Bucket: "with-policy" }))).Policy;
    expect(await policy()).toContain('"Action":"s3:GetObject"');
    expect((await update(StackName, stack("s3:PutObject"))).status).toBe("UPDATE_COMPLETE");
    expect(await policy()).toContain('"Action":"s3:PutObject"');
    await client().send(new DeleteStackCommand({ StackName }));
    await test.cloud.settled();
    expect(
      await test.s3.send(new HeadBucketCommand({ Bucket: "with-policy" })).catch((error: Error) => error.name),
    ).toBe("NotFound");
  });

  it("does not take over a policy that stands there", async () => {
    const Bucket = await test.bucket();
    const policy = (Sid: string) => ({
      Version: "2012-10-17",
      Statement: [
        { Sid, Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` },
      ],
    });
    await test.cloud.call("s3", "PutBucketPolicy", { Bucket, Policy: JSON.stringify(policy("first")) });
    const { status, reasons } = await create(
      "second",
      templateOf({
        Policy: { Type: "AWS::S3::BucketPolicy", Properties: { Bucket, PolicyDocument: policy("second") } },
      }),
    );
    expect(status).toBe("ROLLBACK_COMPLETE");
    expect(reasons).toContain("already exists");
    expect((await test.s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toContain("first");
  });
});
