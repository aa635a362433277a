import type { Part, S3State, Upload } from "./state.ts";
import { noSuchUpload } from "./errors.ts";

/** Multipart uploads under way, and their parts. */

/** @throws AwsError NoSuchUpload */
export function getUpload(state: S3State, bucket: string, key: string, uploadId: string | undefined): Upload {
  const upload = uploadId === undefined ? undefined : state.uploads.get([bucket, key, uploadId]);
  if (!upload) throw noSuchUpload(uploadId ?? "");
  return upload;
}

/** The parts of an upload, in order of their numbers, behind a number. */
export function* partsOf(state: S3State, uploadId: string, after = 0): Iterable<Part> {
  yield* state.parts.values({ prefix: [uploadId], after: [uploadId, after] });
}

/**
 * Ends an upload: gives up its parts, except those whose bytes became an object's. Inside a transaction.
 * @param kept numbers of the parts whose bytes stay
 */
export function removeUpload(state: S3State, upload: Upload, kept: ReadonlySet<number> = new Set()): void {
  const parts = [...partsOf(state, upload.uploadId)];
  for (const part of parts) {
    state.parts.remove([upload.uploadId, part.number]);
    if (!kept.has(part.number)) state.bodies.discard([part.body]);
  }
  state.uploads.remove([upload.bucket, upload.key, upload.uploadId]);
}

/** Notes in the uploads of a key that it was deleted meanwhile, which a conditional completion must know. */
export function noteDeletion(state: S3State, bucket: string, key: string): void {
  const uploads = [...state.uploads.values({ prefix: [bucket, key] })];
  for (const upload of uploads)
    state.uploads.put([bucket, key, upload.uploadId], { ...upload, deletedMeanwhile: true });
}
