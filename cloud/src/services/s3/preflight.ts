import { AwsError } from "../../aws/error.ts";
import type { HttpHead } from "../../http.ts";
import type { DataPlane } from "../../service.ts";
import { errorResponse, findAddressed } from "./address.ts";
import { corsHeaders, findCorsRule, type CrossOrigin } from "./cors.ts";
import type { Bucket, S3State } from "./state.ts";

interface Match {
  readonly bucket: Bucket;
  readonly key: string;
}

/** The browser's question before a cross-origin request to a bucket. AWS: "OPTIONS object". */
export const preflightPlane: DataPlane<S3State, Match> = {
  operation: "PreflightObject",
  match(head, state) {
    return head.method === "OPTIONS" ? findAddressed(head, state) : undefined;
  },
  authorize: () => [],
  async handle(cx, request, match) {
    try {
      return { status: 200, headers: { ...answer(request, match), "Content-Length": "0" }, body: "" };
    } catch (error) {
      if (error instanceof AwsError) return errorResponse(error, request, cx.requestId);
      throw error;
    }
  },
};

/** @throws AwsError BadRequest, AccessForbidden */
function answer(head: HttpHead, { bucket, key }: Match): Record<string, string> {
  const origin = head.headers["origin"];
  if (origin === undefined)
    throw new AwsError("BadRequest", "Insufficient information. Origin request header needed.", { status: 400 });
  const method = head.headers["access-control-request-method"];
  const forbidden = (message: string, resourceType: string) =>
    new AwsError("AccessForbidden", `CORSResponse: ${message}`, {
      status: 403,
      members: { Method: method ?? "OPTIONS", ResourceType: resourceType },
    });
  if (!bucket.cors) throw forbidden("CORS is not enabled for this bucket.", "BUCKET");
  const asked: CrossOrigin = { origin, method: method ?? "", headers: requestedHeaders(head) };
  const rule = findCorsRule(bucket.cors, asked);
  if (!rule)
    throw forbidden(
      "This CORS request is not allowed. This is usually because the evalution of Origin, request method / " +
        "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
      key === "" ? "BUCKET" : "OBJECT",
    );
  return corsHeaders(rule, asked);
}

function requestedHeaders(head: HttpHead): string[] {
  const text = head.headers["access-control-request-headers"] ?? "";
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/**
 * The CORS headers of a response of S3, as the bucket's configuration has them: none where no rule fits.
 * @returns undefined for requests that address no bucket
 */
export function crossOriginHeaders(head: HttpHead, state: S3State): Record<string, string> | undefined {
  const { origin, authorization } = head.headers;
  // A path that happens to begin like a bucket's, of another service.
  const isOther = authorization?.startsWith("AWS4-") && !authorization.includes("/s3/aws4_request");
  const found = origin === undefined || isOther ? undefined : findAddressed(head, state);
  if (!found || origin === undefined) return undefined;
  const asked = { origin, method: head.method, headers: [] };
  const rule = found.bucket.cors && findCorsRule(found.bucket.cors, asked);
  return rule ? corsHeaders(rule, asked) : {};
}
