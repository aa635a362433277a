import { findArn } from "../aws/arn.ts";
import type { Scope } from "../aws/scope.ts";
import type { Principal } from "../iam/principal.ts";
import type { Activity } from "../kernel/activity.ts";
import type { CallContext } from "../service.ts";

/** The name in a log group's ARN, with or without `:*` at its end; undefined for another kind of ARN. */
export function logGroupOf(arn: string): string | undefined {
  const parts = findArn(arn);
  if (parts?.service !== "logs") return undefined;
  return /^log-group:([^:]+)(?::\*)?$/.exec(parts.resource)?.[1];
}

/** AWS: quota of one batch, with room to spare. */
const BATCH_MAX = 1_000;

export interface LogLine {
  timestamp: number;
  message: string;
}

/** Where lines go, and who writes them. */
export interface LogTarget {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly as: Principal | (() => Promise<Principal>);
  readonly scope: Scope;
  /** Whether the log group is made where it is missing. Default: no. */
  readonly makesGroup?: boolean;
}

type Cx = Pick<CallContext, "call">;

/** Writes the logs of APIs, a batch at a time, after the response has gone out. */
export class LogWriter {
  readonly #waiting = new Map<string, LogLine[]>();

  constructor(private readonly activity: Activity) {}

  /** Notes lines. Returns at once. */
  write(cx: Cx, target: LogTarget, ...lines: LogLine[]): void {
    const { scope, logGroupName, logStreamName } = target;
    const name = `${scope.account}/${scope.region}/${logGroupName}:${logStreamName}`;
    const waiting = this.#waiting.get(name);
    if (waiting) {
      waiting.push(...lines);
      return;
    }
    this.#waiting.set(name, lines);
    void this.activity.during("access log", () => this.#drain(cx, target, name));
  }

  async #drain(cx: Cx, target: LogTarget, name: string): Promise<void> {
    for (;;) {
      // Lines that come in until here go out in one batch.
      await Promise.resolve();
      const lines = this.#waiting.get(name)!.splice(0, BATCH_MAX);
      if (lines.length === 0) break;
      lines.sort((a, b) => a.timestamp - b.timestamp);
      // AWS: what cannot be written is lost; the failed call stands in the trace.
      await put(cx, target, lines).catch(() => undefined);
    }
    this.#waiting.delete(name);
  }
}

async function put(cx: Cx, target: LogTarget, logEvents: LogLine[]): Promise<void> {
  const { scope, logGroupName, logStreamName } = target;
  const as = typeof target.as === "function" ? await target.as() : target.as;
  const input = { logGroupName, logStreamName, logEvents };
  try {
    await cx.call("logs", "PutLogEvents", input, { as, scope });
  } catch (error) {
    if (!isNamed(error, "ResourceNotFoundException")) throw error;
    await makeStream(cx, target, as);
    await cx.call("logs", "PutLogEvents", input, { as, scope });
  }
}

async function makeStream(cx: Cx, { scope, logGroupName, logStreamName, makesGroup }: LogTarget, as: Principal) {
  try {
    await cx.call("logs", "CreateLogStream", { logGroupName, logStreamName }, { as, scope });
  } catch (error) {
    if (!makesGroup || !isNamed(error, "ResourceNotFoundException")) throw error;
    await cx.call("logs", "CreateLogGroup", { logGroupName }, { as, scope });
    await cx.call("logs", "CreateLogStream", { logGroupName, logStreamName }, { as, scope });
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
