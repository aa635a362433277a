import { AwsError } from "../aws/error.ts";
import { DEFAULT_SCOPE, type Scope } from "../aws/scope.ts";
import type { HttpHead } from "../http.ts";
import type { Authority, KnownCredentials } from "../iam/authority.ts";
import type { Principal } from "../iam/principal.ts";

/** What a request says about who signed it, as it stands in the header or the query. Nothing is verified yet. */
export interface Signature {
  readonly kind: "header" | "query" | "query-v2";
  readonly accessKeyId: string;
  /** `20260102`; empty in version 2. */
  readonly date: string;
  readonly region: string;
  /** Signing name, e.g. `dynamodb`. */
  readonly service: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly algorithm: string;
}

export interface Caller {
  readonly principal: Principal;
  readonly scope: Scope;
  readonly known: KnownCredentials | undefined;
}

/** Signature Version 4A. */
export const MANY_REGIONS = "AWS4-ECDSA-P256-SHA256";
const ACCOUNT_ID = /^\d{12}$/;

/**
 * Reads the signature of a request, version 4 in header or query, version 2 in the query (boto3 still presigns so).
 * @returns undefined for an unsigned request
 * @throws AwsError IncompleteSignatureException for a header that lacks a part
 */
export function findSignature(head: HttpHead): Signature | undefined {
  const authorization = head.headers["authorization"];
  if (authorization !== undefined && authorization.startsWith("AWS4-")) return readHeader(authorization);
  if (head.query === "") return undefined;
  if (head.query.includes("X-Amz-Credential=")) return readQuery(new URLSearchParams(head.query));
  if (head.query.includes("AWSAccessKeyId=")) return readQueryV2(new URLSearchParams(head.query));
  return undefined;
}

function readHeader(authorization: string): Signature {
  const algorithm = authorization.slice(0, authorization.indexOf(" "));
  const credential = part(authorization, "Credential=");
  const signedHeaders = part(authorization, "SignedHeaders=");
  const signature = part(authorization, "Signature=");
  const missing = [
    credential === "" && "Credential",
    signature === "" && "Signature",
    signedHeaders === "" && "SignedHeaders",
  ].filter(Boolean);
  // AWS: worded so by every service in front of which the common authentication stands.
  if (missing.length > 0) {
    const told = missing.map((name) => `Authorization header requires '${name as string}' parameter.`).join(" ");
    throw new AwsError("IncompleteSignatureException", `${told} Authorization=${authorization}`, { status: 400 });
  }
  return { kind: "header", algorithm, signedHeaders, signature, ...readCredential(credential, algorithm) };
}

function part(authorization: string, name: string): string {
  const start = authorization.indexOf(name);
  if (start < 0) return "";
  const end = authorization.indexOf(",", start);
  return authorization.slice(start + name.length, end < 0 ? undefined : end).trim();
}

/**
 * `AKID/20260102/us-east-1/dynamodb/aws4_request`; the access key id itself may hold slashes. A signature for many Regions
 * (`AWS4-ECDSA-P256-SHA256`) names none.
 */
function readCredential(
  credential: string,
  algorithm: string,
): Pick<Signature, "accessKeyId" | "date" | "region" | "service"> {
  const parts = credential.split("/");
  // AWS: version 4A has `AKID/20260102/dynamodb/aws4_request`.
  if (algorithm === MANY_REGIONS) parts.splice(-2, 0, "");
  if (parts.length < 5) {
    const message = `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`;
    throw new AwsError("IncompleteSignatureException", message, { status: 400 });
  }
  const [date = "", region = "", service = ""] = parts.slice(-4);
  return { accessKeyId: parts.slice(0, -4).join("/"), date, region, service };
}

function readQuery(query: URLSearchParams): Signature {
  return {
    kind: "query",
    algorithm: query.get("X-Amz-Algorithm") ?? "",
    signedHeaders: query.get("X-Amz-SignedHeaders") ?? "",
    signature: query.get("X-Amz-Signature") ?? "",
    ...readCredential(query.get("X-Amz-Credential") ?? "", query.get("X-Amz-Algorithm") ?? ""),
  };
}

function readQueryV2(query: URLSearchParams): Signature {
  return {
    kind: "query-v2",
    algorithm: "AWS",
    accessKeyId: query.get("AWSAccessKeyId") ?? "",
    date: "",
    region: DEFAULT_SCOPE.region,
    service: "s3",
    signedHeaders: "",
    signature: query.get("Signature") ?? "",
  };
}

/**
 * Who calls, and in which account and Region. An access key that we gave out speaks for its owner; any other is an
 * account's root: the one it names, where it is an account id, else the default account.
 */
export function identify(signature: Signature | undefined, authority: Authority): Caller {
  if (!signature) return { principal: { kind: "anonymous" }, scope: DEFAULT_SCOPE, known: undefined };
  const { accessKeyId } = signature;
  const known = authority.findCredentials(accessKeyId);
  const principal = known?.principal ?? rootOf(accessKeyId);
  const account = "account" in principal ? principal.account : DEFAULT_SCOPE.account;
  return { principal, scope: { account, region: regionOf(signature) }, known };
}

function rootOf(accessKeyId: string): Principal {
  return { kind: "root", account: ACCOUNT_ID.test(accessKeyId) ? accessKeyId : DEFAULT_SCOPE.account, accessKeyId };
}

/** AWS: global services are signed for `us-east-1`; S3 clients without a Region sign for `aws-global`. */
function regionOf({ region }: Signature): string {
  return region === "" || region === "aws-global" ? DEFAULT_SCOPE.region : region;
}
