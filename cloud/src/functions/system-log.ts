import { LOG_LEVELS, type FunctionSpecification, type LogLevel } from "./specification.ts";
import { runtimeVersion, runtimeVersionArn } from "./runtimes.ts";

export type Phase = "init" | "invoke";
export type Status = "success" | "error" | "timeout";

/** What a REPORT line says. Times in milliseconds. */
export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  readonly initMs?: number | undefined;
  readonly memoryUsedMb: number;
  readonly status: Status;
  readonly errorType?: string | undefined;
}

/**
 * The lines that the platform itself writes into a function's log, as text or as JSON.
 * AWS: "Understanding the Lambda execution environment lifecycle", "Lambda Telemetry API event schema reference" (for
 * JSON), "Log-level filtering" (which level an event has).
 */
export class SystemLog {
  constructor(
    private readonly specification: FunctionSpecification,
    private readonly write: (message: string) => void,
    private readonly now: () => number,
  ) {}

  initStart(provisioned: boolean): void {
    const { runtime, region } = this.specification;
    const version = runtimeVersion(runtime);
    const arn = runtimeVersionArn(runtime, region);
    this.#log(
      "INFO",
      "platform.initStart",
      `INIT_START Runtime Version: ${version}\tRuntime Version ARN: ${arn}\n`,
      () => ({
        initializationType: provisioned ? "provisioned-concurrency" : "on-demand",
        phase: "init",
        runtimeVersion: version,
        runtimeVersionArn: arn,
        functionName: this.specification.name,
        functionVersion: this.specification.version,
      }),
    );
  }

  /** Text logs show it only where the initialization failed. */
  initReport(initMs: number, phase: Phase, status: Status, errorType: string | undefined): void {
    const failed = errorType === undefined ? "" : `\tError Type: ${errorType}`;
    this.#log(
      "WARN",
      "platform.initReport",
      `INIT_REPORT Init Duration: ${initMs.toFixed(2)} ms\tPhase: ${phase}\tStatus: ${status}${failed}\n`,
      () => ({
        initializationType: "on-demand",
        phase,
        status,
        ...(errorType === undefined ? {} : { errorType }),
        metrics: { durationMs: round(initMs) },
      }),
    );
  }

  start(requestId: string): void {
    const { version } = this.specification;
    this.#log("INFO", "platform.start", `START RequestId: ${requestId} Version: ${version}\n`, () => ({
      requestId,
      functionArn: this.specification.arn,
      version,
    }));
  }

  /** Why a request ended that the function did not answer. */
  fault(text: string): void {
    if (this.specification.logging.format === "Text") this.write(text);
  }

  end(report: Report): void {
    const { requestId, durationMs, initMs, memoryUsedMb, status, errorType } = report;
    const { memoryMb } = this.specification;
    const level = status === "success" ? "INFO" : "WARN";
    this.#log(status === "success" ? "DEBUG" : "WARN", "platform.runtimeDone", `END RequestId: ${requestId}\n`, () => ({
      requestId,
      status,
      ...(errorType ? { errorType } : {}),
      metrics: { durationMs: round(durationMs) },
    }));
    const billedMs = billed(durationMs, initMs);
    const fields = [
      `REPORT RequestId: ${requestId}`,
      `Duration: ${durationMs.toFixed(2)} ms`,
      `Billed Duration: ${billedMs} ms`,
      `Memory Size: ${memoryMb} MB`,
      `Max Memory Used: ${memoryUsedMb} MB`,
      ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
      ...(status === "success" ? [] : [`Status: ${status}`]),
      ...(status === "error" && errorType ? [`Error Type: ${errorType}`] : []),
    ];
    this.#log(level, "platform.report", `${fields.join("\t")}\t\n`, () => ({
      requestId,
      metrics: {
        durationMs: round(durationMs),
        billedDurationMs: billedMs,
        memorySizeMB: memoryMb,
        maxMemoryUsedMB: memoryUsedMb,
        ...(initMs === undefined ? {} : { initDurationMs: round(initMs) }),
      },
      status,
      ...(errorType ? { errorType } : {}),
    }));
  }

  #log(level: LogLevel, type: string, text: string, record: () => object): void {
    const { format, systemLevel } = this.specification.logging;
    if (format === "Text") this.write(text);
    else if (LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(systemLevel))
      this.write(`${JSON.stringify({ time: new Date(this.now()).toISOString(), type, record: record() })}\n`);
  }
}

/** AWS: since 2025-08-01 the initialization is billed for every function ("AWS Lambda standardizes billing for INIT phase"). */
export function billed(durationMs: number, initMs = 0): number {
  return Math.max(1, Math.ceil(durationMs + initMs));
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
