/** A secret: finding it by what callers name it, and telling of it. */
import { arn, findArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import { markedForDeletion, secretNotFound } from "./errors.ts";
import type { Cx, SecretRecord, SecretsState } from "./state.ts";

const DAY_MS = 86_400_000;

/** The ARN of a secret. AWS: a hyphen and six random characters follow the name, so that a new secret of an old name is another. */
export function secretArn(scope: Scope, name: string, suffix?: string): string {
  return arn("secretsmanager", scope, `secret:${name}${suffix === undefined ? "" : `-${suffix}`}`);
}

/**
 * The secret of a name, an ARN, or a partial ARN (without the six characters).
 * AWS: an ARN is needed for a secret of another account.
 */
export function findSecret(state: SecretsState, scope: Scope, id: string): SecretRecord | undefined {
  const named = findArn(id);
  if (named?.service !== "secretsmanager") return state.secrets.get([scope.account, scope.region, id]);
  if (named.region !== scope.region || !named.resource.startsWith("secret:")) return undefined;
  const name = named.resource.slice("secret:".length);
  const whole = state.secrets.get([named.account, named.region, name.slice(0, -7)]);
  return whole?.arn === id ? whole : state.secrets.get([named.account, named.region, name]);
}

/** @throws AwsError ResourceNotFoundException */
export function getSecret(cx: Cx, id: string): SecretRecord {
  const found = findSecret(cx.state, cx.scope, id);
  if (!found) throw secretNotFound();
  return found;
}

/** A secret that is not marked for deletion. @throws AwsError ResourceNotFoundException, InvalidRequestException */
export function getLiveSecret(cx: Cx, id: string): SecretRecord {
  const found = getSecret(cx, id);
  if (found.deletedMs !== undefined) throw markedForDeletion();
  return found;
}

/** AWS: dates of last access are told by the day. */
export function dayOf(timeMs: number): number {
  return timeMs - (timeMs % DAY_MS);
}

export function dateOf(timeMs: number | undefined): Date | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs);
}

export function tagList(secret: SecretRecord): { Key: string; Value: string }[] {
  return Object.entries(secret.tags).map(([Key, Value]) => ({ Key, Value }));
}

export function stagesByVersion(secret: SecretRecord): Record<string, string[]> | undefined {
  const staged = secret.versions.filter(({ stages }) => stages.length > 0);
  return staged.length === 0 ? undefined : Object.fromEntries(staged.map(({ id, stages }) => [id, stages]));
}
