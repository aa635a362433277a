import { once } from "node:events";
import { readdir, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { code, START_MS } from "./test-cloud.ts";

/** How bytes come and go: addresses that are signed beforehand, uploads that break off, restarts. */

const DAY_MS = 86_400_000;
let directory: string;
let cloud: Cloud;
let s3: S3Client;
let count = 0;

async function start(startMs?: number): Promise<void> {
  cloud = await startCloud({
    dataDirectory: directory,
    clock: "frozen",
    ...(startMs === undefined ? {} : { startMs }),
  });
  s3 = cloud.client(S3Client, { maxAttempts: 1 });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "katachi-s3-"));
  await start(START_MS);
});

afterAll(async () => {
  await cloud.close();
  await rm(directory, { recursive: true });
});

async function bucket(): Promise<string> {
  const Bucket = `transfer-${(count += 1)}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

const put = (Bucket: string, Key: string, Body: string | Buffer, more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));

async function read(Bucket: string, Key: string): Promise<string> {
  return (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString();
}

/** The files that hold objects, by their own names. */
async function files(): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found.filter((file) => file.isFile() && /^[0-9a-f]{32}$/.test(file.name)).map((file) => file.name);
}

describe("a presigned address", () => {
  it("puts and gets without further credentials", async () => {
    const Bucket = await bucket();
    const Key = "a b/ü+1.txt";
    const command = new PutObjectCommand({ Bucket, Key, ContentType: "text/plain", Metadata: { a: "b" } });
    const answer = await fetch(await getSignedUrl(s3, command), {
      method: "PUT",
      // The address tells the checksum of an empty body, since it was signed without this one; AWS ignores that.
      body: "hello",
      headers: { "content-type": "text/plain" },
    });
    expect([answer.status, answer.headers.get("etag")]).toEqual([200, '"5d41402abc4b2a76b9719d911017c592"']);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key }))).Metadata).toEqual({ a: "b" });
    const got = await fetch(
      await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key, ResponseContentDisposition: "attachment" })),
    );
    expect([await got.text(), got.headers.get("content-disposition"), got.headers.get("content-type")]).toEqual([
      "hello",
      "attachment",
      "text/plain",
    ]);
    expect(
      (await fetch(await getSignedUrl(s3, new HeadObjectCommand({ Bucket, Key })), { method: "HEAD" })).status,
    ).toBe(200);
    expect(
      (await fetch(await getSignedUrl(s3, new DeleteObjectCommand({ Bucket, Key })), { method: "DELETE" })).status,
    ).toBe(204);
    expect(await code(s3.send(new HeadObjectCommand({ Bucket, Key })))).toBe("NotFound 404");
  });

  it("is not to be added to", async () => {
    const Bucket = await bucket();
    const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "k" }));
    const answer = await fetch(url, { method: "PUT", body: "x", headers: { "x-amz-meta-a": "b" } });
    expect([answer.status, await answer.text()]).toEqual([
      403,
      expect.stringMatching(
        /There were headers present in the request which were not signed.*<HeadersNotSigned>x-amz-meta-a</,
      ),
    ]);
  });

  it("uploads a part", async () => {
    const Bucket = await bucket();
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "k" }));
    const url = await getSignedUrl(s3, new UploadPartCommand({ Bucket, Key: "k", UploadId, PartNumber: 1 }));
    const ETag = (await fetch(url, { method: "PUT", body: "part" })).headers.get("etag")!;
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: "k", UploadId, MultipartUpload }));
    expect(await read(Bucket, "k")).toBe("part");
  });

  it("is good until it expires by this cloud's clock", async () => {
    const Bucket = await bucket();
    await put(Bucket, "k", "x");
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "k" }), {
      expiresIn: 60,
      signingDate: new Date(cloud.clock.now()),
    });
    expect((await fetch(url)).status).toBe(200);
    await cloud.clock.advance(61_000);
    const late = await fetch(url);
    expect([late.status, await late.text()]).toEqual([
      403,
      expect.stringContaining("<Message>Request has expired</Message>"),
    ]);
  });
});

describe("an upload that breaks off", () => {
  const HEAD =
    "Host: localhost\r\nAuthorization: AWS4-HMAC-SHA256 Credential=test/20260115/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00\r\n";

  /** Sends a request as written and reads what is answered until the end. */
  async function converse(request: string, hangUp: boolean): Promise<string> {
    const { hostname, port } = new URL(cloud.endpoint);
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.on("data", (data: Buffer) => {
      answer += data.toString();
      // Whatever it is, it is the answer; this connection is done.
      socket.end();
    });
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.write(request);
    if (hangUp) {
      // Only when the cloud has begun to read.
      await s3.send(new ListObjectsV2Command({ Bucket: "transfer-1" }));
      socket.destroy();
    }
    await once(socket, "close");
    return answer;
  }

  it("leaves nothing, neither object nor file", async () => {
    const Bucket = await bucket();
    await put(Bucket, "k", "old");
    const before = await files();
    const body = "x".repeat(500_000);
    await converse(`PUT /${Bucket}/k HTTP/1.1\r\n${HEAD}Content-Length: 900000\r\n\r\n${body}`, true);
    const short = `PUT /${Bucket}/k HTTP/1.1\r\n${HEAD}x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nx-amz-decoded-content-length: 600000\r\n`;
    const frames = `${(500_000).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    expect(await converse(`${short}Content-Length: ${frames.length}\r\n\r\n${frames}`, false)).toContain(
      "<Code>IncompleteBody</Code>",
    );
    const garbage = `not-a-size\r\n${body}`;
    expect(await converse(`${short}Content-Length: ${garbage.length}\r\n\r\n${garbage}`, false)).toContain(
      "<Code>IncompleteBody</Code>",
    );
    await cloud.settled();
    expect(await read(Bucket, "k")).toBe("old");
    expect(await files()).toEqual(before);
  });

  it("leaves nothing where its digest is wrong", async () => {
    const Bucket = await bucket();
    const before = await files();
    const Body = Buffer.alloc(300_000, "x");
    const wrong = Buffer.alloc(16).toString("base64");
    expect(await code(put(Bucket, "k", Body, { ContentMD5: wrong }))).toBe("BadDigest 400");
    expect(await code(put(Bucket, "k", Body, { ContentMD5: "short" }))).toBe("InvalidDigest 400");
    expect(await code(put(Bucket, "k", Body, { ChecksumCRC32: "AAAAAA==" }))).toBe("BadDigest 400");
    expect(await code(s3.send(new HeadObjectCommand({ Bucket, Key: "k" })))).toBe("NotFound 404");
    expect(await files()).toEqual(before);
  });
});

describe("files", () => {
  it("go with the objects that they hold", async () => {
    const Bucket = await bucket();
    const before = await files();
    await put(Bucket, "k", Buffer.alloc(100_000, "1"));
    await put(Bucket, "k", Buffer.alloc(100_000, "2"));
    expect((await files()).length).toBe(before.length + 1);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
    expect(await files()).toEqual(before);
  });
});

describe("a restart", () => {
  it("keeps buckets, versions, parts and what is due", async () => {
    const Bucket = await bucket();
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    await put(Bucket, "small", "small", { Metadata: { a: "b" } });
    await put(Bucket, "large", Buffer.alloc(200_000, "x"));
    const { VersionId } = await put(Bucket, "small", "newer");
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts" }));
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: "parts", UploadId, PartNumber: 1, Body: "p" }));
    await s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: { Rules: [{ Status: "Enabled", Filter: { Prefix: "la" }, Expiration: { Days: 1 } }] },
      }),
    );
    const now = cloud.clock.now();
    await cloud.close();
    await start(now);
    expect(await read(Bucket, "small")).toBe("newer");
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: "small" }))).VersionId).toBe(VersionId);
    expect(await read(Bucket, "large")).toBe("x".repeat(200_000));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: "parts", UploadId, MultipartUpload }));
    expect(await read(Bucket, "parts")).toBe("p");
    await cloud.clock.advance(3 * DAY_MS);
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents!.map((object) => object.Key)).toEqual(["parts", "small"]);
  });
});
