import { invalidInput } from "./errors.ts";

export interface PageRequest {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/** AWS: every list of IAM answers 100 items unless asked for fewer or more. */
const ITEMS_DEFAULT = 100;

/**
 * A page of a list, in the order given. The marker is the key of the last item, so that items made or deleted in
 * between neither repeat nor hide others.
 * @throws AwsError InvalidInput for a marker that is none of ours
 */
export function page<T>(items: Iterable<T>, keyOf: (item: T) => string, request: PageRequest) {
  const limit = request.MaxItems ?? ITEMS_DEFAULT;
  const sorted = [...items].toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  const after = request.Marker === undefined ? undefined : decode(request.Marker);
  const rest = after === undefined ? sorted : sorted.filter((item) => compare(keyOf(item), after) > 0);
  const shown = rest.slice(0, limit);
  const last = shown.at(-1);
  if (rest.length <= limit || last === undefined) return { shown, IsTruncated: false as const };
  return { shown, IsTruncated: true as const, Marker: Buffer.from(keyOf(last)).toString("base64") };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function decode(marker: string): string {
  const text = Buffer.from(marker, "base64").toString("utf8");
  if (Buffer.from(text).toString("base64") !== marker) throw invalidInput(`Invalid Marker: ${marker}`);
  return text;
}
