import { invalidMarker } from "./errors.ts";

/** A page of a list, as every List operation of KMS gives it. @throws AwsError InvalidMarkerException */
export function page<T>(
  items: readonly T[],
  { Limit = 100, Marker }: { readonly Limit?: number | undefined; readonly Marker?: string | undefined },
): { shown: T[]; Truncated: boolean; NextMarker?: string } {
  const start = Marker === undefined ? 0 : decode(Marker);
  const shown = items.slice(start, start + Limit);
  const end = start + shown.length;
  if (end >= items.length) return { shown, Truncated: false };
  return { shown, Truncated: true, NextMarker: Buffer.from(`after ${end}`).toString("base64") };
}

function decode(marker: string): number {
  const match = /^after (\d+)$/.exec(Buffer.from(marker, "base64").toString("utf8"));
  if (!match) throw invalidMarker();
  return Number(match[1]);
}
