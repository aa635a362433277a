import { badRequest } from "./errors.ts";

const PAGE_DEFAULT = 25;
const PAGE_MAX = 500;

export interface PageRequest {
  MaxResults?: string | undefined;
  NextToken?: string | undefined;
}

/** A page of a list, as all lists of the service give it. @throws AwsError BadRequestException */
export function pageOf<T>(
  items: readonly T[],
  { MaxResults, NextToken }: PageRequest,
): { Items: T[]; NextToken?: string } {
  const size = MaxResults === undefined ? PAGE_DEFAULT : Number(MaxResults);
  if (!Number.isInteger(size) || size < 1) throw badRequest(`Invalid value for maxResults: ${MaxResults}`);
  const start = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, "base64url").toString("utf8"));
  if (!Number.isInteger(start) || start < 0) throw badRequest("Invalid NextToken");
  const end = start + Math.min(size, PAGE_MAX);
  const Items = items.slice(start, end);
  return end < items.length ? { Items, NextToken: Buffer.from(String(end)).toString("base64url") } : { Items };
}
