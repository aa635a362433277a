import type { ErrorPayload } from "../../runtime/node/messages.d.ts";
import type { ProcessExit } from "./runtime-process.ts";

/** Why an environment could not be initialized. */
export interface InitFailure {
  readonly error: ErrorPayload;
  readonly status: "error" | "timeout";
  /** Where the process ended without having said why. */
  readonly exit: ProcessExit | undefined;
  readonly initMs: number;
}

export function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

export function timeoutError(requestId: string, timeoutMs: number): ErrorPayload {
  return {
    errorType: "Sandbox.Timedout",
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds(timeoutMs)} seconds`,
  };
}

/** AWS: seen in logs and answers of functions whose process ended, or could not begin. */
export function exitError(exit: ProcessExit, requestId: string): ErrorPayload {
  if (exit.entrypointProblem !== undefined)
    return {
      errorType: "Runtime.InvalidEntrypoint",
      errorMessage: `RequestId: ${requestId} Error: ${exit.entrypointProblem}`,
    };
  const how = exit.outOfMemory
    ? "exited with error: signal: killed"
    : exit.signal
      ? `exited with error: signal: ${SIGNALS[exit.signal] ?? exit.signal.toLowerCase()}`
      : exit.code === 0
        ? "exited without providing a reason"
        : `exited with error: exit status ${exit.code}`;
  return {
    errorType: exit.outOfMemory ? "Runtime.OutOfMemory" : "Runtime.ExitError",
    errorMessage: `RequestId: ${requestId} Error: Runtime ${how}`,
  };
}

const SIGNALS: Record<string, string> = {
  SIGKILL: "killed",
  SIGABRT: "aborted",
  SIGSEGV: "segmentation fault",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGILL: "illegal instruction",
  SIGTERM: "terminated",
  SIGINT: "interrupt",
  SIGTRAP: "trace/breakpoint trap",
};

/** An initialization fails before there is a request; the answer names the one that waited. */
export function named(failure: InitFailure, requestId: string): ErrorPayload {
  if (failure.exit) return exitError(failure.exit, requestId);
  if (failure.status !== "timeout") return failure.error;
  return {
    ...failure.error,
    errorMessage: failure.error.errorMessage.replace("RequestId: ", `RequestId: ${requestId}`),
  };
}
