import { textAfterPrefix } from "./key.ts";

export interface ListQuery {
  /** Keys that begin with this; empty for all. */
  readonly prefix: string;
  /** Keys are rolled up behind the first occurrence of this after the prefix; empty for none. */
  readonly delimiter: string;
  /** Only what stands behind this key, and behind the common prefix that it lies in; empty for all. */
  readonly marker: string;
  /** Most entries, items and common prefixes together. */
  readonly limit: number;
}

/** The half-open range of keys `from <= key < to`, or `from < key` where `exclusive`. */
export interface KeyRange {
  readonly from: string;
  readonly exclusive: boolean;
  readonly to: string | undefined;
}

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly commonPrefixes: readonly string[];
  /** The last item or common prefix, where more follow. */
  readonly next: { readonly key: string; readonly item: T | undefined } | undefined;
}

/**
 * One page of a listing with prefix and delimiter. `scan` reads in the order of keys; a common prefix is skipped as a
 * whole by seeking behind it, so that its size does not matter.
 */
export function listPage<T>(
  query: ListQuery,
  scan: (range: KeyRange) => Iterable<[key: string, item: T]>,
): ListPage<T> {
  const { prefix, delimiter, limit } = query;
  const to = prefix === "" ? undefined : textAfterPrefix(prefix);
  const items: T[] = [];
  const commonPrefixes: string[] = [];
  let last: { key: string; item: T | undefined } | undefined;
  let range: KeyRange | undefined = startRange(query, to);
  while (range) {
    const current: KeyRange = range;
    range = undefined;
    for (const [key, item] of scan(current)) {
      if (items.length + commonPrefixes.length >= limit) return { items, commonPrefixes, next: last };
      const rolled = rollUp(key, prefix, delimiter);
      if (rolled === undefined) {
        items.push(item);
        last = { key, item };
        continue;
      }
      commonPrefixes.push(rolled);
      last = { key: rolled, item: undefined };
      range = rangeBehind(rolled, to);
      break;
    }
  }
  return { items, commonPrefixes, next: undefined };
}

/** AWS: a marker inside a common prefix leaves out that whole prefix. */
function startRange({ prefix, delimiter, marker }: ListQuery, to: string | undefined): KeyRange | undefined {
  if (compareUtf8(marker, prefix) < 0) return { from: prefix, exclusive: false, to };
  const rolled = marker.startsWith(prefix) ? rollUp(marker, prefix, delimiter) : undefined;
  return rolled === undefined ? { from: marker, exclusive: true, to } : rangeBehind(rolled, to);
}

function rangeBehind(commonPrefix: string, to: string | undefined): KeyRange | undefined {
  const from = textAfterPrefix(commonPrefix);
  return from === undefined ? undefined : { from, exclusive: false, to };
}

/** The common prefix that a key counts towards; undefined where it stands for itself. */
function rollUp(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === "") return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** Order of code points, which UTF-16 code units do not have. */
export function compareUtf8(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
