import type { Reply } from "../../../gateway/reply.ts";
import { afterRealMs, realMs } from "../../../kernel/real-time.ts";
import type { Exchange } from "../execute/exchange.ts";
import { GatewayFault } from "../execute/fault.ts";
import type { Cx } from "../gateway.ts";
import { callService } from "./aws-service.ts";
import { callHttp, proxyToHttp } from "./http.ts";
import { callFunction } from "./lambda.ts";
import { proxyToFunction } from "./lambda-proxy.ts";
import { answerMock } from "./mock.ts";
import { uriOf } from "./uri.ts";

/**
 * Hands a request to the method's integration.
 * @throws GatewayFault INTEGRATION_TIMEOUT, INTEGRATION_FAILURE, API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE
 */
export async function integrate(cx: Cx, exchange: Exchange): Promise<Reply> {
  const { integration } = exchange.method!;
  const startMs = realMs();
  const outcome: NonNullable<Exchange["integration"]> = (exchange.integration = {});
  try {
    const reply = await withinTimeout(integration.timeoutInMillis, outcome, (signal) => dispatch(cx, exchange, signal));
    // AWS: the trace is told of what has one.
    if (integration.type !== "HTTP_PROXY" && integration.type !== "MOCK")
      reply.headers["x-amzn-trace-id"] ??= [exchange.request.traceHeader];
    return reply;
  } finally {
    outcome.latencyMs = Math.round(realMs() - startMs);
  }
}

function dispatch(cx: Cx, exchange: Exchange, signal: () => AbortSignal): Reply | Promise<Reply> {
  const { type } = exchange.method!.integration;
  switch (type) {
    case "AWS_PROXY":
      return proxyToFunction(cx, exchange);
    case "AWS":
      return isFunction(exchange) ? callFunction(cx, exchange) : callService(cx, exchange);
    case "MOCK":
      return answerMock(exchange);
    case "HTTP":
      return callHttp(cx, exchange, signal());
    case "HTTP_PROXY":
      return proxyToHttp(cx, exchange, signal());
  }
}

function isFunction(exchange: Exchange): boolean {
  return /:lambda:path\/\/?2015-03-31\/functions\/.+\/invocations$/.test(uriOf(exchange));
}

/**
 * Waits for an integration no longer than its timeout, in real time, as the user's code runs in real time.
 * @param work is given what makes a signal that is aborted at the end of the time
 * @throws GatewayFault INTEGRATION_TIMEOUT
 */
function withinTimeout(
  timeoutMs: number,
  outcome: { error?: string },
  work: (signal: () => AbortSignal) => Reply | Promise<Reply>,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let controller: AbortController | undefined;
    const cancel = afterRealMs(timeoutMs, () => {
      outcome.error = "Endpoint request timed out";
      reject(new GatewayFault("INTEGRATION_TIMEOUT", "Endpoint request timed out"));
      controller?.abort();
    });
    Promise.resolve()
      .then(() => work(() => (controller ??= new AbortController()).signal))
      .finally(cancel)
      .then(resolve, reject);
  });
}
