import type { HttpHead } from "../../../http.ts";
import { API_INDEX } from "../../../wire/model.ts";
import type { Exchange } from "../execute/exchange.ts";
import { internalError } from "../execute/fault.ts";
import { queryText } from "../../../gateway/request.ts";
import type { Outbound } from "./outbound.ts";
import { uriOf } from "./uri.ts";

/** A request to an AWS service, as API Gateway makes it from an integration. */
export interface AwsRequest {
  readonly region: string;
  readonly signingName: string;
  readonly head: HttpHead;
  readonly body: Buffer;
}

const URI = /^arn:aws[\w-]*:apigateway:([\w-]+):(?:[\w-]+\.)?([\w-]+):(path|action)\/([^]*)$/;

/** AWS: services whose host names differ from the names that they are signed with. */
const SIGNED_AS: Readonly<Record<string, string>> = { email: "ses", "cognito-idp": "cognito-idp", streams: "dynamodb" };

/** Services that speak JSON to newer clients, and that API Gateway still asks in the query protocol. */
const ASKED_BY_QUERY = new Set(["sqs", "monitoring"]);

/**
 * Makes the request of an AWS service integration. AWS: "Integration request API Gateway REST API reference", `uri`:
 * `arn:aws:apigateway:REGION:SERVICE:path/PATH` or `…:action/ACTION`.
 * @throws GatewayFault 500 for a URI that names no service
 */
export function awsRequest(exchange: Exchange, outbound: Outbound): AwsRequest {
  const match = URI.exec(uriOf(exchange));
  if (!match) throw internalError("API_CONFIGURATION_ERROR");
  const [, region = "", host = "", style, rest = ""] = match;
  const signingName = SIGNED_AS[host] ?? host;
  const filled = rest.replace(/\{([^}]+)\}/g, (whole, name: string) => {
    const value = outbound.path.get(name.replace(/\+$/, ""));
    return value === undefined ? whole : value.split("/").map(encodeURIComponent).join("/");
  });
  const headers: Record<string, string> = {};
  for (const [name, values] of outbound.headers) headers[name.toLowerCase()] = values.join(",");
  const parts = { region, signingName, headers, host: `${host}.${region}.amazonaws.com`, outbound, exchange };
  return style === "path" ? byPath(parts, filled) : byAction(parts, filled);
}

interface Parts {
  readonly region: string;
  readonly signingName: string;
  readonly headers: Record<string, string>;
  readonly host: string;
  readonly outbound: Outbound;
  readonly exchange: Exchange;
}

function byPath(parts: Parts, rest: string): AwsRequest {
  const { outbound, headers, exchange } = parts;
  const [path = "", own = ""] = rest.split("?");
  const mapped = queryText(outbound.query);
  const query = [own, mapped].filter((text) => text !== "").join("&");
  const target = `/${path.replace(/^\/+/, "")}`;
  const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
  const form = isForm ? outbound.body.toString("utf8") : query;
  if (/(?:^|&)Action=/.test(form)) return asForm(parts, isForm && query !== "" ? `${form}&${query}` : form, target);
  return finish(parts, { method: exchange.method!.integration.httpMethod!, path: target, query, body: outbound.body });
}

function byAction(parts: Parts, action: string): AwsRequest {
  const { outbound, headers, signingName } = parts;
  const [name = "", own = ""] = action.replace(/^\/+/, "").split(/[?&]/, 2);
  const facts = [...API_INDEX.values()].find((api) => api.signingName === signingName);
  if (facts?.protocol.startsWith("awsJson") && !ASKED_BY_QUERY.has(signingName)) {
    headers["x-amz-target"] ??= `${facts.targetPrefix}.${name}`;
    headers["content-type"] =
      facts.protocol === "awsJson1_0" ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1";
    return finish(parts, { method: "POST", path: "/", query: "", body: outbound.body });
  }
  if (headers["x-amz-target"] !== undefined)
    return finish(parts, { method: "POST", path: "/", query: "", body: outbound.body });
  const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
  const texts = [
    `Action=${encodeURIComponent(name)}`,
    own,
    queryText(outbound.query),
    isForm ? outbound.body.toString("utf8") : "",
  ];
  return asForm(parts, texts.filter((text) => text !== "").join("&"), "/");
}

/** A request of the query protocol. AWS: a queue's path stands for its URL. */
function asForm(parts: Parts, text: string, path: string): AwsRequest {
  const form = new URLSearchParams(text);
  if (parts.signingName === "sqs" && /^\/\d{12}\/./.test(path) && !form.has("QueueUrl"))
    form.set("QueueUrl", `https://${parts.host}${path}`);
  parts.headers["content-type"] = "application/x-www-form-urlencoded";
  return finish(parts, { method: "POST", path: "/", query: "", body: Buffer.from(form.toString()) });
}

function finish(
  { region, signingName, headers, host }: Parts,
  { method, path, query, body }: { method: string; path: string; query: string; body: Buffer },
): AwsRequest {
  const target = query === "" ? path : `${path}?${query}`;
  const head = { method, target, path, query, headers, host, sourceIp: "", httpVersion: "1.1" };
  return { region, signingName, head, body };
}
