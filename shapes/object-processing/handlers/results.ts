import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { Incoming } from "./incoming.ts";

const s3 = new S3Client();
const Bucket = process.env["RESULT_BUCKET"];

/** What became of an object. */
export interface Result {
  /** Goes into `result.json`. */
  readonly summary: Readonly<Record<string, unknown>>;
  readonly files: readonly { readonly name: string; readonly type: string; readonly body: Buffer | string }[];
}

const TRIES = 5;

/** Whether this event, or a later one on the same key, has its result already. */
export async function isSettled(object: Incoming): Promise<boolean> {
  const standing = await findStanding(object.key);
  return standing !== undefined && standing.sequencer >= object.sequencer;
}

/**
 * Writes the files, and last `result.json`, which says what they are. Files lie below the object's ETag: two versions
 * worked on at once do not mix. `result.json` never goes back from a later object to an earlier one.
 */
export async function settle(object: Incoming, { summary, files }: Result): Promise<void> {
  const at = (name: string) => `${object.key}/${object.etag}/${name}`;
  for (const { name, type, body } of files)
    await s3.send(new PutObjectCommand({ Bucket, Key: at(name), ContentType: type, Body: body }));
  const { key, etag, versionId, sequencer } = object;
  const text = JSON.stringify({ key, etag, versionId, ...summary, files: files.map(({ name }) => at(name)) });
  for (let tries = 0; tries < TRIES; tries++) {
    const standing = await findStanding(key);
    if (standing && standing.sequencer >= sequencer) return;
    const condition = standing ? { IfMatch: standing.etag } : { IfNoneMatch: "*" };
    const Metadata = { sequencer };
    const Key = `${key}/result.json`;
    try {
      await s3.send(
        new PutObjectCommand({ Bucket, Key, ContentType: "application/json", Body: text, Metadata, ...condition }),
      );
      return;
    } catch (error) {
      if (!isRace(error)) throw error;
    }
  }
  throw new Error(`${key}: others kept writing its result`);
}

async function findStanding(key: string): Promise<{ sequencer: string; etag: string } | undefined> {
  try {
    const { Metadata, ETag } = await s3.send(new GetObjectCommand({ Bucket, Key: `${key}/result.json` }));
    return { sequencer: Metadata?.["sequencer"] ?? "", etag: ETag! };
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** Somebody else wrote between our look and our write. */
function isRace(error: unknown): boolean {
  return (
    error instanceof S3ServiceException && ["PreconditionFailed", "ConditionalRequestConflict"].includes(error.name)
  );
}
