import { invalidNextToken } from "./errors.ts";

/** A page of things in order; the token is the key of the last one shown. @throws AwsError InvalidNextToken */
export function page<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
  { NextToken, limit }: { NextToken: string | undefined; limit: number },
): { shown: T[]; NextToken?: string } {
  const after = NextToken === undefined ? undefined : decode(NextToken);
  const shown: T[] = [];
  for (const item of items) {
    if (after !== undefined && Buffer.compare(Buffer.from(keyOf(item)), Buffer.from(after)) <= 0) continue;
    if (shown.length === limit) return { shown, NextToken: Buffer.from(keyOf(shown.at(-1)!)).toString("base64") };
    shown.push(item);
  }
  return { shown };
}

function decode(token: string): string {
  const text = Buffer.from(token, "base64").toString("utf8");
  if (text === "" || Buffer.from(text).toString("base64") !== token)
    throw invalidNextToken("The specified token isn't valid.");
  return text;
}
