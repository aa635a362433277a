import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
  type Event,
  type NotificationConfiguration,
  type QueueConfiguration,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { createArchive } from "../../functions/archive.ts";
import { code, failure, START_MS, testCloud } from "./test-cloud.ts";

const test = testCloud();
const ACCOUNT = "000000000000";
let queues = 0;

interface Queue {
  readonly url: string;
  readonly arn: string;
}

/** A queue that the bucket may send to. */
async function queueFor(Bucket: string, more: Record<string, string> = {}): Promise<Queue> {
  const name = `notified-${(queues += 1)}`;
  const arn = `arn:aws:sqs:us-east-1:${ACCOUNT}:${name}`;
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Service: "s3.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: arn,
      Condition: {
        ArnLike: { "aws:SourceArn": `arn:aws:s3:::${Bucket}` },
        StringEquals: { "aws:SourceAccount": ACCOUNT },
      },
    },
  });
  const sqs = test.cloud.client(SQSClient);
  const made = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy, ...more } }));
  return { url: made.QueueUrl!, arn };
}

const configure = (Bucket: string, NotificationConfiguration: NotificationConfiguration, more: object = {}) =>
  test.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration, ...more }));

interface EventRecord {
  readonly eventName: string;
  readonly s3: { readonly object: { readonly key: string; readonly sequencer: string } };
}

interface Message {
  readonly Event?: string;
  readonly Records?: EventRecord[];
}

/** Takes all that lies in a queue. */
async function take(queue: Queue): Promise<Message[]> {
  await test.cloud.settled();
  const sqs = test.cloud.client(SQSClient);
  const taken: Message[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queue.url, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
    );
    if (Messages.length === 0) return taken;
    taken.push(...Messages.map(({ Body }) => JSON.parse(Body!) as Message));
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queue.url,
        Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
  }
}

/** A bucket whose events go to a queue; the test message is taken already. */
async function notified(Events: string[], more: Partial<QueueConfiguration> = {}, Bucket?: string) {
  const bucket = Bucket ?? (await test.bucket());
  const queue = await queueFor(bucket);
  await configure(bucket, { QueueConfigurations: [{ QueueArn: queue.arn, Events: Events as Event[], ...more }] });
  expect((await take(queue)).map((message) => message.Event)).toEqual(["s3:TestEvent"]);
  return { bucket, queue };
}

/** The events in a queue, each as `NAME KEY`. */
async function told(queue: Queue): Promise<string[]> {
  const records = (await take(queue)).flatMap((message) => message.Records ?? []);
  return records.map((record) => `${record.eventName} ${record.s3.object.key}`);
}

describe("an event message", () => {
  it("is AWS's, to the letter", async () => {
    const { bucket, queue } = await notified(["s3:ObjectCreated:*"], { Id: "all" });
    await test.put(bucket, "photos/Köln 1+1 (é).jpg", "hello");
    const [message] = await take(queue);
    const record = message!.Records![0]!;
    expect(message).toEqual({ Records: [record] });
    expect(record).toEqual({
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: "us-east-1",
      eventTime: new Date(START_MS).toISOString(),
      eventName: "ObjectCreated:Put",
      userIdentity: { principalId: expect.stringMatching(/^A[0-9A-Z]{13}$/) },
      requestParameters: { sourceIPAddress: "127.0.0.1" },
      responseElements: { "x-amz-request-id": expect.any(String), "x-amz-id-2": expect.any(String) },
      s3: {
        s3SchemaVersion: "1.0",
        configurationId: "all",
        bucket: {
          name: bucket,
          ownerIdentity: { principalId: expect.stringMatching(/^A[0-9A-Z]{13}$/) },
          arn: `arn:aws:s3:::${bucket}`,
        },
        object: {
          key: "photos/K%C3%B6ln+1%2B1+%28%C3%A9%29.jpg",
          size: 5,
          eTag: "5d41402abc4b2a76b9719d911017c592",
          sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
        },
      },
    });
  });

  it("has sequencers that grow with each change of a key", async () => {
    const { bucket, queue } = await notified(["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]);
    await test.put(bucket, "k", "1");
    await test.put(bucket, "k", "2");
    await test.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k" }));
    await test.put(bucket, "k", "3");
    const records = (await take(queue)).flatMap((message) => message.Records!);
    const order = records.map((record) => record.s3.object.sequencer);
    expect(order).toHaveLength(4);
    expect([...order].sort()).toEqual(order);
    expect(new Set(order).size).toBe(4);
  });

  it("tells of every way in which objects come and go", async () => {
    const Bucket = await test.bucket({ ObjectOwnership: "ObjectWriter" });
    const { queue } = await notified(
      ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put"],
      {},
      Bucket,
    );
    await test.put(Bucket, "put");
    await test.s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/put` }));
    const { UploadId } = await test.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts" }));
    const { ETag } = await test.s3.send(
      new UploadPartCommand({ Bucket, Key: "parts", UploadId, PartNumber: 1, Body: "x" }),
    );
    await test.s3.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: "parts",
        UploadId,
        MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
      }),
    );
    await test.s3.send(
      new PutObjectTaggingCommand({ Bucket, Key: "put", Tagging: { TagSet: [{ Key: "a", Value: "b" }] } }),
    );
    await test.s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: "put" }));
    await test.s3.send(new PutObjectAclCommand({ Bucket, Key: "put", ACL: "bucket-owner-read" }));
    await test.s3.send(new DeleteObjectCommand({ Bucket, Key: "put" }));
    // What is not there is removed without a word.
    await test.s3.send(new DeleteObjectCommand({ Bucket, Key: "none" }));
    expect(await told(queue)).toEqual([
      "ObjectCreated:Put put",
      "ObjectCreated:Copy copy",
      "ObjectCreated:CompleteMultipartUpload parts",
      "ObjectTagging:Put put",
      "ObjectTagging:Delete put",
      "ObjectAcl:Put put",
      "ObjectRemoved:Delete put",
    ]);
  });

  it("names versions and delete markers", async () => {
    const { bucket, queue } = await notified(["s3:ObjectCreated:Put", "s3:ObjectRemoved:*"]);
    await test.s3.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
    const VersionId = await test.put(bucket, "k");
    const marker = await test.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k" }));
    await test.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k", VersionId }));
    const records = (await take(queue)).map((message) => message.Records![0]!);
    expect(records.map((record) => [record.eventName, record.s3.object])).toEqual([
      ["ObjectCreated:Put", expect.objectContaining({ versionId: VersionId })],
      [
        "ObjectRemoved:DeleteMarkerCreated",
        {
          key: "k",
          eTag: "d41d8cd98f00b204e9800998ecf8427e",
          versionId: marker.VersionId,
          sequencer: expect.any(String),
        },
      ],
      ["ObjectRemoved:Delete", { key: "k", versionId: VersionId, sequencer: expect.any(String) }],
    ]);
  });

  it("tells what lifecycle rules do", async () => {
    const { bucket, queue } = await notified(["s3:LifecycleExpiration:*"]);
    await test.put(bucket, "k");
    await test.s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket,
        LifecycleConfiguration: { Rules: [{ Status: "Enabled", Filter: {}, Expiration: { Days: 1 } }] },
      }),
    );
    await test.cloud.clock.advance(3 * 86_400_000);
    const [message] = await take(queue);
    expect(message!.Records![0]).toMatchObject({
      eventVersion: "2.3",
      eventName: "LifecycleExpiration:Delete",
      userIdentity: { principalId: "s3.amazonaws.com" },
      requestParameters: { sourceIPAddress: "s3.amazonaws.com" },
    });
  });
});

describe("a filter", () => {
  it("lets keys through by prefix and suffix", async () => {
    const Filter = {
      Key: {
        FilterRules: [
          { Name: "PREFIX" as "prefix", Value: "in/" },
          { Name: "suffix" as const, Value: ".jpg" },
        ],
      },
    };
    const { bucket, queue } = await notified(["s3:ObjectCreated:*"], { Filter });
    for (const key of ["in/1.jpg", "in/2.png", "out/3.jpg", "in/.jpg"]) await test.put(bucket, key);
    expect(await told(queue)).toEqual(["ObjectCreated:Put in/1.jpg", "ObjectCreated:Put in/.jpg"]);
    const { QueueConfigurations } = await test.s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket: bucket }),
    );
    // AWS: names come back with a capital.
    expect(QueueConfigurations).toEqual([
      {
        Id: expect.any(String),
        QueueArn: queue.arn,
        Events: ["s3:ObjectCreated:*"],
        Filter: {
          Key: {
            FilterRules: [
              { Name: "Prefix", Value: "in/" },
              { Name: "Suffix", Value: ".jpg" },
            ],
          },
        },
      },
    ]);
  });
});

describe("a function", () => {
  it("is invoked as the service, for this bucket, where its policy allows it", async () => {
    const Bucket = await test.bucket();
    const iam = test.cloud.client(IAMClient);
    const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName: "notified",
        AssumeRolePolicyDocument: document({
          Effect: "Allow",
          Principal: { Service: "lambda.amazonaws.com" },
          Action: "sts:AssumeRole",
        }),
      }),
    );
    const PolicyDocument = document({ Effect: "Allow", Action: "logs:*", Resource: "*" });
    await iam.send(new PutRolePolicyCommand({ RoleName: "notified", PolicyName: "logs", PolicyDocument }));
    const lambda = test.cloud.client(LambdaClient, { maxAttempts: 1 });
    const { FunctionArn } = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: "notified",
        Runtime: "nodejs22.x",
        Handler: "index.handler",
        Role: Role!.Arn!,
        Code: {
          ZipFile: await createArchive({
            "index.js": `exports.handler = async (event) => console.log("GOT " + event.Records[0].s3.object.key);`,
          }),
        },
      }),
    );
    const configuration = {
      LambdaFunctionConfigurations: [{ LambdaFunctionArn: FunctionArn!, Events: ["s3:ObjectCreated:*" as const] }],
    };
    expect(await failure(configure(Bucket, configuration))).toMatchObject({
      code: "InvalidArgument",
      message: "Unable to validate the following destination configurations",
    });
    await lambda.send(
      new AddPermissionCommand({
        FunctionName: "notified",
        StatementId: "s3",
        Action: "lambda:InvokeFunction",
        Principal: "s3.amazonaws.com",
        SourceArn: `arn:aws:s3:::${Bucket}`,
        SourceAccount: ACCOUNT,
      }),
    );
    await configure(Bucket, configuration);
    await test.put(Bucket, "a b");
    await test.cloud.settled();
    const { events = [] } = await test.cloud
      .client(CloudWatchLogsClient)
      .send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/notified", filterPattern: "GOT" }));
    expect(events.map((event) => /GOT .*/.exec(event.message!)?.[0])).toEqual(["GOT a+b"]);
  });
});

describe("a configuration", () => {
  it("is replaced as a whole, and empty takes it away", async () => {
    const { bucket, queue } = await notified(["s3:ObjectCreated:*"]);
    await configure(bucket, {});
    expect(
      (await test.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket }))).QueueConfigurations,
    ).toBeUndefined();
    await test.put(bucket, "k");
    expect(await take(queue)).toEqual([]);
  });

  it("is refused where a destination cannot be reached, and nothing changes", async () => {
    const Bucket = await test.bucket();
    const Events = ["s3:ObjectCreated:*" as const];
    const missing = `arn:aws:sqs:us-east-1:${ACCOUNT}:none`;
    expect(await failure(configure(Bucket, { QueueConfigurations: [{ QueueArn: missing, Events }] }))).toMatchObject({
      code: "InvalidArgument",
      message: "Unable to validate the following destination configurations",
      members: { ArgumentName1: missing, ArgumentValue1: "The destination queue does not exist" },
    });
    const queue = await queueFor("another-bucket");
    expect(await failure(configure(Bucket, { QueueConfigurations: [{ QueueArn: queue.arn, Events }] }))).toMatchObject({
      members: {
        ArgumentName1: queue.arn,
        ArgumentValue1:
          "Permissions on the destination queue do not allow S3 to publish notifications from this bucket",
      },
    });
    expect(
      (await test.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }))).QueueConfigurations,
    ).toBeUndefined();
    await configure(
      Bucket,
      { QueueConfigurations: [{ QueueArn: missing, Events }] },
      { SkipDestinationValidation: true },
    );
    expect(
      (await test.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }))).QueueConfigurations,
    ).toHaveLength(1);
  });

  it("is refused where it is wrong", async () => {
    const Bucket = await test.bucket();
    const queue = await queueFor(Bucket);
    const refused = async (...entries: Partial<QueueConfiguration>[]) => {
      const QueueConfigurations = entries.map((entry) => ({
        QueueArn: queue.arn,
        Events: ["s3:ObjectCreated:*" as const],
        ...entry,
      }));
      const { code: name, message } = await failure(configure(Bucket, { QueueConfigurations }));
      return `${name}: ${message}`;
    };
    const filter = (...FilterRules: { Name: string; Value: string }[]) =>
      ({ Key: { FilterRules } }) as NonNullable<QueueConfiguration["Filter"]>;
    expect(await refused({ QueueArn: "queue" })).toBe("InvalidArgument: The ARN could not be parsed");
    expect(await refused({ QueueArn: queue.arn.replace("us-east-1", "eu-west-1") })).toBe(
      "InvalidArgument: The notification destination service region is not valid for the bucket location constraint",
    );
    expect(await refused({ QueueArn: `${queue.arn}.fifo` })).toBe(
      "InvalidArgument: FIFO SQS destinations are not supported",
    );
    expect(await refused({ Events: ["s3:ObjectCreated:Anything" as Event] })).toBe(
      "InvalidArgument: The event is not supported for notifications",
    );
    expect(await refused({ Events: [] })).toMatch(/^MalformedXML: /);
    expect(await refused({ Filter: filter({ Name: "infix", Value: "x" }) })).toBe(
      "InvalidArgument: filter rule name must be either prefix or suffix",
    );
    expect(await refused({ Filter: filter({ Name: "prefix", Value: "x" }, { Name: "Prefix", Value: "y" }) })).toBe(
      "InvalidArgument: Cannot specify more than one prefix or suffix rule in a filter.",
    );
    expect(await refused({}, { Events: ["s3:ObjectCreated:Put"] })).toBe(
      "InvalidArgument: Configurations overlap. Configurations on the same bucket cannot share a common event type.",
    );
    expect(
      await refused(
        { Filter: filter({ Name: "prefix", Value: "a" }) },
        { Filter: filter({ Name: "prefix", Value: "ab" }) },
      ),
    ).toMatch(/^InvalidArgument: Configuration is ambiguously defined/);
    expect(
      await code(configure(Bucket, { QueueConfigurations: [{ QueueArn: queue.arn, Events: ["s3:Replication:*"] }] })),
    ).toMatch(/NotImplemented|NotEmulated/);
    // Disjoint prefixes are no conflict.
    await configure(Bucket, {
      QueueConfigurations: [
        { QueueArn: queue.arn, Events: ["s3:ObjectCreated:*"], Filter: filter({ Name: "prefix", Value: "a/" }) },
        { QueueArn: queue.arn, Events: ["s3:ObjectCreated:*"], Filter: filter({ Name: "prefix", Value: "b/" }) },
      ],
    });
  });
});

describe("delivery", () => {
  it("is tried again until the destination takes the message", async () => {
    const { bucket, queue } = await notified(["s3:ObjectCreated:*"]);
    const sqs = test.cloud.client(SQSClient);
    const deny = JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect: "Deny", Principal: "*", Action: "sqs:SendMessage", Resource: queue.arn },
    });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { Policy: deny } }));
    await test.put(bucket, "late");
    expect(await take(queue)).toEqual([]);
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { Policy: "" } }));
    const allow = deny.replace("Deny", "Allow");
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { Policy: allow } }));
    await test.cloud.clock.advance(10_000);
    expect(await told(queue)).toEqual(["ObjectCreated:Put late"]);
  });

  it("to what is gone ends, and holds nothing up", async () => {
    const { bucket, queue } = await notified(["s3:ObjectCreated:*"]);
    await test.cloud.client(SQSClient).send(new DeleteQueueCommand({ QueueUrl: queue.url }));
    expect(await test.put(bucket, "k")).toBeUndefined();
    await test.cloud.clock.advance(7 * 3_600_000);
    await test.cloud.settled();
  });
});
