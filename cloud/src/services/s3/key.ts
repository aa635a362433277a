import { keyTooLong } from "./errors.ts";

const KEY_BYTES_MAX = 1024;

/** @throws AwsError KeyTooLongError */
export function checkKey(key: string): void {
  // A UTF-16 unit takes at most three bytes, so short keys need no count.
  if (key.length * 3 <= KEY_BYTES_MAX) return;
  const bytes = Buffer.byteLength(key);
  if (bytes > KEY_BYTES_MAX) throw keyTooLong(bytes);
}

/**
 * A key as listings with `encoding-type=url` and event messages carry it: form encoding, but slashes stay.
 * AWS: "Event message structure": "The object key name value is URL-encoded", a space is `+`.
 */
export function encodeKeyForUrl(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+")
    .replaceAll("%2F", "/");
}

/**
 * The smallest text greater than every text that begins with `prefix`, in UTF-8 order (which is the order of code
 * points). Undefined where there is none.
 */
export function textAfterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix);
  while (points.length > 0) {
    const last = points.pop()!.codePointAt(0)!;
    if (last === 0x10ffff) continue;
    // Surrogates are no characters: U+D7FF is followed by U+E000.
    return points.join("") + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1);
  }
  return undefined;
}
