import { FUNCTION_URL_PATH } from "../../aws/addresses.ts";
import { AwsError } from "../../aws/error.ts";
import type { StreamedAnswer } from "../../functions/specification.ts";
import type { HttpRequest, HttpResponse } from "../../http.ts";
import type { CallContext, DataPlane } from "../../service.ts";
import { findPolicy } from "./function-lookup.ts";
import { functionArn } from "./function-name.ts";
import { run } from "./invocation.ts";
import type { LambdaState, UrlRecord } from "./state.ts";
import { findUrl } from "./url.ts";
import { corsHeaders, preflight } from "./url-cors.ts";
import { urlEvent } from "./url-event.ts";
import { badGateway, streamedResponse, urlResponse } from "./url-response.ts";

const HOST = /^([a-z0-9]+)\.lambda-url\./;
const ID_IN_PATH = /^([a-z0-9]+)(\/.*)?$/;
/** AWS: "Lambda quotas": 6 MB, as for other synchronous requests. */
const BODY_BYTES_MAX = 6_291_456;

interface UrlMatch {
  readonly urlId: string;
  /** Below the URL, still encoded. */
  readonly path: string;
}

/** Requests to function URLs, by host name or by path. */
export const functionUrlPlane: DataPlane<LambdaState, UrlMatch> = {
  operation: "InvokeFunctionUrl",
  bodyBytesMax: BODY_BYTES_MAX,
  match({ host, path }) {
    const byHost = HOST.exec(host);
    if (byHost) return { urlId: byHost[1]!, path };
    const byPath = path.startsWith(FUNCTION_URL_PATH)
      ? ID_IN_PATH.exec(path.slice(FUNCTION_URL_PATH.length))
      : undefined;
    return byPath ? { urlId: byPath[1]!, path: byPath[2] ?? "/" } : undefined;
  },
  // Asked below, since a refusal has a form of its own here.
  authorize: () => [],
  async handle(cx, request, match) {
    const record = findUrl(cx.state, match.urlId);
    if (!record) return forbidden();
    const early = preflight(record, request);
    if (early) return early;
    const response = await answer(cx, record, request, match.path);
    return { ...response, headers: { ...response.headers, ...corsHeaders(record, request) } };
  },
};

async function answer(
  cx: CallContext<LambdaState>,
  record: UrlRecord,
  request: HttpRequest,
  path: string,
): Promise<HttpResponse> {
  const scope = { account: record.account, region: record.region };
  const reference = { scope, name: record.name, qualifier: record.qualifier || undefined };
  try {
    authorize(cx, record);
  } catch (error) {
    if (error instanceof AwsError) return forbidden();
    throw error;
  }
  const { requestId, principal, kernel } = cx;
  const event = urlEvent({ record, request, path, requestId, nowMs: kernel.clock.now(), principal });
  let begun: (streamed: StreamedAnswer) => void = () => undefined;
  const streamed = new Promise<StreamedAnswer>((resolve) => (begun = resolve));
  const streaming = record.invokeMode === "RESPONSE_STREAM";
  try {
    const ran = run(
      cx,
      reference,
      { requestId, event, ...(streaming ? { onStream: begun } : {}) },
      request.headers["x-amzn-trace-id"],
    );
    const first = await Promise.race([streamed, ran]);
    if ("body" in first) {
      ran.catch(() => undefined);
      return await streamedResponse(first);
    }
    return first.result.error ? badGateway() : urlResponse(first.result.payload);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return {
      status: error.status ?? 502,
      headers: { "Content-Type": "application/json", "x-amzn-ErrorType": error.code },
      body: JSON.stringify({ ...error.members, Message: error.message }),
    };
  }
}

/**
 * AWS: since October 2025 a function URL needs two permissions, `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction`
 * ("Control access to Lambda function URLs").
 */
function authorize(cx: CallContext<LambdaState>, { account, region, name, qualifier, authType }: UrlRecord): void {
  const scope = { account, region };
  const resource = functionArn(scope, name, qualifier);
  const resourcePolicy = findPolicy(cx.state, { scope, name, qualifier: qualifier || undefined });
  cx.authorize({
    action: "lambda:InvokeFunctionUrl",
    resource,
    resourcePolicy,
    context: { "lambda:FunctionUrlAuthType": authType },
  });
  cx.authorize({
    action: "lambda:InvokeFunction",
    resource,
    resourcePolicy,
    context: { "lambda:FunctionUrlAuthType": authType, "lambda:InvokedViaFunctionUrl": "true" },
  });
}

function forbidden(): HttpResponse {
  return {
    status: 403,
    headers: { "Content-Type": "application/json", "x-amzn-ErrorType": "AccessDeniedException" },
    body: JSON.stringify({
      Message:
        "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
    }),
  };
}
