import { contextVariable } from "./context-variables.ts";
import type { Exchange } from "./exchange.ts";
import type { Reply } from "../../../gateway/reply.ts";

/** Where the value of an expression comes from. */
export interface ExpressionSource {
  readonly exchange: Exchange;
  /** The integration's response, where there is one already. */
  readonly reply?: Reply;
}

/** A mapping value, compiled: gives its text, or undefined where the request has no such value. */
export type Expression = (source: ExpressionSource) => string | undefined;

const VARIABLE =
  /^(?:(?<side>request|response)\.(?<kind>header|querystring|path|body)(?:(?<dot>\.)(?<name>.+)|(?<index>\[.+))?|context\.(?<context>[\w.:-]+)|stageVariables\.(?<stage>[\w-]+))$/;
const EMBEDDED = /\$\{([^}]+)\}/g;

/**
 * Compiles a mapping value: `$request.header.name`, `$request.querystring.name`, `$request.body.json.path`,
 * `$request.path`, `$request.path.name`, `$response.header.name`, `$response.body.json.path`, `$context.name`,
 * `$stageVariables.name`, or a constant in which `${request.header.name}` and so on may stand.
 * AWS: "Transform API requests and responses for HTTP APIs".
 * @returns undefined for a text that begins like a variable and is none
 */
export function findExpression(text: string): Expression | undefined {
  if (/^\$(request|response|context|stageVariables)\b/.test(text)) return findVariable(text.slice(1));
  const parts = text.split(EMBEDDED);
  if (parts.length === 1) return () => text;
  const variables = parts.map((part, at) => (at % 2 === 1 ? findVariable(part) : () => part));
  if (variables.includes(undefined)) return undefined;
  return (source) => variables.map((variable) => variable!(source) ?? "").join("");
}

function findVariable(text: string): Expression | undefined {
  const groups = VARIABLE.exec(text)?.groups;
  if (!groups) return undefined;
  const { side, kind, name, index, context, stage } = groups;
  if (context !== undefined) return ({ exchange }) => contextVariable(context, exchange);
  if (stage !== undefined) return ({ exchange }) => exchange.stage.variables?.[stage];
  if (kind === "body") return ofBody(side!, name ?? index);
  if (index !== undefined) return undefined;
  if (side === "response")
    return kind === "header" && name ? ({ reply }) => reply?.headers[name.toLowerCase()]?.join(",") : undefined;
  if (kind === "path")
    return name ? ({ exchange }) => exchange.parameters?.[name] : ({ exchange }) => exchange.request.routePath;
  if (!name) return undefined;
  if (kind === "header") return ({ exchange }) => exchange.request.header(name);
  return ({ exchange }) => exchange.request.query.get(name)?.join(",");
}

function ofBody(side: string, path: string | undefined): Expression | undefined {
  if (path === undefined)
    return ({ exchange, reply }) =>
      side === "request" ? exchange.request.http.body.toString("utf8") : reply && bodyText(reply);
  const steps = findSteps(path);
  if (!steps) return undefined;
  return ({ exchange, reply }) => {
    const value = select(side === "request" ? exchange.request.json : reply && parseJson(bodyText(reply)), steps);
    if (value === undefined) return undefined;
    return typeof value === "string" ? value : JSON.stringify(value);
  };
}

const STEP = /^(?:\.?([\w$@-]+)|\[(\d+)\]|\['([^']+)'\]|\["([^"]+)"\])/;

/** AWS: recursive descent and filters are not supported. */
function findSteps(path: string): (string | number)[] | undefined {
  if (path.startsWith(".")) return undefined;
  const steps: (string | number)[] = [];
  let rest = path;
  while (rest !== "") {
    const step = STEP.exec(rest);
    if (!step) return undefined;
    steps.push(step[2] === undefined ? (step[1] ?? step[3] ?? step[4])! : Number(step[2]));
    rest = rest.slice(step[0].length);
  }
  return steps;
}

function select(value: unknown, steps: readonly (string | number)[]): unknown {
  let at = value;
  for (const step of steps) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

function bodyText({ body }: Reply): string {
  return typeof body === "string" ? body : Buffer.from(body).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
