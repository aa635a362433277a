import { invalidParameter } from "./errors.ts";

/**
 * One page of a sorted list.
 * @param nameOf what a marker names: the last one on the page
 * @throws AwsError for a marker that is none of ours
 */
export function page<T>(
  all: Iterable<T>,
  nameOf: (item: T) => string,
  marker: string | undefined,
  limit: number,
): { items: T[]; next: string | undefined } {
  const after = marker === undefined ? undefined : decode(marker);
  const items: T[] = [];
  let skipping = after !== undefined;
  for (const item of all) {
    if (skipping) {
      skipping = nameOf(item) !== after;
      continue;
    }
    if (items.length === limit) return { items, next: encode(nameOf(items.at(-1)!)) };
    items.push(item);
  }
  return { items, next: undefined };
}

function encode(name: string): string {
  return Buffer.from(JSON.stringify({ after: name })).toString("base64");
}

function decode(marker: string): string {
  try {
    const { after } = JSON.parse(Buffer.from(marker, "base64").toString("utf8")) as { after?: unknown };
    if (typeof after === "string") return after;
  } catch {
    // Not ours: below.
  }
  throw invalidParameter(`Invalid pagination marker: ${marker}`);
}
