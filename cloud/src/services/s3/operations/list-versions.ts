import type { Input, Output } from "../../../aws/api-types.ts";
import { ownedBucket } from "../bucket.ts";
import { invalidArgument } from "../errors.ts";
import { listed, owner, prefixes, readEncoding, readLimit } from "../listed.ts";
import { listPage } from "../listing.ts";
import { lastModified } from "../reading.ts";
import { versionsIn } from "../scan.ts";
import type { S3Context, StoredObject } from "../state.ts";
import { checkVersionId } from "../versions.ts";

export function ListObjectVersions(
  cx: S3Context,
  input: Input<"s3", "ListObjectVersions">,
): Output<"s3", "ListObjectVersions"> {
  const bucket = ownedBucket(cx, input);
  const encode = readEncoding(input.EncodingType);
  const limit = readLimit(input.MaxKeys, "max-keys");
  const { Prefix: prefix = "", Delimiter: delimiter = "", KeyMarker: marker = "", VersionIdMarker: idMarker } = input;
  if (idMarker !== undefined && marker === "")
    throw invalidArgument(
      "A version-id marker cannot be specified without a key marker.",
      "version-id-marker",
      idMarker,
    );
  if (idMarker === "") throw invalidArgument("A version-id marker cannot be empty.", "version-id-marker", "");
  checkVersionId(idMarker);
  const page = listPage({ prefix, delimiter, marker, limit }, (range) =>
    versionsIn(cx.state, bucket.name, range, idMarker === undefined ? undefined : { key: marker, id: idMarker }),
  );
  const versions = page.items.filter(({ version }) => !version.isMarker);
  const markers = page.items.filter(({ version }) => version.isMarker);
  return {
    Name: bucket.name,
    Prefix: encode(prefix),
    KeyMarker: encode(marker),
    VersionIdMarker: idMarker ?? "",
    MaxKeys: limit,
    ...(delimiter === "" ? {} : { Delimiter: encode(delimiter) }),
    ...(input.EncodingType ? { EncodingType: input.EncodingType } : {}),
    IsTruncated: page.next !== undefined,
    ...(page.next
      ? {
          NextKeyMarker: encode(page.next.key),
          ...(page.next.item ? { NextVersionIdMarker: page.next.item.version.versionId } : {}),
        }
      : {}),
    ...(versions.length === 0
      ? {}
      : {
          Versions: versions.map(({ version, isLatest }) => ({
            ...(listed(version as StoredObject, encode, false) as object as { StorageClass: "STANDARD" }),
            VersionId: version.versionId,
            IsLatest: isLatest,
            ...owner(version),
          })),
        }),
    ...(markers.length === 0
      ? {}
      : {
          DeleteMarkers: markers.map(({ version, isLatest }) => ({
            Key: encode(version.key),
            VersionId: version.versionId,
            IsLatest: isLatest,
            LastModified: lastModified(version),
            ...owner(version),
          })),
        }),
    ...prefixes(page.commonPrefixes, encode),
  };
}
