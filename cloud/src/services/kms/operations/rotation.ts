import type { Input, Output } from "../../../aws/api-types.ts";
import { limitExceeded, unsupported } from "../errors.ts";
import { addMaterial, checkUsable, getKeyByItself, ROTATION, scheduleRotation } from "../key.ts";
import { page } from "../page.ts";
import { putKey, type Cx, type KeyRecord } from "../state.ts";

const PERIOD_DAYS = 365;
const ON_DEMAND_MAX = 25;

function getRotatable(cx: Cx, id: string): KeyRecord {
  const key = getKeyByItself(cx, id);
  if (key.spec !== "SYMMETRIC_DEFAULT" || key.manager === "AWS") throw unsupported("");
  return key;
}

export function enableKeyRotation(cx: Cx, input: Input<"kms", "EnableKeyRotation">): object {
  const key = getRotatable(cx, input.KeyId!);
  checkUsable(key);
  key.rotationDays = input.RotationPeriodInDays ?? PERIOD_DAYS;
  putKey(cx.state, key);
  scheduleRotation(cx.kernel, key);
  return {};
}

export function disableKeyRotation(cx: Cx, input: Input<"kms", "DisableKeyRotation">): object {
  const key = getRotatable(cx, input.KeyId!);
  checkUsable(key);
  key.rotationDays = undefined;
  putKey(cx.state, key);
  scheduleRotation(cx.kernel, key);
  return {};
}

export function getKeyRotationStatus(
  cx: Cx,
  input: Input<"kms", "GetKeyRotationStatus">,
): Output<"kms", "GetKeyRotationStatus"> {
  const key = getKeyByItself(cx, input.KeyId!);
  if (key.spec !== "SYMMETRIC_DEFAULT") throw unsupported("");
  const nextMs = cx.kernel.timers.find(ROTATION, key.arn);
  return {
    KeyId: key.id,
    // AWS: while a key waits to be deleted, its rotation is off.
    KeyRotationEnabled: key.rotationDays !== undefined && key.state !== "PendingDeletion",
    ...(key.rotationDays === undefined ? {} : { RotationPeriodInDays: key.rotationDays }),
    ...(nextMs === undefined ? {} : { NextRotationDate: new Date(nextMs) }),
  };
}

export function rotateKeyOnDemand(
  cx: Cx,
  input: Input<"kms", "RotateKeyOnDemand">,
): Output<"kms", "RotateKeyOnDemand"> {
  const key = getRotatable(cx, input.KeyId!);
  checkUsable(key);
  if (key.rotations.filter(({ type }) => type === "ON_DEMAND").length >= ON_DEMAND_MAX)
    throw limitExceeded(`The maximum number of on-demand rotations for ${key.arn} was reached.`);
  addMaterial(cx, key, "ON_DEMAND");
  return { KeyId: key.id };
}

export function listKeyRotations(cx: Cx, input: Input<"kms", "ListKeyRotations">): Output<"kms", "ListKeyRotations"> {
  const key = getKeyByItself(cx, input.KeyId!);
  if (key.spec !== "SYMMETRIC_DEFAULT") throw unsupported("");
  const { shown, ...more } = page(key.rotations.toReversed(), input);
  return {
    Rotations: shown.map(({ atMs, type }) => ({ KeyId: key.id, RotationDate: new Date(atMs), RotationType: type })),
    ...more,
  };
}
