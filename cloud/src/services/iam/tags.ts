import type { Tag } from "@aws-sdk/client-iam";
import { invalidInput, quotaExceeded } from "./errors.ts";

const TAGS_MAX = 50;

/** Tags as kept. @throws AwsError InvalidInput for a key given twice, LimitExceeded */
export function toTags(given: readonly Tag[] | undefined): Record<string, string> {
  return addTags({}, given);
}

/** The former tags overlaid by new ones. */
export function addTags(
  former: Readonly<Record<string, string>>,
  given: readonly Tag[] | undefined,
): Record<string, string> {
  const seen = new Set<string>();
  const tags = { ...former };
  for (const { Key = "", Value = "" } of given ?? []) {
    const lower = Key.toLowerCase();
    if (seen.has(lower))
      throw invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    seen.add(lower);
    // AWS: keys are told apart without regard to case; the new spelling stays.
    for (const key of Object.keys(tags)) if (key.toLowerCase() === lower) delete tags[key];
    tags[Key] = Value;
  }
  if (Object.keys(tags).length > TAGS_MAX) throw quotaExceeded("TagsPerResource", TAGS_MAX);
  return tags;
}

export function removeTags(
  former: Readonly<Record<string, string>>,
  keys: readonly string[] | undefined,
): Record<string, string> {
  const gone = new Set((keys ?? []).map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(former).filter(([key]) => !gone.has(key.toLowerCase())));
}

export function fromTags(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Tags where there are any; AWS leaves the member out otherwise. */
export function shownTags(tags: Readonly<Record<string, string>>): { Tags?: { Key: string; Value: string }[] } {
  const Tags = fromTags(tags);
  return Tags.length === 0 ? {} : { Tags };
}
