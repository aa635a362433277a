import type { Readable } from "node:stream";
import type { Input, Output } from "../../../aws/api-types.ts";
import type { ByteRange } from "../../../kernel/blobs.ts";
import { checksumAndType, checksumMembers, type ChecksumMembers } from "../checksum.ts";
import { checkReadConditions } from "../conditions.ts";
import { DEFAULT_CONTENT_TYPE } from "../draft.ts";
import { checkReadable, encryptionMembers } from "../encryption.ts";
import { invalidArgument, invalidPartNumber, invalidRequest } from "../errors.ts";
import { expirationMember } from "../lifecycle.ts";
import { lockMembers } from "../lock.ts";
import { contentRange, readRange } from "../range.ts";
import { getObject, lastModified } from "../reading.ts";
import type { Bucket, ObjectPart, S3Context, StoredObject } from "../state.ts";
import { checkNotArchived, restoreMember, storageClassMember } from "../storage-class.ts";
import { versionIdMember } from "../versions.ts";

export function GetObject(cx: S3Context, input: Input<"s3", "GetObject">): Output<"s3", "GetObject"> {
  const { bucket, object } = getObject(cx, input, { method: "GET" });
  checkReadable(cx, bucket, object.encryption, input);
  checkNotArchived(object);
  checkReadConditions(object, input, cx.kernel.clock.now());
  const selection = select(object, input);
  const body = cx.state.bodies.open(object.body, selection.range ?? { start: 0, end: object.bytes - 1 });
  return {
    ...objectMembers(bucket, object, input, selection),
    ...overrides(cx, input),
    ...(object.tags?.length ? { TagCount: object.tags.length } : {}),
    Body: body as Readable as never,
  };
}

export function HeadObject(cx: S3Context, input: Input<"s3", "HeadObject">): Output<"s3", "HeadObject"> {
  const { bucket, object } = getObject(cx, input, { method: "HEAD" });
  checkReadable(cx, bucket, object.encryption, input);
  checkReadConditions(object, input, cx.kernel.clock.now());
  return { ...objectMembers(bucket, object, input, select(object, input)), ...overrides(cx, input) };
}

/** The bytes that a request wants. */
interface Selection {
  /** Undefined for the whole object, answered with 200. */
  readonly range: ByteRange | undefined;
  readonly part: ObjectPart | undefined;
}

interface SelectInput {
  readonly Range?: string | undefined;
  readonly PartNumber?: number | undefined;
}

const PART_NUMBER_MAX = 10_000;

function select(object: StoredObject, { Range, PartNumber }: SelectInput): Selection {
  if (PartNumber === undefined) return { range: readRange(Range, object.bytes), part: undefined };
  if (Range !== undefined) throw invalidRequest("Cannot specify both Range header and partNumber query parameter");
  return selectPart(object, PartNumber);
}

function selectPart(object: StoredObject, number: number): Selection {
  if (!(number >= 1 && number <= PART_NUMBER_MAX))
    throw invalidArgument(
      "Part number must be an integer between 1 and 10000, inclusive",
      "partNumber",
      String(number),
    );
  const parts = object.parts ?? [];
  // AWS: an object that was not uploaded in parts is its own part 1.
  if (parts.length === 0 && number === 1)
    return { range: object.bytes === 0 ? undefined : { start: 0, end: object.bytes - 1 }, part: undefined };
  const part = parts[number - 1];
  if (!part) throw invalidPartNumber(number, Math.max(parts.length, 1));
  const start = parts.slice(0, number - 1).reduce((bytes, before) => bytes + before.bytes, 0);
  return { range: { start, end: start + part.bytes - 1 }, part };
}

function objectMembers(
  bucket: Bucket,
  object: StoredObject,
  input: SelectInput & { ChecksumMode?: string | undefined; VersionId?: string | undefined },
  selection: Selection,
) {
  const { range } = selection;
  const { Expires, ...headers } = object.headers;
  const expires = Expires === undefined ? undefined : new Date(Expires);
  return {
    AcceptRanges: "bytes",
    LastModified: lastModified(object),
    ContentLength: range ? range.end - range.start + 1 : object.bytes,
    ETag: `"${object.etag}"`,
    ...headers,
    ContentType: headers.ContentType ?? DEFAULT_CONTENT_TYPE,
    ...(expires === undefined || Number.isNaN(expires.getTime()) ? {} : { Expires: expires }),
    Metadata: object.metadata as Record<string, string>,
    ...(range ? { ContentRange: contentRange(range, object.bytes) } : {}),
    ...(input.PartNumber !== undefined && object.parts ? { PartsCount: object.parts.length } : {}),
    ...(object.websiteRedirect === undefined ? {} : { WebsiteRedirectLocation: object.websiteRedirect }),
    ...(input.ChecksumMode === "ENABLED" ? readChecksum(object, selection) : {}),
    ...encryptionMembers(object.encryption),
    ...storageClassMember(object.storageClass),
    ...restoreMember(object),
    // AWS: told of the current version only, and not where the request names it.
    ...(input.VersionId === undefined ? expirationMember(bucket, object) : {}),
    ...lockMembers(object),
    ...versionIdMember(bucket, object),
  };
}

/** AWS: a checksum is told of the whole object, or of a part asked for by its number; not of other ranges. */
function readChecksum(object: StoredObject, { range, part }: Selection): ChecksumMembers & { ChecksumType?: never } {
  const whole = !range || (range.start === 0 && range.end === object.bytes - 1);
  if (part && !whole) return checksumMembers({ ...object.checksum, value: part.checksum, type: "FULL_OBJECT" });
  return whole ? (checksumAndType(object.checksum, object.parts?.length) as never) : {};
}

interface OverrideInput {
  readonly ResponseCacheControl?: string | undefined;
  readonly ResponseContentDisposition?: string | undefined;
  readonly ResponseContentEncoding?: string | undefined;
  readonly ResponseContentLanguage?: string | undefined;
  readonly ResponseContentType?: string | undefined;
  readonly ResponseExpires?: Date | undefined;
}

/** AWS: "Overriding response header values", for signed requests only. @throws AwsError InvalidRequest */
function overrides(cx: S3Context, input: OverrideInput) {
  const given = Object.entries({
    CacheControl: input.ResponseCacheControl,
    ContentDisposition: input.ResponseContentDisposition,
    ContentEncoding: input.ResponseContentEncoding,
    ContentLanguage: input.ResponseContentLanguage,
    ContentType: input.ResponseContentType,
    Expires: input.ResponseExpires,
  }).filter(([, value]) => value !== undefined);
  if (given.length > 0 && cx.principal.kind === "anonymous")
    throw invalidRequest("Request specific response headers cannot be used for anonymous GET requests.");
  return Object.fromEntries(given) as { CacheControl?: string };
}

const ATTRIBUTES = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
const PARTS_MAX = 1000;

export function GetObjectAttributes(
  cx: S3Context,
  input: Input<"s3", "GetObjectAttributes">,
): Output<"s3", "GetObjectAttributes"> {
  const { bucket, object } = getObject(cx, input, { method: "GET" });
  checkReadable(cx, bucket, object.encryption, input);
  const wanted = new Set<string>(input.ObjectAttributes);
  for (const name of wanted)
    if (!ATTRIBUTES.includes(name))
      throw invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", name);
  return {
    LastModified: lastModified(object),
    ...versionIdMember(bucket, object),
    ...(wanted.has("ETag") ? { ETag: object.etag } : {}),
    ...(wanted.has("Checksum") ? { Checksum: checksumAndType(object.checksum) } : {}),
    ...(wanted.has("ObjectParts") && object.parts ? { ObjectParts: partAttributes(object, object.parts, input) } : {}),
    ...(wanted.has("StorageClass") ? { StorageClass: object.storageClass as "STANDARD" } : {}),
    ...(wanted.has("ObjectSize") ? { ObjectSize: object.bytes } : {}),
  };
}

function partAttributes(
  object: StoredObject,
  parts: readonly ObjectPart[],
  input: { MaxParts?: number | undefined; PartNumberMarker?: string | undefined },
) {
  // AWS: without composite checksums only the number of the parts is known.
  if (object.checksum.type !== "COMPOSITE") return { TotalPartsCount: parts.length };
  const limit = Math.min(input.MaxParts ?? PARTS_MAX, PARTS_MAX);
  const marker = Number(input.PartNumberMarker ?? 0);
  const behind = parts.filter((part) => part.number > marker);
  const page = behind.slice(0, limit);
  return {
    TotalPartsCount: parts.length,
    PartNumberMarker: String(marker),
    NextPartNumberMarker: String(page.at(-1)?.number ?? 0),
    MaxParts: limit,
    IsTruncated: behind.length > limit,
    Parts: page.map((part) => ({
      PartNumber: part.number,
      Size: part.bytes,
      ...checksumMembers({ ...object.checksum, type: "FULL_OBJECT", value: part.checksum }),
    })),
  };
}
