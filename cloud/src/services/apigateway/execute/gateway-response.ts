import type { GatewayResponseType } from "@aws-sdk/client-api-gateway";
import type { Reply } from "../../../gateway/reply.ts";
import { contextValue } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { RESPONSES, type GatewayFault } from "./fault.ts";
import { valueOf } from "./mapping.ts";

/**
 * The answer to a fault: the API's gateway response for its type, else for all 4XX or 5XX, else AWS's own.
 * AWS: "Gateway responses for REST APIs in API Gateway".
 */
export function faultReply(exchange: Exchange, fault: GatewayFault): Reply {
  const own = RESPONSES[fault.type];
  const status = fault.status ?? own.status;
  exchange.error = {
    message: fault.told,
    responseType: fault.type,
    ...(fault.validation === undefined ? {} : { validation: fault.validation }),
  };
  const headers: Record<string, string[]> = {
    "content-type": ["application/json"],
    "x-amzn-errortype": [own.errorType],
  };
  const configured = findConfigured(exchange, fault.type, status);
  if (!configured) return { status, headers, body: own.body(JSON.stringify(fault.told)) };
  for (const [target, source] of Object.entries(configured.responseParameters ?? {})) {
    const name = target.replace(/^gatewayresponse\.header\./, "").toLowerCase();
    const value = valueOf(source, exchange);
    if (value !== undefined) headers[name] = [value];
  }
  const template = findTemplate(exchange, configured.responseTemplates);
  if (!template)
    return { status: Number(configured.statusCode ?? status), headers, body: own.body(JSON.stringify(fault.told)) };
  headers["content-type"] = [template[0]];
  return { status: Number(configured.statusCode ?? status), headers, body: fill(template[1], exchange) };
}

function findConfigured({ stage }: Exchange, type: GatewayResponseType, status: number) {
  const own = stage.gatewayResponses.get(type);
  return own ?? stage.gatewayResponses.get(status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX");
}

/** AWS: the template of the accepted type, else that of JSON, else the first. */
function findTemplate(
  { request }: Exchange,
  templates: Record<string, string> | undefined,
): [string, string] | undefined {
  const entries = Object.entries(templates ?? {});
  const accepted = request.header("Accept")?.split(/[;,]/)[0]!.trim();
  return (
    entries.find(([type]) => type === accepted) ?? entries.find(([type]) => type === "application/json") ?? entries[0]
  );
}

/** AWS: "simple variable substitutions without processing any mapping templates". */
function fill(template: string, exchange: Exchange): string {
  return template.replace(
    /\$(?:\{(context|stageVariables|method)\.([\w.-]+)\}|(context|stageVariables|method)\.([\w-]+(?:\.[\w-]+)*))/g,
    (_, kind1: string | undefined, name1: string | undefined, kind2: string | undefined, name2: string | undefined) => {
      const kind = kind1 ?? kind2!;
      const name = name1 ?? name2!;
      const value = kind === "context" ? contextValue(name, exchange) : valueOf(`${kind}.${name}`, exchange);
      return value ?? "";
    },
  );
}
