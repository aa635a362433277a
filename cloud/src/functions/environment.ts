import type { ErrorPayload, InitMessage } from "../../runtime/node/messages.d.ts";
import { afterRealMs, realMs } from "../kernel/real-time.ts";
import { AnswerStream } from "./answer-stream.ts";
import type { ProcessExit, ProcessListener, RuntimeProcess } from "./runtime-process.ts";
import type { FunctionSpecification, Invocation, InvocationResult } from "./specification.ts";
import { exitError, named, seconds, timeoutError, type InitFailure } from "./failures.ts";
import { SystemLog, type Phase } from "./system-log.ts";
import { Tail } from "./tail.ts";

/** AWS: "Lambda execution environment lifecycle": the initialization may take 10 seconds. */
const INIT_MS_MAX = 10_000;
/** AWS: 6 MB, and what its own wrapping needs. */
export const RESPONSE_BYTES_MAX = 6_291_556;
const NO_LIMIT_MS = -1;

export interface EnvironmentParts {
  readonly specification: FunctionSpecification;
  readonly process: RuntimeProcess;
  readonly message: InitMessage;
  readonly provisioned: boolean;
  /** When its credentials end, on the cloud's clock. */
  readonly expiresMs: number;
  readonly write: (message: string) => void;
  readonly now: () => number;
  readonly offsetMs: () => number;
  /** Told once, when its process is gone. */
  readonly onGone: (environment: Environment) => void;
}

interface Running {
  readonly invocation: Invocation;
  readonly startedMs: number;
  readonly tail: Tail | undefined;
  readonly initMs: number | undefined;
  readonly settle: (result: InvocationResult) => void;
  cancelTimeout: () => void;
  stream: AnswerStream | undefined;
  /** What a streaming handler wrote, for a caller that wants it whole. */
  chunks: Buffer[];
  error: ErrorPayload | undefined;
}

/** One execution environment: a process that is one version of a function, for one request at a time. */
export class Environment implements ProcessListener {
  readonly specification: FunctionSpecification;
  readonly process: RuntimeProcess;
  readonly provisioned: boolean;
  readonly expiresMs: number;
  readonly log: SystemLog;
  /** No new requests: it goes when the running one is done. */
  retired = false;
  lastUsedMs: number;
  /** What the version of code run in place was when it was loaded. */
  codeVersion = 0;
  #state: "starting" | "ready" | "gone" = "starting";
  #initialized = false;
  #initMs: number | undefined;
  #running: Running | undefined;
  #initSettled: ((failure: InitFailure | undefined) => void) | undefined;
  #initError: { error: ErrorPayload; payload: Buffer | undefined } | undefined;
  #initStartedMs = 0;
  #memoryKib = 0;

  constructor(private readonly parts: EnvironmentParts) {
    this.specification = parts.specification;
    this.process = parts.process;
    this.provisioned = parts.provisioned;
    this.expiresMs = parts.expiresMs;
    this.lastUsedMs = parts.now();
    this.log = new SystemLog(parts.specification, (message) => this.#write(message), parts.now);
    this.process.listener = this;
  }

  get gone(): boolean {
    return this.#state === "gone";
  }

  /** False where its initialization failed or goes on. */
  get initialized(): boolean {
    return this.#initialized;
  }

  /** Real milliseconds that the running request has taken; undefined where none runs. */
  get busyMs(): number | undefined {
    return this.#running && realMs() - this.#running.startedMs;
  }

  /**
   * Loads the function.
   * @param limitMs real milliseconds that it may take; negative for any
   * @returns why it failed; undefined where the environment is ready
   */
  initialize(phase: Phase, limitMs = INIT_MS_MAX): Promise<InitFailure | undefined> {
    this.#initStartedMs = realMs();
    if (phase === "init") this.log.initStart(this.provisioned);
    return new Promise((resolve) => {
      const cancel = limitMs < 0 ? () => undefined : afterRealMs(limitMs, () => this.#initTimedOut());
      this.#initSettled = (failure) => {
        this.#initSettled = undefined;
        cancel();
        // AWS: an initialization that was repeated as part of the request is no longer shown as Init Duration.
        if (!failure && phase === "init") this.#initMs = realMs() - this.#initStartedMs;
        if (failure) this.log.initReport(failure.initMs, phase, failure.status, failure.error.errorType);
        resolve(failure);
      };
      this.process.initialize(this.parts.message);
    });
  }

  /** Runs one event. Never rejects: failures of the function are results. */
  invoke(invocation: Invocation): Promise<InvocationResult> {
    const { timeoutMs, inspectPort } = this.specification;
    const limited = inspectPort === undefined;
    return new Promise((settle) => {
      const running: Running = {
        invocation,
        startedMs: realMs(),
        tail: invocation.tail ? new Tail() : undefined,
        initMs: this.#initMs,
        settle,
        cancelTimeout: () => undefined,
        stream: undefined,
        chunks: [],
        error: undefined,
      };
      this.#initMs = undefined;
      this.#running = running;
      this.log.start(invocation.requestId);
      if (limited) running.cancelTimeout = afterRealMs(timeoutMs, () => this.#timedOut(running));
      const { requestId, invokedArn, traceHeader, clientContext, identity } = invocation;
      this.process.invoke(
        {
          requestId,
          invokedArn,
          leftMs: limited ? timeoutMs : NO_LIMIT_MS,
          offsetMs: this.parts.offsetMs(),
          ...(traceHeader === undefined ? {} : { traceHeader }),
          ...(clientContext === undefined ? {} : { clientContext }),
          ...(identity === undefined ? {} : { identity }),
        },
        invocation.event,
      );
    });
  }

  /** The answer to a request whose environment could not be initialized, with its lines in the log. */
  reject(invocation: Invocation, failure: InitFailure): InvocationResult {
    const { requestId } = invocation;
    const tail = invocation.tail ? new Tail() : undefined;
    const error = named(failure, requestId);
    const write = (message: string) => {
      tail?.add(message);
      this.parts.write(message);
    };
    const log = new SystemLog(this.specification, write, this.parts.now);
    log.start(requestId);
    if (failure.exit) log.fault(`${error.errorMessage}\n${error.errorType}\n`);
    if (failure.status === "timeout") log.fault(this.#timeoutLine(requestId));
    log.end({
      requestId,
      durationMs: failure.initMs,
      memoryUsedMb: this.#memoryUsedMb(),
      status: failure.status,
      errorType: error.errorType,
    });
    const told = error === this.#initError?.error ? this.#initError?.payload : undefined;
    const payload = told ?? Buffer.from(JSON.stringify(error));
    const durationMs = failure.initMs;
    return {
      error,
      payload,
      durationMs,
      memoryUsedMb: this.#memoryUsedMb(),
      ...(tail ? { logTail: tail.text() } : {}),
    };
  }

  kill(): void {
    this.retired = true;
    this.process.kill();
  }

  onReady(): void {
    this.#state = "ready";
    this.#initialized = true;
    this.#initSettled?.(undefined);
  }

  onInitError(error: ErrorPayload, payload?: Buffer): void {
    this.#initError = { error, payload };
  }

  onLog(text: string): void {
    this.#write(text);
  }

  onResponse(payload: Buffer, memoryKib: number): void {
    this.#noteMemory(memoryKib);
    const running = this.#running;
    if (!running) return;
    if (payload.length > RESPONSE_BYTES_MAX) {
      this.#finish(running, "error", {
        errorType: "Function.ResponseSizeTooLarge",
        errorMessage: `Response payload size exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`,
      });
      return;
    }
    this.#finish(running, "success", undefined, payload);
  }

  onError(error: ErrorPayload, memoryKib: number, fatal: boolean, payload?: Buffer): void {
    this.#noteMemory(memoryKib);
    const running = this.#running;
    if (!running) return;
    if (fatal) {
      // Its exit ends the request, after what is left of its output.
      this.retired = true;
      running.error = error;
    } else this.#finish(running, "error", error, payload);
  }

  onStreamBegin(contentType: string): void {
    const running = this.#running;
    if (!running?.invocation.onStream) return;
    // A caller that goes away does not stop the function.
    const body = new AnswerStream(() => this.process.resume());
    running.stream = body;
    running.invocation.onStream({ contentType, body });
  }

  onStreamChunk(chunk: Buffer): void {
    const running = this.#running;
    if (!running) return;
    if (!running.stream) running.chunks.push(Buffer.from(chunk));
    else if (!running.stream.add(Buffer.from(chunk))) this.process.pause();
  }

  onStreamEnd(error: ErrorPayload | undefined): void {
    const running = this.#running;
    if (!running) return;
    running.error = error;
    if (!error) running.stream?.finish();
  }

  onStreamDone(memoryKib: number): void {
    this.#noteMemory(memoryKib);
    const running = this.#running;
    if (!running) return;
    const { error, chunks } = running;
    if (error) this.#finish(running, "error", error);
    else this.#finish(running, "success", undefined, Buffer.concat(chunks));
  }

  onExit(exit: ProcessExit): void {
    const wasReady = this.#state === "ready";
    this.#state = "gone";
    this.retired = true;
    if (!wasReady)
      this.#initSettled?.({
        error: this.#initError?.error ?? exitError(exit, ""),
        status: "error",
        exit: this.#initError ? undefined : exit,
        initMs: realMs() - this.#initStartedMs,
      });
    const running = this.#running;
    if (running) this.#died(running, exit);
    this.parts.onGone(this);
  }

  #died(running: Running, exit: ProcessExit): void {
    const { requestId } = running.invocation;
    const ended = exitError(exit, requestId);
    const line = `${ended.errorMessage}\n${ended.errorType}\n`;
    // The runtime told of its error before it exited: the exit is only a line of the log.
    if (!running.error) this.log.fault(line);
    this.#finish(running, "error", running.error ?? ended);
    if (running.error) this.log.fault(line);
  }

  #timedOut(running: Running): void {
    if (this.#running !== running) return;
    const { requestId } = running.invocation;
    this.retired = true;
    this.log.fault(this.#timeoutLine(requestId));
    this.process.kill();
    this.#finish(running, "timeout", timeoutError(requestId, this.specification.timeoutMs));
  }

  #initTimedOut(): void {
    this.retired = true;
    const initMs = realMs() - this.#initStartedMs;
    this.#initSettled?.({
      error: timeoutError("", this.specification.timeoutMs),
      status: "timeout",
      exit: undefined,
      initMs,
    });
    this.process.kill();
  }

  #timeoutLine(requestId: string): string {
    const at = new Date(this.parts.now()).toISOString();
    return `${at} ${requestId} Task timed out after ${seconds(this.specification.timeoutMs)} seconds\n\n`;
  }

  #finish(
    running: Running,
    status: "success" | "error" | "timeout",
    error: ErrorPayload | undefined,
    payload?: Buffer,
  ): void {
    running.cancelTimeout();
    const { invocation, initMs, tail, stream } = running;
    const durationMs = status === "timeout" ? this.specification.timeoutMs : realMs() - running.startedMs;
    const memoryUsedMb = this.#memoryUsedMb();
    const { requestId } = invocation;
    this.log.end({ requestId, durationMs, initMs, memoryUsedMb, status, errorType: error?.errorType });
    this.#running = undefined;
    if (error) stream?.finish(error);
    this.lastUsedMs = this.parts.now();
    running.settle({
      ...(error ? { error } : {}),
      payload: payload ?? Buffer.from(error ? JSON.stringify(error) : ""),
      ...(tail ? { logTail: tail.text() } : {}),
      durationMs,
      ...(initMs === undefined ? {} : { initMs }),
      memoryUsedMb,
    });
  }

  #write(message: string): void {
    this.#running?.tail?.add(message);
    this.parts.write(message);
  }

  #noteMemory(kib: number): void {
    if (kib > this.#memoryKib) this.#memoryKib = kib;
  }

  #memoryUsedMb(): number {
    return Math.min(this.specification.memoryMb, Math.ceil(this.#memoryKib / 1024));
  }
}
