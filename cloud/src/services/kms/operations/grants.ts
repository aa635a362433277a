import type { GrantListEntry } from "@aws-sdk/client-kms";
import type { Input, Output } from "../../../aws/api-types.ts";
import { findArn } from "../../../aws/arn.ts";
import { nameOf } from "../../../iam/principal.ts";
import type { Ask } from "../../../service.ts";
import { dryRun, invalidGrantId, invalidGrantToken, validation } from "../errors.ts";
import { checkUsable, getKeyByItself } from "../key.ts";
import { page } from "../page.ts";
import { askOf } from "../permissions.ts";
import { placeOf, type Cx, type GrantRecord, type KeyRecord } from "../state.ts";

export function createGrant(cx: Cx, input: Input<"kms", "CreateGrant">): Output<"kms", "CreateGrant"> {
  const key = getKeyByItself(cx, input.KeyId!);
  checkUsable(key);
  const operations = [...(input.Operations ?? [])];
  if (!findArn(input.GranteePrincipal!)) throw validation("Invalid principal ARN in GranteePrincipal");
  if (input.DryRun) throw dryRun();
  const made = {
    keyArn: key.arn,
    grantee: input.GranteePrincipal!,
    retiring: input.RetiringPrincipal,
    operations,
    constraints: input.Constraints,
    name: input.Name,
  };
  // AWS: the same grant under the same name again is that grant.
  const same = input.Name === undefined ? undefined : grantsOf(cx, key).find((grant) => isSame(grant, made));
  if (same) return { GrantToken: same.token, GrantId: same.id };
  const id = cx.kernel.random.hex(64);
  const token = cx.kernel.random.bytes(96).toString("base64");
  const issuer = "account" in cx.principal ? nameOf(cx.principal) : key.arn;
  const grant: GrantRecord = { ...made, id, token, issuer, createdMs: cx.kernel.clock.now() };
  cx.state.grants.put([...placeOf(key), id], grant);
  return { GrantToken: token, GrantId: id };
}

function isSame(grant: GrantRecord, made: Omit<GrantRecord, "id" | "token" | "issuer" | "createdMs">): boolean {
  const facts = ({ grantee, retiring, operations, constraints, name }: typeof made) =>
    JSON.stringify([grantee, retiring, operations, constraints, name]);
  return facts(grant) === facts(made);
}

function grantsOf(cx: Cx, key: KeyRecord): GrantRecord[] {
  return Array.from(cx.state.grants.values({ prefix: placeOf(key) }));
}

export function listGrants(cx: Cx, input: Input<"kms", "ListGrants">): Output<"kms", "ListGrants"> {
  const found = grantsOf(cx, getKeyByItself(cx, input.KeyId!)).filter(
    ({ id, grantee }) =>
      (input.GrantId === undefined || id === input.GrantId) &&
      (input.GranteePrincipal === undefined || grantee === input.GranteePrincipal),
  );
  const { shown, ...more } = page(found, input);
  return { Grants: shown.map(entryOf), ...more };
}

export function listRetirableGrants(
  cx: Cx,
  input: Input<"kms", "ListRetirableGrants">,
): Output<"kms", "ListRetirableGrants"> {
  const all = Array.from(cx.state.grants.values({ prefix: [cx.scope.account, cx.scope.region] }));
  const { shown, ...more } = page(
    all.filter(({ retiring }) => retiring === input.RetiringPrincipal),
    input,
  );
  return { Grants: shown.map(entryOf), ...more };
}

function entryOf(grant: GrantRecord): GrantListEntry {
  return {
    KeyId: grant.keyArn,
    GrantId: grant.id,
    Name: grant.name ?? "",
    CreationDate: new Date(grant.createdMs),
    GranteePrincipal: grant.grantee,
    ...(grant.retiring === undefined ? {} : { RetiringPrincipal: grant.retiring }),
    IssuingAccount: grant.issuer,
    Operations: grant.operations,
    ...(grant.constraints === undefined ? {} : { Constraints: grant.constraints }),
  };
}

export function revokeGrant(cx: Cx, input: Input<"kms", "RevokeGrant">): object {
  const key = getKeyByItself(cx, input.KeyId!);
  remove(cx, key, input.GrantId!, input.DryRun);
  return {};
}

export function retireGrant(cx: Cx, input: Input<"kms", "RetireGrant">): object {
  const { key, grant } = retired(cx, input);
  remove(cx, key, grant.id, input.DryRun);
  return {};
}

function remove(cx: Cx, key: KeyRecord, id: string, isDry = false): void {
  if (!cx.state.grants.has([...placeOf(key), id])) throw invalidGrantId(id);
  if (isDry) throw dryRun();
  cx.state.grants.remove([...placeOf(key), id]);
}

export function askOfRetire(input: Input<"kms", "RetireGrant">, cx: Cx): Ask {
  return askOf(cx, retired(cx, input).key, "RetireGrant");
}

/** A grant is named by its token, or by key and id. */
function retired(cx: Cx, input: Input<"kms", "RetireGrant">): { key: KeyRecord; grant: GrantRecord } {
  if (input.GrantToken === undefined) {
    if (input.KeyId === undefined || input.GrantId === undefined)
      throw validation("You must specify either a grant token or both a key ID and a grant ID.");
    const key = getKeyByItself(cx, input.KeyId);
    const grant = cx.state.grants.get([...placeOf(key), input.GrantId]);
    if (!grant) throw invalidGrantId(input.GrantId);
    return { key, grant };
  }
  const all = Array.from(cx.state.grants.values({ prefix: [cx.scope.account, cx.scope.region] }));
  const grant = all.find(({ token }) => token === input.GrantToken);
  if (!grant) throw invalidGrantToken();
  return { key: getKeyByItself(cx, grant.keyArn), grant };
}
