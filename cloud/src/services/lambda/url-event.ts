import type { HttpRequest } from "../../http.ts";
import type { Principal } from "../../iam/principal.ts";
import type { UrlRecord } from "./state.ts";

/** AWS: what is not known to be text goes to the function in base64. */
const TEXT_TYPE = /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded|[\w.-]+\+(json|xml)))/i;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export interface UrlEventParts {
  readonly record: UrlRecord;
  readonly request: HttpRequest;
  /** The path below the URL, still encoded. */
  readonly path: string;
  readonly requestId: string;
  readonly nowMs: number;
  readonly principal: Principal;
}

/**
 * The event of a request to a function URL, payload format 2.0.
 * AWS: "Invoking Lambda function URLs", Request payload format.
 */
export function urlEvent({ record, request, path, requestId, nowMs, principal }: UrlEventParts): string {
  const { urlId, region, authType } = record;
  const { cookie, ...headers } = request.headers;
  const domainName = `${urlId}.lambda-url.${region}.on.aws`;
  const rawPath = decode(path);
  const query = readQuery(request.query);
  const contentType = headers["content-type"] ?? "";
  const text = request.body.length === 0 || TEXT_TYPE.test(contentType) || contentType === "";
  return JSON.stringify({
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString: request.query,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/) }),
    headers: {
      ...headers,
      "x-forwarded-proto": "https",
      "x-forwarded-port": "443",
      "x-forwarded-for": request.sourceIp,
    },
    ...(Object.keys(query).length > 0 ? { queryStringParameters: query } : {}),
    requestContext: {
      accountId: authType === "AWS_IAM" && "account" in principal ? principal.account : "anonymous",
      apiId: urlId,
      ...(authType === "AWS_IAM" ? { authorizer: { iam: caller(principal) } } : {}),
      domainName,
      domainPrefix: urlId,
      http: {
        method: request.method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.sourceIp,
        userAgent: headers["user-agent"] ?? "",
      },
      requestId,
      routeKey: "$default",
      stage: "$default",
      time: commonLogTime(nowMs),
      timeEpoch: nowMs,
    },
    ...(request.body.length === 0 ? {} : { body: request.body.toString(text ? "utf8" : "base64") }),
    isBase64Encoded: !text,
  });
}

function caller(principal: Principal) {
  const account = "account" in principal ? principal.account : null;
  const userArn =
    principal.kind === "user" || principal.kind === "role"
      ? principal.arn
      : principal.kind === "root"
        ? `arn:aws:iam::${principal.account}:root`
        : null;
  const userId = principal.kind === "user" || principal.kind === "role" ? principal.userId : account;
  return {
    accessKey: "accessKeyId" in principal ? (principal.accessKeyId ?? null) : null,
    accountId: account,
    callerId: userId,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn,
    userId,
  };
}

function readQuery(query: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query))
    values[name] = values[name] === undefined ? value : `${values[name]},${value}`;
  return values;
}

function decode(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** `12/Mar/2026:19:03:58 +0000` */
function commonLogTime(ms: number): string {
  const date = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}
