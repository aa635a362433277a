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
    private readonly requestId: string,
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
    this.lines.push({ timestamp: this.now(), text: `(${this.requestId}) ${text}` });
  }
}

export function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)} [TRUNCATED]` : text;
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
    ...log.lines.map(({ timestamp, text }) => ({ timestamp, message: text })),
  );
}

/** Whoever writes the logs of an account's APIs. @throws AwsError AccessDenied; Error where no role is set */
export async function logWriter(cx: Cx, { scope }: Pick<CompiledStage, "scope">) {
  const role = cx.state.apis.logRoles.get([scope.account, scope.region]);
  if (role === undefined) throw new Error("No CloudWatch Logs role is set in the account's settings");
  return cx.state.roleSessions.assume(cx, role, scope);
}
