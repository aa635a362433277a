/**
 * AWS Key Management Service, with real cryptography: symmetric, RSA, ECC and HMAC keys, key policies, grants, rotation.
 *
 * Gap: multi-Region keys, imported material, custom key stores, key agreement, SM2, Edwards curves, ML-DSA and ML-KEM,
 * attested Recipients are refused by name.
 * Gap: ciphertexts are of our own form; only this cloud decrypts them.
 * Gap: GrantTokens are not needed: a grant holds at once. AWS takes up to five minutes without the token.
 */
import { defineService, suspends, type Ask, type ServiceContext } from "../../service.ts";
import { addMaterial, DELETION, ROTATION, scheduleRotation } from "./key.ts";
import * as aliases from "./operations/aliases.ts";
import * as dataKeys from "./operations/data-keys.ts";
import * as encryption from "./operations/encryption.ts";
import * as grants from "./operations/grants.ts";
import * as keys from "./operations/keys.ts";
import * as rotation from "./operations/rotation.ts";
import * as signing from "./operations/signing.ts";
import * as tags from "./operations/tags.ts";
import { defaultPolicy, onKey, type KeyUse } from "./permissions.ts";
import { resources } from "./resources.ts";
import { openKmsState, type Cx, type KmsState } from "./state.ts";

/** No key is there whose policy could decide: the account's identity policies do. */
function ofAccount(_: unknown, cx: Cx): Ask {
  return { resource: "*", resourcePolicy: defaultPolicy(cx.scope.account) };
}

const withContext = (input: {
  KeyId?: string | undefined;
  EncryptionContext?: Record<string, string> | undefined;
}): KeyUse => ({
  encryptionContext: input.EncryptionContext,
});
const withAlgorithm = (input: {
  KeyId?: string | undefined;
  SigningAlgorithm?: string | undefined;
  MessageType?: string | undefined;
}): KeyUse => ({
  context: { "kms:SigningAlgorithm": input.SigningAlgorithm ?? "", "kms:MessageType": input.MessageType ?? "RAW" },
});
const withMac = (input: { KeyId?: string | undefined; MacAlgorithm?: string | undefined }): KeyUse => ({
  context: { "kms:MacAlgorithm": input.MacAlgorithm ?? "" },
});

/** Rotation and deletion come by themselves. */
function start({ kernel, state }: ServiceContext<KmsState>): void {
  kernel.timers.handle<[string, string, string]>(ROTATION, (place) => {
    const key = state.keys.get(place);
    if (!key) return;
    // AWS: a disabled key is not rotated until it is enabled again.
    if (key.state === "Enabled") addMaterial({ state, kernel }, key, "AUTOMATIC");
    scheduleRotation(kernel, key);
  });
  kernel.timers.handle<[string, string, string]>(DELETION, (place) => {
    const [account, region, id] = place;
    const named = Array.from(state.aliases.values({ prefix: [account, region] })).filter(({ keyId }) => keyId === id);
    for (const { name } of named) state.aliases.remove([account, region, name]);
    state.grants.clear({ prefix: place });
    state.materials.remove(place);
    state.keys.remove(place);
  });
}

export const kms = defineService({
  api: "kms",
  iamPrefix: "kms",
  state: openKmsState,
  resources,
  start,
  operations: {
    CreateKey: suspends(keys.createKey),
    DescribeKey: keys.describeKey,
    ListKeys: keys.listKeys,
    UpdateKeyDescription: keys.updateKeyDescription,
    EnableKey: keys.enableKey,
    DisableKey: keys.disableKey,
    ScheduleKeyDeletion: keys.scheduleKeyDeletion,
    CancelKeyDeletion: keys.cancelKeyDeletion,
    GetKeyPolicy: keys.getKeyPolicy,
    PutKeyPolicy: keys.putKeyPolicy,
    ListKeyPolicies: keys.listKeyPolicies,
    EnableKeyRotation: rotation.enableKeyRotation,
    DisableKeyRotation: rotation.disableKeyRotation,
    GetKeyRotationStatus: rotation.getKeyRotationStatus,
    RotateKeyOnDemand: rotation.rotateKeyOnDemand,
    ListKeyRotations: rotation.listKeyRotations,
    CreateAlias: aliases.createAlias,
    UpdateAlias: aliases.updateAlias,
    DeleteAlias: aliases.deleteAlias,
    ListAliases: aliases.listAliases,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    ListResourceTags: tags.listResourceTags,
    Encrypt: encryption.encrypt,
    Decrypt: encryption.decrypt,
    ReEncrypt: encryption.reEncrypt,
    GenerateDataKey: dataKeys.generateDataKey,
    GenerateDataKeyWithoutPlaintext: dataKeys.generateDataKeyWithoutPlaintext,
    GenerateDataKeyPair: suspends(dataKeys.generateDataKeyPair),
    GenerateDataKeyPairWithoutPlaintext: suspends(dataKeys.generateDataKeyPairWithoutPlaintext),
    GenerateRandom: dataKeys.generateRandom,
    Sign: signing.sign,
    Verify: signing.verify,
    GetPublicKey: signing.getPublicKey,
    GenerateMac: signing.generateMac,
    VerifyMac: signing.verifyMac,
    CreateGrant: grants.createGrant,
    ListGrants: grants.listGrants,
    ListRetirableGrants: grants.listRetirableGrants,
    RevokeGrant: grants.revokeGrant,
    RetireGrant: grants.retireGrant,
  },
  authorize: {
    CreateKey: ({ Tags = [], KeySpec = "SYMMETRIC_DEFAULT", KeyUsage = "ENCRYPT_DECRYPT" }, cx) => {
      const context: Record<string, string> = { "kms:KeySpec": KeySpec, "kms:KeyUsage": KeyUsage };
      for (const { TagKey = "", TagValue = "" } of Tags) context[`aws:RequestTag/${TagKey}`] = TagValue;
      const ask = { ...ofAccount(undefined, cx), context };
      return Tags.length > 0 ? [ask, { ...ask, action: "kms:TagResource" }] : ask;
    },
    DescribeKey: onKey("DescribeKey"),
    ListKeys: ofAccount,
    UpdateKeyDescription: onKey("UpdateKeyDescription"),
    EnableKey: onKey("EnableKey"),
    DisableKey: onKey("DisableKey"),
    ScheduleKeyDeletion: onKey("ScheduleKeyDeletion", ({ PendingWindowInDays = 30 }) => ({
      context: { "kms:ScheduleKeyDeletionPendingWindowInDays": String(PendingWindowInDays) },
    })),
    CancelKeyDeletion: onKey("CancelKeyDeletion"),
    GetKeyPolicy: onKey("GetKeyPolicy"),
    PutKeyPolicy: onKey("PutKeyPolicy"),
    ListKeyPolicies: onKey("ListKeyPolicies"),
    EnableKeyRotation: onKey("EnableKeyRotation"),
    DisableKeyRotation: onKey("DisableKeyRotation"),
    GetKeyRotationStatus: onKey("GetKeyRotationStatus"),
    RotateKeyOnDemand: onKey("RotateKeyOnDemand"),
    ListKeyRotations: onKey("ListKeyRotations"),
    CreateAlias: aliases.asksOfAlias("CreateAlias"),
    UpdateAlias: aliases.asksOfAlias("UpdateAlias"),
    DeleteAlias: aliases.asksOfAlias("DeleteAlias"),
    ListAliases: ofAccount,
    TagResource: onKey("TagResource"),
    UntagResource: onKey("UntagResource"),
    ListResourceTags: onKey("ListResourceTags"),
    Encrypt: onKey("Encrypt", withContext),
    Decrypt: encryption.askOfDecrypt,
    ReEncrypt: encryption.asksOfReEncrypt,
    GenerateDataKey: onKey("GenerateDataKey", withContext),
    GenerateDataKeyWithoutPlaintext: onKey("GenerateDataKeyWithoutPlaintext", withContext),
    GenerateDataKeyPair: onKey("GenerateDataKeyPair", withContext),
    GenerateDataKeyPairWithoutPlaintext: onKey("GenerateDataKeyPairWithoutPlaintext", withContext),
    GenerateRandom: ofAccount,
    Sign: onKey("Sign", withAlgorithm),
    Verify: onKey("Verify", withAlgorithm),
    GetPublicKey: onKey("GetPublicKey"),
    GenerateMac: onKey("GenerateMac", withMac),
    VerifyMac: onKey("VerifyMac", withMac),
    CreateGrant: onKey("CreateGrant", ({ Operations = [], GranteePrincipal = "" }) => ({
      context: { "kms:GrantOperations": Operations, "kms:GranteePrincipal": GranteePrincipal },
    })),
    ListGrants: onKey("ListGrants"),
    ListRetirableGrants: ofAccount,
    RevokeGrant: onKey("RevokeGrant"),
    RetireGrant: grants.askOfRetire,
  },
});
