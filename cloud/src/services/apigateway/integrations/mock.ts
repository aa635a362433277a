import type { Reply } from "../../../gateway/reply.ts";
import type { Exchange } from "../execute/exchange.ts";
import { internalError } from "../execute/fault.ts";
import { mapReply } from "./inbound.ts";
import { mapRequest } from "./outbound.ts";

/**
 * Answers without an endpoint: the request template must give `{"statusCode": …}`, which selects the response.
 * AWS: "Mock integrations for REST APIs in API Gateway".
 */
export function answerMock(exchange: Exchange): Reply {
  const { body } = mapRequest(exchange);
  const status = statusOf(body.toString("utf8"));
  if (status === undefined) {
    exchange.log?.error(
      "Execution failed due to configuration error: Unable to parse statusCode. It should be an integer that is defined in the request template.",
    );
    throw internalError("API_CONFIGURATION_ERROR");
  }
  exchange.integration!.status = status;
  return mapReply(exchange, { status, headers: {}, body: "" }, String(status));
}

/** AWS: the template's output is read loosely; names may stand without quotes. */
function statusOf(text: string): number | undefined {
  const found = /["']?statusCode["']?\s*:\s*["']?(\d{3})["']?\s*[,}]/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
