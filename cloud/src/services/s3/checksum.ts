import { createHash } from "node:crypto";
import { CrcJoiner, isCrc, startCrc } from "../../aws/crc.ts";
import { badDigest, invalidRequest } from "./errors.ts";

export const CHECKSUM_ALGORITHMS = ["CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];
export type ChecksumType = "FULL_OBJECT" | "COMPOSITE";

/** AWS: what S3 computes when the client sends none (since December 2024). */
export const DEFAULT_ALGORITHM: ChecksumAlgorithm = "CRC64NVME";

/** A kept checksum; `value` in base64, of a composite one without the `-N`. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  readonly value: string;
}

/** The members in which the API carries checksums, e.g. `ChecksumCRC32`. */
export type ChecksumMembers = { [A in ChecksumAlgorithm as `Checksum${A}`]?: string | undefined };

const DIGEST_BYTES: Record<ChecksumAlgorithm, number> = { CRC32: 4, CRC32C: 4, SHA1: 20, SHA256: 32, CRC64NVME: 8 };

export interface Digest {
  update(chunk: Uint8Array): void;
  digest(): Buffer;
}

export function startDigest(algorithm: ChecksumAlgorithm | "MD5"): Digest {
  return isCrc(algorithm) ? startCrc(algorithm) : createHash(algorithm.toLowerCase());
}

export function md5(content: Uint8Array | string): Buffer {
  return createHash("md5").update(content).digest();
}

/** What a client claims about a body: the checksum that it sent or announced. */
export interface Claim {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; undefined where it follows in a trailer. */
  readonly value: string | undefined;
}

/**
 * Reads the checksum that a request carries.
 * @param input the operation's input
 * @param headers lower-case request headers
 * @throws AwsError InvalidRequest for several checksums, a malformed one, or one that is announced and not sent
 */
export function readClaim(
  input: ChecksumMembers & { ChecksumAlgorithm?: string | undefined },
  headers: Readonly<Record<string, string | undefined>> = {},
): Claim | undefined {
  const given = CHECKSUM_ALGORITHMS.filter((algorithm) => input[`Checksum${algorithm}`] !== undefined);
  if (given.length > 1)
    throw invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  const announced = trailerAlgorithm(headers["x-amz-trailer"]);
  const algorithm = given[0] ?? announced;
  if (!algorithm) {
    if (headers["x-amz-sdk-checksum-algorithm"] !== undefined && headers["x-amz-trailer"] === undefined)
      throw invalidRequest(
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
      );
    return undefined;
  }
  const value = input[`Checksum${algorithm}`];
  if (value !== undefined) checkForm(algorithm, value);
  return { algorithm, value };
}

function trailerAlgorithm(trailer: string | undefined): ChecksumAlgorithm | undefined {
  const names = trailer?.toLowerCase().split(",") ?? [];
  return CHECKSUM_ALGORITHMS.find((algorithm) =>
    names.some((name) => name.trim() === `x-amz-checksum-${algorithm.toLowerCase()}`),
  );
}

function checkForm(algorithm: ChecksumAlgorithm, value: string): void {
  if (!isBase64Of(value, DIGEST_BYTES[algorithm]))
    throw invalidRequest(`Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`);
}

/** Whether a text is the base64 of exactly so many bytes. */
export function isBase64Of(text: string, bytes: number): boolean {
  const decoded = Buffer.from(text, "base64");
  return decoded.length === bytes && decoded.toString("base64") === text;
}

/** @throws AwsError BadDigest where the body is not what the client said */
export function verify(algorithm: ChecksumAlgorithm, claimed: string | undefined, computed: string): void {
  if (claimed !== computed) throw badDigest(`The ${algorithm} you specified did not match the calculated checksum.`);
}

/** The checksum as the API's members carry it; a composite one with the number of its parts. */
export function checksumMembers(checksum: Checksum | undefined, parts?: number): ChecksumMembers {
  if (!checksum) return {};
  const suffix = checksum.type === "COMPOSITE" && parts !== undefined ? `-${parts}` : "";
  return { [`Checksum${checksum.algorithm}`]: `${checksum.value}${suffix}` };
}

/** The same with the type, as most operations answer. */
export function checksumAndType(checksum: Checksum | undefined, parts?: number) {
  return checksum ? { ...checksumMembers(checksum, parts), ChecksumType: checksum.type } : {};
}

/** The part of a multipart upload as its checksum is made of it. */
export interface ChecksummedPart {
  readonly bytes: number;
  /** Base64. */
  readonly checksum: string;
}

/** The checksum of a multipart upload from those of its parts (AWS: "Checking object integrity in Amazon S3"). */
export function checksumOfParts(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly ChecksummedPart[],
): Checksum {
  const digests = parts.map((part) => Buffer.from(part.checksum, "base64"));
  if (type === "COMPOSITE") {
    const digest = startDigest(algorithm);
    for (const part of digests) digest.update(part);
    return { algorithm, type, value: digest.digest().toString("base64") };
  }
  if (!isCrc(algorithm)) throw new Error(`No full-object checksum can be made from parts with ${algorithm}`);
  const joiner = new CrcJoiner(algorithm);
  const [first, ...others] = digests;
  const joined = others.reduce<Buffer>((all, part, index) => joiner.join(all, part, parts[index + 1]!.bytes), first!);
  return { algorithm, type, value: joined.toString("base64") };
}

/**
 * Algorithm and type of a new multipart upload.
 * AWS: "CreateMultipartUpload": CRC64NVME knows only full objects, SHA only composites, CRC32 and CRC32C both.
 * @throws AwsError InvalidRequest for a pair that does not exist
 */
export function multipartChecksum(
  algorithm: string | undefined,
  type: string | undefined,
): { algorithm: ChecksumAlgorithm; type: ChecksumType; explicit: boolean } {
  if (algorithm === undefined) {
    if (type !== undefined)
      throw invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
    return { algorithm: DEFAULT_ALGORITHM, type: "FULL_OBJECT", explicit: false };
  }
  const chosen = algorithm as ChecksumAlgorithm;
  const full = chosen === "CRC64NVME";
  const taken = (type as ChecksumType | undefined) ?? (full ? "FULL_OBJECT" : "COMPOSITE");
  if ((full && taken === "COMPOSITE") || (chosen.startsWith("SHA") && taken === "FULL_OBJECT"))
    throw invalidRequest(
      `The ${taken} checksum type cannot be used with the ${chosen.toLowerCase()} checksum algorithm.`,
    );
  return { algorithm: chosen, type: taken, explicit: true };
}
