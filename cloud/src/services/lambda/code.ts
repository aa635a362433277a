import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import { ArchiveError, archiveDirectory, inspectArchive } from "../../functions/archive.ts";
import { UNPACKED_BYTES_MAX } from "../../functions/task-directory.ts";
import type { CallContext } from "../../service.ts";
import { badArchive, invalidParameter, unpackedTooLarge } from "./errors.ts";
import type { CodeRecord, LambdaState } from "./state.ts";

/**
 * The bucket that stands for "run this directory in place": its key is an absolute path. Changes of the code are run at
 * the next request. Other local clouds use the same name, so templates and tools carry over.
 */
export const HOT_RELOAD_BUCKET = "hot-reload";
/** AWS: "Lambda quotas": deployment package, direct upload. */
const UPLOAD_BYTES_MAX = 52_428_800;

export interface CodeInput {
  ZipFile?: Uint8Array | undefined;
  S3Bucket?: string | undefined;
  S3Key?: string | undefined;
  S3ObjectVersion?: string | undefined;
  ImageUri?: string | undefined;
  SourceKMSKeyArn?: string | undefined;
  S3ObjectStorageMode?: string | undefined;
}

/**
 * Takes in code as a request gives it, checks it and keeps it. The record does not own the code yet.
 * @throws AwsError in Lambda's words for what is no archive, too large, or not to be had
 */
export async function takeCode(cx: CallContext<LambdaState>, input: CodeInput, operation: string): Promise<CodeRecord> {
  for (const name of ["ImageUri", "SourceKMSKeyArn", "S3ObjectStorageMode"] as const)
    if (input[name] !== undefined) throw new NotEmulatedError(`the parameter Code.${name} of lambda:${operation}`);
  const archive = await readArchive(cx, input);
  if (typeof archive === "string") return directoryCode(archive);
  const summary = await inspectArchive(archive).catch((error: unknown) => {
    if (error instanceof ArchiveError) throw badArchive();
    throw error;
  });
  if (summary.unpackedBytes >= UNPACKED_BYTES_MAX) throw unpackedTooLarge(UNPACKED_BYTES_MAX);
  if (summary.files.length === 0) throw invalidParameter("Uploaded file must be a non-empty zip");
  const sha256 = createHash("sha256").update(archive).digest("hex");
  await cx.state.keepCode(sha256, archive);
  return { kind: "zip", sha256, bytes: archive.length };
}

/** Names of the external extensions of a layer that was taken in: files that Lambda would start beside the function. */
export async function extensionsOf(state: LambdaState, { sha256 }: { sha256: string }): Promise<string[]> {
  const { files } = await inspectArchive(await state.readCode(sha256));
  return files.flatMap((file) => /^extensions\/([^/]+)$/.exec(file)?.[1] ?? []);
}

/** The code of a directory as it is now, kept for good: what a published version runs. */
export async function freezeCode(state: LambdaState, code: CodeRecord): Promise<CodeRecord> {
  if (code.kind === "zip") return code;
  const archive = await archiveDirectory(code.path);
  const sha256 = createHash("sha256").update(archive).digest("hex");
  await state.keepCode(sha256, archive);
  return { kind: "zip", sha256, bytes: archive.length };
}

async function readArchive(cx: CallContext<LambdaState>, input: CodeInput): Promise<Buffer | string> {
  const { ZipFile, S3Bucket, S3Key, S3ObjectVersion } = input;
  if (ZipFile !== undefined && (S3Bucket !== undefined || S3Key !== undefined))
    throw invalidParameter("Please do not provide other FunctionCode parameters when providing a ZipFile.");
  if (ZipFile !== undefined) {
    if (ZipFile.byteLength > UPLOAD_BYTES_MAX)
      throw new AwsError(
        "RequestEntityTooLargeException",
        "Request must be smaller than 70167211 bytes for the CreateFunction operation",
        { status: 413 },
      );
    return Buffer.from(ZipFile.buffer, ZipFile.byteOffset, ZipFile.byteLength);
  }
  if (S3Bucket === undefined || S3Key === undefined)
    throw invalidParameter("Please provide a source for function code.");
  if (S3Bucket === HOT_RELOAD_BUCKET) return S3Key;
  return readObject(cx, S3Bucket, S3Key, S3ObjectVersion);
}

async function readObject(
  cx: CallContext<LambdaState>,
  bucket: string,
  key: string,
  version: string | undefined,
): Promise<Buffer> {
  try {
    const { Body } = await cx.call("s3", "GetObject", {
      Bucket: bucket,
      Key: key,
      ...(version === undefined ? {} : { VersionId: version }),
    });
    return await whole(Body as unknown as Uint8Array | AsyncIterable<Uint8Array>);
  } catch (error) {
    if (!(error instanceof AwsError) || error instanceof NotEmulatedError) throw error;
    throw invalidParameter(
      `Error occurred while GetObject. S3 Error Code: ${error.code}. S3 Error Message: ${error.message}`,
    );
  }
}

/** A body as a service answers it inside the cloud: bytes at hand, or a stream of them. */
async function whole(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function directoryCode(path: string): CodeRecord {
  const found = isAbsolute(path) ? statSync(path, { throwIfNoEntry: false }) : undefined;
  if (!found?.isDirectory())
    throw invalidParameter(
      `S3Key of the bucket ${HOT_RELOAD_BUCKET} must be the absolute path of a directory; given: ${path}`,
    );
  return { kind: "directory", path, sha256: createHash("sha256").update(path).digest("hex"), bytes: 0 };
}
