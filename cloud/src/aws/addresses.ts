import type { Scope } from "./scope.ts";

/**
 * The one place that knows where things are reached. AWS gives everything a host name of its own; such names do not
 * resolve to this machine, so what leaves the engine towards a person or a function carries a path on the cloud's own
 * port instead. Requests by host name are routed too (by the Host header).
 *
 * | what              | at AWS                                             | here, after `http://127.0.0.1:4566`  |
 * | ----------------- | -------------------------------------------------- | ------------------------------------ |
 * | HTTP or REST API  | `https://ID.execute-api.REGION.amazonaws.com/…`    | `/_aws/execute-api/ID/…`             |
 * | function URL      | `https://ID.lambda-url.REGION.on.aws/…`            | `/_aws/lambda-url/ID/…`              |
 * | queue URL         | `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`    | `/ACCOUNT/NAME`                      |
 * | bucket            | `https://BUCKET.s3.REGION.amazonaws.com/…`         | `/BUCKET/…`                          |
 * | website of bucket | `http://BUCKET.s3-website.REGION.amazonaws.com/…`  | `/_aws/s3-website/BUCKET/…`          |
 */
export const API_PATH = "/_aws/execute-api/";
export const FUNCTION_URL_PATH = "/_aws/lambda-url/";
export const WEBSITE_PATH = "/_aws/s3-website/";

/** The working address of an API, without a slash at its end. @param endpoint the cloud's, `http://127.0.0.1:4566` */
export function apiAddress(endpoint: string, apiId: string): string {
  return endpoint + API_PATH + apiId;
}

/** AWS's own address of an API. */
export function apiHost(apiId: string, { region }: Pick<Scope, "region">): string {
  return `${apiId}.execute-api.${region}.amazonaws.com`;
}

/** The working address of a function URL, with a slash at its end, as AWS has it. */
export function functionUrlAddress(endpoint: string, urlId: string): string {
  return `${endpoint}${FUNCTION_URL_PATH}${urlId}/`;
}

export function queueAddress(endpoint: string, { account }: Pick<Scope, "account">, queueName: string): string {
  return `${endpoint}/${account}/${queueName}`;
}

/** The working address of a bucket's website, without a slash at its end. */
export function websiteAddress(endpoint: string, bucket: string): string {
  return endpoint + WEBSITE_PATH + bucket;
}

/** Where a user pool is reached; its tokens go on naming AWS's address as their issuer. */
export function userPoolAddress(endpoint: string, poolId: string): string {
  return `${endpoint}/${poolId}`;
}

/** AWS's address of a user pool: the issuer of its tokens. */
export function userPoolIssuer({ region }: Pick<Scope, "region">, poolId: string): string {
  return `https://cognito-idp.${region}.amazonaws.com/${poolId}`;
}

type Rewrite = readonly [pattern: RegExp, replacement: (endpoint: string, ...groups: string[]) => string];

const REGION = "[a-z]{2}(?:-[a-z]+)+-\\d";
const BUCKET = "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]";

const REWRITES: readonly Rewrite[] = [
  [new RegExp(`https?://([a-z0-9]+)\\.execute-api\\.${REGION}\\.amazonaws\\.com(?::\\d+)?`, "g"), apiAddress],
  [
    new RegExp(`https?://([a-z0-9]+)\\.lambda-url\\.${REGION}\\.on\\.aws(?::\\d+)?`, "g"),
    (endpoint, id) => endpoint + FUNCTION_URL_PATH + id,
  ],
  [
    new RegExp(`https?://(?:sqs\\.${REGION}|(?:${REGION}\\.)?queue)\\.amazonaws\\.com(?=/\\d{12}/)`, "g"),
    (endpoint) => endpoint,
  ],
  [new RegExp(`https?://(${BUCKET})\\.s3-website[.-]${REGION}\\.amazonaws\\.com`, "g"), websiteAddress],
  [
    new RegExp(`https?://(${BUCKET})\\.s3(?:\\.dualstack)?(?:[.-]${REGION})?\\.amazonaws\\.com`, "g"),
    (endpoint, bucket) => `${endpoint}/${bucket}`,
  ],
  [new RegExp(`https?://s3(?:\\.dualstack)?(?:[.-]${REGION})?\\.amazonaws\\.com(?=/)`, "g"), (endpoint) => endpoint],
];

/**
 * Turns AWS's addresses in a text (a stack output, an environment variable) into ones that work here. Anything else in
 * it stays as it is.
 */
export function workingAddresses(text: string, endpoint: string): string {
  if (!text.includes("://") || !(text.includes(".amazonaws.com") || text.includes(".on.aws"))) return text;
  let working = text;
  for (const [pattern, replacement] of REWRITES)
    working = working.replace(pattern, (_match, ...groups: unknown[]) =>
      replacement(endpoint, ...groups.filter((group): group is string => typeof group === "string")),
    );
  return working;
}

/**
 * Where the engine itself must connect to reach a URL: AWS's hosts are here, everything else is where it says.
 * Besides `workingAddresses` this covers what keeps its AWS name towards people, such as a token's issuer.
 */
export function dialAddress(url: string, endpoint: string): string {
  return workingAddresses(url, endpoint).replace(
    new RegExp(`^https?://cognito-idp\\.${REGION}\\.amazonaws\\.com(?=/)`),
    endpoint,
  );
}
