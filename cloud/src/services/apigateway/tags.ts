import { badRequest } from "./errors.ts";

/** AWS: quota of tags, and lengths of their keys and values. */
const TAGS_MAX = 50;
const KEY_MAX = 128;
const VALUE_MAX = 256;

/** @throws AwsError BadRequestException */
export function checkTags(tags: Readonly<Record<string, string>> | undefined): void {
  const entries = Object.entries(tags ?? {});
  if (entries.length > TAGS_MAX) throw badRequest(`The number of tags must not exceed ${TAGS_MAX}`);
  for (const [key, value] of entries) {
    if (key.length < 1 || key.length > KEY_MAX)
      throw badRequest(`Tag key must be between 1 and ${KEY_MAX} characters: ${key}`);
    if (/^aws:(?!cloudformation:)/i.test(key)) throw badRequest("System tags prefixed with aws: cannot be specified");
    if (value.length > VALUE_MAX) throw badRequest(`Tag value must be at most ${VALUE_MAX} characters: ${key}`);
  }
}
