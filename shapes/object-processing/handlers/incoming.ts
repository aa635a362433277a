import { GetObjectCommand, S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { S3EventRecord } from "aws-lambda";

const s3 = new S3Client();

/** The object that an event is about. */
export interface Incoming {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly versionId: string | undefined;
  /** Tells which of two events on the same key came later. */
  readonly sequencer: string;
}

/** AWS: keys in events are URL-encoded as forms are, a space as a plus. */
export function incoming({ s3: { bucket, object } }: S3EventRecord): Incoming {
  return {
    bucket: bucket.name,
    key: decodeURIComponent(object.key.replaceAll("+", " ")),
    etag: object.eTag,
    versionId: object.versionId,
    // AWS: the shorter of two is to be filled up with zeros on the right.
    sequencer: object.sequencer.padEnd(32, "0"),
  };
}

/** What the event was about; undefined where it has been replaced or deleted since: that has an event of its own. */
export async function read({ bucket, key, etag, versionId }: Incoming): Promise<Buffer | undefined> {
  try {
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: bucket, Key: key, ...(versionId ? { VersionId: versionId } : { IfMatch: etag }) }),
    );
    return Buffer.from(await Body!.transformToByteArray());
  } catch (error) {
    const name = error instanceof S3ServiceException ? error.name : "";
    if (["NoSuchKey", "NoSuchVersion", "PreconditionFailed"].includes(name)) return undefined;
    throw error;
  }
}
