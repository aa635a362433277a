import { renderTemplate, VtlError, type HostObject } from "../../../engines/vtl/vtl.ts";
import { contextTree } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { internalError } from "./fault.ts";
import { findJsonPath } from "./json-path.ts";

/**
 * Renders a mapping template. AWS: "Mapping template transformations for REST APIs", "Variables for data
 * transformations for API Gateway".
 * @param body of the request, or of the integration's response
 * @throws GatewayFault 500 where the template cannot be read or run
 */
export function renderMapping(template: string, exchange: Exchange, body: string): string {
  const { stage } = exchange;
  try {
    // AWS: blanks around a template count for nothing.
    return renderTemplate(template.trim(), {
      input: new Input(exchange, body),
      context: contextTree(exchange),
      stageVariables: { ...stage.variables },
      util: UTIL,
    });
  } catch (error) {
    if (!(error instanceof VtlError)) throw error;
    exchange.integration ??= {};
    exchange.integration.error = error.message;
    throw internalError("API_CONFIGURATION_ERROR", { cause: error });
  }
}

/** `$input` */
class Input implements HostObject {
  readonly vtl = true;
  #parsed: { value: unknown } | undefined;

  constructor(
    private readonly exchange: Exchange,
    private readonly body: string,
  ) {}

  get(property: string): unknown {
    return property === "body" ? this.#text() : undefined;
  }

  call(method: string, given: readonly unknown[]): unknown {
    switch (method) {
      case "path":
        return this.#path(String(given[0]));
      case "json":
        return this.#json(String(given[0]));
      case "params":
        return given.length === 0 ? this.#allParameters() : this.#parameter(String(given[0]));
      case "body":
      case "getBody":
        return this.#text();
      default:
        return undefined;
    }
  }

  /** AWS: no body is an empty object. */
  #text(): string {
    return this.body === "" ? "{}" : this.body;
  }

  #path(path: string): unknown {
    return findJsonPath(this.#value(), path);
  }

  /** AWS: nothing is an empty text; an empty body is an empty object. */
  #json(path: string): string {
    const value = this.#path(path);
    return value === undefined ? `""` : JSON.stringify(value);
  }

  #value(): unknown {
    if (this.#parsed) return this.#parsed.value;
    let value: unknown;
    try {
      value = this.body.trim() === "" ? {} : JSON.parse(this.body);
    } catch {
      // AWS: what is no JSON is one text.
      value = this.body;
    }
    this.#parsed = { value };
    return value;
  }

  /** AWS: searched in path, query string and headers, in that order. */
  #parameter(name: string): string {
    const { request, pathParameters } = this.exchange;
    return pathParameters?.[name] ?? request.query.get(name)?.at(-1) ?? request.header(name) ?? "";
  }

  #allParameters() {
    const { request, pathParameters } = this.exchange;
    const last = (entries: Iterable<[string, string[]]>) =>
      Object.fromEntries(Array.from(entries, ([name, values]) => [name, values.at(-1)!]));
    return {
      path: { ...pathParameters },
      querystring: last(request.query),
      header: last(Object.entries(request.headers)),
    };
  }
}

/** `$util`. AWS: "$util variables". */
const UTIL: HostObject = {
  vtl: true,
  get: () => undefined,
  call(method, [value]) {
    const text =
      value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
    switch (method) {
      case "escapeJavaScript":
        return escapeJavaScript(text);
      case "parseJson":
        return parseJson(text);
      case "urlEncode":
        return new URLSearchParams([["", text]]).toString().slice(1);
      case "urlDecode":
        return decodeURIComponent(text.replaceAll("+", " "));
      case "base64Encode":
        return Buffer.from(text).toString("base64");
      case "base64Decode":
        return Buffer.from(text, "base64").toString("utf8");
      default:
        return undefined;
    }
  },
};

const ESCAPES: Readonly<Record<string, string>> = {
  "'": "\\'",
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\n": "\\n",
  "\t": "\\t",
  "\f": "\\f",
  "\r": "\\r",
};

/** As Apache Commons' `escapeJavaScript`. AWS: single quotes are escaped too, which JSON does not know. */
function escapeJavaScript(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex
    /['"\\/\u0000-\u001f\u007f-\uffff]/g,
    (sign) => ESCAPES[sign] ?? `\\u${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
  );
}

/** @throws VtlError */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new VtlError(`Unable to parse as JSON: ${text.slice(0, 100)}`);
  }
}
