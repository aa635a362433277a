import type { ErrorPayload, InitMessage, InvokeHead } from "../../runtime/node/messages.d.ts";

/** How a process of a function ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** It wanted more memory than it may have. */
  readonly outOfMemory: boolean;
  /** It never began: what is wrong with the file that was to be run. */
  readonly entrypointProblem?: string;
}

/** What the process of a function tells. Set by whoever uses the process. */
export interface ProcessListener {
  onReady(): void;
  /** @param payload the error as the function wrote it, for the caller */
  onInitError(error: ErrorPayload, payload?: Buffer): void;
  /** A line or a piece of raw output. */
  onLog(text: string): void;
  onResponse(payload: Buffer, memoryKib: number): void;
  /**
   * @param fatal the process is about to exit
   * @param payload the error as the function wrote it, for the caller
   */
  onError(error: ErrorPayload, memoryKib: number, fatal: boolean, payload?: Buffer): void;
  onStreamBegin(contentType: string): void;
  onStreamChunk(chunk: Buffer): void;
  onStreamEnd(error: ErrorPayload | undefined): void;
  onStreamDone(memoryKib: number): void;
  /** The last that is told. */
  onExit(exit: ProcessExit): void;
}

/**
 * The process in which a function runs, whatever language it is written in. Node.js and Python have a bootstrap of ours
 * that talks over pipes (`FramedProcess`); custom runtimes speak the Lambda Runtime API (`ApiProcess`).
 */
export interface RuntimeProcess {
  readonly pid: number | undefined;
  listener: ProcessListener | undefined;
  initialize(message: InitMessage): void;
  invoke(head: InvokeHead, event: Uint8Array | string): void;
  /** Stops or goes on reading what the process writes: back pressure for streamed answers. */
  pause(): void;
  resume(): void;
  /** Ends it and all processes that it started, at once. */
  kill(): void;
  /** Resident memory in KiB, read from outside; undefined where the system does not tell. */
  memoryKib(): number | undefined;
  /** Ends it as the kernel of a Lambda sandbox ends what uses too much memory. */
  killForMemory(): void;
}
