import { loadValidator } from "./body-check.ts";
import type { Exchange } from "./exchange.ts";
import { GatewayFault } from "./fault.ts";
import { valueOf } from "./mapping.ts";

/**
 * Checks required parameters and the body, as the method's validator says.
 * AWS: "Request validation for REST APIs in API Gateway".
 * @throws GatewayFault BAD_REQUEST_PARAMETERS, BAD_REQUEST_BODY
 */
export async function checkRequest(exchange: Exchange): Promise<void> {
  const { validator, record } = exchange.method!;
  if (!validator) return;
  if (validator.validateRequestParameters) checkParameters(exchange);
  if (validator.validateRequestBody && record.requestModels) await checkBody(exchange);
}

function checkParameters(exchange: Exchange): void {
  const required = Object.entries(exchange.method!.record.requestParameters ?? {}).filter(
    ([, isRequired]) => isRequired,
  );
  const missing = required.map(([source]) => source).filter((source) => !valueOf(source, exchange));
  if (missing.length === 0) return;
  const names = missing.map((source) => source.split(".").slice(3).join("."));
  throw new GatewayFault("BAD_REQUEST_PARAMETERS", `Missing required request parameters: [${names.join(", ")}]`);
}

async function checkBody(exchange: Exchange): Promise<void> {
  await loadValidator();
  const check = exchange.method!.bodyCheck(exchange.request.contentType);
  const validation = check?.(exchange.request.body.toString("utf8"));
  if (validation === undefined) return;
  throw new GatewayFault("BAD_REQUEST_BODY", "Invalid request body", { validation });
}
