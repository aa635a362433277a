import type { Key } from "../../kernel/key.ts";
import type { Collection } from "../../kernel/store.ts";
import type { AwsError } from "../../aws/error.ts";

/**
 * One page of the records below a prefix that are wanted, in order of their keys.
 * @param invalid the error for a token that is none of ours
 */
export function page<T>(
  collection: Collection<T>,
  prefix: Key,
  { token, limit }: { token: string | undefined; limit: number },
  invalid: () => AwsError,
  wants: (record: T) => boolean = () => true,
): { records: T[]; next: string | undefined } {
  const after = token === undefined ? undefined : [...prefix, decode(token, invalid)];
  const records: T[] = [];
  let last = "";
  for (const [key, record] of collection.entries({ prefix, ...(after ? { after } : {}) })) {
    if (!wants(record)) continue;
    if (records.length === limit) return { records, next: Buffer.from(JSON.stringify([last])).toString("base64") };
    records.push(record);
    last = String(key.at(-1));
  }
  return { records, next: undefined };
}

function decode(token: string, invalid: () => AwsError): string {
  try {
    const [last] = JSON.parse(Buffer.from(token, "base64").toString("utf8")) as unknown[];
    if (typeof last === "string") return last;
  } catch {
    // Not ours: below.
  }
  throw invalid();
}
