import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import {
  alreadyExists,
  invalidName,
  invalidParameter,
  markedForDeletion,
  nameScheduledForDeletion,
} from "../errors.ts";
import { dateOf, findSecret, getLiveSecret, getSecret, secretArn, stagesByVersion, tagList } from "../secret.ts";
import { removeSecret, putSecret, type Cx, type SecretRecord } from "../state.ts";
import { DELETION, ROTATION } from "../timers.ts";
import { checkTags } from "./tags.ts";
import { addVersion, CURRENT, valueIn } from "../version.ts";

const DAY_MS = 86_400_000;
const RECOVERY_DAYS = 30;
const SUFFIX_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const OWN_KEY = "alias/aws/secretsmanager";

export function createSecret(
  cx: Cx,
  input: Input<"secretsmanager", "CreateSecret">,
): Output<"secretsmanager", "CreateSecret"> {
  const name = input.Name!;
  if (!/^[\w/+=.@!-]{1,512}$/.test(name)) throw invalidName();
  refuseElsewhere(input);
  const value = valueIn(input);
  const tags = checkTags({}, input.Tags);
  const known = findSecret(cx.state, cx.scope, name);
  if (known?.deletedMs !== undefined) throw nameScheduledForDeletion();
  const id = input.ClientRequestToken ?? cx.kernel.random.uuid();
  if (known) return repeat(cx, known, id, value);
  const nowMs = cx.kernel.clock.now();
  const secret: SecretRecord = {
    account: cx.scope.account,
    region: cx.scope.region,
    name,
    arn: secretArn(cx.scope, name, cx.kernel.random.text(6, SUFFIX_ALPHABET)),
    createdMs: nowMs,
    changedMs: nowMs,
    description: input.Description,
    kmsKeyId: ownKey(input.KmsKeyId),
    tags,
    versions: [],
  };
  putSecret(cx.state, secret);
  if (!value) return { ARN: secret.arn, Name: name };
  addVersion(cx, secret, id, value, [CURRENT]);
  return { ARN: secret.arn, Name: name, VersionId: id };
}

/** AWS: the same token with the same value again succeeds, so that a client may retry. */
function repeat(cx: Cx, known: SecretRecord, id: string, value: ReturnType<typeof valueIn>) {
  if (!value || !known.versions.some((version) => version.id === id)) throw alreadyExists(known.name);
  addVersion(cx, known, id, value, [CURRENT]);
  return { ARN: known.arn, Name: known.name, VersionId: id };
}

export function updateSecret(
  cx: Cx,
  input: Input<"secretsmanager", "UpdateSecret">,
): Output<"secretsmanager", "UpdateSecret"> {
  if (input.Type !== undefined) throw new NotEmulatedError("managed external secrets (Type of UpdateSecret)");
  const value = valueIn(input);
  const secret = getLiveSecret(cx, input.SecretId!);
  if (input.Description !== undefined) secret.description = input.Description;
  if (input.KmsKeyId !== undefined) secret.kmsKeyId = ownKey(input.KmsKeyId);
  secret.changedMs = cx.kernel.clock.now();
  putSecret(cx.state, secret);
  if (!value) return { ARN: secret.arn, Name: secret.name };
  const id = input.ClientRequestToken ?? cx.kernel.random.uuid();
  addVersion(cx, secret, id, value, [CURRENT]);
  return { ARN: secret.arn, Name: secret.name, VersionId: id };
}

export function describeSecret(
  cx: Cx,
  input: Input<"secretsmanager", "DescribeSecret">,
): Output<"secretsmanager", "DescribeSecret"> {
  const secret = getSecret(cx, input.SecretId!);
  return {
    ...summary(cx, secret),
    VersionIdsToStages: stagesByVersion(secret),
    // AWS: here the date on which the secret goes.
    DeletedDate: dateOf(secret.deleteAtMs),
  };
}

/** What DescribeSecret and ListSecrets both tell. */
export function summary(cx: Cx, secret: SecretRecord) {
  const { rotation } = secret;
  const nextMs = cx.kernel.timers.find(ROTATION, secret.arn);
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    ...(rotation
      ? { RotationEnabled: rotation.enabled, RotationLambdaARN: rotation.functionArn, RotationRules: rotation.rules }
      : {}),
    LastRotatedDate: dateOf(secret.rotatedMs),
    LastChangedDate: dateOf(secret.changedMs),
    LastAccessedDate: dateOf(secret.accessedMs),
    NextRotationDate: dateOf(nextMs),
    Tags: tagList(secret),
    CreatedDate: dateOf(secret.createdMs),
  };
}

export function deleteSecret(
  cx: Cx,
  input: Input<"secretsmanager", "DeleteSecret">,
): Output<"secretsmanager", "DeleteSecret"> {
  const { SecretId: id, RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force = false } = input;
  if (force && days !== undefined)
    throw invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
  if (days !== undefined && (days < 7 || days > 30))
    throw invalidParameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");
  const nowMs = cx.kernel.clock.now();
  // AWS: to delete by force what is not there succeeds.
  if (force && !findSecret(cx.state, cx.scope, id!))
    return {
      ARN: secretArn(cx.scope, id!, cx.kernel.random.text(6, SUFFIX_ALPHABET)),
      Name: id,
      DeletionDate: new Date(nowMs),
    };
  const secret = getSecret(cx, id!);
  if (!force && secret.deletedMs !== undefined) throw markedForDeletion();
  cx.kernel.timers.cancel(ROTATION, secret.arn);
  cx.kernel.timers.cancel(DELETION, secret.arn);
  if (force) removeSecret(cx.state, secret);
  else {
    secret.deletedMs = nowMs;
    secret.deleteAtMs = nowMs + (days ?? RECOVERY_DAYS) * DAY_MS;
    putSecret(cx.state, secret);
    cx.kernel.timers.set(DELETION, secret.arn, secret.deleteAtMs, place(secret));
  }
  return { ARN: secret.arn, Name: secret.name, DeletionDate: new Date(force ? nowMs : secret.deleteAtMs!) };
}

export function restoreSecret(
  cx: Cx,
  input: Input<"secretsmanager", "RestoreSecret">,
): Output<"secretsmanager", "RestoreSecret"> {
  const secret = getSecret(cx, input.SecretId!);
  secret.deletedMs = undefined;
  secret.deleteAtMs = undefined;
  cx.kernel.timers.cancel(DELETION, secret.arn);
  putSecret(cx.state, secret);
  return { ARN: secret.arn, Name: secret.name };
}

function place({ account, region, name }: SecretRecord) {
  return { account, region, name };
}

/** AWS: the service's own key is told by leaving the member out. @throws NotEmulatedError for any other key */
function ownKey(keyId: string | undefined): undefined {
  if (keyId !== undefined && keyId !== "" && keyId !== OWN_KEY)
    throw new NotEmulatedError(`secrets under a key of the user's (KmsKeyId ${keyId})`);
}

function refuseElsewhere(input: Input<"secretsmanager", "CreateSecret">): void {
  if (input.AddReplicaRegions !== undefined) throw new NotEmulatedError("replication of secrets (AddReplicaRegions)");
  if (input.Type !== undefined) throw new NotEmulatedError("managed external secrets (Type of CreateSecret)");
}
