import { invalidToken } from "./errors.ts";

export interface PageRequest {
  readonly nextToken?: string | undefined;
  readonly maxResults?: number | undefined;
}

/** A page of a list; the token says how many were shown. @throws AwsError InvalidToken */
export function page<T>(
  items: readonly T[],
  { nextToken, maxResults }: PageRequest,
): { shown: T[]; nextToken?: string } {
  const from = nextToken === undefined ? 0 : Number(Buffer.from(nextToken, "base64").toString());
  if (!Number.isInteger(from)) throw invalidToken("The pagination token is not valid.");
  const to = from + (maxResults || 100);
  return {
    shown: items.slice(from, to),
    ...(to < items.length ? { nextToken: Buffer.from(String(to)).toString("base64") } : {}),
  };
}
