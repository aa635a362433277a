import { apiAddress } from "../../aws/addresses.ts";
import { signRequest, sha256, compactDate } from "../../wire/sigv4.ts";
import { TargetFailure } from "./failure.ts";
import { addParameters, withPath } from "./http-parameters.ts";
import { request, retryAfterOf } from "./outbound.ts";
import type { Context } from "./state.ts";
import type { Sending } from "./targets.ts";

/** AWS: "Amazon API Gateway targets": requests have a maximum client execution timeout of 29 seconds. */
const TIMEOUT_MS = 29_000;

/** Calls a stage's route of an API: `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`. Signed where there is a role. */
export async function invokeApi(cx: Context, sending: Sending): Promise<void> {
  const { arn, target, event, input } = sending;
  const [apiId = "", stage = "", method = "POST", ...rest] = arn.resource.split("/");
  const parameters = target.HttpParameters ?? {};
  const path = withPath(rest.join("/"), parameters, event);
  const base = apiAddress(cx.endpoint(), apiId);
  const url = new URL(stage === "$default" ? `${base}/${path}` : `${base}/${stage}/${path}`);
  const headers = new Headers({ "content-type": "application/json", "user-agent": "Amazon/EventBridge/API_Gateway" });
  addParameters(url, headers, parameters, event);
  const httpMethod = method === "*" ? "POST" : method;
  const body = httpMethod === "GET" || httpMethod === "HEAD" ? "" : input;
  sign(cx, sending, url, httpMethod, headers, body);
  const answer = await request({ url, method: httpMethod, headers, body }, cx.endpoint(), TIMEOUT_MS);
  if (answer.status >= 200 && answer.status < 300) return;
  throw new TargetFailure(
    answer.status === 429 ? "THROTTLING" : answer.status === 403 ? "NO_PERMISSIONS" : "ERROR_FROM_TARGET",
    `The API responded with status code ${answer.status}.`,
    answer.status >= 500 || answer.status === 429,
    retryAfterOf(answer.headers, cx.kernel.clock.now()),
  );
}

function sign(cx: Context, { role, arn }: Sending, url: URL, method: string, headers: Headers, body: string): void {
  if (!role) return;
  const { AccessKeyId, SecretAccessKey, SessionToken } = role.credentials;
  const date = compactDate(cx.kernel.clock.now());
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
