import { arn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Cx } from "./sending.ts";
import { type IdentityRecord, scopeKey } from "./state.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

export function identityArn(scope: Scope, name: string): string {
  return arn("ses", scope, `identity/${name}`);
}

/** The identity of that name, made where there is none. Quirk: it is verified at once. */
export function ensureIdentity({ state, scope, kernel }: Cx, given: string, tags = {}): IdentityRecord {
  const kind = given.includes("@") ? "EMAIL_ADDRESS" : "DOMAIN";
  const name = kind === "DOMAIN" ? given.toLowerCase() : given;
  const key = [...scopeKey(scope), name];
  const known = state.identities.get(key);
  if (known) return known;
  const record: IdentityRecord = {
    name,
    kind,
    token: kernel.random.bytes(32).toString("base64"),
    dkimTokens: [1, 2, 3].map(() => kernel.random.text(32, LETTERS)),
    createdMs: kernel.clock.now(),
    tags,
  };
  state.identities.put(key, record);
  return record;
}

export function findIdentity({ state, scope }: Cx, given: string): IdentityRecord | undefined {
  return state.identities.get([...scopeKey(scope), given.includes("@") ? given : given.toLowerCase()]);
}

export function removeIdentity({ state, scope }: Cx, given: string): boolean {
  return state.identities.remove([...scopeKey(scope), given.includes("@") ? given : given.toLowerCase()]);
}
