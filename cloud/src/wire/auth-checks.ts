import { AwsError, NotEmulatedError } from "../aws/error.ts";
import type { HttpHead } from "../http.ts";
import { authError } from "./auth-errors.ts";
import { MANY_REGIONS, type Signature } from "./identity.ts";
import type { Operation, Protocol } from "./model.ts";
import { dateOf } from "./sigv4.ts";

/** What must hold of a signature before it is calculated again. */

const WEEK_SECONDS = 7 * 24 * 3600;

/** @throws AwsError where the operation must be signed; S3 asks the bucket's policy instead */
export function refuseUnsigned(operation: Operation, head: HttpHead, protocol: Protocol): void {
  if (operation.api.name !== "s3") {
    if (!operation.mayBeUnsigned) throw authError("missing", protocol);
  } else if (head.headers["authorization"]?.startsWith("AWS ")) {
    const message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
    throw new AwsError("InvalidRequest", message, { status: 400 });
  }
}

/** AWS: a signature is good for one service and one day. */
export function checkScope(signature: Signature, operation: Operation, head: HttpHead, protocol: Protocol): void {
  if (signature.algorithm === MANY_REGIONS) throw new NotEmulatedError("Signature Version 4A in strict mode");
  if (signature.kind === "query-v2") return;
  const { signingName } = operation.api;
  if (signature.service !== signingName)
    throw authError("mismatch", protocol, `Credential should be scoped to correct service: '${signingName}'.`);
  const date = dateOf(head);
  if (date.slice(0, 8) === signature.date) return;
  const told = `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${signature.date}' != '${date.slice(0, 8)}', from '${date}'.`;
  throw authError("mismatch", protocol, told);
}

/** AWS: S3's own checks of a presigned address. */
export function checkQueryParameters(query: URLSearchParams, atMs: number | undefined, expires: string): void {
  const fail = (message: string) => new AwsError("AuthorizationQueryParametersError", message, { status: 400 });
  if (
    ["X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires"].some(
      (name) => !query.get(name),
    )
  )
    throw fail(
      "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
    );
  if (query.get("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256")
    throw fail('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"');
  if (atMs === undefined) throw fail("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  if (!/^\d+$/.test(expires)) throw fail("X-Amz-Expires should be a number");
  if (Number(expires) > WEEK_SECONDS)
    throw fail(
      "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
    );
  if (!/^[0-9a-f]{64}$/.test(query.get("X-Amz-Signature") ?? "")) throw authError("mismatch", "restXml");
}
