import type { HttpHead } from "../../http.ts";
import { AwsError } from "../../aws/error.ts";
import { getApi } from "../../wire/model.ts";
import { restXml } from "../../wire/protocols/rest-xml.ts";
import { s3Address } from "../../wire/s3-router.ts";
import type { HttpResponse } from "../../http.ts";
import { findBucket } from "./bucket.ts";
import type { Bucket, S3State } from "./state.ts";

/** The bucket and key that a request's address means, where there is such a bucket. */
export function findAddressed(head: HttpHead, state: S3State): { bucket: Bucket; key: string } | undefined {
  try {
    const { bucket: name, key } = s3Address(head);
    const bucket = findBucket(state, name);
    return bucket && { bucket, key };
  } catch (error) {
    if (error instanceof AwsError) return undefined;
    throw error;
  }
}

/** An error as S3's API tells it. */
export function errorResponse(error: AwsError, head: HttpHead, requestId: string): HttpResponse {
  return restXml.encodeError(error, {
    requestId,
    api: getApi("s3"),
    operation: undefined,
    method: head.method,
    path: head.path,
    headers: head.headers,
  });
}
