import type { GrantOperation } from "@aws-sdk/client-kms";
import { globalArn } from "../../aws/arn.ts";
import type { Ask } from "../../service.ts";
import type { EncryptionContext } from "./ciphertext.ts";
import { getKey } from "./key.ts";
import { placeOf, type Cx, type GrantRecord, type KeyRecord } from "./state.ts";

export interface KeyUse {
  readonly encryptionContext?: EncryptionContext | undefined;
  /** As the caller named the key. */
  readonly keyId?: string | undefined;
  readonly context?: Ask["context"];
}

/** What a call on a key asks of IAM: the key policy decides, and grants allow further. */
export function askOf(cx: Cx, key: KeyRecord, operation: string, use: KeyUse = {}): Ask {
  const { encryptionContext = {}, keyId = "" } = use;
  const context: Record<string, string | readonly string[]> = {
    "kms:CallerAccount": "account" in cx.principal ? cx.principal.account : "",
    "kms:KeySpec": key.spec,
    "kms:KeyUsage": key.usage,
    "kms:KeyOrigin": "AWS_KMS",
    ...use.context,
  };
  for (const [name, value] of Object.entries(key.tags)) context[`aws:ResourceTag/${name}`] = value;
  for (const [name, value] of Object.entries(encryptionContext)) context[`kms:EncryptionContext:${name}`] = value;
  if (Object.keys(encryptionContext).length > 0) context["kms:EncryptionContextKeys"] = Object.keys(encryptionContext);
  const alias = keyId.slice(keyId.indexOf("alias/"));
  if (alias.startsWith("alias/")) context["kms:RequestAlias"] = alias;
  const aliases = Array.from(cx.state.aliases.values({ prefix: [key.account, key.region] }));
  const own = aliases.filter((one) => one.keyId === key.id).map(({ name }) => name);
  if (own.length > 0) context["kms:ResourceAliases"] = own;
  return {
    action: `kms:${operation}`,
    resource: key.arn,
    context,
    resourcePolicy: withGrants(cx, key, operation, encryptionContext),
  };
}

/** For the table of authorizations: the operation on the key that the input names. */
export const onKey =
  <I extends { readonly KeyId?: string | undefined }>(operation: string, useOf: (input: I) => KeyUse = () => ({})) =>
  (input: I, cx: Cx): Ask =>
    askOf(cx, getKey(cx, input.KeyId!), operation, { keyId: input.KeyId, ...useOf(input) });

/** A grant speaks as a statement of the key policy that names its grantee, so that explicit denials stand above it. */
function withGrants(cx: Cx, key: KeyRecord, operation: string, context: EncryptionContext): string {
  const grants = Array.from(cx.state.grants.values({ prefix: placeOf(key) }));
  const principals = grants.flatMap((grant) => [
    ...(grant.operations.includes(operation as GrantOperation) && isMet(grant, context) ? [grant.grantee] : []),
    ...(operation === "RetireGrant" && grant.retiring !== undefined ? [grant.retiring] : []),
  ]);
  if (principals.length === 0) return key.policy;
  const policy = JSON.parse(key.policy) as { Statement?: unknown };
  const own = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  const granted = { Effect: "Allow", Principal: { AWS: principals }, Action: `kms:${operation}`, Resource: "*" };
  return JSON.stringify({ ...policy, Statement: [...own, granted] });
}

function isMet({ constraints }: GrantRecord, context: EncryptionContext): boolean {
  const { EncryptionContextSubset: subset, EncryptionContextEquals: equals } = constraints ?? {};
  const holds = (wanted: Record<string, string>) =>
    Object.entries(wanted).every(([name, value]) => context[name] === value);
  if (subset && !holds(subset)) return false;
  return !equals || (holds(equals) && Object.keys(equals).length === Object.keys(context).length);
}

/** AWS: "Default key policy": gives the account full access, so that IAM policies decide. */
export function defaultPolicy(account: string): string {
  const statement = {
    Sid: "Enable IAM User Permissions",
    Effect: "Allow",
    Principal: { AWS: globalArn("iam", account, "root") },
    Action: "kms:*",
    Resource: "*",
  };
  return JSON.stringify({ Version: "2012-10-17", Id: "key-default-1", Statement: [statement] }, null, 2);
}
