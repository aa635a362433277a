import { AwsError } from "../aws/error.ts";
import type { HttpHead } from "../http.ts";

/**
 * Presigned addresses of S3: clients move headers into the query when they sign beforehand, and S3 takes them from there.
 */

/** What is about the signature itself. */
const OF_SIGNATURE = new Set([
  "x-amz-algorithm",
  "x-amz-content-sha256",
  "x-amz-credential",
  "x-amz-date",
  "x-amz-expires",
  "x-amz-security-token",
  "x-amz-signature",
  "x-amz-signedheaders",
]);

/**
 * The head of a presigned request with the headers that stand in its query.
 * AWS: checksums among them are ignored; clients put the one of an empty body there, since they have no other yet.
 */
export function withHeadersOfQuery(head: HttpHead): HttpHead {
  const headers: Record<string, string | undefined> = { ...head.headers };
  for (const [name, value] of new URLSearchParams(head.query)) {
    const header = name.toLowerCase();
    if (!header.startsWith("x-amz-") || OF_SIGNATURE.has(header) || isOfChecksum(header)) continue;
    headers[header] ??= value;
  }
  return { ...head, headers };
}

function isOfChecksum(header: string): boolean {
  return header.startsWith("x-amz-checksum-") || header === "x-amz-sdk-checksum-algorithm";
}

/**
 * Whoever is given an address may not add to what was signed.
 * @param signedHeaders names with semicolons between them
 * @throws AwsError AccessDenied
 */
export function checkHeadersAreSigned(head: HttpHead, signedHeaders: string): void {
  const signed = new Set(signedHeaders.toLowerCase().split(";"));
  const unsigned = Object.keys(head.headers).filter(
    (name) => name.startsWith("x-amz-") && name !== "x-amz-content-sha256" && !signed.has(name),
  );
  if (unsigned.length > 0)
    throw new AwsError("AccessDenied", "There were headers present in the request which were not signed", {
      status: 403,
      members: { HeadersNotSigned: unsigned.join(", ") },
    });
}
