import type { Tag } from "@aws-sdk/client-dynamodb";
import { invalid, invalidParameter, limitExceeded } from "./errors.ts";

const TAGS_MAX = 50;

/** @throws ValidationException for tags that a caller may not set, LimitExceededException for too many */
export function checkTags(tags: readonly Tag[] | undefined): void {
  const seen = new Set<string>();
  for (const { Key } of tags ?? []) {
    // CloudFormation marks the tables that it makes by tags of this prefix.
    if (/^aws:/i.test(Key!) && !Key!.startsWith("aws:cloudformation:"))
      throw invalid(`Tag keys starting with 'aws:' are reserved for system use: ${Key}`);
    if (seen.has(Key!)) throw invalidParameter(`Duplicate tag key: ${Key}`);
    seen.add(Key!);
  }
  checkTagCount(seen.size);
}

/** @throws LimitExceededException */
export function checkTagCount(count: number): void {
  if (count > TAGS_MAX) throw limitExceeded(`Tag count exceeds the limit of ${TAGS_MAX} per resource`);
}
