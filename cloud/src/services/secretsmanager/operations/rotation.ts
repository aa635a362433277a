import type { RotationRulesType } from "@aws-sdk/client-secrets-manager";
import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import { cannotInvoke, invalidParameter, noRotationFunction, rotationIncomplete } from "../errors.ts";
import { rotatorOf } from "../rotation.ts";
import { nextRotationMs, scheduleOf } from "../rotation-schedule.ts";
import { getLiveSecret } from "../secret.ts";
import { putSecret, type Cx, type SecretRecord } from "../state.ts";
import { ROTATION } from "../timers.ts";
import { CURRENT, moveStage, PENDING, versionAt } from "../version.ts";

type RotateInput = Input<"secretsmanager", "RotateSecret">;

export async function rotateSecret(cx: Cx, input: RotateInput): Promise<Output<"secretsmanager", "RotateSecret">> {
  if (input.ExternalSecretRotationMetadata !== undefined || input.ExternalSecretRotationRoleArn !== undefined)
    throw new NotEmulatedError("managed external secrets (ExternalSecretRotation… of RotateSecret)");
  const functionArn = functionOf(getLiveSecret(cx, input.SecretId!), input);
  checkRules(input.RotationRules);
  await checkFunction(cx, input.SecretId!, functionArn);
  const rotated = cx.kernel.store.transaction(() => begin(cx, input, functionArn));
  if (rotated === undefined) throw rotationIncomplete();
  return rotated;
}

function functionOf(secret: SecretRecord, { RotationLambdaARN: given }: RotateInput): string {
  const functionArn = given || secret.rotation?.functionArn;
  if (functionArn === undefined) throw noRotationFunction();
  return functionArn;
}

/** Undefined where an earlier rotation has not come to its end; that one is tried again. */
function begin(cx: Cx, input: RotateInput, functionArn: string) {
  const secret = getLiveSecret(cx, input.SecretId!);
  const { account, region, name } = secret;
  const scope = { account, region };
  const nowMs = cx.kernel.clock.now();
  const pending = versionAt(secret, PENDING);
  if (pending && pending !== versionAt(secret, CURRENT)) {
    cx.state.rotate({ scope, name, versionId: pending.id, testOnly: false });
    return undefined;
  }
  const rules = input.RotationRules ?? secret.rotation?.rules ?? {};
  secret.rotation = { enabled: true, functionArn, rules, sinceMs: nowMs };
  const id = input.ClientRequestToken ?? cx.kernel.random.uuid();
  const version = { id, createdMs: nowMs, stages: [] };
  secret.versions.push(version);
  moveStage(secret, PENDING, version);
  putSecret(cx.state, secret);
  setTimer(cx, secret);
  cx.state.rotate({ scope, name, versionId: id, testOnly: input.RotateImmediately === false });
  return { ARN: secret.arn, Name: name, VersionId: id };
}

function setTimer(cx: Cx, secret: SecretRecord): void {
  const nextMs = nextRotationMs(secret.rotation!, cx.kernel.clock.now());
  const { account, region, name } = secret;
  if (nextMs === undefined) cx.kernel.timers.cancel(ROTATION, secret.arn);
  else cx.kernel.timers.set(ROTATION, secret.arn, nextMs, { account, region, name });
}

function checkRules(rules: RotationRulesType | undefined): void {
  if (rules?.AutomaticallyAfterDays !== undefined && rules.ScheduleExpression !== undefined)
    throw invalidParameter("You can't specify both AutomaticallyAfterDays and ScheduleExpression in RotationRules.");
  if (rules?.ScheduleExpression !== undefined && !scheduleOf(rules.ScheduleExpression))
    throw invalidParameter("The ScheduleExpression in RotationRules isn't valid.");
}

/** AWS: whether the function may be called is seen before anything is kept. */
async function checkFunction(cx: Cx, id: string, functionArn: string): Promise<void> {
  try {
    const as = rotatorOf(getLiveSecret(cx, id));
    await cx.call("lambda", "Invoke", { FunctionName: functionArn, InvocationType: "DryRun" }, { as });
  } catch (error) {
    if (!(error instanceof AwsError) || error instanceof NotEmulatedError) throw error;
    throw cannotInvoke();
  }
}

export function cancelRotateSecret(
  cx: Cx,
  input: Input<"secretsmanager", "CancelRotateSecret">,
): Output<"secretsmanager", "CancelRotateSecret"> {
  const secret = getLiveSecret(cx, input.SecretId!);
  if (!secret.rotation) throw noRotationFunction();
  secret.rotation = { ...secret.rotation, enabled: false };
  cx.kernel.timers.cancel(ROTATION, secret.arn);
  putSecret(cx.state, secret);
  const pending = versionAt(secret, PENDING);
  const underWay = pending !== undefined && pending !== versionAt(secret, CURRENT);
  return { ARN: secret.arn, Name: secret.name, ...(underWay ? { VersionId: pending.id } : {}) };
}
