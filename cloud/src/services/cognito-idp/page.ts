import { invalidParameter } from "./errors.ts";

/** A page of a list. @throws AwsError InvalidParameterException for a token that is none of ours */
export function pageOf<T>(
  items: readonly T[],
  limit: number,
  token: string | undefined,
): { page: T[]; next: string | undefined } {
  const start = token === undefined ? 0 : Number(Buffer.from(token, "base64url").toString("utf8"));
  if (!Number.isInteger(start) || start < 0) throw invalidParameter("Invalid pagination token provided.");
  const end = start + limit;
  return {
    page: items.slice(start, end),
    next: end < items.length ? Buffer.from(String(end)).toString("base64url") : undefined,
  };
}
