import { invalidToken } from "./errors.ts";

/** A page of a list; the token says how many came before. @throws AwsError InvalidNextTokenException */
export function page<T>(items: readonly T[], token: string | undefined, limit: number): { shown: T[]; next?: string } {
  const start = token === undefined ? 0 : decode(token);
  const shown = items.slice(start, start + limit);
  const end = start + shown.length;
  return end < items.length ? { shown, next: Buffer.from(`after ${end}`).toString("base64") } : { shown };
}

function decode(token: string): number {
  const match = /^after (\d+)$/.exec(Buffer.from(token, "base64").toString("utf8"));
  if (!match) throw invalidToken();
  return Number(match[1]);
}
