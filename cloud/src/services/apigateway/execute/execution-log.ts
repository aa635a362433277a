import type { Reply } from "../../../gateway/reply.ts";
import type { Cx } from "../gateway.ts";
import type { CompiledStage, Exchange } from "./exchange.ts";

/** AWS: bodies are cut to this many characters in logs. */
const TEXT_MAX = 1024;

/**
 * What happens to a request, line by line. AWS: "Set up CloudWatch logging for REST APIs": group
 * `API-Gateway-Execution-Logs_API/STAGE`; at level INFO every step, at ERROR only what fails; bodies and headers only
 * with data tracing.
 */
export class ExecutionLog {
  readonly lines: { readonly timestamp: number; readonly text: string }[] = [];

  constructor(
    readonly requestId: string,
    private readonly level: "ERROR" | "INFO",
    private readonly tracesData: boolean,
    private readonly now: () => number,
  ) {}

  info(text: string): void {
    if (this.level === "INFO") this.#add(text);
  }

  /** What shows data of the request or response. The text is made only where it is wanted. */
  data(text: () => string): void {
    if (this.tracesData && this.level === "INFO") this.#add(text());
  }

  error(text: string): void {
    this.#add(text);
  }

  #add(text: string): void {
    this.lines.push({ timestamp: this.now(), text });
  }
}

export function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)} [TRUNCATED]` : text;
}

/** What comes in. AWS: the lines that every execution log begins with. */
export function logRequest({ log, request, pathParameters }: Exchange): void {
  if (!log) return;
  log.info(`Starting execution for request: ${request.requestId}`);
  log.info(`HTTP Method: ${request.method}, Resource Path: ${request.path}`);
  log.data(() => `Method request path: ${written(Object.entries(pathParameters ?? {}))}`);
  log.data(() => `Method request query string: ${written(request.query)}`);
  log.data(() => `Method request headers: ${written(Object.entries(request.headers))}`);
  log.data(() => `Method request body before transformations: ${cut(request.body.toString("utf8"))}`);
}

/** What goes out. */
export function logReply({ log }: Exchange, { status, headers, body }: Reply): void {
  if (!log) return;
  log.data(() => `Method response body after transformations: ${cut(Buffer.from(body as string).toString("utf8"))}`);
  log.data(() => `Method response headers: ${written(Object.entries(headers))}`);
  log.info("Successfully completed execution");
  log.info(`Method completed with status: ${status}`);
}

/** As Java prints a map. */
function written(entries: Iterable<[string, string | string[]]>): string {
  const parts = Array.from(entries, ([name, values]) => `${name}=${[values].flat().join(",")}`);
  return `{${parts.join(", ")}}`;
}

/** Writes an exchange's lines to the stage's log group, as the role of the account's settings. Returns at once. */
export function writeExecutionLog(cx: Cx, { log, stage, request }: Exchange): void {
  if (!log || log.lines.length === 0) return;
  cx.state.logs.write(
    cx,
    {
      logGroupName: `API-Gateway-Execution-Logs_${stage.api.id}/${stage.record.stageName}`,
      logStreamName: request.requestId.replaceAll("-", ""),
      as: () => logWriter(cx, stage),
      scope: stage.scope,
      makesGroup: true,
    },
    ...log.lines.map(({ timestamp, text }) => ({ timestamp, message: `(${log.requestId}) ${text}` })),
  );
}

/** Whoever writes the logs of an account's APIs. @throws AwsError AccessDenied; Error where no role is set */
export async function logWriter(cx: Cx, { scope }: Pick<CompiledStage, "scope">) {
  const role = cx.state.apis.logRoles.get([scope.account, scope.region]);
  if (role === undefined) throw new Error("No CloudWatch Logs role is set in the account's settings");
  return cx.state.roleSessions.assume(cx, role, scope);
}
