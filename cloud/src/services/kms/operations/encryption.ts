import { constants, createPrivateKey, createPublicKey, privateDecrypt, publicEncrypt } from "node:crypto";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import type { Ask } from "../../../service.ts";
import { findSealed, seal, unseal, type EncryptionContext } from "../ciphertext.ts";
import { dryRun, incorrectKey, invalidCiphertext, validation } from "../errors.ts";
import { checkAlgorithm, checkUsable, checkUsage, getKey, specOf } from "../key.ts";
import { askOf } from "../permissions.ts";
import { currentMaterial, materialsOf, type Cx, type KeyRecord } from "../state.ts";

const SYMMETRIC = "SYMMETRIC_DEFAULT";
/** AWS: "Encrypt", maximum sizes: 4096 bytes; with RSA the modulus less the padding. */
const OAEP_OVERHEAD = { RSAES_OAEP_SHA_1: 42, RSAES_OAEP_SHA_256: 66 } as const;

type Algorithm = NonNullable<Input<"kms", "Encrypt">["EncryptionAlgorithm"]>;

export function encrypt(cx: Cx, input: Input<"kms", "Encrypt">): Output<"kms", "Encrypt"> {
  const { EncryptionAlgorithm: algorithm = SYMMETRIC, EncryptionContext: context } = input;
  const key = getKey(cx, input.KeyId!);
  checkUsable(key);
  const blob = encryptWith(cx, key, algorithm, input.Plaintext!, context, "Encrypt");
  if (input.DryRun) throw dryRun();
  return { CiphertextBlob: blob, KeyId: key.arn, EncryptionAlgorithm: algorithm };
}

function encryptWith(
  cx: Cx,
  key: KeyRecord,
  algorithm: Algorithm,
  plaintext: Uint8Array,
  context: EncryptionContext | undefined,
  operation: string,
): Buffer {
  checkUsage(key, "ENCRYPT_DECRYPT", operation);
  checkAlgorithm(key, algorithm, specOf(key).encryption);
  const material = currentMaterial(cx.state, key);
  if (algorithm === SYMMETRIC) return seal(cx.kernel.random, key.arn, material, plaintext, context);
  if (context && Object.keys(context).length > 0)
    throw validation("Encryption context is not supported with asymmetric encryption algorithms.");
  const max = specOf(key).size! / 8 - overheadOf(algorithm);
  if (plaintext.length > max)
    throw validation(`Algorithm ${algorithm} and key spec ${key.spec} cannot encrypt data larger than ${max} bytes.`);
  return publicEncrypt({ key: createPublicKey(privateKeyOf(material.bytes)), ...oaep(algorithm) }, plaintext);
}

export function decrypt(cx: Cx, input: Input<"kms", "Decrypt">): Output<"kms", "Decrypt"> {
  if (input.Recipient !== undefined) throw new NotEmulatedError("attested Recipients of KMS");
  const { EncryptionAlgorithm: algorithm = SYMMETRIC, EncryptionContext: context } = input;
  const key = keyOfBlob(cx, input.CiphertextBlob, input.KeyId, algorithm);
  checkUsable(key);
  const opened = decryptWith(cx, key, algorithm, input.CiphertextBlob!, context, "Decrypt");
  if (input.DryRun) throw dryRun();
  return { KeyId: key.arn, EncryptionAlgorithm: algorithm, ...opened };
}

function decryptWith(
  cx: Cx,
  key: KeyRecord,
  algorithm: Algorithm,
  blob: Uint8Array,
  context: EncryptionContext | undefined,
  operation: string,
): { Plaintext: Uint8Array; KeyMaterialId?: string } {
  checkUsage(key, "ENCRYPT_DECRYPT", operation);
  checkAlgorithm(key, algorithm, specOf(key).encryption);
  if (algorithm !== SYMMETRIC) return { Plaintext: openRsa(cx, key, algorithm, blob) };
  const sealed = findSealed(blob);
  const material = sealed && materialsOf(cx.state, key).find(({ id }) => id === sealed.materialId);
  const opened = sealed && material && unseal(sealed, material, context);
  if (!opened) throw invalidCiphertext();
  return { Plaintext: opened, KeyMaterialId: material.id };
}

function openRsa(cx: Cx, key: KeyRecord, algorithm: Algorithm, blob: Uint8Array): Buffer {
  try {
    const material = currentMaterial(cx.state, key);
    return privateDecrypt({ key: privateKeyOf(material.bytes), ...oaep(algorithm) }, blob);
  } catch {
    throw invalidCiphertext();
  }
}

/** AWS: a symmetric ciphertext tells its key; an asymmetric one does not. */
function keyOfBlob(cx: Cx, blob: Uint8Array | undefined, keyId: string | undefined, algorithm: Algorithm): KeyRecord {
  if (algorithm !== SYMMETRIC) {
    if (keyId === undefined) throw validation("KeyId is required with asymmetric encryption algorithms.");
    return getKey(cx, keyId);
  }
  const given = keyId === undefined ? undefined : getKey(cx, keyId);
  const sealed = findSealed(blob ?? new Uint8Array());
  if (given && given.spec !== SYMMETRIC) return given;
  if (!sealed) throw invalidCiphertext();
  if (given && given.arn !== sealed.keyArn) throw incorrectKey();
  return given ?? getKey(cx, sealed.keyArn);
}

export function reEncrypt(cx: Cx, input: Input<"kms", "ReEncrypt">): Output<"kms", "ReEncrypt"> {
  const { SourceEncryptionAlgorithm: from = SYMMETRIC, DestinationEncryptionAlgorithm: to = SYMMETRIC } = input;
  const source = keyOfBlob(cx, input.CiphertextBlob, input.SourceKeyId, from);
  const destination = getKey(cx, input.DestinationKeyId!);
  checkUsable(source);
  checkUsable(destination);
  const opened = decryptWith(cx, source, from, input.CiphertextBlob!, input.SourceEncryptionContext, "ReEncrypt");
  const context = input.DestinationEncryptionContext;
  const blob = encryptWith(cx, destination, to, opened.Plaintext, context, "ReEncrypt");
  if (input.DryRun) throw dryRun();
  return {
    CiphertextBlob: blob,
    SourceKeyId: source.arn,
    KeyId: destination.arn,
    SourceEncryptionAlgorithm: from,
    DestinationEncryptionAlgorithm: to,
  };
}

export function askOfDecrypt(input: Input<"kms", "Decrypt">, cx: Cx): Ask {
  const key = keyOfBlob(cx, input.CiphertextBlob, input.KeyId, input.EncryptionAlgorithm ?? SYMMETRIC);
  return askOf(cx, key, "Decrypt", {
    keyId: input.KeyId,
    encryptionContext: input.EncryptionContext,
    context: { "kms:EncryptionAlgorithm": input.EncryptionAlgorithm ?? SYMMETRIC },
  });
}

export function asksOfReEncrypt(input: Input<"kms", "ReEncrypt">, cx: Cx): Ask[] {
  const from = keyOfBlob(cx, input.CiphertextBlob, input.SourceKeyId, input.SourceEncryptionAlgorithm ?? SYMMETRIC);
  const to = getKey(cx, input.DestinationKeyId!);
  const context = { "kms:ReEncryptOnSameKey": String(from.arn === to.arn) };
  return [
    askOf(cx, from, "ReEncryptFrom", { context, encryptionContext: input.SourceEncryptionContext }),
    askOf(cx, to, "ReEncryptTo", { context, encryptionContext: input.DestinationEncryptionContext }),
  ];
}

function privateKeyOf(bytes: Uint8Array) {
  return createPrivateKey({ key: Buffer.from(bytes), format: "der", type: "pkcs8" });
}

function overheadOf(algorithm: Algorithm): number {
  return OAEP_OVERHEAD[algorithm as keyof typeof OAEP_OVERHEAD];
}

function oaep(algorithm: Algorithm) {
  const oaepHash = algorithm === "RSAES_OAEP_SHA_1" ? "sha1" : "sha256";
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
}
