import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { seal } from "../ciphertext.ts";
import { dryRun, validation } from "../errors.ts";
import { checkUsable, checkUsage, getKey } from "../key.ts";
import { findSpec, newKeyPair } from "../spec.ts";
import { currentMaterial, type Cx, type KeyRecord } from "../state.ts";

type DataKeyInput = Input<"kms", "GenerateDataKeyWithoutPlaintext"> & { readonly Recipient?: unknown };
type PairInput = Input<"kms", "GenerateDataKeyPairWithoutPlaintext"> & { readonly Recipient?: unknown };

export function generateDataKey(cx: Cx, input: DataKeyInput): Output<"kms", "GenerateDataKey"> {
  const key = getWrappingKey(cx, input, "GenerateDataKey");
  const Plaintext = cx.kernel.random.bytes(lengthOf(input));
  const material = currentMaterial(cx.state, key);
  const CiphertextBlob = seal(cx.kernel.random, key.arn, material, Plaintext, input.EncryptionContext);
  if (input.DryRun) throw dryRun();
  return { CiphertextBlob, Plaintext, KeyId: key.arn, KeyMaterialId: material.id };
}

export function generateDataKeyWithoutPlaintext(
  cx: Cx,
  input: Input<"kms", "GenerateDataKeyWithoutPlaintext">,
): Output<"kms", "GenerateDataKeyWithoutPlaintext"> {
  const { Plaintext: _, ...answer } = generateDataKey(cx, input);
  return answer;
}

export async function generateDataKeyPair(cx: Cx, input: PairInput): Promise<Output<"kms", "GenerateDataKeyPair">> {
  const key = getWrappingKey(cx, input, "GenerateDataKeyPair");
  const spec = findSpec(input.KeyPairSpec!);
  if (!spec || (spec.kind !== "rsa" && spec.kind !== "ecc"))
    throw new NotEmulatedError(`KMS data key pairs of the spec ${input.KeyPairSpec}`);
  const pair = await newKeyPair(spec);
  const PrivateKeyPlaintext = pair.privateKey.export({ type: "pkcs8", format: "der" });
  const material = currentMaterial(cx.state, key);
  if (input.DryRun) throw dryRun();
  return {
    PrivateKeyCiphertextBlob: seal(cx.kernel.random, key.arn, material, PrivateKeyPlaintext, input.EncryptionContext),
    PrivateKeyPlaintext,
    PublicKey: pair.publicKey.export({ type: "spki", format: "der" }),
    KeyId: key.arn,
    KeyPairSpec: input.KeyPairSpec,
    KeyMaterialId: material.id,
  };
}

export async function generateDataKeyPairWithoutPlaintext(
  cx: Cx,
  input: Input<"kms", "GenerateDataKeyPairWithoutPlaintext">,
): Promise<Output<"kms", "GenerateDataKeyPairWithoutPlaintext">> {
  const { PrivateKeyPlaintext: _, ...answer } = await generateDataKeyPair(cx, input);
  return answer;
}

export function generateRandom(cx: Cx, input: Input<"kms", "GenerateRandom">): Output<"kms", "GenerateRandom"> {
  if (input.CustomKeyStoreId !== undefined) throw new NotEmulatedError("custom key stores of KMS");
  if (input.Recipient !== undefined) throw new NotEmulatedError("attested Recipients of KMS");
  if (input.NumberOfBytes === undefined) throw validation("NumberOfBytes is required.");
  return { Plaintext: cx.kernel.random.bytes(input.NumberOfBytes) };
}

function getWrappingKey(cx: Cx, input: DataKeyInput | PairInput, operation: string): KeyRecord {
  if (input.Recipient !== undefined) throw new NotEmulatedError("attested Recipients of KMS");
  const key = getKey(cx, input.KeyId!);
  checkUsable(key);
  checkUsage(key, "ENCRYPT_DECRYPT", operation);
  if (key.spec !== "SYMMETRIC_DEFAULT") checkUsage({ ...key, usage: "SIGN_VERIFY" }, "ENCRYPT_DECRYPT", operation);
  return key;
}

function lengthOf({ KeySpec: spec, NumberOfBytes: count }: DataKeyInput): number {
  if ((spec === undefined) === (count === undefined))
    throw validation("Please specify either number of bytes or key spec.");
  return count ?? (spec === "AES_128" ? 16 : 32);
}
