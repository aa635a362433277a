import type { Input, Output } from "../../../aws/api-types.ts";
import { suspends } from "../../../service.ts";
import type { Intake } from "../body.ts";
import { ownedBucket } from "../bucket.ts";
import { checksumMembers, type Claim } from "../checksum.ts";
import { checkReadable, encryptionMembers, hasMd5Etag, type EncryptionInput } from "../encryption.ts";
import { invalidArgument, invalidRequest } from "../errors.ts";
import { readCopyRange } from "../range.ts";
import { lastModified } from "../reading.ts";
import type { Bucket, Part, S3Context, S3State, Upload } from "../state.ts";
import { commit, readUploadClaim, receive } from "../upload.ts";
import { getUpload } from "../upload-parts.ts";
import { copyBytes, getSource } from "./copy-object.ts";

/** AWS: "Amazon S3 multipart upload limits". */
const PART_NUMBER_MAX = 10_000;

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
