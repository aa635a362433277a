import { validationError } from "./errors.ts";

/** A page of a list. The token is the position of the next item. @throws AwsError ValidationError for a token that is none of ours */
export function page<T>(
  items: readonly T[],
  size: number,
  token: string | undefined,
): { items: readonly T[]; NextToken?: string } {
  const start = token === undefined ? 0 : Number(Buffer.from(token, "base64").toString("utf8"));
  if (!Number.isInteger(start) || start < 0) throw validationError("Token is invalid");
  const end = start + size;
  const shown = items.slice(start, end);
  return end < items.length
    ? { items: shown, NextToken: Buffer.from(String(end)).toString("base64") }
    : { items: shown };
}
