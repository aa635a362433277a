import type { Reply } from "../../../gateway/reply.ts";
import type { Exchange } from "../execute/exchange.ts";
import type { Cx } from "../gateway.ts";
import { mapReply } from "./inbound.ts";
import { invokeFunction } from "./lambda-proxy.ts";
import { mapRequest } from "./outbound.ts";

/**
 * Invokes the function of a custom (non-proxy) Lambda integration.
 * AWS: "Set up Lambda custom integrations in API Gateway", "Set up asynchronous invocation of the backend Lambda function".
 */
export async function callFunction(cx: Cx, exchange: Exchange): Promise<Reply> {
  const { headers, body } = mapRequest(exchange);
  const type = [...headers].find(([name]) => name.toLowerCase() === "x-amz-invocation-type")?.[1].at(-1);
  const result = await invokeFunction(cx, exchange, body.toString("utf8"), {
    isAsynchronous: type?.replaceAll("'", "") === "Event",
  });
  const text = Buffer.from(result.Payload ?? []).toString("utf8");
  exchange.integration!.status = result.StatusCode ?? 200;
  const reply = {
    status: result.StatusCode ?? 200,
    headers: {
      "content-type": ["application/json"],
      ...(result.FunctionError ? { "x-amz-function-error": [result.FunctionError] } : {}),
    },
    body: text,
  };
  return mapReply(exchange, reply, errorMessageOf(text));
}

/** AWS: selection patterns are held against the `errorMessage` of what a function gives, or against nothing. */
function errorMessageOf(text: string): string {
  try {
    const { errorMessage } = (JSON.parse(text) ?? {}) as { errorMessage?: unknown };
    return typeof errorMessage === "string" ? errorMessage : "";
  } catch {
    return "";
  }
}
