import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import { findPolicyFault } from "../../../iam/validation.ts";
import { invalidState, malformedPolicy, notFound, validation } from "../errors.ts";
import {
  checkNotPending,
  DELETION,
  getKey,
  getKeyByItself,
  keyArn,
  metadata,
  ROTATION,
  scheduleRotation,
} from "../key.ts";
import { page } from "../page.ts";
import { defaultPolicy } from "../permissions.ts";
import { findSpec, newMaterial, type Spec } from "../spec.ts";
import { placeOf, putKey, type Cx, type KeyRecord } from "../state.ts";
import { checkTags } from "./tags.ts";

const DAY_MS = 86_400_000;
const PENDING_DAYS = 30;

type CreateInput = Input<"kms", "CreateKey">;

export async function createKey(cx: Cx, input: CreateInput): Promise<Output<"kms", "CreateKey">> {
  refuseElsewhere(input);
  const name = input.KeySpec ?? input.CustomerMasterKeySpec ?? "SYMMETRIC_DEFAULT";
  const spec = findSpec(name);
  if (!spec) throw new NotEmulatedError(`KMS keys of the spec ${name}`);
  const usage = usageOf(name, spec, input.KeyUsage);
  const tags = checkTags({}, input.Tags);
  const id = cx.kernel.random.uuid();
  const policy = input.Policy ?? defaultPolicy(cx.scope.account);
  checkPolicy(cx, keyArn(cx.scope, id), policy, input.BypassPolicyLockoutSafetyCheck);
  const bytes = await newMaterial(spec, cx.kernel.random);
  const key: KeyRecord = {
    account: cx.scope.account,
    region: cx.scope.region,
    id,
    arn: keyArn(cx.scope, id),
    createdMs: cx.kernel.clock.now(),
    manager: "CUSTOMER",
    spec: name,
    usage,
    description: input.Description ?? "",
    state: "Enabled",
    policy,
    tags,
    rotations: [],
  };
  return cx.kernel.store.transaction(() => {
    putKey(cx.state, key);
    cx.state.materials.put(placeOf(key), [{ id: cx.kernel.random.hex(64), bytes }]);
    return { KeyMetadata: metadata(cx, key) };
  });
}

function usageOf(name: string, spec: Spec, given: CreateInput["KeyUsage"]): KeyRecord["usage"] {
  if (given === undefined && spec.kind !== "symmetric")
    throw validation("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.");
  if (given === "KEY_AGREEMENT" || (given as string) === "ENCAPSULATE_DECAPSULATE")
    throw new NotEmulatedError(`KMS keys of the usage ${given}`);
  const usage = given ?? "ENCRYPT_DECRYPT";
  if (!spec.usages.includes(usage)) throw validation(`KeyUsage ${usage} is not compatible with KeySpec ${name}`);
  return usage;
}

function refuseElsewhere(input: CreateInput): void {
  if (input.MultiRegion) throw new NotEmulatedError("multi-Region KMS keys (MultiRegion)");
  if (input.Origin !== undefined && input.Origin !== "AWS_KMS")
    throw new NotEmulatedError(`KMS keys with the origin ${input.Origin}`);
  if (input.CustomKeyStoreId !== undefined || input.XksKeyId !== undefined)
    throw new NotEmulatedError("custom key stores of KMS");
}

/** @throws AwsError MalformedPolicyDocumentException, also where the caller would lock itself out */
function checkPolicy(cx: Cx, arn: string, policy: string, bypass = false): void {
  const fault = findPolicyFault(policy, "resource");
  if (fault !== undefined) throw malformedPolicy(fault);
  if (bypass) return;
  try {
    cx.authorize({ action: "kms:PutKeyPolicy", resource: arn, resourcePolicy: policy });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw malformedPolicy("The new key policy will not allow you to update the key policy in the future.");
  }
}

export function getKeyPolicy(cx: Cx, input: Input<"kms", "GetKeyPolicy">): Output<"kms", "GetKeyPolicy"> {
  const key = getKeyByItself(cx, input.KeyId!);
  checkPolicyName(input.PolicyName);
  return { Policy: key.policy, PolicyName: "default" };
}

export function putKeyPolicy(cx: Cx, input: Input<"kms", "PutKeyPolicy">): object {
  const key = getKeyByItself(cx, input.KeyId!);
  checkPolicyName(input.PolicyName);
  checkNotPending(key);
  checkPolicy(cx, key.arn, input.Policy!, input.BypassPolicyLockoutSafetyCheck);
  putKey(cx.state, { ...key, policy: input.Policy! });
  return {};
}

function checkPolicyName(name = "default"): void {
  if (name !== "default") throw notFound("No such policy exists");
}

export function listKeyPolicies(cx: Cx, input: Input<"kms", "ListKeyPolicies">): Output<"kms", "ListKeyPolicies"> {
  getKeyByItself(cx, input.KeyId!);
  return { PolicyNames: ["default"], Truncated: false };
}

export function describeKey(cx: Cx, input: Input<"kms", "DescribeKey">): Output<"kms", "DescribeKey"> {
  return { KeyMetadata: metadata(cx, getKey(cx, input.KeyId!)) };
}

export function listKeys(cx: Cx, input: Input<"kms", "ListKeys">): Output<"kms", "ListKeys"> {
  const keys = Array.from(cx.state.keys.values({ prefix: [cx.scope.account, cx.scope.region] }));
  const { shown, ...more } = page(keys, input);
  return { Keys: shown.map(({ id, arn }) => ({ KeyId: id, KeyArn: arn })), ...more };
}

export function updateKeyDescription(cx: Cx, input: Input<"kms", "UpdateKeyDescription">): object {
  const key = getKeyByItself(cx, input.KeyId!);
  checkNotPending(key);
  putKey(cx.state, { ...key, description: input.Description! });
  return {};
}

export function enableKey(cx: Cx, input: Input<"kms", "EnableKey">): object {
  return setState(cx, input.KeyId!, "Enabled");
}

export function disableKey(cx: Cx, input: Input<"kms", "DisableKey">): object {
  return setState(cx, input.KeyId!, "Disabled");
}

function setState(cx: Cx, id: string, state: "Enabled" | "Disabled"): object {
  const key = getKeyByItself(cx, id);
  checkNotPending(key);
  putKey(cx.state, { ...key, state });
  return {};
}

export function scheduleKeyDeletion(
  cx: Cx,
  input: Input<"kms", "ScheduleKeyDeletion">,
): Output<"kms", "ScheduleKeyDeletion"> {
  const key = getKeyByItself(cx, input.KeyId!);
  const { PendingWindowInDays: days = PENDING_DAYS } = input;
  if (days < 7 || days > 30) throw validation("PendingWindowInDays must be between 7 and 30 (inclusive).");
  checkNotPending(key);
  const deleteAtMs = cx.kernel.clock.now() + days * DAY_MS;
  putKey(cx.state, { ...key, state: "PendingDeletion", deleteAtMs });
  cx.kernel.timers.cancel(ROTATION, key.arn);
  cx.kernel.timers.set(DELETION, key.arn, deleteAtMs, placeOf(key));
  return {
    KeyId: key.arn,
    DeletionDate: new Date(deleteAtMs),
    KeyState: "PendingDeletion",
    PendingWindowInDays: days,
  };
}

/** AWS: the key is disabled afterwards. */
export function cancelKeyDeletion(
  cx: Cx,
  input: Input<"kms", "CancelKeyDeletion">,
): Output<"kms", "CancelKeyDeletion"> {
  const key = getKeyByItself(cx, input.KeyId!);
  if (key.state !== "PendingDeletion") throw invalidState(`${key.arn} is not pending deletion.`);
  putKey(cx.state, { ...key, state: "Disabled", deleteAtMs: undefined });
  cx.kernel.timers.cancel(DELETION, key.arn);
  scheduleRotation(cx.kernel, key);
  return { KeyId: key.arn };
}
