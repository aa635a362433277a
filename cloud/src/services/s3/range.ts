import type { ByteRange } from "../../kernel/blobs.ts";
import { invalidArgument, invalidRange, invalidRequest } from "./errors.ts";

const ONE_RANGE = /^bytes=(\d*)-(\d*)$/;

/**
 * The bytes that a `Range` header asks for.
 * AWS: several ranges, backward ranges and nonsense are ignored: the whole object is answered with 200.
 * @param bytes size of the object
 * @throws AwsError InvalidRange for a range that lies outside
 */
export function readRange(header: string | undefined, bytes: number): ByteRange | undefined {
  const match = header === undefined ? null : ONE_RANGE.exec(header.trim());
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const count = Number(last);
    if (count === 0 || bytes === 0) throw invalidRange(header!, bytes);
    return { start: Math.max(0, bytes - count), end: bytes - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= bytes) throw invalidRange(header!, bytes);
  return { start, end: last === "" ? bytes - 1 : Math.min(Number(last), bytes - 1) };
}

const COPY_RANGE = /^bytes=(\d+)-(\d+)$/;

/**
 * The bytes that UploadPartCopy takes: both ends are given and must lie in the source.
 * @throws AwsError InvalidArgument, InvalidRequest
 */
export function readCopyRange(header: string | undefined, bytes: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const match = COPY_RANGE.exec(header);
  const start = Number(match?.[1]);
  const end = Number(match?.[2]);
  if (!match || end < start)
    throw invalidArgument(
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based " +
        "offsets of the first and last bytes to copy",
      "x-amz-copy-source-range",
      header,
    );
  if (start >= bytes) throw invalidRequest("The specified copy range is invalid for the source object size");
  if (end >= bytes)
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${bytes}`,
      "x-amz-copy-source-range",
      header,
    );
  return { start, end };
}

/** @param range undefined where the whole object is answered */
export function contentRange(range: ByteRange, bytes: number): string {
  return `bytes ${range.start}-${range.end}/${bytes}`;
}
