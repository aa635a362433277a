import type { Tag } from "@aws-sdk/client-secrets-manager";
import type { Input } from "../../../aws/api-types.ts";
import { invalidParameter } from "../errors.ts";
import { getLiveSecret } from "../secret.ts";
import { putSecret, type Cx } from "../state.ts";

const TAGS_MAX = 50;

/** The tags with more put over them. @throws AwsError InvalidParameterException for reserved keys and too many */
export function checkTags(known: Record<string, string>, more: readonly Tag[] = []): Record<string, string> {
  const tags = { ...known };
  for (const { Key = "", Value = "" } of more) {
    if (Key.startsWith("aws:") && !Key.startsWith("aws:cloudformation:"))
      throw invalidParameter("Tag keys that begin with aws: are reserved.");
    tags[Key] = Value;
  }
  const own = Object.keys(tags).filter((key) => !key.startsWith("aws:"));
  if (own.length > TAGS_MAX) throw invalidParameter(`A secret can have at most ${TAGS_MAX} tags.`);
  return tags;
}

export function tagResource(cx: Cx, input: Input<"secretsmanager", "TagResource">): object {
  const secret = getLiveSecret(cx, input.SecretId!);
  secret.tags = checkTags(secret.tags, input.Tags);
  putSecret(cx.state, secret);
  return {};
}

export function untagResource(cx: Cx, input: Input<"secretsmanager", "UntagResource">): object {
  const secret = getLiveSecret(cx, input.SecretId!);
  for (const key of input.TagKeys ?? []) delete secret.tags[key];
  putSecret(cx.state, secret);
  return {};
}
