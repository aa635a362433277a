import type { Key } from "../../kernel/key.ts";
import type { Collection } from "../../kernel/store.ts";
import { invalidToken } from "./errors.ts";

const PAGE_DEFAULT = 100;

export interface PageInput {
  readonly NextToken?: string | undefined;
  readonly MaxResults?: number | undefined;
}

/**
 * One page of the records below a prefix that are wanted.
 * @throws AwsError ValidationException for a token that is none of ours
 */
export function page<T>(
  collection: Collection<T>,
  prefix: Key,
  { NextToken, MaxResults = PAGE_DEFAULT }: PageInput,
  wants: (record: T) => boolean,
): { records: T[]; NextToken?: string } {
  const after = NextToken === undefined ? undefined : decode(NextToken, prefix);
  const records: T[] = [];
  let last: Key = [];
  for (const [key, record] of collection.entries({ prefix, ...(after ? { after } : {}) })) {
    if (!wants(record)) continue;
    if (records.length === MaxResults) return { records, NextToken: encode(last) };
    records.push(record);
    last = key;
  }
  return { records };
}

function encode(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString("base64");
}

function decode(token: string, prefix: Key): Key {
  try {
    const key: unknown = JSON.parse(Buffer.from(token, "base64").toString("utf8"));
    const isOurs = Array.isArray(key) && key.length > 2 && key.every((part) => typeof part === "string");
    if (isOurs && prefix.every((part, index) => key[index] === part)) return key;
  } catch {
    // Not ours: below.
  }
  throw invalidToken();
}
