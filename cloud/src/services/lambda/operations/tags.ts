import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { findArn } from "../../../aws/arn.ts";
import { getFunction } from "../function-lookup.ts";
import { readFunctionName, requireOwn } from "../function-name.ts";
import { invalidParameter, noSuchResource } from "../errors.ts";
import { scopeKey, type LambdaState } from "../state.ts";

type Cx = CallContext<LambdaState>;

const TAGS_MAX = 50;

export function tagResource(cx: Cx, input: Input<"lambda", "TagResource">): Record<string, never> {
  change(cx, input.Resource!, (tags) => ({ ...tags, ...input.Tags }));
  return {};
}

export function untagResource(cx: Cx, input: Input<"lambda", "UntagResource">): Record<string, never> {
  const gone = new Set(input.TagKeys);
  change(cx, input.Resource!, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))));
  return {};
}

export function listTags(cx: Cx, input: Input<"lambda", "ListTags">): Output<"lambda", "ListTags"> {
  return { Tags: find(cx, input.Resource!).record.tags };
}

function change(cx: Cx, arn: string, next: (tags: Record<string, string>) => Record<string, string>): void {
  const { record, put } = find(cx, arn);
  const tags = next(record.tags);
  if (Object.keys(tags).length > TAGS_MAX) throw invalidParameter(`The maximum number of tags is ${TAGS_MAX}`);
  put(tags);
}

interface Tagged {
  readonly record: { readonly tags: Record<string, string> };
  put(tags: Record<string, string>): void;
}

function find(cx: Cx, arn: string): Tagged {
  const uuid = /^event-source-mapping:(.+)$/.exec(findArn(arn)?.resource ?? "")?.[1];
  return uuid === undefined ? findFunction(cx, arn) : findMapping(cx, uuid);
}

function findFunction({ state, scope }: Cx, arn: string): Tagged {
  const reference = readFunctionName(scope, arn);
  requireOwn(scope, reference);
  if (reference.qualifier !== undefined)
    throw invalidParameter(`Tags on function aliases and versions are not supported. Please specify a function ARN.`);
  const record = getFunction(state, reference);
  return { record, put: (tags) => state.functions.put([...scopeKey(scope), reference.name], { ...record, tags }) };
}

function findMapping({ state, scope }: Cx, uuid: string): Tagged {
  const key = [...scopeKey(scope), uuid];
  const record = state.eventSources.get(key);
  if (!record) throw noSuchResource();
  return { record, put: (tags) => state.eventSources.put(key, { ...record, tags }) };
}
