import type { Input, Output } from "../../../aws/api-types.ts";
import type { Scope } from "../../../aws/scope.ts";
import type { CallContext } from "../../../service.ts";
import { aliasExists, functionNotFound, invalidParameter, wrongRevision } from "../errors.ts";
import { getAlias, getFunction, isNumber } from "../function-lookup.ts";
import { functionArn, readFunctionName, requireOwn } from "../function-name.ts";
import { page } from "../page.ts";
import { removeUrls } from "../url.ts";
import { scopeKey, type AliasRecord, type LambdaState } from "../state.ts";

type Cx = CallContext<LambdaState>;
type AliasConfiguration = Output<"lambda", "GetAlias">;

const LIST_MAX = 50;

export function createAlias(cx: Cx, input: Input<"lambda", "CreateAlias">): AliasConfiguration {
  const name = nameOf(cx, input.FunctionName!);
  const { state, scope, kernel } = cx;
  const alias = input.Name!;
  getFunction(state, { scope, name, qualifier: undefined });
  if (state.aliases.has([...scopeKey(scope), name, alias])) throw aliasExists(functionArn(scope, name, alias));
  const record: AliasRecord = {
    name: alias,
    version: input.FunctionVersion!,
    description: input.Description ?? "",
    weights: readWeights(input.RoutingConfig?.AdditionalVersionWeights),
    revisionId: kernel.random.uuid(),
  };
  checkVersions(cx, name, record);
  state.aliases.put([...scopeKey(scope), name, alias], record);
  return describe(scope, name, record);
}

export function updateAlias(cx: Cx, input: Input<"lambda", "UpdateAlias">): AliasConfiguration {
  const name = nameOf(cx, input.FunctionName!);
  const { state, scope, kernel } = cx;
  const before = getAlias(state, scope, name, input.Name!);
  if (input.RevisionId !== undefined && input.RevisionId !== before.revisionId) throw wrongRevision();
  const record: AliasRecord = {
    ...before,
    version: input.FunctionVersion ?? before.version,
    description: input.Description ?? before.description,
    weights: input.RoutingConfig ? readWeights(input.RoutingConfig.AdditionalVersionWeights) : before.weights,
    revisionId: kernel.random.uuid(),
  };
  checkVersions(cx, name, record);
  state.aliases.put([...scopeKey(scope), name, record.name], record);
  return describe(scope, name, record);
}

export function getAliasOperation(cx: Cx, input: Input<"lambda", "GetAlias">): AliasConfiguration {
  const name = nameOf(cx, input.FunctionName!);
  getFunction(cx.state, { scope: cx.scope, name, qualifier: undefined });
  return describe(cx.scope, name, getAlias(cx.state, cx.scope, name, input.Name!));
}

export function deleteAlias(cx: Cx, input: Input<"lambda", "DeleteAlias">): Record<string, never> {
  const name = nameOf(cx, input.FunctionName!);
  const { state, scope } = cx;
  const alias = input.Name!;
  getFunction(state, { scope, name, qualifier: undefined });
  const key = [...scopeKey(scope), name, alias];
  // AWS: deleting an alias that is not there succeeds.
  for (const collection of [state.aliases, state.policies, state.eventInvokes, state.provisioned])
    collection.remove(key);
  removeUrls(state, scope, name, alias);
  return {};
}

export function listAliases(cx: Cx, input: Input<"lambda", "ListAliases">): Output<"lambda", "ListAliases"> {
  const name = nameOf(cx, input.FunctionName!);
  const { state, scope } = cx;
  getFunction(state, { scope, name, qualifier: undefined });
  const wanted = input.FunctionVersion;
  const all = [...state.aliases.values({ prefix: [...scopeKey(scope), name] })].filter(
    (alias) => wanted === undefined || alias.version === wanted || alias.weights[wanted] !== undefined,
  );
  const { items, next } = page(
    all,
    (alias) => alias.name,
    input.Marker,
    Math.min(input.MaxItems ?? LIST_MAX, LIST_MAX),
  );
  return {
    Aliases: items.map((alias) => describe(scope, name, alias)),
    ...(next === undefined ? {} : { NextMarker: next }),
  };
}

function nameOf({ scope }: Cx, text: string): string {
  const reference = readFunctionName(scope, text);
  requireOwn(scope, reference);
  return reference.name;
}

function readWeights(given: Record<string, number> | undefined): Record<string, number> {
  return { ...given };
}

/** AWS: "Implement Lambda canary deployments using a weighted alias". */
function checkVersions({ state, scope }: Cx, name: string, { version, weights }: AliasRecord): void {
  const exists = (number: string) => isNumber(number) && state.versions.has([...scopeKey(scope), name, Number(number)]);
  if (version !== "$LATEST" && !exists(version)) throw functionNotFound(functionArn(scope, name, version));
  const others = Object.entries(weights);
  if (others.length === 0) return;
  if (version === "$LATEST" || weights["$LATEST"] !== undefined)
    throw invalidParameter("$LATEST is not supported for an alias pointing to more than 1 version");
  if (others.length > 1) throw invalidParameter("Number of items in AdditionalVersionWeights cannot be greater than 1");
  for (const [other, weight] of others) {
    if (other === version)
      throw invalidParameter(
        `Invalid function version ${other}. Function version ${other} is already included in routing configuration.`,
      );
    if (!(weight >= 0 && weight <= 1)) throw invalidParameter("Invalid weight: it must be between 0.0 and 1.0");
    if (!exists(other)) throw functionNotFound(functionArn(scope, name, other));
  }
}

function describe(scope: Scope, name: string, record: AliasRecord): AliasConfiguration {
  return {
    AliasArn: functionArn(scope, name, record.name),
    Name: record.name,
    FunctionVersion: record.version,
    Description: record.description,
    ...(Object.keys(record.weights).length > 0
      ? { RoutingConfig: { AdditionalVersionWeights: { ...record.weights } } }
      : {}),
    RevisionId: record.revisionId,
  };
}
