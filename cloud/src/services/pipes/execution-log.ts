import { findArn } from "../../aws/arn.ts";
import { LogWriter } from "../../gateway/log-writer.ts";
import { pipeArn } from "./pipe.ts";
import type { Context, PipeRecord } from "./state.ts";

type Level = "ERROR" | "INFO" | "TRACE";

const RANKS: Readonly<Record<string, number>> = { OFF: 0, ERROR: 1, INFO: 2, TRACE: 3 };

/** What a step's record carries besides. */
export interface StepData {
  /** Only where the pipe includes execution data. */
  readonly payload?: unknown;
  readonly awsRequest?: unknown;
  readonly awsResponse?: unknown;
  readonly error?: { readonly message: string; readonly awsService?: string };
}

/** The records of one execution. */
export interface ExecutionSteps {
  note(level: Level, messageType: string, data?: StepData): void;
  /** Writes what was noted. */
  end(): void;
}

/** Writes what pipes do into log groups. AWS: "Log Amazon EventBridge Pipes", "EventBridge Pipes log schema reference". */
export class ExecutionLog {
  readonly #writer: LogWriter;

  constructor(private readonly cx: Context) {
    this.#writer = new LogWriter(cx.kernel.activity);
  }

  begin(pipe: PipeRecord): ExecutionSteps {
    const {
      Level: level = "OFF",
      CloudwatchLogsLogDestination: to,
      IncludeExecutionData: data = [],
    } = pipe.settings.LogConfiguration ?? {};
    const group = findArn(to?.LogGroupArn ?? "");
    if (level === "OFF" || !group) return { note: () => undefined, end: () => undefined };
    const { kernel, call } = this.cx;
    const executionId = kernel.random.uuid();
    const lines: { timestamp: number; message: string }[] = [];
    return {
      note(stepLevel, messageType, { error, ...rest } = {}) {
        if (RANKS[stepLevel]! > RANKS[level]!) return;
        const timestamp = kernel.clock.now();
        const record = {
          executionId,
          timestamp: String(timestamp),
          messageType,
          resourceArn: pipeArn(pipe, pipe.name),
          logLevel: level,
          ...(data.includes("ALL") ? { ...texts(rest), truncatedFields: [] } : {}),
          ...(error ? { error } : {}),
        };
        lines.push({ timestamp, message: JSON.stringify(record) });
      },
      end: () => {
        if (lines.length === 0) return;
        const target = {
          logGroupName: group.resource.replace(/^log-group:/, "").replace(/:\*$/, ""),
          logStreamName: pipe.name,
          // AWS: the delivery of logs writes them, not the pipe's role.
          as: { kind: "root", account: pipe.account } as const,
          scope: { account: pipe.account, region: group.region },
        };
        this.#writer.write({ call: call as never }, target, ...lines);
      },
    };
  }
}

function texts(data: Omit<StepData, "error">): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}
