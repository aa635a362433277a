import type { Input } from "../../aws/api-types.ts";
import { AwsError } from "../../aws/error.ts";
import type { HttpRequest, HttpResponse, Signer } from "../../http.ts";
import type { CallContext, DataPlane } from "../../service.ts";
import { isLocalOrigin } from "../../wire/cors.ts";
import { getApi } from "../../wire/model.ts";
import { restXml } from "../../wire/protocols/rest-xml.ts";
import { escapeXml } from "../../wire/protocols/xml-writer.ts";
import { errorResponse, findAddressed } from "./address.ts";
import { entityTooLarge, invalidArgument, proposedTooSmall } from "./errors.ts";
import { markAsForm, readForm, type Form } from "./form.ts";
import { checkPostPolicy, type FormFields, type PostPolicy } from "./post-policy.ts";
import { crossOriginHeaders } from "./preflight.ts";
import type { Bucket, S3State } from "./state.ts";

/**
 * Uploads from a browser's form. AWS: "POST Object", "Browser-based uploads using POST".
 *
 * The fields say what headers say of a PUT, so an upload is read as one and passes the gate as one, for whoever signed
 * the form's policy.
 */

type PutInput = Input<"s3", "PutObject">;

export const formPlane: DataPlane<S3State, Bucket> = {
  operation: "PostObject",
  streams: true,
  match(head, state) {
    if (head.method !== "POST" || !head.headers["content-type"]?.startsWith("multipart/form-data")) return undefined;
    const found = findAddressed(head, state);
    return found?.key === "" ? found.bucket : undefined;
  },
  // Who asks is in the form, which is not read yet; PutObject asks for its permission.
  authorize: () => [],
  async handle(cx, request, bucket) {
    const response = await answer(cx, request, bucket);
    request.upload!.stream.destroy();
    return { ...response, headers: { ...response.headers, ...crossOriginHeaders(request, cx.state) } };
  },
};

async function answer(cx: CallContext<S3State>, request: HttpRequest, bucket: Bucket): Promise<HttpResponse> {
  try {
    const form = await readForm(request.upload!.stream, request.headers["content-type"] ?? "");
    return await upload(cx, request, bucket, form);
  } catch (error) {
    if (error instanceof AwsError) return errorResponse(error, request, cx.requestId);
    throw error;
  }
}

async function upload(
  cx: CallContext<S3State>,
  request: HttpRequest,
  bucket: Bucket,
  { fields, file }: Form,
): Promise<HttpResponse> {
  const key = fields.get("key");
  if (key === undefined) throw missingField("key");
  if (key === "") throw invalidArgument("User key must have a length greater than 0.", "key", "");
  const signer = findSigner(request, fields);
  const policyText = fields.get("policy");
  const policy =
    policyText === undefined ? {} : checkPostPolicy(policyText, fields, bucket.name, cx.kernel.clock.now());
  const headers = headersOf(fields);
  const operation = getApi("s3").operation("PutObject");
  const input = restXml.decode({
    head: { ...request, query: "", headers },
    operation,
    labels: { Bucket: bucket.name, Key: key },
    body: EMPTY,
  }) as unknown as PutInput;
  markAsForm(input);
  input.Body = ranged(file, policy) as unknown as PutInput["Body"];
  const output = await cx.call("s3", "PutObject", input, {
    as: signer?.principal ?? { kind: "anonymous" },
    scope: signer?.scope ?? cx.scope,
    source: { ...sourceOf(cx), headers },
  });
  const written = restXml.encode(output, { requestId: cx.requestId, operation, method: "POST", headers });
  const done = success(fields, { bucket: bucket.name, key, etag: output.ETag!, location: addressOf(request, key) });
  return { ...done, headers: { ...written.headers, ...done.headers } };
}

const EMPTY = Buffer.alloc(0);

function sourceOf({ source }: CallContext<S3State>) {
  const { sourceIp, userAgent, signal } = source;
  return { sourceIp, userAgent, signal };
}

function missingField(name: string): AwsError {
  return invalidArgument(
    `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
    name,
    "",
  );
}

const SIGNATURE_FIELDS = {
  4: ["X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date"],
  2: ["Signature", "AWSAccessKeyId"],
} as const;

/**
 * Who signed the policy; undefined for a form without one.
 * @throws AwsError InvalidArgument, AccessDenied, SignatureDoesNotMatch, InvalidAccessKeyId
 */
function findSigner({ headers, upload }: HttpRequest, fields: FormFields): Signer | undefined {
  const version = ([4, 2] as const).find((one) => SIGNATURE_FIELDS[one].some((name) => fields.has(name.toLowerCase())));
  const policy = fields.get("policy");
  if (version === undefined) {
    if (policy === undefined) return undefined;
    throw new AwsError("AccessDenied", "Access Denied", { status: 403 });
  }
  const missing = [...SIGNATURE_FIELDS[version], "Policy"].find((name) => !fields.has(name.toLowerCase()));
  if (missing !== undefined) throw missingField(missing);
  const sessionToken = fields.get("x-amz-security-token");
  const signer = upload!.findSigner(
    version === 4
      ? { text: policy!, sessionToken, signature: fields.get("x-amz-signature")!, ...readCredential(fields) }
      : {
          text: policy!,
          sessionToken,
          signature: fields.get("signature")!,
          accessKeyId: fields.get("awsaccesskeyid")!,
        },
  );
  const { origin } = headers;
  // Otherwise any website could write into the local cloud of whoever visits it, with made-up credentials.
  if (origin !== undefined && !isLocalOrigin(origin) && !signer.isProven)
    throw new AwsError("AccessDenied", `Pages of ${origin} may not upload here with credentials that are unknown.`, {
      status: 403,
    });
  return signer;
}

/** @throws AwsError InvalidArgument */
function readCredential(fields: FormFields) {
  const credential = fields.get("x-amz-credential")!;
  const algorithm = fields.get("x-amz-algorithm")!;
  if (algorithm !== "AWS4-HMAC-SHA256")
    throw invalidArgument(
      'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
      "X-Amz-Algorithm",
      algorithm,
    );
  const [date = "", region = "", service = "", terminator] = credential.split("/").slice(-4);
  const accessKeyId = credential.split("/").slice(0, -4).join("/");
  if (accessKeyId === "" || terminator !== "aws4_request")
    throw invalidArgument(
      'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
      "X-Amz-Credential",
      credential,
    );
  return { accessKeyId, scope: { date, region, service } };
}

/** The headers that a PUT of the same object would have. */
function headersOf(fields: FormFields): Record<string, string> {
  const headers = Object.fromEntries(fields);
  const { acl, tagging } = headers;
  if (acl !== undefined) headers["x-amz-acl"] = acl;
  if (tagging !== undefined) headers["x-amz-tagging"] = tagHeader(tagging);
  return headers;
}

/** A form has tags as an XML document. @throws AwsError MalformedXML */
function tagHeader(xml: string): string {
  const head = {
    method: "PUT",
    target: "/",
    path: "/",
    query: "",
    headers: {},
    host: "",
    sourceIp: "",
    httpVersion: "",
  };
  const operation = getApi("s3").operation("PutObjectTagging");
  const input = restXml.decode({ head, operation, labels: {}, body: Buffer.from(xml) });
  const { Tagging } = input as Pick<Input<"s3", "PutObjectTagging">, "Tagging">;
  const tags = Tagging?.TagSet ?? [];
  return tags.map(({ Key, Value }) => `${encodeURIComponent(Key ?? "")}=${encodeURIComponent(Value ?? "")}`).join("&");
}

/** @throws AwsError EntityTooSmall, EntityTooLarge */
async function* ranged(file: AsyncIterable<Uint8Array>, { bytes: limits }: PostPolicy): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of file) {
    bytes += chunk.byteLength;
    if (limits && bytes > limits.max) throw entityTooLarge(bytes, limits.max);
    yield chunk;
  }
  if (limits && bytes < limits.min) throw proposedTooSmall(bytes, limits.min);
}

/** The address of the object, as the form's own address has it. */
function addressOf(request: HttpRequest, key: string): string {
  const base = request.path.replace(/\/$/, "");
  const host = request.headers["host"] ?? request.headers[":authority"] ?? request.host;
  return `http://${host}${base}/${encodeURIComponent(key)}`;
}

interface Written {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly location: string;
}

/** What the form asks for when the upload is done. */
function success(fields: FormFields, { bucket, key, etag, location }: Written): HttpResponse {
  const redirect = fields.get("success_action_redirect") ?? fields.get("redirect");
  // AWS: an address that cannot be read counts as none.
  if (redirect !== undefined && /^https?:/i.test(redirect) && URL.canParse(redirect)) {
    const url = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket, key, etag })) url.searchParams.set(name, value);
    return { status: 303, headers: { Location: url.href }, body: "" };
  }
  const status = fields.get("success_action_status");
  const headers = { Location: location };
  if (status !== "201") return { status: status === "200" ? 200 : 204, headers, body: "" };
  const members = { Location: location, Bucket: bucket, Key: key, ETag: etag };
  const xml = Object.entries(members).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  return {
    status: 201,
    headers: { ...headers, "Content-Type": "application/xml" },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>${xml.join("")}</PostResponse>`,
  };
}
