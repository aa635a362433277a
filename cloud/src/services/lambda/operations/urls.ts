import { functionUrlAddress } from "../../../aws/addresses.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { conflict, invalidParameter, noSuchResource } from "../errors.ts";
import { getAlias, getFunction, isNumber } from "../function-lookup.ts";
import { functionArn, readFunctionName, requireOwn } from "../function-name.ts";
import { page } from "../page.ts";
import { scopeKey, type LambdaState, type UrlRecord } from "../state.ts";
import { removeUrls, URL_ID_ALPHABET, URL_ID_LENGTH } from "../url.ts";

type Cx = CallContext<LambdaState>;
type Described = Output<"lambda", "GetFunctionUrlConfig">;

const LIST_MAX = 50;

export function createUrl(
  cx: Cx,
  input: Input<"lambda", "CreateFunctionUrlConfig">,
): Output<"lambda", "CreateFunctionUrlConfig"> {
  const { state, scope, kernel } = cx;
  const key = keyOf(cx, input);
  const [, , name = "", qualifier = ""] = key;
  if (state.urls.has(key))
    throw conflict(
      `Failed to create function url config for [functionArn = ${functionArn(scope, name, qualifier)}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    );
  const now = kernel.clock.now();
  const record: UrlRecord = {
    urlId: kernel.random.text(URL_ID_LENGTH, URL_ID_ALPHABET),
    name,
    qualifier,
    authType: input.AuthType!,
    invokeMode: input.InvokeMode ?? "BUFFERED",
    ...(input.Cors ? { cors: input.Cors as UrlRecord["cors"] } : {}),
    createdMs: now,
    lastModifiedMs: now,
    ...scope,
  };
  state.urls.put(key, record);
  state.urlIds.put([record.urlId], key);
  const { LastModifiedTime: _, ...described } = describe(cx, record);
  return described;
}

export function updateUrl(cx: Cx, input: Input<"lambda", "UpdateFunctionUrlConfig">): Described {
  const key = keyOf(cx, input);
  const before = get(cx, key);
  const record: UrlRecord = {
    ...before,
    authType: input.AuthType ?? before.authType,
    invokeMode: input.InvokeMode ?? before.invokeMode,
    ...(input.Cors ? { cors: input.Cors as UrlRecord["cors"] } : {}),
    lastModifiedMs: cx.kernel.clock.now(),
  };
  cx.state.urls.put(key, record);
  return describe(cx, record);
}

export function getUrl(cx: Cx, input: Input<"lambda", "GetFunctionUrlConfig">): Described {
  return describe(cx, get(cx, keyOf(cx, input)));
}

export function deleteUrl(cx: Cx, input: Input<"lambda", "DeleteFunctionUrlConfig">): Record<string, never> {
  const key = keyOf(cx, input);
  get(cx, key);
  removeUrls(cx.state, cx.scope, key[2]!, key[3]!);
  return {};
}

export function listUrls(
  cx: Cx,
  input: Input<"lambda", "ListFunctionUrlConfigs">,
): Output<"lambda", "ListFunctionUrlConfigs"> {
  const { state, scope } = cx;
  const { name } = readFunctionName(scope, input.FunctionName!);
  getFunction(state, { scope, name, qualifier: undefined });
  const all = state.urls.values({ prefix: [...scopeKey(scope), name] });
  const { items, next } = page(all, ({ urlId }) => urlId, input.Marker, Math.min(input.MaxItems ?? LIST_MAX, LIST_MAX));
  return {
    FunctionUrlConfigs: items.map((record) => describe(cx, record)),
    ...(next === undefined ? {} : { NextMarker: next }),
  };
}

function keyOf(
  { state, scope }: Cx,
  input: { FunctionName: string | undefined; Qualifier?: string | undefined },
): string[] {
  const reference = readFunctionName(scope, input.FunctionName!, input.Qualifier);
  requireOwn(scope, reference);
  const { name, qualifier } = reference;
  getFunction(state, reference);
  if (qualifier !== undefined && (qualifier === "$LATEST" || isNumber(qualifier)))
    throw invalidParameter(`Function URLs are for $LATEST (without a qualifier) and for aliases; given: ${qualifier}`);
  if (qualifier !== undefined) getAlias(state, scope, name, qualifier);
  return [...scopeKey(scope), name, qualifier ?? ""];
}

function get({ state }: Cx, key: string[]): UrlRecord {
  const record = state.urls.get(key);
  if (!record) throw noSuchResource();
  return record;
}

function describe({ scope, endpoint }: Cx, record: UrlRecord): Described {
  return {
    FunctionUrl: functionUrlAddress(endpoint(), record.urlId),
    FunctionArn: functionArn(scope, record.name, record.qualifier),
    AuthType: record.authType,
    ...(record.cors ? { Cors: record.cors } : {}),
    CreationTime: new Date(record.createdMs).toISOString(),
    LastModifiedTime: new Date(record.lastModifiedMs).toISOString(),
    InvokeMode: record.invokeMode,
  };
}
