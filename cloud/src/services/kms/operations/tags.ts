import type { Tag } from "@aws-sdk/client-kms";
import type { Input, Output } from "../../../aws/api-types.ts";
import { limitExceeded, tagError } from "../errors.ts";
import { checkNotPending, getKeyByItself } from "../key.ts";
import { page } from "../page.ts";
import { putKey, type Cx } from "../state.ts";

const TAGS_MAX = 50;

/** The tags with more put over them. @throws AwsError TagException, LimitExceededException */
export function checkTags(known: Record<string, string>, more: readonly Tag[] = []): Record<string, string> {
  const tags = { ...known };
  for (const { TagKey = "", TagValue = "" } of more) {
    if (/^aws:(?!cloudformation:)/i.test(TagKey)) throw tagError("Tags beginning with aws: are reserved");
    tags[TagKey] = TagValue;
  }
  if (Object.keys(tags).filter((key) => !key.startsWith("aws:")).length > TAGS_MAX)
    throw limitExceeded("Too many tags");
  return tags;
}

export function tagResource(cx: Cx, input: Input<"kms", "TagResource">): object {
  const key = getKeyByItself(cx, input.KeyId!);
  checkNotPending(key);
  putKey(cx.state, { ...key, tags: checkTags(key.tags, input.Tags) });
  return {};
}

export function untagResource(cx: Cx, input: Input<"kms", "UntagResource">): object {
  const key = getKeyByItself(cx, input.KeyId!);
  checkNotPending(key);
  for (const name of input.TagKeys ?? []) delete key.tags[name];
  putKey(cx.state, key);
  return {};
}

export function listResourceTags(cx: Cx, input: Input<"kms", "ListResourceTags">): Output<"kms", "ListResourceTags"> {
  const key = getKeyByItself(cx, input.KeyId!);
  const { shown, ...more } = page(Object.entries(key.tags), input);
  return { Tags: shown.map(([TagKey, TagValue]) => ({ TagKey, TagValue })), ...more };
}
