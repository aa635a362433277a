import { CreateBucketCommand, PutObjectCommand, S3Client, type PutObjectCommandInput } from "@aws-sdk/client-s3";
import { afterAll, beforeAll } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

/** For the tests of S3: one started cloud for each file, and the few things that all of them do. */
export interface TestCloud {
  readonly cloud: Cloud;
  readonly s3: S3Client;
  /** A client of another account or Region. */
  client(options: { account?: string; region?: string }): S3Client;
  /** Makes a bucket of a name of its own and returns the name. */
  bucket(options?: Partial<ConstructorParameters<typeof CreateBucketCommand>[0]>): Promise<string>;
  put(
    Bucket: string,
    Key: string,
    Body?: PutObjectCommandInput["Body"],
    more?: Partial<PutObjectCommandInput>,
  ): Promise<string | undefined>;
}

export const START_MS = Date.parse("2026-01-15T10:30:00.250Z");

export function testCloud(): TestCloud {
  let cloud: Cloud;
  let s3: S3Client;
  let count = 0;
  beforeAll(async () => {
    cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: START_MS });
    s3 = cloud.client(S3Client, { maxAttempts: 1 });
  });
  afterAll(() => cloud.close());
  return {
    get cloud() {
      return cloud;
    },
    get s3() {
      return s3;
    },
    client: ({ account = "test", region = "us-east-1" }) =>
      cloud.client(S3Client, {
        maxAttempts: 1,
        region,
        credentials: { accessKeyId: account, secretAccessKey: "test" },
      }),
    async bucket(options = {}) {
      count += 1;
      const Bucket = `bucket-${count}`;
      await s3.send(new CreateBucketCommand({ Bucket, ...options }));
      return Bucket;
    },
    async put(Bucket, Key, Body = Key, more = {}) {
      return (await s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))).VersionId;
    },
  };
}

interface Failure {
  readonly code: string;
  readonly status: number | undefined;
  readonly message: string;
  readonly members: Record<string, unknown>;
}

/** What a command failed with. @throws Error where it succeeded */
export async function failure(command: Promise<unknown>): Promise<Failure> {
  const error = await command.then(
    () => undefined,
    (cause: unknown) => cause as Error & Record<string, unknown> & { $metadata?: { httpStatusCode?: number } },
  );
  if (!error) throw new Error("The command succeeded");
  return {
    // The client takes a code that it knows as the name of the error, the others as a member too.
    code: error["Code"] === undefined ? error.name : String(error["Code"]),
    status: error.$metadata?.httpStatusCode,
    message: error.message,
    members: { ...error },
  };
}

/** What a command failed with, as `CODE STATUS`. */
export async function code(command: Promise<unknown>): Promise<string> {
  const { code: name, status } = await failure(command);
  return `${name} ${status}`;
}
