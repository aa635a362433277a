import type { ChecksumMembers } from "./checksum.ts";
import { DEFAULT_ALGORITHM, isBase64Of, readClaim, verify, type Claim, type ChecksumAlgorithm } from "./checksum.ts";
import type { BodySource, Intake } from "./body.ts";
import { badContentSha256, badMd5, entityTooLarge, invalidDigest, missingContentLength } from "./errors.ts";
import type { S3Context } from "./state.ts";
import { NotEmulatedError } from "../../aws/error.ts";

/** AWS: "Amazon S3 multipart upload limits": most bytes of one PUT, be it an object or a part. */
export const UPLOAD_BYTES_MAX = 5 * 1024 ** 3;

export interface UploadInput extends ChecksumMembers {
  readonly Body?: unknown;
  readonly ContentLength?: number | undefined;
  readonly ContentMD5?: string | undefined;
  readonly ChecksumAlgorithm?: string | undefined;
}

const LATER_CHECKSUMS = ["SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"];

/**
 * What a request claims about its body.
 * @throws AwsError InvalidRequest; NotEmulatedError for the algorithms that AWS added later
 */
export function readUploadClaim(cx: S3Context, input: UploadInput): Claim | undefined {
  const later = LATER_CHECKSUMS.find((name) => (input as Record<string, unknown>)[`Checksum${name}`] !== undefined);
  if (later !== undefined) throw new NotEmulatedError(`the checksum algorithm ${later} of S3`);
  return readClaim(input, cx.source.headers);
}

/** A body whose bytes are followed by headers, as aws-chunked has them. */
interface Trailed {
  readonly trailers?: Readonly<Record<string, string | undefined>>;
}

/**
 * Takes a request's body in and checks it against all that the request claims about it: length, MD5, SHA-256, checksum
 * in a header or a trailer.
 * @param algorithm in which a checksum is wanted, whatever the claim's; default: the claim's, else S3's own
 * @throws AwsError EntityTooLarge, MissingContentLength, InvalidDigest, BadDigest, IncompleteBody; nothing is kept then
 */
export async function receive(
  cx: S3Context,
  input: UploadInput,
  claim: Claim | undefined,
  algorithm: ChecksumAlgorithm = claim?.algorithm ?? DEFAULT_ALGORITHM,
): Promise<Intake> {
  checkLength(cx, input);
  if (input.ContentMD5 !== undefined && !isBase64Of(input.ContentMD5, 16)) throw invalidDigest(input.ContentMD5);
  const { bodies } = cx.state;
  const claimedSha256 = contentSha256(cx);
  const source = input.Body as BodySource;
  const intake = await bodies.take(source, {
    algorithms: claim && claim.algorithm !== algorithm ? [algorithm, claim.algorithm] : [algorithm],
    bytesMax: UPLOAD_BYTES_MAX,
    sha256: claimedSha256 !== undefined,
  });
  try {
    checkIntake(input, intake, claimedSha256);
    if (claim) checkClaim(claim, intake, (source as Trailed | undefined)?.trailers);
  } catch (error) {
    bodies.drop(intake);
    throw error;
  }
  return intake;
}

function checkLength(cx: S3Context, input: UploadInput): void {
  const { headers } = cx.source;
  if (!headers) return;
  const length = headers["x-amz-decoded-content-length"] ?? headers["content-length"];
  if (length === undefined && headers["transfer-encoding"] !== undefined) throw missingContentLength();
  const bytes = Number(length ?? input.ContentLength ?? 0);
  if (bytes > UPLOAD_BYTES_MAX) throw entityTooLarge(bytes, UPLOAD_BYTES_MAX);
}

/** The SHA-256 that the signature vouches for; undefined where it names none. */
function contentSha256(cx: S3Context): string | undefined {
  const value = cx.source.headers?.["x-amz-content-sha256"];
  return value !== undefined && /^[0-9a-f]{64}$/.test(value) ? value : undefined;
}

function checkIntake(input: UploadInput, intake: Intake, claimedSha256: string | undefined): void {
  if (claimedSha256 !== undefined && claimedSha256 !== intake.sha256)
    throw badContentSha256(claimedSha256, intake.sha256 ?? "");
  if (input.ContentMD5 === undefined) return;
  const computed = Buffer.from(intake.md5, "hex").toString("base64");
  if (input.ContentMD5 !== computed) throw badMd5(input.ContentMD5, computed);
}

function checkClaim({ algorithm, value }: Claim, intake: Intake, trailers: Trailed["trailers"]): void {
  const claimed = value ?? trailers?.[`x-amz-checksum-${algorithm.toLowerCase()}`];
  verify(algorithm, claimed, intake.checksums.get(algorithm)!);
}

/**
 * Runs the transaction that makes intakes part of the state; where it fails they are dropped. Files that it freed are
 * removed after it.
 */
export function commit<T>(cx: S3Context, intakes: readonly Intake[], work: () => T): T {
  const { bodies } = cx.state;
  try {
    return cx.kernel.store.transaction(work);
  } catch (error) {
    for (const intake of intakes) bodies.drop(intake);
    throw error;
  } finally {
    bodies.sweep();
  }
}
