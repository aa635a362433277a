import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError } from "../../../aws/error.ts";
import type { Ask } from "../../../service.ts";
import { aliasExists, aliasNotFound, unsupported, validation } from "../errors.ts";
import { aliasArn, checkNotPending, getKey, getKeyByItself } from "../key.ts";
import { page } from "../page.ts";
import { askOf } from "../permissions.ts";
import type { AliasRecord, Cx, KeyRecord } from "../state.ts";

const ALIAS = /^alias\/[a-zA-Z0-9/_-]+$/;

export function createAlias(cx: Cx, input: Input<"kms", "CreateAlias">): object {
  const name = checkName(input.AliasName!);
  const key = getKeyByItself(cx, input.TargetKeyId!);
  checkNotPending(key);
  if (findAlias(cx, name)) throw aliasExists(aliasArn(cx.scope, name));
  const nowMs = cx.kernel.clock.now();
  put(cx, { name, arn: aliasArn(cx.scope, name), keyId: key.id, createdMs: nowMs, changedMs: nowMs });
  return {};
}

export function updateAlias(cx: Cx, input: Input<"kms", "UpdateAlias">): object {
  const alias = getAlias(cx, checkName(input.AliasName!));
  const key = getKeyByItself(cx, input.TargetKeyId!);
  checkNotPending(key);
  const before = cx.state.keys.get([cx.scope.account, cx.scope.region, alias.keyId]);
  // AWS: both keys must be of one type and usage.
  if (before && (before.usage !== key.usage || kindOf(before) !== kindOf(key))) throw unsupported("");
  put(cx, { ...alias, keyId: key.id, changedMs: cx.kernel.clock.now() });
  return {};
}

function kindOf({ spec }: KeyRecord): string {
  return spec.split("_")[0]!;
}

export function deleteAlias(cx: Cx, input: Input<"kms", "DeleteAlias">): object {
  const { name } = getAlias(cx, checkName(input.AliasName!));
  cx.state.aliases.remove([cx.scope.account, cx.scope.region, name]);
  return {};
}

export function listAliases(cx: Cx, input: Input<"kms", "ListAliases">): Output<"kms", "ListAliases"> {
  const keyId = input.KeyId === undefined ? undefined : getKeyByItself(cx, input.KeyId).id;
  const all = Array.from(cx.state.aliases.values({ prefix: [cx.scope.account, cx.scope.region] }));
  const { shown, ...more } = page(
    all.filter((alias) => keyId === undefined || alias.keyId === keyId),
    input,
  );
  return {
    Aliases: shown.map((alias) => ({
      AliasName: alias.name,
      AliasArn: alias.arn,
      TargetKeyId: alias.keyId,
      CreationDate: new Date(alias.createdMs),
      LastUpdatedDate: new Date(alias.changedMs),
    })),
    ...more,
  };
}

/** AWS: a change of an alias needs the permission on the alias (IAM) and on each key. */
export function asksOfAlias(operation: "CreateAlias" | "UpdateAlias" | "DeleteAlias") {
  return (input: { AliasName?: string | undefined; TargetKeyId?: string | undefined }, cx: Cx): Ask[] => {
    const alias = findAlias(cx, input.AliasName ?? "");
    const ids = [
      ...(alias && operation !== "CreateAlias" ? [alias.keyId] : []),
      ...(input.TargetKeyId === undefined ? [] : [input.TargetKeyId]),
    ];
    return ids.map((id) => askOf(cx, getKey(cx, id), operation));
  };
}

function checkName(name: string): string {
  if (!name.startsWith("alias/"))
    throw validation(
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  if (!ALIAS.test(name)) throw validation(`${name} contains invalid characters for an alias`);
  if (name.startsWith("alias/aws/")) throw new AwsError("NotAuthorizedException", "", { status: 400 });
  return name;
}

function findAlias(cx: Cx, name: string): AliasRecord | undefined {
  return cx.state.aliases.get([cx.scope.account, cx.scope.region, name]);
}

function getAlias(cx: Cx, name: string): AliasRecord {
  const found = findAlias(cx, name);
  if (!found) throw aliasNotFound(aliasArn(cx.scope, name));
  return found;
}

function put(cx: Cx, alias: AliasRecord): void {
  cx.state.aliases.put([cx.scope.account, cx.scope.region, alias.name], alias);
}
