import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
  type CreateMultipartUploadCommandInput,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { describe, expect, it } from "vitest";
import { code, failure, testCloud } from "./test-cloud.ts";

const test = testCloud();
const MIB = 1024 * 1024;
const md5 = (content: Uint8Array) => createHash("md5").update(content).digest();
const FULL = Buffer.alloc(5 * MIB, "0123456789abcdef");
const LAST = Buffer.from("the last part");

async function begin(Bucket: string, more: Partial<CreateMultipartUploadCommandInput> = {}) {
  const { UploadId } = await test.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "k", ...more }));
  const of = { Bucket, Key: "k", UploadId };
  return {
    UploadId: UploadId!,
    part: (PartNumber: number, Body: Uint8Array, extra: object = {}) =>
      test.s3.send(new UploadPartCommand({ ...of, PartNumber, Body, ...extra })),
    complete: (Parts: CompletedPart[] | undefined, extra: object = {}) =>
      test.s3.send(new CompleteMultipartUploadCommand({ ...of, MultipartUpload: { Parts }, ...extra })),
    abort: () => test.s3.send(new AbortMultipartUploadCommand(of)),
    parts: (extra: object = {}) => test.s3.send(new ListPartsCommand({ ...of, ...extra })),
  };
}

const listed = (PartNumber: number, { ETag, ...checksums }: { ETag?: string | undefined }): CompletedPart => ({
  PartNumber,
  ETag,
  ...Object.fromEntries(Object.entries(checksums).filter(([name]) => name.startsWith("Checksum"))),
});

describe("a multipart upload", () => {
  it("becomes one object, byte for byte", async () => {
    const Bucket = await test.bucket();
    const upload = await begin(Bucket, { ContentType: "text/plain", Metadata: { a: "b" }, Tagging: "t=1" });
    const second = await upload.part(2, LAST);
    const first = await upload.part(1, FULL);
    expect(first.ETag).toBe(`"${md5(FULL).toString("hex")}"`);
    const done = await upload.complete([listed(1, first), listed(2, second)]);
    const etag = `"${md5(Buffer.concat([md5(FULL), md5(LAST)])).toString("hex")}-2"`;
    expect(done).toMatchObject({ Bucket, Key: "k", ETag: etag, Location: `${test.cloud.endpoint}/${Bucket}/k` });
    const got = await test.s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
    expect(got).toMatchObject({ ETag: etag, ContentType: "text/plain", Metadata: { a: "b" }, TagCount: 1 });
    const bytes = Buffer.from(await got.Body!.transformToByteArray());
    expect(bytes.equals(Buffer.concat([FULL, LAST]))).toBe(true);
    const across = await test.s3.send(
      new GetObjectCommand({ Bucket, Key: "k", Range: `bytes=${FULL.length - 3}-${FULL.length + 2}` }),
    );
    expect(await across.Body!.transformToString()).toBe("defthe");
    expect(await code(upload.parts())).toBe("NoSuchUpload 404");
    expect(await upload.complete([listed(1, first), listed(2, second)])).toMatchObject({ ETag: etag });
  });

  it("is read part by part", async () => {
    const Bucket = await test.bucket();
    const upload = await begin(Bucket);
    const parts = [listed(1, await upload.part(1, FULL)), listed(2, await upload.part(2, LAST))];
    await upload.complete(parts);
    const get = (more: object) => test.s3.send(new GetObjectCommand({ Bucket, Key: "k", ...more }));
    const second = await get({ PartNumber: 2 });
    expect(second).toMatchObject({
      $metadata: { httpStatusCode: 206 },
      PartsCount: 2,
      ContentRange: `bytes ${FULL.length}-${FULL.length + LAST.length - 1}/${FULL.length + LAST.length}`,
    });
    expect(await second.Body!.transformToString()).toBe(LAST.toString());
    const head = await test.s3.send(new HeadObjectCommand({ Bucket, Key: "k", PartNumber: 1 }));
    expect(head).toMatchObject({ $metadata: { httpStatusCode: 206 }, ContentLength: FULL.length, PartsCount: 2 });
    expect(await failure(get({ PartNumber: 3 }))).toMatchObject({
      code: "InvalidPartNumber",
      status: 416,
      members: { PartNumberRequested: "3", ActualPartCount: "2" },
    });
    expect(await code(get({ PartNumber: 1, Range: "bytes=0-1" }))).toBe("InvalidRequest 400");
    await test.put(Bucket, "single", "12345678");
    const single = await test.s3.send(new GetObjectCommand({ Bucket, Key: "single", PartNumber: 1 }));
    expect(single).toMatchObject({ $metadata: { httpStatusCode: 206 }, ContentRange: "bytes 0-7/8" });
    expect(single.PartsCount).toBeUndefined();
  });

  it("checks what it is completed with", async () => {
    const Bucket = await test.bucket();
    const upload = await begin(Bucket);
    const [one, two] = [await upload.part(1, Buffer.from("data")), await upload.part(2, LAST)];
    expect(await failure(upload.complete([listed(1, one), listed(2, two)]))).toMatchObject({
      code: "EntityTooSmall",
      members: { ProposedSize: "4", MinSizeAllowed: "5242880", PartNumber: "1" },
    });
    expect(await code(upload.complete([listed(2, two), listed(1, one)]))).toBe("InvalidPartOrder 400");
    expect(await code(upload.complete([listed(1, one), listed(1, one)]))).toBe("InvalidPartOrder 400");
    expect(await failure(upload.complete([listed(3, one)]))).toMatchObject({
      code: "InvalidPart",
      members: { PartNumber: "3", UploadId: upload.UploadId },
    });
    expect(await code(upload.complete([{ PartNumber: 1, ETag: '"x"' }]))).toBe("InvalidPart 400");
    expect(await code(upload.complete([listed(1, one)], { MpuObjectSize: 5 }))).toBe("InvalidRequest 400");
    expect((await failure(upload.complete(undefined))).status).toBe(400);
    await upload.complete([listed(2, two)], { MpuObjectSize: LAST.length });
    expect((await test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }))).ContentLength).toBe(LAST.length);
  });

  it("takes a part again, numbers within bounds, and nothing of an upload that is not", async () => {
    const Bucket = await test.bucket();
    const upload = await begin(Bucket);
    await upload.part(1, FULL);
    const again = await upload.part(1, LAST);
    const page = await upload.parts();
    expect(page.Parts).toHaveLength(1);
    expect(page.Parts![0]).toMatchObject({ PartNumber: 1, Size: LAST.length, ETag: again.ETag });
    for (const number of [0, -1, 10_001])
      expect(await failure(upload.part(number, LAST))).toMatchObject({
        code: "InvalidArgument",
        message: "Part number must be an integer between 1 and 10000, inclusive",
      });
    await upload.abort();
    expect(await code(upload.part(1, LAST))).toBe("NoSuchUpload 404");
    expect(await code(upload.abort())).toBe("NoSuchUpload 404");
  });

  it("lists parts in pages", async () => {
    const Bucket = await test.bucket();
    const upload = await begin(Bucket);
    for (const number of [1, 3, 7]) await upload.part(number, LAST);
    const page = await upload.parts({ MaxParts: 2 });
    expect(page).toMatchObject({ IsTruncated: true, NextPartNumberMarker: "3", PartNumberMarker: "0", MaxParts: 2 });
    const rest = await upload.parts({ PartNumberMarker: page.NextPartNumberMarker });
    expect(rest.Parts!.map(({ PartNumber }) => PartNumber)).toEqual([7]);
    expect(rest.IsTruncated).toBe(false);
  });
});

describe("checksums of multipart uploads", () => {
  it.each(["CRC32", "CRC32C", "SHA1", "SHA256"] as const)("%s are composites of the parts'", async (A) => {
    const Bucket = await test.bucket();
    const upload = await begin(Bucket, { ChecksumAlgorithm: A });
    const parts = [
      await upload.part(1, FULL, { ChecksumAlgorithm: A }),
      await upload.part(2, LAST, { ChecksumAlgorithm: A }),
    ];
    const values = parts.map((part) => Buffer.from(part[`Checksum${A}`]!, "base64"));
    expect(await code(upload.complete(parts.map(({ ETag }, index) => ({ PartNumber: index + 1, ETag }))))).toBe(
      "InvalidRequest 400",
    );
    const done = await upload.complete(parts.map((part, index) => listed(index + 1, part)));
    expect(done.ChecksumType).toBe("COMPOSITE");
    const value = done[`Checksum${A}`]!;
    expect(value).toMatch(/-2$/);
    if (A === "SHA256") expect(value).toBe(`${createHash("sha256").update(Buffer.concat(values)).digest("base64")}-2`);
    const got = await test.s3.send(new HeadObjectCommand({ Bucket, Key: "k", ChecksumMode: "ENABLED" }));
    expect(got[`Checksum${A}`]).toBe(value);
    const attributes = await test.s3.send(
      new GetObjectAttributesCommand({ Bucket, Key: "k", ObjectAttributes: ["Checksum", "ObjectParts"], MaxParts: 1 }),
    );
    expect(attributes.Checksum![`Checksum${A}`]).toBe(value.replace(/-2$/, ""));
    expect(attributes.ObjectParts).toMatchObject({ TotalPartsCount: 2, IsTruncated: true, NextPartNumberMarker: "1" });
    expect(attributes.ObjectParts!.Parts![0]![`Checksum${A}`]).toBe(values[0]!.toString("base64"));
  });

  it.each(["CRC32", "CRC32C", "CRC64NVME"] as const)("%s of the full object needs no second reading", async (A) => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "whole", Buffer.concat([FULL, LAST]), { ChecksumAlgorithm: A });
    const whole = await test.s3.send(new HeadObjectCommand({ Bucket, Key: "whole", ChecksumMode: "ENABLED" }));
    const upload = await begin(Bucket, { ChecksumAlgorithm: A, ChecksumType: "FULL_OBJECT" });
    const parts = [
      await upload.part(1, FULL, { ChecksumAlgorithm: A }),
      await upload.part(2, LAST, { ChecksumAlgorithm: A }),
    ];
    const done = await upload.complete(parts.map((part, index) => listed(index + 1, part)));
    expect(done[`Checksum${A}`]).toBe(whole[`Checksum${A}`]);
    expect(done.ChecksumType).toBe("FULL_OBJECT");
  });

  it("are CRC64NVME where nobody chose, whatever the parts carry", async () => {
    const Bucket = await test.bucket();
    const upload = await begin(Bucket);
    const part = await upload.part(1, LAST, { ChecksumAlgorithm: "SHA1" });
    const done = await upload.complete([{ PartNumber: 1, ETag: part.ETag }]);
    expect(done).toMatchObject({ ChecksumType: "FULL_OBJECT", ChecksumCRC64NVME: expect.any(String) });
  });

  it("must fit together", async () => {
    const Bucket = await test.bucket();
    expect(await code(begin(Bucket, { ChecksumAlgorithm: "SHA256", ChecksumType: "FULL_OBJECT" }))).toBe(
      "InvalidRequest 400",
    );
    expect(await code(begin(Bucket, { ChecksumAlgorithm: "CRC64NVME", ChecksumType: "COMPOSITE" }))).toBe(
      "InvalidRequest 400",
    );
    const upload = await begin(Bucket, { ChecksumAlgorithm: "SHA256" });
    expect(await failure(upload.part(1, LAST, { ChecksumAlgorithm: "CRC32" }))).toMatchObject({
      code: "InvalidRequest",
      message: "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32",
    });
    const part = await upload.part(1, LAST, { ChecksumAlgorithm: "SHA256" });
    expect(await code(upload.complete([{ ...listed(1, part), ChecksumSHA256: md5(LAST).toString("base64") }]))).toBe(
      "InvalidPart 400",
    );
    expect(await code(upload.part(2, LAST, { ChecksumSHA256: createHash("sha256").digest("base64") }))).toBe(
      "BadDigest 400",
    );
  });
});

describe("conditions on completing", () => {
  it("hold, and know what changed meanwhile", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "k", "there");
    const upload = await begin(Bucket);
    const parts = [listed(1, await upload.part(1, LAST))];
    expect(await code(upload.complete(parts, { IfNoneMatch: "*" }))).toBe("PreconditionFailed 412");
    await test.s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
    expect(await failure(upload.complete(parts, { IfNoneMatch: "*" }))).toMatchObject({
      code: "ConditionalRequestConflict",
      status: 409,
      members: { Condition: "If-None-Match", Key: "k" },
    });
    const { ETag } = await putAgain(Bucket);
    expect(await code(upload.complete(parts, { IfMatch: ETag }))).toBe("ConditionalRequestConflict 409");
    const fresh = await begin(Bucket);
    const freshParts = [listed(1, await fresh.part(1, LAST))];
    expect(await code(fresh.complete(freshParts, { IfMatch: '"other"' }))).toBe("PreconditionFailed 412");
    await fresh.complete(freshParts, { IfMatch: ETag });
  });

  async function putAgain(Bucket: string) {
    await test.put(Bucket, "k", "again");
    return test.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
  }
});

describe("UploadPartCopy", () => {
  it("takes parts from other objects", async () => {
    const Bucket = await test.bucket();
    await test.put(Bucket, "source with space", "0123456789");
    const upload = await begin(Bucket);
    const copy = (CopySourceRange?: string, more: object = {}) =>
      test.s3.send(
        new UploadPartCopyCommand({
          Bucket,
          Key: "k",
          UploadId: upload.UploadId,
          PartNumber: 1,
          CopySource: `${Bucket}/source%20with%20space`,
          CopySourceRange,
          ...more,
        }),
      );
    const { CopyPartResult } = await copy("bytes=0-8");
    expect(CopyPartResult!.ETag).toBe(`"${md5(Buffer.from("012345678")).toString("hex")}"`);
    for (const range of ["0-8", "bytes=1-0", "bytes=1-", "bytes=-2", "bytes=0-100"])
      expect(await code(copy(range))).toBe("InvalidArgument 400");
    expect(await code(copy("bytes=100-200"))).toBe("InvalidRequest 400");
    expect(await code(copy(undefined, { CopySource: `${Bucket}/none` }))).toBe("NoSuchKey 404");
    await upload.complete([{ PartNumber: 1, ETag: CopyPartResult!.ETag }]);
    const got = await test.s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
    expect(await got.Body!.transformToString()).toBe("012345678");
  });
});

describe("lib-storage", () => {
  it("uploads a stream of unknown length in parts", async () => {
    const Bucket = await test.bucket();
    const content = Buffer.alloc(12 * MIB + 17, "stream");
    const source = Readable.from(
      (function* () {
        for (let at = 0; at < content.length; at += MIB) yield content.subarray(at, at + MIB);
      })(),
      { objectMode: false },
    );
    const done = await new Upload({ client: test.s3, params: { Bucket, Key: "k", Body: source } }).done();
    expect(done.ETag).toMatch(/-3"$/);
    const got = await test.s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
    expect(Buffer.from(await got.Body!.transformToByteArray()).equals(content)).toBe(true);
  });
});
