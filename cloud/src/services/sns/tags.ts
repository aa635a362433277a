import type { Tag } from "@aws-sdk/client-sns";
import { invalidParameter, tagLimitExceeded } from "./errors.ts";

const TAGS_MAX = 50;

/** CloudFormation adds tags of its own, `aws:…`, which AWS lets nobody else. @throws AwsError InvalidParameter, TagLimitExceeded */
export function checkTags(tags: readonly Tag[], more = 0): void {
  const keys = tags.map(({ Key }) => Key);
  if (new Set(keys).size < keys.length) throw invalidParameter("Duplicated keys are not allowed.");
  for (const { Key: key = "", Value: value = "" } of tags) {
    if (key.length < 1 || key.length > 128) throw invalidParameter(`Tags Reason: Tag key ${key} is not valid`);
    if (value.length > 256) throw invalidParameter(`Tags Reason: Tag value of ${key} is too long`);
  }
  if (tags.length + more > TAGS_MAX) throw tagLimitExceeded();
}
