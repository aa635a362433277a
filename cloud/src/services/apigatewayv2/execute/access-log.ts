import type { Activity } from "../../../kernel/activity.ts";
import { findArn } from "../../../aws/arn.ts";
import type { Cx } from "../gateway.ts";
import { executeArn } from "./arn.ts";
import type { Exchange } from "./exchange.ts";
import { logLine } from "./log-format.ts";

/** The name in a log group's ARN, with or without `:*` at its end; undefined for another kind of ARN. */
export function logGroupOf(arn: string): string | undefined {
  const parts = findArn(arn);
  if (parts?.service !== "logs") return undefined;
  return /^log-group:([^:]+)(?::\*)?$/.exec(parts.resource)?.[1];
}

/** AWS: who writes access logs, by the resource policy that API Gateway sets up. */
const WRITER = "delivery.logs.amazonaws.com";
/** AWS: quota of one batch, with room to spare. */
const BATCH_MAX = 1_000;

interface Line {
  timestamp: number;
  message: string;
}

/** Writes access logs, a batch at a time, after the response has gone out. */
export class AccessLogs {
  readonly #waiting = new Map<string, Line[]>();

  constructor(private readonly activity: Activity) {}

  /** Notes a finished exchange. Returns at once. */
  write(cx: Cx, exchange: Exchange): void {
    const { log, api, record } = exchange.stage;
    const line = { timestamp: exchange.request.timeMs, message: logLine(log!.format, exchange) };
    const stream = `${api.ApiId}/${record.StageName}/${log!.logGroupName}`;
    const waiting = this.#waiting.get(stream);
    if (waiting) {
      waiting.push(line);
      return;
    }
    this.#waiting.set(stream, [line]);
    void this.activity.during("access log", () => this.#drain(cx, exchange, stream));
  }

  async #drain(cx: Cx, exchange: Exchange, stream: string): Promise<void> {
    for (;;) {
      // Lines that come in until here go out in one batch.
      await Promise.resolve();
      const lines = this.#waiting.get(stream)!.splice(0, BATCH_MAX);
      if (lines.length === 0) break;
      lines.sort((a, b) => a.timestamp - b.timestamp);
      // AWS: what cannot be written is lost; the failed call stands in the trace.
      await put(cx, exchange, lines).catch(() => undefined);
    }
    this.#waiting.delete(stream);
  }
}

async function put(cx: Cx, { stage }: Exchange, logEvents: Line[]): Promise<void> {
  const { scope } = stage;
  const sourceArn = executeArn(scope, stage.api.ApiId, stage.record.StageName);
  const as = { kind: "service", service: WRITER, sourceArn, sourceAccount: scope.account } as const;
  const logGroupName = stage.log!.logGroupName;
  const logStreamName = `${stage.api.ApiId}/${stage.record.StageName}`;
  const input = { logGroupName, logStreamName, logEvents };
  try {
    await cx.call("logs", "PutLogEvents", input, { as, scope });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ResourceNotFoundException") throw error;
    await cx.call("logs", "CreateLogStream", { logGroupName, logStreamName }, { as, scope });
    await cx.call("logs", "PutLogEvents", input, { as, scope });
  }
}
