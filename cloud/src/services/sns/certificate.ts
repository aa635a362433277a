/** A self-signed X.509 certificate (RFC 5280): what a signed message's `SigningCertURL` leads to. */
import { type KeyObject, createPublicKey, sign } from "node:crypto";

export interface CertificateParts {
  readonly privateKey: KeyObject;
  readonly commonName: string;
  /** Hexadecimal. */
  readonly serial: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const TAG = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
};
const GENERALIZED_TIME = 0x18;
const explicit = (number: number) => 0xa0 + number;
/** 1.2.840.113549.1.1.11 */
const SHA256_WITH_RSA = Buffer.from("2a864886f70d01010b", "hex");
/** 2.5.4.3 */
const COMMON_NAME = Buffer.from("550403", "hex");
/** 2.5.29.17 */
const ALTERNATIVE_NAMES = Buffer.from("551d11", "hex");
const DNS_NAME = 0x82;

/** @returns PEM */
export function selfSignedCertificate(parts: CertificateParts): string {
  const algorithm = der(TAG.sequence, der(TAG.oid, SHA256_WITH_RSA), der(TAG.null));
  const signed = unsignedPart(parts, algorithm);
  const signature = sign("sha256", signed, parts.privateKey);
  const whole = der(TAG.sequence, signed, algorithm, der(TAG.bits, Buffer.from([0]), signature));
  const lines = whole.toString("base64").match(/.{1,64}/g)!;
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function unsignedPart({ privateKey, commonName, serial, fromMs, toMs }: CertificateParts, algorithm: Buffer): Buffer {
  const text = der(TAG.utf8, Buffer.from(commonName));
  const name = der(TAG.sequence, der(TAG.set, der(TAG.sequence, der(TAG.oid, COMMON_NAME), text)));
  const names = der(TAG.sequence, der(DNS_NAME, Buffer.from(commonName)));
  const extension = der(TAG.sequence, der(TAG.oid, ALTERNATIVE_NAMES), der(TAG.octets, names));
  const key = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return der(
    TAG.sequence,
    der(explicit(0), der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, positive(serial)),
    algorithm,
    name,
    der(TAG.sequence, time(fromMs), time(toMs)),
    name,
    key,
    der(explicit(3), der(TAG.sequence, extension)),
  );
}

/** In as few bytes as may be, the first bit zero. */
function positive(hex: string): Buffer {
  const bare = hex.replace(/^0+(?=.)/, "");
  const even = bare.length % 2 === 0 ? bare : `0${bare}`;
  return Buffer.from(Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even, "hex");
}

/** RFC 5280: two digits of the year until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  return Number(digits.slice(0, 4)) < 2050
    ? der(TAG.utcTime, Buffer.from(digits.slice(2)))
    : der(GENERALIZED_TIME, Buffer.from(digits));
}

function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const bytes = content.length;
  if (bytes < 0x80) return Buffer.concat([Buffer.from([tag, bytes]), content]);
  const length = Buffer.from(bytes.toString(16).padStart(bytes < 0x100 ? 2 : bytes < 0x10000 ? 4 : 6, "0"), "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 + length.length]), length, content]);
}
