import { invalidNextToken } from "./errors.ts";

/** A part of a list, by how many came before it. */
export function pageOf<T>(
  items: readonly T[],
  token: string | undefined,
  size: number,
): { page: T[]; NextToken?: string } {
  const text = token === undefined ? "0" : Buffer.from(token, "base64url").toString("utf8");
  if (!/^\d+$/.test(text) || Number(text) > items.length) throw invalidNextToken();
  const start = Number(text);
  const page = items.slice(start, start + size);
  if (start + size >= items.length) return { page };
  return { page, NextToken: Buffer.from(String(start + size)).toString("base64url") };
}
