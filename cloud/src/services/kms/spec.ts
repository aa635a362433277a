/**
 * What each key spec can do. AWS: "Key spec reference" of the KMS developer guide.
 */
import type {
  EncryptionAlgorithmSpec,
  KeySpec,
  KeyUsageType,
  MacAlgorithmSpec,
  SigningAlgorithmSpec,
} from "@aws-sdk/client-kms";
import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { Random } from "../../kernel/random.ts";

const generate = promisify(generateKeyPair) as (
  type: string,
  options: object,
) => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>;

export interface Spec {
  readonly kind: "symmetric" | "hmac" | "rsa" | "ecc";
  readonly usages: readonly KeyUsageType[];
  readonly encryption?: readonly EncryptionAlgorithmSpec[];
  readonly signing?: readonly SigningAlgorithmSpec[];
  readonly mac?: readonly MacAlgorithmSpec[];
  /** Bytes of a secret, bits of an RSA modulus. */
  readonly size?: number;
  /** As OpenSSL names it. */
  readonly curve?: string;
}

const rsa = (size: number): Spec => ({
  kind: "rsa",
  size,
  usages: ["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
  encryption: ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
  signing: [
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
  ],
});
const ecc = (curve: string, signing: SigningAlgorithmSpec): Spec => ({
  kind: "ecc",
  curve,
  usages: ["SIGN_VERIFY"],
  signing: [signing],
});
const hmac = (mac: MacAlgorithmSpec, size: number): Spec => ({
  kind: "hmac",
  size,
  usages: ["GENERATE_VERIFY_MAC"],
  mac: [mac],
});

const SPECS: Partial<Record<KeySpec, Spec>> = {
  SYMMETRIC_DEFAULT: { kind: "symmetric", size: 32, usages: ["ENCRYPT_DECRYPT"], encryption: ["SYMMETRIC_DEFAULT"] },
  RSA_2048: rsa(2048),
  RSA_3072: rsa(3072),
  RSA_4096: rsa(4096),
  ECC_NIST_P256: ecc("prime256v1", "ECDSA_SHA_256"),
  ECC_NIST_P384: ecc("secp384r1", "ECDSA_SHA_384"),
  ECC_NIST_P521: ecc("secp521r1", "ECDSA_SHA_512"),
  ECC_SECG_P256K1: ecc("secp256k1", "ECDSA_SHA_256"),
  HMAC_224: hmac("HMAC_SHA_224", 28),
  HMAC_256: hmac("HMAC_SHA_256", 32),
  HMAC_384: hmac("HMAC_SHA_384", 48),
  HMAC_512: hmac("HMAC_SHA_512", 64),
};

/** Undefined for the specs that are not emulated (SM2, Edwards curves, ML-DSA, ML-KEM). */
export function findSpec(name: string): Spec | undefined {
  return SPECS[name as KeySpec];
}

/** New secret material. Private keys come from OpenSSL's random source, not the kernel's: they cannot be drawn from a seed. */
export async function newMaterial(spec: Spec, random: Random): Promise<Uint8Array> {
  if (spec.kind === "symmetric" || spec.kind === "hmac") return random.bytes(spec.size!);
  return (await newKeyPair(spec)).privateKey.export({ type: "pkcs8", format: "der" });
}

export function newKeyPair(spec: Spec): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return spec.kind === "rsa"
    ? generate("rsa", { modulusLength: spec.size })
    : generate("ec", { namedCurve: spec.curve });
}
