/** Headers between two hops, and HTTP/2's own; neither functions nor other targets get them. */
export const HOP_HEADERS = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** Writes query values as a query string, without `?`. */
export function queryText(query: ReadonlyMap<string, readonly string[]>): string {
  return new URLSearchParams(
    [...query].flatMap(([name, values]) => values.map((value): [string, string] => [name, value])),
  ).toString();
}

/** Decodes a path as a whole. @returns undefined where an escape is broken */
export function decodePath(encoded: string): string | undefined {
  if (!encoded.includes("%")) return encoded;
  try {
    const decoded = decodeURIComponent(encoded);
    // Quirk: AWS decodes before it splits, so an escaped question mark ends the path (observed on real HTTP APIs).
    const question = decoded.indexOf("?");
    return question < 0 ? decoded : decoded.slice(0, question);
  } catch {
    return undefined;
  }
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A time as the Common Log Format writes it: `12/Mar/2020:19:03:58 +0000`. */
export function logTime(timeMs: number): string {
  const date = new Date(timeMs);
  const two = (value: number) => (value < 10 ? `0${value}` : String(value));
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${clock} +0000`;
}
