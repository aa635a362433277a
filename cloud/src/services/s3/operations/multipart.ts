import { createHash } from "node:crypto";
import type { Input, Output } from "../../../aws/api-types.ts";
import { suspends } from "../../../service.ts";
import { nameOf } from "../../../iam/principal.ts";
import { canonicalId } from "../acl.ts";
import { ownedBucket } from "../bucket.ts";
import {
  CHECKSUM_ALGORITHMS,
  checksumAndType,
  checksumMembers,
  checksumOfParts,
  multipartChecksum,
  verify,
  type Claim,
} from "../checksum.ts";
import { checkWriteConditions, checkWriteHeaders, unquoted } from "../conditions.ts";
import { readDraft } from "../draft.ts";
import { checkReadable, encryptionMembers, hasMd5Etag, type EncryptionInput } from "../encryption.ts";
import {
  entityTooSmall,
  invalidArgument,
  invalidPart,
  invalidPartOrder,
  invalidRequest,
  malformedXml,
  noSuchUpload,
} from "../errors.ts";
import { announce } from "../events.ts";
import { planExpiry } from "../lifecycle.ts";
import { readCopyRange } from "../range.ts";
import { lastModified } from "../reading.ts";
import {
  nextSequence,
  type Bucket,
  type Part,
  type S3Context,
  type S3State,
  type StoredObject,
  type Upload,
} from "../state.ts";
import type { Intake } from "../body.ts";
import { commit, readUploadClaim, receive } from "../upload.ts";
import { getUpload, partsOf, removeUpload } from "../upload-parts.ts";
import { putVersion } from "../versions.ts";
import { copyBytes, getSource } from "./copy-object.ts";
import { writtenMembers } from "./put-object.ts";

/** AWS: "Amazon S3 multipart upload limits". */
const PART_NUMBER_MAX = 10_000;
const PART_BYTES_MIN = 5 * 1024 * 1024;
const PARTS_PER_PAGE = 1000;

export function CreateMultipartUpload(
  cx: S3Context,
  input: Input<"s3", "CreateMultipartUpload">,
): Output<"s3", "CreateMultipartUpload"> {
  const bucket = ownedBucket(cx, input);
  const key = input.Key!;
  const checksum = multipartChecksum(input.ChecksumAlgorithm, input.ChecksumType);
  const draft = readDraft(cx, bucket, input);
  const { clock, random } = cx.kernel;
  const sequence = nextSequence(cx.state, clock.now());
  // Ids sort in the order in which uploads began, as listings have them.
  const uploadId = `${Math.round(sequence).toString(36).padStart(12, "0")}.${random.text(115, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.")}`;
  const upload: Upload = {
    bucket: bucket.name,
    key,
    uploadId,
    initiatedMs: clock.now(),
    sequence,
    initiator: nameOf(cx.principal),
    checksum,
    draft,
  };
  cx.state.uploads.put([bucket.name, key, uploadId], upload);
  planExpiry(cx, bucket);
  return {
    Bucket: bucket.name,
    Key: key,
    UploadId: uploadId,
    ...encryptionMembers(draft.encryption),
    ...(checksum.explicit ? { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type } : {}),
  };
}

export const UploadPart = suspends<S3State, Input<"s3", "UploadPart">, Output<"s3", "UploadPart">>(
  async (cx, input) => {
    const bucket = ownedBucket(cx, input);
    const number = readPartNumber(input.PartNumber);
    const upload = getUpload(cx.state, bucket.name, input.Key!, input.UploadId);
    checkPartKey(cx, bucket, upload, input);
    const claim = readUploadClaim(cx, input);
    checkAlgorithm(upload, claim);
    const intake = await receive(cx, input, claim, upload.checksum.algorithm);
    const part = keepPart(cx, upload, number, intake);
    const shown = claim ? { ...upload.checksum, value: part.checksum } : undefined;
    return {
      ETag: `"${part.etag}"`,
      ...(shown && claim?.algorithm === shown.algorithm ? checksumMembers({ ...shown, type: "FULL_OBJECT" }) : {}),
      ...encryptionMembers(upload.draft.encryption),
    };
  },
);

export const UploadPartCopy = suspends<S3State, Input<"s3", "UploadPartCopy">, Output<"s3", "UploadPartCopy">>(
  async (cx, input) => {
    const bucket = ownedBucket(cx, input);
    const number = readPartNumber(input.PartNumber);
    const upload = getUpload(cx.state, bucket.name, input.Key!, input.UploadId);
    checkPartKey(cx, bucket, upload, input);
    const source = getSource(cx, input);
    const range = readCopyRange(input.CopySourceRange, source.object.bytes);
    const intake = await copyBytes(cx, source.object, range, upload.checksum.algorithm);
    const part = keepPart(cx, upload, number, intake);
    return {
      CopyPartResult: {
        ETag: `"${part.etag}"`,
        LastModified: lastModified(part),
        ...(upload.checksum.explicit
          ? checksumMembers({ ...upload.checksum, type: "FULL_OBJECT", value: part.checksum })
          : {}),
      },
      ...(source.bucket.versioning ? { CopySourceVersionId: source.object.versionId } : {}),
      ...encryptionMembers(upload.draft.encryption),
    };
  },
);

function readPartNumber(number: number | undefined): number {
  if (number === undefined || !Number.isInteger(number) || number < 1 || number > PART_NUMBER_MAX)
    throw invalidArgument(
      "Part number must be an integer between 1 and 10000, inclusive",
      "partNumber",
      String(number),
    );
  return number;
}

/** AWS: the parts of an upload with SSE-C carry the key that it began with. */
function checkPartKey(cx: S3Context, bucket: Bucket, upload: Upload, input: EncryptionInput): void {
  if (upload.draft.encryption.kind === "customer" || input.SSECustomerAlgorithm !== undefined)
    checkReadable(cx, bucket, upload.draft.encryption, input);
}

/** @throws AwsError InvalidRequest where the part is summed up otherwise than its upload */
function checkAlgorithm({ checksum }: Upload, claim: Claim | undefined): void {
  if (!checksum.explicit || claim?.algorithm === checksum.algorithm) return;
  // What S3 sums up by itself needs no claim of the client's.
  if (!claim && checksum.type === "FULL_OBJECT") return;
  const actual = claim ? claim.algorithm.toLowerCase() : "null";
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${checksum.algorithm.toLowerCase()}, actual checksum Type: ${actual}`,
  );
}

function keepPart(cx: S3Context, upload: Upload, number: number, intake: Intake): Part {
  const { state, kernel } = cx;
  return commit(cx, [intake], () => {
    getUpload(state, upload.bucket, upload.key, upload.uploadId);
    const former = state.parts.get([upload.uploadId, number]);
    if (former) state.bodies.discard([former.body]);
    const part: Part = {
      number,
      bytes: intake.bytes,
      md5: intake.md5,
      etag: hasMd5Etag(upload.draft.encryption) ? intake.md5 : kernel.random.hex(32),
      checksum: intake.checksums.get(upload.checksum.algorithm)!,
      body: state.bodies.keep(intake),
      modifiedMs: kernel.clock.now(),
    };
    state.parts.put([upload.uploadId, number], part);
    return part;
  });
}

export const CompleteMultipartUpload = suspends<
  S3State,
  Input<"s3", "CompleteMultipartUpload">,
  Output<"s3", "CompleteMultipartUpload">
>(async (cx, input) => {
  const bucket = ownedBucket(cx, input);
  const key = input.Key!;
  checkWriteHeaders(input);
  return commit(cx, [], () => {
    const { state } = cx;
    const current = state.current.get([bucket.name, key]);
    // AWS: completing again what is complete answers the same.
    if (current && !current.isMarker && current.uploadId === input.UploadId) return completed(cx, bucket, current);
    const upload = getUpload(state, bucket.name, key, input.UploadId);
    const parts = selectParts(state, upload, input);
    checkWriteConditions(key, current, input, { sequence: upload.sequence, deleted: upload.deletedMeanwhile ?? false });
    const checksum = checksumOfParts(upload.checksum.algorithm, upload.checksum.type, parts);
    checkWholeClaim(
      input,
      checksum.algorithm,
      checksumMembers(checksum, parts.length)[`Checksum${checksum.algorithm}`]!,
    );
    const object = putVersion<StoredObject>(cx, bucket, {
      ...upload.draft,
      key,
      bytes: parts.reduce((bytes, part) => bytes + part.bytes, 0),
      etag: etagOf(cx, upload, parts),
      body: parts.map((part) => part.body),
      checksum,
      parts: parts.map(({ bytes, checksum: value }, index) => ({ number: index + 1, bytes, checksum: value })),
      uploadId: upload.uploadId,
    }).version;
    removeUpload(state, upload, new Set(parts.map((part) => part.number)));
    planExpiry(cx, bucket);
    announce(cx, bucket, "ObjectCreated:CompleteMultipartUpload", object);
    return completed(cx, bucket, object);
  });
});

function completed(cx: S3Context, bucket: Bucket, object: StoredObject): Output<"s3", "CompleteMultipartUpload"> {
  return {
    Location: `${cx.endpoint()}/${bucket.name}/${object.key.split("/").map(encodeURIComponent).join("/")}`,
    Bucket: bucket.name,
    Key: object.key,
    ETag: `"${object.etag}"`,
    ...checksumAndType(object.checksum, object.parts?.length),
    ...writtenMembers(bucket, object),
  };
}

/** AWS: MD5 over the MD5s of the parts, and their number. */
function etagOf(cx: S3Context, upload: Upload, parts: readonly Part[]): string {
  if (!hasMd5Etag(upload.draft.encryption)) return `${cx.kernel.random.hex(32)}-${parts.length}`;
  const digest = createHash("md5");
  for (const part of parts) digest.update(Buffer.from(part.md5, "hex"));
  return `${digest.digest("hex")}-${parts.length}`;
}

/** The parts that the request lists, each checked against what was uploaded. */
function selectParts(state: S3State, upload: Upload, input: Input<"s3", "CompleteMultipartUpload">): Part[] {
  const listed = input.MultipartUpload?.Parts;
  if (!listed) throw malformedXml();
  if (listed.length === 0) throw invalidRequest("You must specify at least one part");
  const uploaded = new Map([...partsOf(state, upload.uploadId)].map((part) => [part.number, part]));
  const { checksum, uploadId } = upload;
  let before = 0;
  const parts = listed.map((entry, index) => {
    const number = entry.PartNumber ?? 0;
    if (number <= before) throw invalidPartOrder(uploadId);
    before = number;
    const etag = unquoted(entry.ETag ?? "");
    const part = uploaded.get(number);
    if (!part || part.etag !== etag) throw invalidPart(uploadId, number, etag);
    for (const algorithm of CHECKSUM_ALGORITHMS) {
      const claimed = entry[`Checksum${algorithm}`];
      if (claimed !== undefined && (algorithm !== checksum.algorithm || claimed !== part.checksum))
        if (checksum.explicit) throw invalidPart(uploadId, number, etag);
    }
    if (checksum.explicit && checksum.type === "COMPOSITE" && entry[`Checksum${checksum.algorithm}`] === undefined)
      throw invalidRequest(
        `The upload was created using a ${checksum.algorithm.toLowerCase()} checksum. The complete request must include ` +
          `the checksum for each part. It was missing for part ${number} in the request.`,
      );
    if (part.bytes < PART_BYTES_MIN && index < listed.length - 1)
      throw entityTooSmall(part.bytes, PART_BYTES_MIN, number, etag);
    return part;
  });
  checkSize(input.MpuObjectSize, parts);
  return parts;
}

function checkSize(claimed: number | undefined, parts: readonly Part[]): void {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (claimed !== undefined && claimed !== bytes)
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${claimed} does not match what was computed: ${bytes}`,
    );
}

function checkWholeClaim(input: Input<"s3", "CompleteMultipartUpload">, algorithm: string, computed: string): void {
  for (const name of CHECKSUM_ALGORITHMS) {
    const claimed = input[`Checksum${name}`];
    if (claimed !== undefined) verify(name, name === algorithm ? claimed : undefined, computed);
  }
}

export const AbortMultipartUpload = suspends<
  S3State,
  Input<"s3", "AbortMultipartUpload">,
  Output<"s3", "AbortMultipartUpload">
>(async (cx, input) => {
  const bucket = ownedBucket(cx, input);
  return commit(cx, [], () => {
    removeUpload(cx.state, getUpload(cx.state, bucket.name, input.Key!, input.UploadId));
    return {};
  });
});

export function ListParts(cx: S3Context, input: Input<"s3", "ListParts">): Output<"s3", "ListParts"> {
  const bucket = ownedBucket(cx, input);
  const upload = getUpload(cx.state, bucket.name, input.Key!, input.UploadId);
  const limit = Math.min(input.MaxParts ?? PARTS_PER_PAGE, PARTS_PER_PAGE);
  const marker = Number(input.PartNumberMarker ?? 0);
  if (!Number.isInteger(marker) || marker < 0) throw noSuchUpload(upload.uploadId);
  const parts: Part[] = [];
  let truncated = false;
  for (const part of partsOf(cx.state, upload.uploadId, marker)) {
    truncated = parts.length >= limit;
    if (truncated) break;
    parts.push(part);
  }
  const { checksum } = upload;
  const party = { ID: canonicalId(bucket.account) };
  return {
    Bucket: bucket.name,
    Key: upload.key,
    UploadId: upload.uploadId,
    PartNumberMarker: String(marker),
    NextPartNumberMarker: String(parts.at(-1)?.number ?? 0),
    MaxParts: limit,
    IsTruncated: truncated,
    Initiator: party,
    Owner: { ID: canonicalId(upload.draft.owner) },
    StorageClass: upload.draft.storageClass as "STANDARD",
    ...(checksum.explicit ? { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type } : {}),
    ...(parts.length === 0
      ? {}
      : {
          Parts: parts.map((part) => ({
            PartNumber: part.number,
            LastModified: lastModified(part),
            ETag: `"${part.etag}"`,
            Size: part.bytes,
            ...(checksum.explicit ? checksumMembers({ ...checksum, type: "FULL_OBJECT", value: part.checksum }) : {}),
          })),
        }),
  };
}
