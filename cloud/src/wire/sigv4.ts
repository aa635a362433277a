import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { HttpHead, SignedText } from "../http.ts";
import type { ChunkSignatures } from "./aws-chunked.ts";
import type { Signature } from "./identity.ts";

/**
 * Signature Version 4, from the server's side: the same text is signed again and compared.
 * AWS: "Create a signed AWS API request" of the IAM User Guide; "Authenticating Requests: Using Query Parameters" of the
 * S3 API Reference. Version 2 in the query, for S3: "Signing and authenticating REST requests".
 */

export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** What a key is made for. */
type SigningScope = Pick<Signature, "date" | "region" | "service">;

/** What was signed, for the error that S3 tells in detail. */
export interface Signed {
  readonly canonicalRequest: string;
  readonly stringToSign: string;
  readonly signature: string;
}

/**
 * Signs a request as its sender should have.
 * @param payloadHash SHA-256 of the body in hexadecimal, or what stands for it
 */
export function signRequest(
  head: HttpHead,
  signature: Signature,
  secretAccessKey: string,
  payloadHash: string,
): Signed {
  const isS3 = signature.service === "s3" || signature.service === "s3express";
  const names = signature.signedHeaders.split(";");
  const canonicalRequest = [
    head.method,
    isS3 ? encodeSegments(decode(head.path)) : encodeSegments(normalized(head.path)),
    canonicalQuery(head.query),
    names.map((name) => `${name}:${headerValue(head, name)}\n`).join(""),
    signature.signedHeaders,
    payloadHash,
  ].join("\n");
  const scope = scopeOf(signature);
  const stringToSign = [signature.algorithm, dateOf(head), scope, sha256(canonicalRequest)].join("\n");
  return {
    canonicalRequest,
    stringToSign,
    signature: hmac(signingKey(secretAccessKey, signature), stringToSign).toString("hex"),
  };
}

export function sameSignature(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** The signature of a text alone, as forms carry it for their policy. */
export function signText(secretAccessKey: string, { text, scope }: SignedText): string {
  return scope
    ? hmac(signingKey(secretAccessKey, scope), text).toString("hex")
    : createHmac("sha1", secretAccessKey).update(text).digest("base64");
}

/** The time of signing, `20260102T030405Z`; empty where the request has none. */
export function dateOf(head: HttpHead): string {
  if (head.query.includes("X-Amz-Date=")) return new URLSearchParams(head.query).get("X-Amz-Date") ?? "";
  const { headers } = head;
  if (headers["x-amz-date"] !== undefined) return headers["x-amz-date"];
  const date = headers["date"] === undefined ? Number.NaN : Date.parse(headers["date"]);
  return Number.isNaN(date) ? "" : new Date(date).toISOString().replace(/[-:]|\.\d+/g, "");
}

/** Milliseconds since 1970 of such a time; undefined where it is none. */
export function parseDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** `20260102T030405Z`. */
export function compactDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");
}

function scopeOf({ date, region, service }: Signature): string {
  return `${date}/${region}/${service}/aws4_request`;
}

const keys = new Map<string, Buffer>();
const KEYS_MAX = 1000;

function signingKey(secret: string, { date, region, service }: SigningScope): Buffer {
  const id = `${secret}/${date}/${region}/${service}`;
  let key = keys.get(id);
  if (!key) {
    key = [date, region, service, "aws4_request"].reduce<Buffer>(
      (made, part) => hmac(made, part),
      Buffer.from(`AWS4${secret}`),
    );
    if (keys.size >= KEYS_MAX) keys.clear();
    keys.set(id, key);
  }
  return key;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function headerValue(head: HttpHead, name: string): string {
  const value = name === "host" ? (head.headers["host"] ?? head.headers[":authority"]) : head.headers[name];
  return (value ?? "").trim().replace(/ +/g, " ");
}

function canonicalQuery(query: string): string {
  if (query === "") return "";
  return query
    .split("&")
    .filter((part) => part !== "" && !part.startsWith("X-Amz-Signature="))
    .map((part) => {
      const equals = part.indexOf("=");
      const name = equals < 0 ? part : part.slice(0, equals);
      return [encode(decode(name)), encode(decode(equals < 0 ? "" : part.slice(equals + 1)))] as const;
    })
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** Every service but S3 signs the path without dot segments and empty ones. */
function normalized(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}${path.endsWith("/") && segments.length > 0 ? "/" : ""}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 3986, as AWS wants it. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function encodeSegments(path: string): string {
  return path.split("/").map(encode).join("/");
}

/** The signatures of the chunks of a body, each of which signs the one before it. */
export function chunkSignatures(
  head: HttpHead,
  signature: Signature,
  secretAccessKey: string,
  fail: () => Error,
): ChunkSignatures {
  const key = signingKey(secretAccessKey, signature);
  let previous = signature.signature;
  const check = (kind: string, given: string, ...texts: string[]) => {
    const computed = hmac(
      key,
      [`AWS4-HMAC-SHA256-${kind}`, dateOf(head), scopeOf(signature), previous, ...texts].join("\n"),
    ).toString("hex");
    if (!sameSignature(computed, given)) throw fail();
    previous = computed;
  };
  return {
    chunk: (hash, given) => check("PAYLOAD", given, EMPTY_SHA256, hash),
    trailers: (text, given) => check("TRAILER", given, sha256(text)),
  };
}

/** Sub-resources and overrides that version 2 signs. */
const SIGNED_V2 = new Set(
  "acl,cors,delete,lifecycle,location,logging,notification,partNumber,policy,requestPayment,restore,tagging,torrent,uploadId,uploads,versionId,versioning,versions,website,response-cache-control,response-content-disposition,response-content-encoding,response-content-language,response-content-type,response-expires".split(
    ",",
  ),
);

/** The signature of a version 2 query, in base64. @param bucket of the host, where it stands there */
export function signV2(head: HttpHead, secretAccessKey: string, bucket: string | undefined): string {
  const query = new URLSearchParams(head.query);
  const { headers } = head;
  const amz = [...Object.entries(headers), ...[...query].map(([name, value]) => [name.toLowerCase(), value] as const)]
    .filter(([name]) => name.startsWith("x-amz-"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`)
    .join("");
  const resources = [...query]
    .filter(([name]) => SIGNED_V2.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === "" ? name : `${name}=${value}`));
  const resource = `${bucket === undefined ? "" : `/${bucket}`}${head.path}${resources.length > 0 ? `?${resources.join("&")}` : ""}`;
  const text = [
    head.method,
    headers["content-md5"] ?? "",
    headers["content-type"] ?? "",
    query.get("Expires") ?? "",
    amz + resource,
  ].join("\n");
  return createHmac("sha1", secretAccessKey).update(text).digest("base64");
}
