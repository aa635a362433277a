import { invalidParameter } from "./errors.ts";

const SIZE = 100;

/** A hundred of a list, by how many came before. @throws AwsError InvalidParameter for a token that is none of ours */
export function pageOf<T>(items: readonly T[], token: string | undefined): { page: T[]; NextToken?: string } {
  const text = token === undefined ? "0" : Buffer.from(token, "base64url").toString("utf8");
  if (!/^\d+$/.test(text) || Number(text) > items.length) throw invalidParameter("NextToken");
  const start = Number(text);
  const page = items.slice(start, start + SIZE);
  if (start + SIZE >= items.length) return { page };
  return { page, NextToken: Buffer.from(String(start + SIZE)).toString("base64url") };
}
