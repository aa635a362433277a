import { badRequest } from "./errors.ts";

const PAGE_DEFAULT = 25;
const PAGE_MAX = 500;

export interface PageRequest {
  position?: string | undefined;
  limit?: number | undefined;
}

/** A page of a list, as all lists of the service give it. @throws AwsError BadRequestException */
export function pageOf<T>(items: readonly T[], { position, limit }: PageRequest): { items: T[]; position?: string } {
  const size = limit === undefined || limit <= 0 ? PAGE_DEFAULT : Math.min(limit, PAGE_MAX);
  const start = position === undefined ? 0 : Number(Buffer.from(position, "base64").toString("utf8"));
  if (!Number.isInteger(start) || start < 0) throw badRequest("Invalid position parameter specified");
  const end = start + size;
  const page = items.slice(start, end);
  if (end >= items.length) return { items: page };
  return { items: page, position: Buffer.from(String(end)).toString("base64") };
}
