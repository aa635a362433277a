/** Signing and verifying, of messages and of digests that were made elsewhere. */
import type { SigningAlgorithmSpec } from "@aws-sdk/client-kms";
import { p256 } from "@noble/curves/p256";
import { p384 } from "@noble/curves/p384";
import { p521 } from "@noble/curves/p521";
import { secp256k1 } from "@noble/curves/secp256k1";
import { constants, createHash, createPublicKey, privateEncrypt, publicDecrypt, type KeyObject } from "node:crypto";
import type { Random } from "../../kernel/random.ts";
import { encodePss, isPss } from "./pss.ts";

const CURVES = { prime256v1: p256, secp384r1: p384, secp521r1: p521, secp256k1 } as const;

/** DigestInfo before the digest. RFC 8017, section 9.2, note 1. */
const DIGEST_INFO: Readonly<Record<string, string>> = {
  sha256: "3031300d060960864801650304020105000420",
  sha384: "3041300d060960864801650304020205000430",
  sha512: "3051300d060960864801650304020305000440",
};

/** The hash of a signing algorithm, as node names it. */
export function hashOf(algorithm: SigningAlgorithmSpec): string {
  return `sha${algorithm.slice(-3)}`;
}

export function digestBytes(algorithm: SigningAlgorithmSpec): number {
  return Number(algorithm.slice(-3)) / 8;
}

export function digestOf(algorithm: SigningAlgorithmSpec, message: Uint8Array): Buffer {
  return createHash(hashOf(algorithm)).update(message).digest();
}

/** Signs a digest. @returns for ECDSA in DER, as AWS does */
export function signDigest(
  key: KeyObject,
  algorithm: SigningAlgorithmSpec,
  digest: Uint8Array,
  random: Random,
): Buffer {
  if (algorithm.startsWith("ECDSA")) {
    const { d } = key.export({ format: "jwk" });
    const signature = curveOf(key).sign(digest, Buffer.from(d!, "base64url"), { prehash: false, lowS: false });
    return Buffer.from(signature.toDERRawBytes());
  }
  if (algorithm.startsWith("RSASSA_PSS")) {
    const bits = key.asymmetricKeyDetails!.modulusLength!;
    const encoded = encodePss(digest, hashOf(algorithm), bits, random.bytes(digest.length));
    return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
  }
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digestInfo(algorithm, digest));
}

export function isSigned(
  key: KeyObject,
  algorithm: SigningAlgorithmSpec,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const publicKey = createPublicKey(key as unknown as Parameters<typeof createPublicKey>[0]);
  try {
    if (algorithm.startsWith("ECDSA")) {
      const { x, y } = publicKey.export({ format: "jwk" });
      const point = Buffer.concat([Buffer.from([4]), Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]);
      return curveOf(publicKey).verify(signature, digest, point, { prehash: false, lowS: false, format: "der" });
    }
    if (algorithm.startsWith("RSASSA_PSS")) {
      const bits = publicKey.asymmetricKeyDetails!.modulusLength!;
      const encoded = publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature);
      return isPss(encoded, digest, hashOf(algorithm), bits);
    }
    const opened = publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature);
    return opened.equals(digestInfo(algorithm, digest));
  } catch {
    return false;
  }
}

function curveOf(key: KeyObject) {
  return CURVES[key.asymmetricKeyDetails!.namedCurve as keyof typeof CURVES];
}

function digestInfo(algorithm: SigningAlgorithmSpec, digest: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(DIGEST_INFO[hashOf(algorithm)]!, "hex"), digest]);
}
