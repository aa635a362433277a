import { createHash } from "node:crypto";
import { isCrc, startCrc } from "../aws/crc.ts";
import { AwsError, NotEmulatedError } from "../aws/error.ts";
import type { HttpHead } from "../http.ts";

/**
 * What a request to S3 claims about its body, checked where the body is a document. (Objects are checked by S3 itself,
 * while it takes them in.)
 */

const ALGORITHMS = {
  crc32: "CRC32",
  crc32c: "CRC32C",
  crc64nvme: "CRC64NVME",
  sha1: "SHA1",
  sha256: "SHA256",
} as const;
const NO_CHECKSUMS = new Set(["x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"]);

/**
 * @param trailers of an aws-chunked body
 * @throws AwsError InvalidDigest, BadDigest, XAmzContentSHA256Mismatch; NotEmulatedError for the algorithms AWS added later
 */
export function checkDigests(
  { headers }: HttpHead,
  body: Buffer,
  trailers: Readonly<Record<string, string>> = {},
): void {
  checkMd5(headers["content-md5"], body);
  checkContentSha256(headers["x-amz-content-sha256"], body);
  for (const [name, value] of [...Object.entries(headers), ...Object.entries(trailers)]) {
    if (value !== undefined && name.startsWith("x-amz-checksum-") && !NO_CHECKSUMS.has(name))
      checkChecksum(name, value, body);
  }
}

function checkMd5(claimed: string | undefined, body: Buffer): void {
  if (claimed === undefined) return;
  const decoded = Buffer.from(claimed, "base64");
  if (decoded.length !== 16 || decoded.toString("base64") !== claimed)
    throw new AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.", {
      status: 400,
      members: { "Content-MD5": claimed },
    });
  const computed = createHash("md5").update(body).digest("base64");
  if (computed !== claimed)
    throw new AwsError("BadDigest", "The Content-MD5 you specified did not match what we received.", {
      status: 400,
      members: { ExpectedDigest: claimed, CalculatedDigest: computed },
    });
}

function checkContentSha256(claimed: string | undefined, body: Buffer): void {
  if (claimed === undefined || !/^[0-9a-f]{64}$/.test(claimed)) return;
  const computed = createHash("sha256").update(body).digest("hex");
  if (computed === claimed) return;
  const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
  throw new AwsError("XAmzContentSHA256Mismatch", message, {
    status: 400,
    members: { ClientComputedContentSHA256: claimed, S3ComputedContentSHA256: computed },
  });
}

function checkChecksum(header: string, claimed: string, body: Buffer): void {
  const suffix = header.slice("x-amz-checksum-".length);
  if (!Object.hasOwn(ALGORITHMS, suffix))
    throw new NotEmulatedError(`the checksum algorithm ${suffix.toUpperCase()} of s3`);
  const algorithm = ALGORITHMS[suffix as keyof typeof ALGORITHMS];
  const digest = isCrc(algorithm) ? startCrc(algorithm) : createHash(suffix);
  digest.update(body);
  const computed = digest.digest();
  if (Buffer.from(claimed, "base64").length !== computed.length)
    throw new AwsError("InvalidRequest", `Value for ${header} header is invalid.`, { status: 400 });
  if (computed.toString("base64") !== claimed)
    throw new AwsError("BadDigest", `The ${algorithm} you specified did not match the calculated checksum.`, {
      status: 400,
    });
}
