import type { Input, Output } from "../../../aws/api-types.ts";
import { canonicalId } from "../acl.ts";
import { ownedBucket } from "../bucket.ts";
import { prefixes, readEncoding, readLimit } from "../listed.ts";
import { listPage } from "../listing.ts";
import { lastModified } from "../reading.ts";
import { uploadsIn } from "../scan.ts";
import type { S3Context } from "../state.ts";

export function ListMultipartUploads(
  cx: S3Context,
  input: Input<"s3", "ListMultipartUploads">,
): Output<"s3", "ListMultipartUploads"> {
  const bucket = ownedBucket(cx, input);
  const encode = readEncoding(input.EncodingType);
  const limit = readLimit(input.MaxUploads, "max-uploads");
  const {
    Prefix: prefix = "",
    Delimiter: delimiter = "",
    KeyMarker: marker = "",
    UploadIdMarker: idMarker = "",
  } = input;
  const page = listPage({ prefix, delimiter, marker, limit }, (range) =>
    uploadsIn(cx.state, bucket.name, range, marker, idMarker),
  );
  const last = page.items.at(-1);
  return {
    Bucket: bucket.name,
    ...(prefix === "" ? {} : { Prefix: encode(prefix) }),
    KeyMarker: encode(marker),
    UploadIdMarker: marker === "" ? "" : idMarker,
    NextKeyMarker: last ? encode(last.key) : "",
    NextUploadIdMarker: last?.uploadId ?? "",
    MaxUploads: limit,
    ...(delimiter === "" ? {} : { Delimiter: encode(delimiter) }),
    ...(input.EncodingType ? { EncodingType: input.EncodingType } : {}),
    IsTruncated: page.next !== undefined,
    ...(page.items.length === 0
      ? {}
      : {
          Uploads: page.items.map((upload) => ({
            Key: encode(upload.key),
            UploadId: upload.uploadId,
            Initiated: lastModified({ modifiedMs: upload.initiatedMs }),
            StorageClass: upload.draft.storageClass as "STANDARD",
            Owner: { ID: canonicalId(upload.draft.owner) },
            Initiator: { ID: canonicalId(upload.draft.owner) },
            ...(upload.checksum.explicit
              ? { ChecksumAlgorithm: upload.checksum.algorithm, ChecksumType: upload.checksum.type }
              : {}),
          })),
        }),
    ...prefixes(page.commonPrefixes, encode),
  };
}
