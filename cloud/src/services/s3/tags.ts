import type { Tag } from "./state.ts";
import { badRequest, invalidArgument, invalidTag, malformedXml } from "./errors.ts";

const OBJECT_TAGS_MAX = 10;
const BUCKET_TAGS_MAX = 50;
/** AWS: letters, digits and spaces of any script, and + - = . _ : / @ */
const WELL_FORMED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * Checks tags as S3 does, for a bucket or an object.
 * @throws AwsError InvalidTag, BadRequest, MalformedXML
 */
export function checkTags(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
  of: "bucket" | "object",
): Tag[] {
  if (!tags) throw malformedXml();
  const limit = of === "bucket" ? BUCKET_TAGS_MAX : OBJECT_TAGS_MAX;
  if (tags.length > limit)
    throw badRequest(`${of === "object" ? "Object tags" : "Bucket tag count"} cannot be greater than ${limit}`);
  const seen = new Set<string>();
  return tags.map(({ Key, Value }) => {
    if (Key === undefined || Value === undefined) throw malformedXml();
    checkTag(Key, Value, of);
    if (seen.has(Key)) throw invalidTag("Cannot provide multiple Tags with the same key", Key);
    seen.add(Key);
    return { Key, Value };
  });
}

function checkTag(key: string, value: string, of: "bucket" | "object"): void {
  if (key === "" || key.length > 128 || !WELL_FORMED.test(key))
    throw invalidTag("The TagKey you have provided is invalid", key);
  if (key.startsWith("aws:"))
    throw invalidTag(
      of === "bucket" ? "System tags cannot be added/updated by requester" : "Your TagKey cannot be prefixed with aws:",
      key,
    );
  if (value.length > 256 || !WELL_FORMED.test(value))
    throw invalidTag("The TagValue you have provided is invalid", key, value);
}

/**
 * Reads the `x-amz-tagging` header, `key1=value1&key2=value2`.
 * @throws AwsError InvalidArgument for what is no query string, or names a key twice
 */
export function readTagHeader(header: string | undefined): Tag[] | undefined {
  if (header === undefined || header === "") return undefined;
  const tags: Tag[] = [];
  for (const pair of header.split("&")) {
    const [key = "", ...more] = pair.split("=");
    if (more.length > 1) throw badTagHeader(header);
    tags.push({ Key: decode(key, header), Value: decode(more[0] ?? "", header) });
  }
  if (new Set(tags.map((tag) => tag.Key)).size < tags.length) throw badTagHeader(header);
  return sortTags(checkTags(tags, "object"));
}

/** AWS: an object's tags are answered in order of their keys. */
export function sortTags(tags: Tag[]): Tag[] {
  return tags.sort((a, b) => (a.Key! < b.Key! ? -1 : 1));
}

function decode(text: string, header: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw badTagHeader(header);
  }
}

function badTagHeader(header: string) {
  const message =
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.";
  return invalidArgument(message, "x-amz-tagging", header);
}
