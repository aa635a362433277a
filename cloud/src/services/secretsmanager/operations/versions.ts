import type { Input, Output } from "../../../aws/api-types.ts";
import { invalidParameter, versionNotFound } from "../errors.ts";
import { page } from "../page.ts";
import { dateOf, getLiveSecret, getSecret } from "../secret.ts";
import { putSecret, type Cx, type SecretRecord, type Version } from "../state.ts";
import { CURRENT, moveStage, removeStage, versionAt, versionOf } from "../version.ts";

const PAGE = 100;

export function listSecretVersionIds(
  cx: Cx,
  input: Input<"secretsmanager", "ListSecretVersionIds">,
): Output<"secretsmanager", "ListSecretVersionIds"> {
  const secret = getSecret(cx, input.SecretId!);
  const listed = secret.versions.filter(({ stages }) => stages.length > 0 || input.IncludeDeprecated);
  const { shown, next } = page(listed, input.NextToken, input.MaxResults ?? PAGE);
  return {
    ARN: secret.arn,
    Name: secret.name,
    NextToken: next,
    Versions: shown.map((version) => ({
      VersionId: version.id,
      ...(version.stages.length > 0 ? { VersionStages: version.stages } : {}),
      CreatedDate: dateOf(version.createdMs),
      LastAccessedDate: dateOf(version.accessedMs),
      KmsKeyIds: ["DefaultEncryptionKey"],
    })),
  };
}

export function updateSecretVersionStage(
  cx: Cx,
  input: Input<"secretsmanager", "UpdateSecretVersionStage">,
): Output<"secretsmanager", "UpdateSecretVersionStage"> {
  const { VersionStage: stage = "", RemoveFromVersionId: fromId, MoveToVersionId: toId } = input;
  const secret = getLiveSecret(cx, input.SecretId!);
  const to = toId === undefined ? undefined : getVersion(secret, toId);
  const from = fromId === undefined ? undefined : getVersion(secret, fromId);
  const holder = versionAt(secret, stage);
  if (!to && stage === CURRENT)
    throw invalidParameter(
      "You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.",
    );
  if (holder !== to) checkRemoval(stage, holder, from);
  if (to) moveStage(secret, stage, to);
  else if (holder) removeStage(holder, stage);
  secret.changedMs = cx.kernel.clock.now();
  putSecret(cx.state, secret);
  return { ARN: secret.arn, Name: secret.name };
}

function checkRemoval(stage: string, holder: Version | undefined, from: Version | undefined): void {
  if (holder && !from)
    throw invalidParameter(
      `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  if (from && from !== holder)
    throw invalidParameter(
      `When you move staging label ${stage}, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label${holder ? ` ${holder.id}` : ""}.`,
    );
}

function getVersion(secret: SecretRecord, id: string): Version {
  const found = versionOf(secret, id);
  if (!found) throw versionNotFound(id);
  return found;
}
