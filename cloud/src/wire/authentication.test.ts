import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from "@aws-sdk/client-s3";
import { GetFunctionCommand, type GetFunctionCommandInput, LambdaClient } from "@aws-sdk/client-lambda";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HttpHead } from "../http.ts";
import type { KnownCredentials } from "../iam/authority.ts";
import { type CallContext, defineService, suspends } from "../service.ts";
import { unframe } from "./aws-chunked.ts";
import { findSignature } from "./identity.ts";
import { chunkSignatures, signRequest } from "./sigv4.ts";
import { startWire } from "./test-server.ts";

const anything = () => ({ resource: "*" });
const objects = new Map<string, Buffer>();
const services = [
  defineService({
    api: "dynamodb",
    iamPrefix: "dynamodb",
    state: () => ({}),
    operations: { ListTables: (cx: CallContext) => ({ TableNames: [cx.principal.kind] }) },
    authorize: { ListTables: anything },
  }),
  defineService({
    api: "sts",
    iamPrefix: "sts",
    state: () => ({}),
    operations: { GetCallerIdentity: (cx: CallContext) => ({ Account: cx.scope.account }) },
    authorize: { GetCallerIdentity: anything },
  }),
  defineService({
    api: "lambda",
    iamPrefix: "lambda",
    state: () => ({}),
    operations: {
      GetFunction: (_cx: CallContext, input: GetFunctionCommandInput) => ({ Tags: { name: input.FunctionName! } }),
    },
    authorize: { GetFunction: anything },
  }),
  defineService({
    api: "s3",
    iamPrefix: "s3",
    state: () => ({}),
    operations: {
      PutObject: suspends(async (_cx: CallContext, input: PutObjectCommandInput) => {
        const { Body } = input;
        objects.set(input.Key!, Body instanceof Uint8Array ? Buffer.from(Body) : await buffer(Body as Readable));
        return {};
      }),
      GetObject: (_cx: CallContext, input: GetObjectCommandInput) => ({ Body: objects.get(input.Key!) as never }),
    },
    authorize: { PutObject: anything, GetObject: anything },
  }),
];

const account = "123456789012";
const known: Record<string, KnownCredentials> = {
  AKIAKNOWN: {
    principal: { kind: "user", account, arn: `arn:aws:iam::${account}:user/ann`, userId: "AIDA1" },
    secretAccessKey: "right",
  },
  ASIAKNOWN: {
    principal: { kind: "user", account, arn: `arn:aws:iam::${account}:user/bob`, userId: "AIDA2" },
    secretAccessKey: "right",
    sessionToken: "token",
  },
};
const right = { credentials: { accessKeyId: "AKIAKNOWN", secretAccessKey: "right" } };
const wrong = { credentials: { accessKeyId: "AKIAKNOWN", secretAccessKey: "wrong" } };
const stranger = { credentials: { accessKeyId: "AKIASTRANGER", secretAccessKey: "x" } };

let strict: Awaited<ReturnType<typeof startWire>>;
let relaxed: Awaited<ReturnType<typeof startWire>>;
beforeAll(async () => {
  strict = await startWire(services, { auth: "strict", known });
  relaxed = await startWire(services, { known });
});
afterAll(async () => {
  await strict.close();
  await relaxed.close();
});

describe("strict", () => {
  it("accepts what is rightly signed, whatever the path holds", async () => {
    expect((await strict.client(DynamoDBClient, right).send(new ListTablesCommand({}))).TableNames).toEqual(["user"]);
    expect((await strict.client(STSClient, right).send(new GetCallerIdentityCommand({}))).Account).toBe(account);
    const FunctionName = "arn:aws:lambda:us-east-1:123456789012:function:orders:live";
    expect((await strict.client(LambdaClient, right).send(new GetFunctionCommand({ FunctionName }))).Tags).toEqual({
      name: FunctionName,
    });
    const s3 = strict.client(S3Client, right);
    for (const Key of ["a b/c+d/é漢~*'()!@&=$,;:", "../up/./x//y", "100%"]) {
      await s3.send(new PutObjectCommand({ Bucket: "bucket", Key, Body: "text", Metadata: { a: "b  c" } }));
      expect(await (await s3.send(new GetObjectCommand({ Bucket: "bucket", Key }))).Body!.transformToString()).toBe(
        "text",
      );
    }
  });

  it("accepts a stream with a trailing checksum", async () => {
    const Body = Readable.from([Buffer.alloc(100_000, "a"), Buffer.alloc(50_000, "b")]);
    await strict
      .client(S3Client, right)
      .send(new PutObjectCommand({ Bucket: "bucket", Key: "stream", Body, ContentLength: 150_000 }));
    expect(objects.get("stream")).toHaveLength(150_000);
    expect(objects.get("stream")!.subarray(99_999, 100_001).toString()).toBe("ab");
  });

  it("tells a wrong signature in each protocol's words", async () => {
    const text =
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
    await expect(strict.client(DynamoDBClient, wrong).send(new ListTablesCommand({}))).rejects.toMatchObject({
      name: "InvalidSignatureException",
      message: text,
      $metadata: { httpStatusCode: 400 },
    });
    await expect(
      strict.client(LambdaClient, wrong).send(new GetFunctionCommand({ FunctionName: "x" })),
    ).rejects.toMatchObject({ name: "InvalidSignatureException", $metadata: { httpStatusCode: 403 } });
    await expect(strict.client(STSClient, wrong).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
      message: text,
      $metadata: { httpStatusCode: 403 },
    });
    await expect(
      strict.client(S3Client, wrong).send(new GetObjectCommand({ Bucket: "b", Key: "k" })),
    ).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
      message:
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
      AWSAccessKeyId: "AKIAKNOWN",
    });
  });

  it("tells an unknown key and a missing signature", async () => {
    await expect(strict.client(DynamoDBClient, stranger).send(new ListTablesCommand({}))).rejects.toMatchObject({
      name: "UnrecognizedClientException",
      message: "The security token included in the request is invalid.",
    });
    await expect(strict.client(STSClient, stranger).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: "InvalidClientTokenId",
    });
    await expect(
      strict.client(S3Client, stranger).send(new GetObjectCommand({ Bucket: "b", Key: "k" })),
    ).rejects.toMatchObject({
      name: "InvalidAccessKeyId",
      message: "The AWS Access Key Id you provided does not exist in our records.",
    });
    const unsigned = await fetch(strict.endpoint, {
      method: "POST",
      body: "{}",
      headers: { "x-amz-target": "DynamoDB_20120810.ListTables", "content-type": "application/x-amz-json-1.0" },
    });
    expect(unsigned.status).toBe(400);
    expect(await unsigned.json()).toMatchObject({
      __type: "com.amazon.coral.service#MissingAuthenticationTokenException",
      Message: "Missing Authentication Token",
    });
  });

  it("wants the token of temporary credentials", async () => {
    const withToken = (sessionToken?: string) => ({
      credentials: { accessKeyId: "ASIAKNOWN", secretAccessKey: "right", sessionToken },
    });
    expect(
      (await strict.client(DynamoDBClient, withToken("token")).send(new ListTablesCommand({}))).TableNames,
    ).toEqual(["user"]);
    await expect(
      strict.client(DynamoDBClient, withToken("other")).send(new ListTablesCommand({})),
    ).rejects.toMatchObject({ name: "UnrecognizedClientException" });
    await expect(
      strict.client(S3Client, withToken()).send(new GetObjectCommand({ Bucket: "b", Key: "k" })),
    ).rejects.toMatchObject({ name: "InvalidToken" });
  });

  it("tells a signature that is too old", async () => {
    const late = { ...right, systemClockOffset: -20 * 60_000 };
    await expect(strict.client(DynamoDBClient, late).send(new ListTablesCommand({}))).rejects.toMatchObject({
      name: "InvalidSignatureException",
      message: expect.stringMatching(
        /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/,
      ) as string,
    });
    await expect(
      strict.client(S3Client, late).send(new GetObjectCommand({ Bucket: "b", Key: "k" })),
    ).rejects.toMatchObject({ name: "RequestTimeTooSkewed" });
  });

  it("wants a signature for this service and a Region that can be one", async () => {
    const send = async (scope: string) => {
      const authorization = `AWS4-HMAC-SHA256 Credential=AKIAKNOWN/20260101/${scope}/aws4_request, SignedHeaders=host, Signature=00`;
      const headers = {
        authorization,
        "x-amz-target": "DynamoDB_20120810.ListTables",
        "content-type": "application/x-amz-json-1.0",
      };
      const response = await fetch(strict.endpoint, { method: "POST", body: "{}", headers });
      return ((await response.json()) as { Message: string }).Message;
    };
    expect(await send("us-east-1/sqs")).toBe("Credential should be scoped to correct service: 'dynamodb'.");
    expect(await send("US East/dynamodb")).toContain("Credential should be scoped to a valid region, not ");
    expect(await send("us-east-1/dynamodb")).toContain("Date in Credential scope does not match YYYYMMDD");
  });

  it("tells an incomplete signature", async () => {
    const response = await fetch(strict.endpoint, {
      method: "POST",
      body: "{}",
      headers: {
        "x-amz-target": "DynamoDB_20120810.ListTables",
        "content-type": "application/x-amz-json-1.0",
        authorization: "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request",
      },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      __type: "com.amazon.coral.service#IncompleteSignatureException",
      Message: expect.stringContaining(
        "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
      ) as string,
    });
  });
});

describe("presigned addresses, in the relaxed mode too", () => {
  const sign = (credentials: object, expiresIn: number, inMs = 1000) =>
    getSignedUrl(
      relaxed.client(S3Client, credentials as Record<string, unknown>),
      new GetObjectCommand({ Bucket: "bucket", Key: "a b/é.txt" }),
      { expiresIn, signingDate: new Date(Date.now() + inMs) },
    );

  it("serve until they expire, by this cloud's clock", async () => {
    objects.set("a b/é.txt", Buffer.from("hello"));
    const url = await sign(stranger, 3600, 0);
    expect(await (await fetch(url)).text()).toBe("hello");
    await relaxed.kernel.clock.advance("2 hours");
    const late = await fetch(url);
    expect(late.status).toBe(403);
    const text = await late.text();
    expect(text).toContain("<Code>AccessDenied</Code><Message>Request has expired</Message>");
    expect(text).toContain("<X-Amz-Expires>3600</X-Amz-Expires>");
    // What is signed after the clock was moved is new. Signatures tell whole seconds.
    for (const credentials of [right, stranger]) expect((await fetch(await sign(credentials, 3600))).status).toBe(200);
  });

  it("are refused where they were changed or wrongly signed with a key that we know", async () => {
    const url = await sign(right, 60);
    const changed = await fetch(url.replace("a%20b", "other"));
    expect(changed.status).toBe(403);
    expect(await changed.text()).toContain("<Code>SignatureDoesNotMatch</Code>");
    expect((await fetch(await sign(wrong, 60))).status).toBe(403);
    expect((await fetch(url.replace(/X-Amz-Expires=\d+/, "X-Amz-Expires=700000"))).status).toBe(400);
    expect((await fetch(url.replace(/&X-Amz-Date=\w+/, ""))).status).toBe(400);
  });

  it("may be signed with version 2", async () => {
    const url = (expires: number, signature = "x") =>
      `${relaxed.endpoint}/bucket/a%20b/%C3%A9.txt?AWSAccessKeyId=AKIASTRANGER&Signature=${signature}&Expires=${expires}`;
    expect((await fetch(url(Math.floor(Date.now() / 1000) + 60))).status).toBe(200);
    expect(await (await fetch(url(Math.floor(Date.now() / 1000) - 60))).text()).toContain("Request has expired");
    expect((await fetch(url(Math.floor(Date.now() / 1000) + 60).replace("STRANGER", "KNOWN"))).status).toBe(403);
  });
});

describe("AWS's own examples", () => {
  // "Signature Calculations for the Authorization Header: Transferring a payload in multiple chunks", S3 API Reference.
  const headers = {
    host: "s3.amazonaws.com",
    "x-amz-date": "20130524T000000Z",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    authorization:
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": "66560",
    "content-length": "66824",
  };
  const head: HttpHead = {
    method: "PUT",
    target: "/examplebucket/chunkObject.txt",
    path: "/examplebucket/chunkObject.txt",
    query: "",
    headers,
    host: "s3.amazonaws.com",
    sourceIp: "",
    httpVersion: "1.1",
  };
  const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  const chunk = (bytes: number, signature: string) =>
    `${bytes.toString(16)};chunk-signature=${signature}\r\n${"a".repeat(bytes)}\r\n`;
  const body = (first: string) =>
    Buffer.from(
      chunk(65536, first) +
        chunk(1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497") +
        chunk(0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    );
  const signatures = () => chunkSignatures(head, findSignature(head)!, secret, () => new Error("mismatch"));

  it("sign the request", () => {
    const signature = findSignature(head)!;
    expect(signRequest(head, signature, secret, headers["x-amz-content-sha256"]).signature).toBe(signature.signature);
  });

  it("sign each chunk", () => {
    expect(
      unframe(body("ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"), head, signatures()),
    ).toHaveLength(66560);
    expect(() =>
      unframe(body("bd80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"), head, signatures()),
    ).toThrow("mismatch");
  });
});
