import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError } from "../../../aws/error.ts";
import { invalidParameter, noValue, stageMismatch, stageNotFound, versionNotFound } from "../errors.ts";
import { askOf } from "../permissions.ts";
import { page } from "../page.ts";
import { dateOf, dayOf, getLiveSecret } from "../secret.ts";
import { putSecret, valueOf, type Cx, type SecretRecord, type Version } from "../state.ts";
import { addVersion, CURRENT, valueIn, versionAt, versionOf } from "../version.ts";
import { matching } from "./listing.ts";

const BATCH_MAX = 20;

type Wanted = Pick<Input<"secretsmanager", "GetSecretValue">, "SecretId" | "VersionId" | "VersionStage">;

export function getSecretValue(cx: Cx, input: Wanted): Output<"secretsmanager", "GetSecretValue"> {
  const secret = getLiveSecret(cx, input.SecretId!);
  const version = wantedVersion(secret, input);
  const value = valueOf(cx.state, secret, version.id);
  if (!value) throw input.VersionId === undefined ? stageNotFound(stageOf(input)) : versionNotFound(version.id);
  noteAccess(cx, secret, version);
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.id,
    ...(value.text === undefined ? { SecretBinary: value.binary } : { SecretString: value.text }),
    VersionStages: version.stages,
    CreatedDate: dateOf(version.createdMs),
  };
}

function stageOf({ VersionStage = CURRENT }: Wanted): string {
  return VersionStage;
}

function wantedVersion(secret: SecretRecord, input: Wanted): Version {
  const { VersionId: id, VersionStage: stage } = input;
  const found = id === undefined ? versionAt(secret, stageOf(input)) : versionOf(secret, id);
  if (!found) throw id === undefined ? stageNotFound(stageOf(input)) : versionNotFound(id);
  if (id !== undefined && stage !== undefined && !found.stages.includes(stage)) throw stageMismatch();
  return found;
}

/** Written once a day, since no more is told. */
function noteAccess(cx: Cx, secret: SecretRecord, version: Version): void {
  const today = dayOf(cx.kernel.clock.now());
  if (secret.accessedMs === today && version.accessedMs === today) return;
  secret.accessedMs = today;
  version.accessedMs = today;
  putSecret(cx.state, secret);
}

export function putSecretValue(
  cx: Cx,
  input: Input<"secretsmanager", "PutSecretValue">,
): Output<"secretsmanager", "PutSecretValue"> {
  const value = valueIn(input);
  if (!value) throw noValue();
  const secret = getLiveSecret(cx, input.SecretId!);
  const id = input.ClientRequestToken ?? cx.kernel.random.uuid();
  const version = addVersion(cx, secret, id, value, input.VersionStages ?? [CURRENT]);
  return { ARN: secret.arn, Name: secret.name, VersionId: id, VersionStages: version.stages };
}

/** AWS: needs GetSecretValue for each secret besides; what fails stands in Errors. */
export function batchGetSecretValue(
  cx: Cx,
  input: Input<"secretsmanager", "BatchGetSecretValue">,
): Output<"secretsmanager", "BatchGetSecretValue"> {
  const { SecretIdList: ids, Filters: filters } = input;
  if ((ids === undefined) === (filters === undefined))
    throw invalidParameter("You must provide either SecretIdList or Filters, but not both.");
  if (ids !== undefined && input.MaxResults !== undefined)
    throw invalidParameter("You can't use MaxResults with SecretIdList.");
  const wanted = ids ?? matching(cx, filters).map(({ arn }) => arn);
  const { shown, next } = page(wanted, input.NextToken, input.MaxResults ?? BATCH_MAX);
  const values: NonNullable<Output<"secretsmanager", "BatchGetSecretValue">["SecretValues"]> = [];
  const errors: NonNullable<Output<"secretsmanager", "BatchGetSecretValue">["Errors"]> = [];
  for (const SecretId of shown) {
    try {
      askOf("secretsmanager:GetSecretValue", SecretId, cx);
      values.push(getSecretValue(cx, { SecretId }));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      errors.push({ SecretId, ErrorCode: error.code, Message: error.message });
    }
  }
  return { SecretValues: values, Errors: errors, NextToken: next };
}
