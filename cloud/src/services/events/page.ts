import { invalidToken } from "./errors.ts";

const LIMIT_DEFAULT = 100;

/** A part of a list, by how many came before it. @throws AwsError ValidationException for a token that is none of ours */
export function pageOf<T>(
  items: readonly T[],
  { NextToken: token, Limit: limit = LIMIT_DEFAULT }: { NextToken?: string | undefined; Limit?: number | undefined },
): { page: T[]; NextToken?: string } {
  const text = token === undefined ? "0" : Buffer.from(token, "base64url").toString("utf8");
  if (!/^\d+$/.test(text) || Number(text) > items.length) throw invalidToken();
  const start = Number(text);
  const page = items.slice(start, start + limit);
  if (start + limit >= items.length) return { page };
  return { page, NextToken: Buffer.from(String(start + limit)).toString("base64url") };
}
