import type { HttpParameters } from "@aws-sdk/client-eventbridge";
import type { Credentials } from "@aws-sdk/client-sts";
import { apiAddress } from "../aws/addresses.ts";
import type { Arn } from "../aws/arn.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { compactDate, sha256, signRequest } from "../wire/sigv4.ts";
import { TargetFailure } from "./failure.ts";
import { addParameters, withPath } from "./http-parameters.ts";
import { type Answer, request, retryAfterOf } from "./request.ts";

/** AWS: "Amazon API Gateway targets": requests have a maximum client execution timeout of 29 seconds. */
const TIMEOUT_MS = 29_000;

export interface ApiCall {
  /** `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH` */
  readonly arn: Arn;
  readonly parameters: HttpParameters;
  /** What paths in the parameters look into. */
  readonly event: unknown;
  /** The text that goes out. */
  readonly input: string;
  /** Of the role that signs; undefined: the request is not signed. */
  readonly credentials: Credentials | undefined;
  readonly userAgent: string;
}

/**
 * Calls a stage's route of an API.
 * @param endpoint the cloud's own address
 * @returns the answer, which is one of success
 * @throws TargetFailure
 */
export async function invokeApi(kernel: Kernel, endpoint: string, call: ApiCall): Promise<Answer> {
  const { arn, parameters, event, input, userAgent } = call;
  const [apiId = "", stage = "", method = "POST", ...rest] = arn.resource.split("/");
  const path = withPath(rest.join("/"), parameters, event);
  const base = apiAddress(endpoint, apiId);
  const url = new URL(stage === "$default" ? `${base}/${path}` : `${base}/${stage}/${path}`);
  const headers = new Headers({ "content-type": "application/json", "user-agent": userAgent });
  addParameters(url, headers, parameters, event);
  const httpMethod = method === "*" ? "POST" : method;
  const body = httpMethod === "GET" || httpMethod === "HEAD" ? "" : input;
  sign(kernel, call, url, httpMethod, headers, body);
  const answer = await request({ url, method: httpMethod, headers, body }, endpoint, TIMEOUT_MS);
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new TargetFailure(
    answer.status === 429 ? "THROTTLING" : answer.status === 403 ? "NO_PERMISSIONS" : "ERROR_FROM_TARGET",
    `The API responded with status code ${answer.status}.`,
    answer.status >= 500 || answer.status === 429,
    retryAfterOf(answer.headers, kernel.clock.now()),
  );
}

function sign(
  kernel: Kernel,
  { credentials, arn }: ApiCall,
  url: URL,
  method: string,
  headers: Headers,
  body: string,
): void {
  if (!credentials) return;
  const { AccessKeyId, SecretAccessKey, SessionToken } = credentials;
  const date = compactDate(kernel.clock.now());
  headers.set("x-amz-date", date);
  headers.set("x-amz-security-token", SessionToken!);
  const signedHeaders = "host;x-amz-date;x-amz-security-token";
  const scope = { date: date.slice(0, 8), region: arn.region, service: "execute-api" };
  const query = url.search.slice(1);
  const { signature } = signRequest(
    {
      method,
      target: url.pathname + url.search,
      path: url.pathname,
      query,
      headers: { host: url.host, "x-amz-date": date, "x-amz-security-token": SessionToken! },
      host: url.hostname,
      sourceIp: "127.0.0.1",
      httpVersion: "1.1",
    },
    {
      ...scope,
      kind: "header",
      accessKeyId: AccessKeyId!,
      signedHeaders,
      signature: "",
      algorithm: "AWS4-HMAC-SHA256",
    },
    SecretAccessKey!,
    sha256(body),
  );
  const credential = `${AccessKeyId}/${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  headers.set(
    "authorization",
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  );
}
