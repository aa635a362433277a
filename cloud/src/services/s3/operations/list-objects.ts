import type { Input, Output } from "../../../aws/api-types.ts";
import { ownedBucket } from "../bucket.ts";
import { invalidArgument } from "../errors.ts";
import { listed, owner, prefixes, readEncoding, readLimit, type Encode } from "../listed.ts";
import { listPage } from "../listing.ts";
import { objectsIn } from "../scan.ts";
import type { S3Context, StoredObject } from "../state.ts";

export function ListObjects(cx: S3Context, input: Input<"s3", "ListObjects">): Output<"s3", "ListObjects"> {
  const bucket = ownedBucket(cx, input);
  const encode = readEncoding(input.EncodingType);
  const limit = readLimit(input.MaxKeys, "max-keys");
  const { Prefix: prefix = "", Delimiter: delimiter = "", Marker: marker = "" } = input;
  const page = listPage({ prefix, delimiter, marker, limit }, (range) => objectsIn(cx.state, bucket.name, range));
  return {
    Name: bucket.name,
    Prefix: encode(prefix),
    Marker: encode(marker),
    MaxKeys: limit,
    ...(delimiter === "" ? {} : { Delimiter: encode(delimiter) }),
    ...(input.EncodingType ? { EncodingType: input.EncodingType } : {}),
    IsTruncated: page.next !== undefined,
    // AWS: without a delimiter the last key serves.
    ...(page.next && delimiter !== "" ? { NextMarker: encode(page.next.key) } : {}),
    ...contents(page.items, encode, true, input.OptionalObjectAttributes),
    ...prefixes(page.commonPrefixes, encode),
  };
}

export function ListObjectsV2(cx: S3Context, input: Input<"s3", "ListObjectsV2">): Output<"s3", "ListObjectsV2"> {
  const bucket = ownedBucket(cx, input);
  const encode = readEncoding(input.EncodingType);
  const limit = readLimit(input.MaxKeys, "max-keys");
  const { Prefix: prefix = "", Delimiter: delimiter = "", ContinuationToken: token, StartAfter: after = "" } = input;
  const marker = token === undefined ? after : readToken(token);
  const page = listPage({ prefix, delimiter, marker, limit }, (range) => objectsIn(cx.state, bucket.name, range));
  return {
    Name: bucket.name,
    Prefix: encode(prefix),
    MaxKeys: limit,
    KeyCount: page.items.length + page.commonPrefixes.length,
    ...(delimiter === "" ? {} : { Delimiter: encode(delimiter) }),
    ...(input.EncodingType ? { EncodingType: input.EncodingType } : {}),
    ...(token === undefined ? {} : { ContinuationToken: token }),
    ...(after === "" || token !== undefined ? {} : { StartAfter: encode(after) }),
    IsTruncated: page.next !== undefined,
    ...(page.next ? { NextContinuationToken: makeToken(page.next.key) } : {}),
    ...contents(page.items, encode, input.FetchOwner ?? false, input.OptionalObjectAttributes),
    ...prefixes(page.commonPrefixes, encode),
  };
}

const TOKEN_PREFIX = "1";

function makeToken(key: string): string {
  return TOKEN_PREFIX + Buffer.from(key).toString("base64url");
}

function readToken(token: string): string {
  const key = Buffer.from(token.slice(TOKEN_PREFIX.length), "base64url").toString();
  if (makeToken(key) !== token)
    throw invalidArgument(
      "The continuation token provided is incorrect",
      "continuation-token",
      token === "" ? undefined : token,
    );
  return key;
}

function contents(
  objects: readonly StoredObject[],
  encode: Encode,
  withOwner: boolean,
  optional: readonly string[] | undefined,
) {
  if (objects.length === 0) return {};
  const withRestore = optional?.includes("RestoreStatus") ?? false;
  return {
    Contents: objects.map((object) => ({
      ...listed(object, encode, withRestore),
      ...(withOwner ? owner(object) : {}),
    })),
  };
}
