import { createHmac, createPrivateKey, createPublicKey, timingSafeEqual, type KeyObject } from "node:crypto";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { dryRun, invalidMac, invalidSignature, unsupported, validation } from "../errors.ts";
import { checkAlgorithm, checkUsable, checkUsage, getKey, specOf } from "../key.ts";
import { digestBytes, digestOf, isSigned, signDigest } from "../signature.ts";
import { currentMaterial, type Cx, type KeyRecord } from "../state.ts";

type SignInput = Input<"kms", "Sign">;

export function sign(cx: Cx, input: SignInput): Output<"kms", "Sign"> {
  const { key, digest } = prepare(cx, input, "Sign");
  const algorithm = input.SigningAlgorithm!;
  if (input.DryRun) throw dryRun();
  const Signature = signDigest(privateKey(cx, key), algorithm, digest, cx.kernel.random);
  return { KeyId: key.arn, Signature, SigningAlgorithm: algorithm };
}

export function verify(cx: Cx, input: Input<"kms", "Verify">): Output<"kms", "Verify"> {
  const { key, digest } = prepare(cx, input, "Verify");
  if (!isSigned(privateKey(cx, key), input.SigningAlgorithm!, digest, input.Signature!)) throw invalidSignature();
  if (input.DryRun) throw dryRun();
  return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: input.SigningAlgorithm };
}

function prepare(cx: Cx, input: SignInput, operation: string): { key: KeyRecord; digest: Uint8Array } {
  const { MessageType: type = "RAW", SigningAlgorithm: algorithm } = input;
  const key = getKey(cx, input.KeyId!);
  checkUsable(key);
  checkUsage(key, "SIGN_VERIFY", operation);
  checkAlgorithm(key, algorithm!, specOf(key).signing);
  if (type === "EXTERNAL_MU") throw new NotEmulatedError("the message type EXTERNAL_MU of KMS");
  if (type === "DIGEST" && input.Message!.length !== digestBytes(algorithm!))
    throw validation(`Digest is invalid length for algorithm ${algorithm}.`);
  return { key, digest: type === "DIGEST" ? input.Message! : digestOf(algorithm!, input.Message!) };
}

function privateKey(cx: Cx, key: KeyRecord): KeyObject {
  const { bytes } = currentMaterial(cx.state, key);
  return createPrivateKey({ key: Buffer.from(bytes), format: "der", type: "pkcs8" });
}

export function getPublicKey(cx: Cx, input: Input<"kms", "GetPublicKey">): Output<"kms", "GetPublicKey"> {
  const key = getKey(cx, input.KeyId!);
  const spec = specOf(key);
  if (spec.kind !== "rsa" && spec.kind !== "ecc") throw unsupported("");
  checkUsable(key);
  const PublicKey = createPublicKey(privateKey(cx, key).export({ type: "pkcs8", format: "pem" })).export({
    type: "spki",
    format: "der",
  });
  return {
    KeyId: key.arn,
    PublicKey,
    KeySpec: key.spec,
    CustomerMasterKeySpec: key.spec as "RSA_2048",
    KeyUsage: key.usage,
    ...(key.usage === "SIGN_VERIFY"
      ? { SigningAlgorithms: [...(spec.signing ?? [])] }
      : { EncryptionAlgorithms: [...(spec.encryption ?? [])] }),
  };
}

export function generateMac(cx: Cx, input: Input<"kms", "GenerateMac">): Output<"kms", "GenerateMac"> {
  const { key, mac } = macOf(cx, input, "GenerateMac");
  if (input.DryRun) throw dryRun();
  return { Mac: mac, MacAlgorithm: input.MacAlgorithm, KeyId: key.arn };
}

export function verifyMac(cx: Cx, input: Input<"kms", "VerifyMac">): Output<"kms", "VerifyMac"> {
  const { key, mac } = macOf(cx, input, "VerifyMac");
  if (mac.length !== input.Mac!.length || !timingSafeEqual(mac, input.Mac!)) throw invalidMac();
  if (input.DryRun) throw dryRun();
  return { KeyId: key.arn, MacValid: true, MacAlgorithm: input.MacAlgorithm };
}

function macOf(cx: Cx, input: Input<"kms", "GenerateMac">, operation: string): { key: KeyRecord; mac: Buffer } {
  const key = getKey(cx, input.KeyId!);
  checkUsable(key);
  checkUsage(key, "GENERATE_VERIFY_MAC", operation);
  checkAlgorithm(key, input.MacAlgorithm!, specOf(key).mac);
  const hash = `sha${input.MacAlgorithm!.slice(-3)}`;
  return { key, mac: createHmac(hash, currentMaterial(cx.state, key).bytes).update(input.Message!).digest() };
}
