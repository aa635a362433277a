import type { Readable } from "node:stream";
import { AwsError } from "../../aws/error.ts";
import { workingAddresses } from "../../aws/addresses.ts";
import { TEMPLATE_BYTES_MAX } from "../../deploy/template-text.ts";
import { validationError } from "./errors.ts";
import type { Cx } from "./stacks.ts";

/** Reads a template (or stack policy) by its URL in S3, as the caller. @throws AwsError ValidationError */
export async function readUrl(cx: Cx, url: string): Promise<string> {
  const place = findObject(url, cx.endpoint());
  if (!place) throw validationError("TemplateURL must be a supported URL.");
  return readObject(cx, place);
}

/** Reads `s3://bucket/key`, as `AWS::Include` names it. */
export async function readS3Uri(cx: Cx, uri: string): Promise<string> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  if (Bucket === undefined || Key === undefined)
    throw validationError("Transform AWS::Include failed with: The location parameter is not a valid S3 uri.");
  return readObject(cx, { Bucket, Key });
}

interface ObjectPlace {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

/** Where an S3 URL leads, in any of AWS's forms or in the form of this cloud's own addresses. */
export function findObject(url: string, endpoint: string): ObjectPlace | undefined {
  const working = workingAddresses(url, endpoint);
  let parsed: URL;
  try {
    parsed = new URL(working);
  } catch {
    return undefined;
  }
  if (!working.startsWith(`${endpoint}/`) && !isLoopback(parsed.hostname)) return undefined;
  const [, Bucket, Key] = /^\/([^/]+)\/(.+)$/.exec(parsed.pathname) ?? [];
  if (Bucket === undefined || Key === undefined) return undefined;
  const VersionId = parsed.searchParams.get("versionId");
  return { Bucket, Key: decodeURIComponent(Key), ...(VersionId === null ? {} : { VersionId }) };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "127.0.0.1" || host === "[::1]";
}

async function readObject(cx: Cx, place: ObjectPlace): Promise<string> {
  try {
    const { Body } = await cx.call("s3", "GetObject", place);
    // In process a small object comes as bytes, a large one as a stream.
    const parts =
      (Body as unknown) instanceof Uint8Array ? [Body as unknown as Uint8Array] : (Body as unknown as Readable);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of parts) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).byteLength;
      if (bytes > TEMPLATE_BYTES_MAX)
        throw validationError(`Template may not exceed ${TEMPLATE_BYTES_MAX} bytes in size.`);
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    if (error instanceof AwsError && error.code !== "ValidationError" && error.status !== 501)
      throw validationError(`S3 error: ${error.message}`);
    throw error;
  }
}
