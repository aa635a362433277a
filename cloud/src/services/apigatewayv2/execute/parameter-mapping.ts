import type { Exchange } from "./exchange.ts";
import { findExpression, type Expression } from "./expression.ts";
import type { Reply } from "../../../gateway/reply.ts";

/** AWS: "Transform API requests and responses for HTTP APIs in API Gateway". */

interface Change {
  readonly action: "append" | "overwrite" | "remove";
  readonly target: "header" | "querystring" | "path" | "statuscode";
  readonly name: string;
  readonly value: Expression;
}

export type RequestMapping = readonly Change[];
export type ResponseMapping = readonly Change[];

const KEY = /^(?:(append|overwrite|remove):(header|querystring)\.(.+)|(overwrite)[:.](path|statuscode))$/i;

/** AWS: "Reserved headers": no mapping may touch these. */
const RESERVED =
  /^(?:access-control-.*|apigw-.*|authorization|connection|content-encoding|content-length|content-location|forwarded|keep-alive|origin|proxy-authenticate|proxy-authorization|te|trailers|transfer-encoding|upgrade|x-amz-.*|x-amzn-.*|x-forwarded-for|x-forwarded-host|x-forwarded-proto|via)$/i;

/** What is wrong with a mapping, in AWS's words. */
export class MappingError extends Error {
  override readonly name = "MappingError";
}

/** @throws MappingError */
export function compileRequestMapping(parameters: Readonly<Record<string, string>> | undefined): RequestMapping {
  return compile(parameters, (target) => target !== "statuscode");
}

/** @throws MappingError */
export function compileResponseMapping(parameters: Readonly<Record<string, string>> | undefined): ResponseMapping {
  return compile(parameters, (target) => target === "header" || target === "statuscode");
}

function compile(
  parameters: Readonly<Record<string, string>> | undefined,
  allows: (target: string) => boolean,
): Change[] {
  return Object.entries(parameters ?? {}).map(([key, text]) => {
    const match = KEY.exec(key);
    const target = (match?.[2] ?? match?.[5])?.toLowerCase();
    if (!match || !target || !allows(target))
      throw new MappingError(
        `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: ${key}]`,
      );
    const name = match[3] ?? "";
    if (target === "header" && RESERVED.test(name))
      throw new MappingError(
        `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Operations on header ${name} are restricted]`,
      );
    const action = (match[1] ?? match[4])!.toLowerCase() as Change["action"];
    const value = action === "remove" ? () => undefined : findExpression(text);
    if (!value)
      throw new MappingError(
        `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: ${text}]`,
      );
    return { action, target: target as Change["target"], name: target === "header" ? name.toLowerCase() : name, value };
  });
}

/** What goes on to the integration. */
export interface Outbound {
  readonly headers: Record<string, string[]>;
  readonly query: Map<string, string[]>;
  /** Set where the mapping says so. */
  readonly path: string | undefined;
}

/** Applies a request mapping; the request itself stays as it is. */
export function mapRequest(mapping: RequestMapping, exchange: Exchange): Outbound {
  const headers = { ...exchange.request.headers };
  const query = new Map(exchange.request.query);
  let path: string | undefined;
  for (const { action, target, name, value } of mapping) {
    const text = value({ exchange });
    if (target === "path") path = text ?? path;
    else if (target === "header")
      change(action, headers[name], text, (values) => (values ? (headers[name] = values) : delete headers[name]));
    else change(action, query.get(name), text, (values) => (values ? query.set(name, values) : query.delete(name)));
  }
  return { headers, query, path };
}

/** Applies the response mapping for the reply's status to the reply. */
export function mapReply(mapping: ResponseMapping, exchange: Exchange, reply: Reply): void {
  const before = { ...reply, headers: { ...reply.headers } };
  for (const { action, target, name, value } of mapping) {
    const text = value({ exchange, reply: before });
    if (target === "header")
      change(action, reply.headers[name], text, (values) =>
        values ? (reply.headers[name] = values) : delete reply.headers[name],
      );
    else if (text !== undefined && /^[2-5]\d\d$/.test(text)) reply.status = Number(text);
  }
}

/** AWS: a value that is not there changes nothing; only `remove` takes away. */
function change(
  action: Change["action"],
  values: readonly string[] | undefined,
  text: string | undefined,
  set: (values: string[] | undefined) => void,
): void {
  if (action === "remove") set(undefined);
  else if (text !== undefined) set(action === "append" && values ? [...values, text] : [text]);
}
