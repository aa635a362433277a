import { createHash } from "node:crypto";
import type { CompletedPart } from "@aws-sdk/client-s3";
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
  type ChecksumAlgorithm,
} from "../checksum.ts";
import { checkWriteConditions, checkWriteHeaders, unquoted } from "../conditions.ts";
import { readDraft } from "../draft.ts";
import { encryptionMembers, hasMd5Etag } from "../encryption.ts";
import {
  entityTooSmall,
  invalidPart,
  invalidPartOrder,
  invalidRequest,
  malformedXml,
  noSuchUpload,
} from "../errors.ts";
import { announce } from "../events.ts";
import { planExpiry } from "../lifecycle.ts";
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
import { commit } from "../upload.ts";
import { getUpload, partsOf, removeUpload } from "../upload-parts.ts";
import { putVersion } from "../versions.ts";
import { writtenMembers } from "./put-object.ts";

/** AWS: "Amazon S3 multipart upload limits". */
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
  const numbers = listed.map((entry) => entry.PartNumber ?? 0);
  if (numbers.some((number, index) => index > 0 && number <= numbers[index - 1]!)) throw invalidPartOrder(uploadId);
  const parts = listed.map((entry, index) => {
    const number = numbers[index]!;
    const etag = unquoted(entry.ETag ?? "");
    const part = uploaded.get(number);
    if (!part || part.etag !== etag || (checksum.explicit && !claimsFit(entry, part, checksum.algorithm)))
      throw invalidPart(uploadId, number, etag);
    if (checksum.explicit && checksum.type === "COMPOSITE" && entry[`Checksum${checksum.algorithm}`] === undefined)
      throw invalidRequest(
        `The upload was created using a ${checksum.algorithm.toLowerCase()} checksum. The complete request must include ` +
          `the checksum for each part. It was missing for part ${number} in the request.`,
      );
    return part;
  });
  const small = parts.find((part, index) => part.bytes < PART_BYTES_MIN && index < parts.length - 1);
  if (small) throw entityTooSmall(small.bytes, PART_BYTES_MIN, small.number, small.etag);
  checkSize(input.MpuObjectSize, parts);
  return parts;
}

/** Whether the checksums that a request lists for a part are those of the part, and of its algorithm. */
function claimsFit(entry: CompletedPart, part: Part, algorithm: ChecksumAlgorithm): boolean {
  return CHECKSUM_ALGORITHMS.every((name) => {
    const claimed = entry[`Checksum${name}`];
    return claimed === undefined || (name === algorithm && claimed === part.checksum);
  });
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
