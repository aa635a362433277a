import type {
  ListTagsForResourceInput,
  ListTagsForResourceOutput,
  TagResourceInput,
  UntagResourceInput,
} from "@aws-sdk/client-sfn";
import { findArn } from "../../../aws/arn.ts";
import type { Collection } from "../../../kernel/store.ts";
import type { Cx } from "../engine.ts";
import { invalidArn, resourceNotFound } from "../errors.ts";
import { scopeKey } from "../machine.ts";

interface Tagged {
  readonly tags: Record<string, string>;
}

function find(cx: Cx, resourceArn: string): { tags: Record<string, string>; set(tags: Record<string, string>): void } {
  const parsed = findArn(resourceArn);
  const [kind, name] = parsed?.resource.split(":") ?? [];
  if (parsed?.service !== "states" || !name || (kind !== "stateMachine" && kind !== "activity"))
    throw invalidArn(resourceArn);
  const key = [...scopeKey(parsed), name];
  const among = (kind === "activity" ? cx.state.activities : cx.state.machines) as Collection<Tagged>;
  const found = among.get(key);
  if (!found) throw resourceNotFound(resourceArn);
  return { tags: found.tags, set: (tags) => among.put(key, { ...found, tags }) };
}

export function tagResource(cx: Cx, { resourceArn = "", tags = [] }: TagResourceInput): object {
  const found = find(cx, resourceArn);
  found.set({ ...found.tags, ...Object.fromEntries(tags.map(({ key = "", value = "" }) => [key, value])) });
  return {};
}

export function untagResource(cx: Cx, { resourceArn = "", tagKeys = [] }: UntagResourceInput): object {
  const found = find(cx, resourceArn);
  found.set(Object.fromEntries(Object.entries(found.tags).filter(([key]) => !tagKeys.includes(key))));
  return {};
}

export function listTagsForResource(cx: Cx, { resourceArn = "" }: ListTagsForResourceInput): ListTagsForResourceOutput {
  return { tags: Object.entries(find(cx, resourceArn).tags).map(([key, value]) => ({ key, value })) };
}
