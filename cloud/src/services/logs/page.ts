import { invalidParameter } from "./errors.ts";

/** What a page token says, in a form that callers cannot take apart by looking. */
export function encodeToken(content: unknown): string {
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}

/** @throws AwsError InvalidParameterException where the token is none of ours */
export function decodeToken<T>(token: string, isValid: (content: unknown) => content is T): T {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
  } catch {
    content = undefined;
  }
  if (!isValid(content)) throw invalidParameter("The specified nextToken is invalid.");
  return content;
}

const isName = (content: unknown): content is string => typeof content === "string";

/**
 * The page of a sorted list that stands behind the token's name.
 * @param limit most entries on the page
 */
export function pageByName<T>(
  items: Iterable<T>,
  nameOf: (item: T) => string,
  options: { nextToken: string | undefined; limit: number },
): { page: T[]; nextToken: string | undefined } {
  const after = options.nextToken === undefined ? undefined : decodeToken(options.nextToken, isName);
  const page: T[] = [];
  for (const item of items) {
    // Names sort as the store sorts them: by their UTF-8.
    if (after !== undefined && Buffer.compare(Buffer.from(nameOf(item)), Buffer.from(after)) <= 0) continue;
    if (page.length === options.limit) return { page, nextToken: encodeToken(nameOf(page.at(-1)!)) };
    page.push(item);
  }
  return { page, nextToken: undefined };
}
