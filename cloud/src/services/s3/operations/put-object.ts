import { suspends } from "../../../service.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import { ownedBucket } from "../bucket.ts";
import { checksumAndType, DEFAULT_ALGORITHM, type Checksum, type ChecksumAlgorithm } from "../checksum.ts";
import { checkWriteConditions, checkWriteHeaders } from "../conditions.ts";
import { readDraft } from "../draft.ts";
import { cameInForm } from "../form.ts";
import { encryptionMembers, hasMd5Etag } from "../encryption.ts";
import { announce } from "../events.ts";
import { expirationMember, planExpiry } from "../lifecycle.ts";
import { checkLockedUpload } from "../lock.ts";
import type { Intake } from "../body.ts";
import type { Bucket, ObjectDraft, S3Context, S3State, StoredObject } from "../state.ts";
import { commit, readUploadClaim, receive } from "../upload.ts";
import { NULL_VERSION, putVersion } from "../versions.ts";

export const PutObject = suspends<S3State, Input<"s3", "PutObject">, Output<"s3", "PutObject">>(async (cx, input) => {
  const bucket = ownedBucket(cx, input);
  const key = input.Key!;
  checkWriteHeaders(input);
  const draft = readDraft(cx, bucket, input);
  const claim = readUploadClaim(cx, input);
  checkLockedUpload(input, claim !== undefined || input.ContentMD5 !== undefined);
  checkWriteConditions(key, cx.state.current.get([bucket.name, key]), input);
  const intake = await receive(cx, input, claim);
  const checksum = wholeChecksum(intake, claim?.algorithm ?? DEFAULT_ALGORITHM);
  return commit(cx, [intake], () => {
    const now = ownedBucket(cx, input);
    checkWriteConditions(key, cx.state.current.get([now.name, key]), input);
    const object = writeObject(cx, now, { key, draft, intake, checksum });
    announce(cx, now, cameInForm(input) ? "ObjectCreated:Post" : "ObjectCreated:Put", object);
    return {
      ETag: `"${object.etag}"`,
      ...checksumAndType(object.checksum),
      ...writtenMembers(now, object),
    };
  });
});

/** The checksum of an object that came in at once. */
export function wholeChecksum(intake: Intake, algorithm: ChecksumAlgorithm): Checksum {
  return { algorithm, type: "FULL_OBJECT", value: intake.checksums.get(algorithm)! };
}

/** Makes an intake the newest version of a key. Inside a transaction. */
export function writeObject(
  cx: S3Context,
  bucket: Bucket,
  made: { key: string; draft: ObjectDraft; intake: Intake; checksum: Checksum },
): StoredObject {
  const { key, draft, intake, checksum } = made;
  const { version } = putVersion<StoredObject>(cx, bucket, {
    ...draft,
    key,
    bytes: intake.bytes,
    etag: hasMd5Etag(draft.encryption) ? intake.md5 : cx.kernel.random.hex(32),
    body: intake.bytes === 0 ? [] : [cx.state.bodies.keep(intake)],
    checksum,
  });
  planExpiry(cx, bucket);
  return version;
}

/** What every operation answers that wrote an object. */
export function writtenMembers(bucket: Bucket, object: StoredObject) {
  return {
    ...encryptionMembers(object.encryption),
    ...expirationMember(bucket, object),
    // AWS: the null version that is written while versioning is suspended is not named.
    ...(object.versionId === NULL_VERSION ? {} : { VersionId: object.versionId }),
  };
}
