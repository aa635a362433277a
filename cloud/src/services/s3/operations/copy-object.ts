import type { Readable } from "node:stream";
import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import type { ByteRange } from "../../../kernel/blobs.ts";
import { suspends } from "../../../service.ts";
import { checkOwner, ownedBucket } from "../bucket.ts";
import { checksumAndType, type ChecksumAlgorithm } from "../checksum.ts";
import { checkCopyConditions, checkWriteConditions, checkWriteHeaders } from "../conditions.ts";
import { readDraft } from "../draft.ts";
import { checkReadable } from "../encryption.ts";
import { invalidArgument, invalidRequest } from "../errors.ts";
import { announce } from "../events.ts";
import { getObject, lastModified } from "../reading.ts";
import type { Bucket, S3Context, S3State, StoredObject } from "../state.ts";
import { isArchived } from "../storage-class.ts";
import { commit, UPLOAD_BYTES_MAX } from "../upload.ts";
import type { Intake } from "../body.ts";
import { wholeChecksum, writeObject, writtenMembers } from "./put-object.ts";
import { findBucket } from "../bucket.ts";

export interface CopySource {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId: string | undefined;
}

/** Reads `x-amz-copy-source`: `/bucket/key?versionId=…`, URL-encoded. @throws AwsError InvalidArgument */
export function readCopySource(text: string | undefined): CopySource {
  const invalid = () =>
    invalidArgument(
      "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
      "x-amz-copy-source",
      text ?? null,
    );
  const [path = "", query] = splitVersion(text ?? "");
  if (path.startsWith("arn:")) throw new NotEmulatedError("access points as the source of a copy in S3");
  let decoded: string;
  try {
    decoded = decodeURIComponent(path.replaceAll("+", " "));
  } catch {
    throw invalid();
  }
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(decoded) ?? [];
  if (!bucket || !key) throw invalid();
  return { Bucket: bucket, Key: key, VersionId: query };
}

function splitVersion(text: string): [path: string, versionId: string | undefined] {
  const at = text.indexOf("?versionId=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + "?versionId=".length)];
}

/** Parameters with which the source of a copy is read. */
export interface SourceInput {
  readonly CopySource?: string | undefined;
  readonly ExpectedSourceBucketOwner?: string | undefined;
  readonly CopySourceIfMatch?: string | undefined;
  readonly CopySourceIfNoneMatch?: string | undefined;
  readonly CopySourceIfModifiedSince?: Date | undefined;
  readonly CopySourceIfUnmodifiedSince?: Date | undefined;
  readonly CopySourceSSECustomerAlgorithm?: string | undefined;
  readonly CopySourceSSECustomerKey?: string | undefined;
  readonly CopySourceSSECustomerKeyMD5?: string | undefined;
}

/**
 * The object that is copied from. AWS: it may lie in another Region.
 * @throws AwsError NoSuchKey, PreconditionFailed, ObjectNotInActiveTierError, AccessDenied
 */
export function getSource(cx: S3Context, input: SourceInput): { bucket: Bucket; object: StoredObject } {
  const source = readCopySource(input.CopySource);
  const known = findBucket(cx.state, source.Bucket);
  const there = known ? { ...cx, scope: { ...cx.scope, region: known.region } } : cx;
  const { bucket, object } = getObject(there, source, { method: "PUT" });
  checkOwner(bucket, input.ExpectedSourceBucketOwner);
  checkReadable(cx, bucket, object.encryption, {
    SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm,
    SSECustomerKey: input.CopySourceSSECustomerKey,
    SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5,
  });
  checkCopyConditions(object, input, cx.kernel.clock.now());
  if (isArchived(object.storageClass) && object.restore?.expiryMs === undefined)
    throw new AwsError(
      "ObjectNotInActiveTierError",
      "The source object of the COPY operation is not in the active tier and is only stored in Amazon S3 Glacier.",
      { status: 403 },
    );
  return { bucket, object };
}

/** Copies the bytes of an object, whole or in part. */
export async function copyBytes(
  cx: S3Context,
  object: StoredObject,
  range: ByteRange | undefined,
  algorithm: ChecksumAlgorithm,
): Promise<Intake> {
  const body = cx.state.bodies.open(object.body, range ?? { start: 0, end: object.bytes - 1 });
  return cx.state.bodies.take(body as Buffer | Readable, { algorithms: [algorithm], bytesMax: UPLOAD_BYTES_MAX });
}

export const CopyObject = suspends<S3State, Input<"s3", "CopyObject">, Output<"s3", "CopyObject">>(
  async (cx, input) => {
    const bucket = ownedBucket(cx, input);
    const key = input.Key!;
    checkWriteHeaders(input);
    const source = getSource(cx, input);
    checkSelfCopy(bucket, key, source, input);
    if (source.object.bytes > UPLOAD_BYTES_MAX)
      throw invalidRequest(
        `The specified copy source is larger than the maximum allowable size for a copy source: ${UPLOAD_BYTES_MAX}`,
      );
    const draft = copiedDraft(cx, bucket, source.object, input);
    checkWriteConditions(key, cx.state.current.get([bucket.name, key]), input);
    const algorithm = (input.ChecksumAlgorithm as ChecksumAlgorithm | undefined) ?? source.object.checksum.algorithm;
    const intake = await copyBytes(cx, source.object, undefined, algorithm);
    return commit(cx, [intake], () => {
      const now = ownedBucket(cx, input);
      checkWriteConditions(key, cx.state.current.get([now.name, key]), input);
      const object = writeObject(cx, now, { key, draft, intake, checksum: wholeChecksum(intake, algorithm) });
      announce(cx, now, "ObjectCreated:Copy", object);
      return {
        CopyObjectResult: {
          ETag: `"${object.etag}"`,
          LastModified: lastModified(object),
          ...checksumAndType(object.checksum),
        },
        ...(source.bucket.versioning ? { CopySourceVersionId: source.object.versionId } : {}),
        ...writtenMembers(now, object),
      };
    });
  },
);

/** What of the source goes along, as the directives say. */
function copiedDraft(cx: S3Context, bucket: Bucket, source: StoredObject, input: Input<"s3", "CopyObject">) {
  const replaces = readDirective(input.MetadataDirective, "x-amz-metadata-directive") === "REPLACE";
  const retags = readDirective(input.TaggingDirective, "x-amz-tagging-directive") === "REPLACE";
  const { tags, ...draft } = readDraft(cx, bucket, retags ? input : { ...input, Tagging: undefined });
  const kept = retags ? tags : source.tags;
  return {
    ...draft,
    ...(replaces ? {} : { headers: source.headers, metadata: source.metadata }),
    ...(kept ? { tags: kept } : {}),
  };
}

function readDirective(value: string | undefined, header: string): "COPY" | "REPLACE" {
  if (value === undefined || value === "COPY" || value === "REPLACE") return value ?? "COPY";
  throw invalidArgument(
    header === "x-amz-metadata-directive" ? "Unknown metadata directive." : "Unknown tagging directive.",
    header,
    value,
  );
}

/** @throws AwsError InvalidRequest for a copy onto itself that changes nothing */
function checkSelfCopy(
  bucket: Bucket,
  key: string,
  source: { bucket: Bucket; object: StoredObject },
  input: Input<"s3", "CopyObject">,
): void {
  const { object } = source;
  if (source.bucket.name !== bucket.name || object.key !== key || object.noncurrentMs !== undefined) return;
  const changes =
    input.MetadataDirective === "REPLACE" ||
    [
      input.StorageClass,
      input.WebsiteRedirectLocation,
      input.ServerSideEncryption,
      input.SSECustomerAlgorithm,
      input.ChecksumAlgorithm,
    ].some((value) => value !== undefined) ||
    // AWS: so does what was encrypted otherwise than the bucket does now.
    object.encryption.kind !== bucket.encryption.kind;
  if (!changes)
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
        "metadata, storage class, website redirect location or encryption attributes.",
    );
}
