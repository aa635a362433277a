import { existsSync, openSync, readSync, closeSync, statSync } from "node:fs";
import { join } from "node:path";
import type { InitMessage, InvokeHead } from "../../runtime/node/messages.d.ts";
import { afterIo } from "../kernel/real-time.ts";
import { Child } from "./child.ts";
import { RuntimeApi } from "./runtime-api.ts";
import type { ProcessListener, RuntimeProcess } from "./runtime-process.ts";
import type { TaskDirectory } from "./task-directory.ts";

export interface ApiProcessOptions {
  readonly directory: TaskDirectory;
  /** The whole environment, but for AWS_LAMBDA_RUNTIME_API. */
  readonly env: Readonly<Record<string, string>>;
  /** The machine's time in ms since 1970: a custom runtime has no other. */
  readonly machineMs: () => number;
  /** Told of the process when it is there. */
  readonly onStarted: (pid: number | undefined) => void;
}

/** Debugging has no deadline: what a runtime is told then. */
const NO_DEADLINE_MS = 15 * 60_000;

/**
 * A custom runtime: the `bootstrap` of the package or of a layer, which asks the Lambda Runtime API for its events.
 *
 * Gap: it sees the machine's time, also where the cloud's clock was moved.
 */
export class ApiProcess implements RuntimeProcess {
  listener: ProcessListener | undefined;
  readonly #api: RuntimeApi;
  #child: Child | undefined;
  #outOfMemory = false;
  #killed = false;
  /** The answer is there and the runtime has not asked for the next event yet. */
  #answered: (() => void) | undefined;
  #ready = false;

  constructor(private readonly options: ApiProcessOptions) {
    this.#api = new RuntimeApi({
      onNext: () => this.#onNext(),
      onResponse: (payload) => (this.#answered = () => this.listener?.onResponse(payload, this.#memory())),
      onError: (error, payload) =>
        (this.#answered = () => this.listener?.onError(error, this.#memory(), false, payload)),
      onInitError: (error, payload) => this.listener?.onInitError(error, payload),
      onStreamBegin: (contentType) => this.listener?.onStreamBegin(contentType),
      onStreamChunk: (chunk) => this.listener?.onStreamChunk(chunk),
      onStreamEnd: (error) => {
        this.listener?.onStreamEnd(error);
        this.#answered = () => this.listener?.onStreamDone(this.#memory());
      },
    });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  initialize(_message: InitMessage): void {
    this.#start().catch((error: unknown) => this.#fail(String(error)));
  }

  invoke(head: InvokeHead, event: Uint8Array | string): void {
    const leftMs = head.leftMs < 0 ? NO_DEADLINE_MS : head.leftMs;
    this.#api.give({ head, deadlineMs: Math.round(this.options.machineMs() + leftMs), event });
  }

  pause(): void {
    this.#api.pause();
  }

  resume(): void {
    this.#api.resume();
  }

  kill(): void {
    this.#killed = true;
    this.#api.close();
    this.#child?.kill();
  }

  memoryKib(): number | undefined {
    return this.#child?.memoryKib();
  }

  killForMemory(): void {
    this.#outOfMemory = true;
    this.#child?.noteOutOfMemory();
    this.kill();
  }

  async #start(): Promise<void> {
    const { directory, env } = this.options;
    const address = await this.#api.listen();
    if (this.#killed) return this.#fail("killed");
    const found = findBootstrap(directory);
    if ("problem" in found) return this.#fail(found.problem);
    this.#child = new Child(
      {
        file: found.path,
        args: [],
        env: { ...env, AWS_LAMBDA_RUNTIME_API: address },
        directory: directory.root,
      },
      0,
      {
        onOutput: (text) => this.listener?.onLog(text),
        onExit: (exit) => {
          this.#api.close();
          this.listener?.onExit({ ...exit, outOfMemory: exit.outOfMemory || this.#outOfMemory });
        },
      },
    );
    this.options.onStarted(this.pid);
  }

  #fail(entrypointProblem: string): void {
    this.#api.close();
    this.listener?.onExit({ code: 1, signal: null, outOfMemory: false, entrypointProblem });
  }

  /** AWS: an invocation is over when the runtime asks for the next event, not already when it has answered. */
  #onNext(): void {
    if (!this.#ready) {
      this.#ready = true;
      this.listener?.onReady();
      return;
    }
    const answered = this.#answered;
    this.#answered = undefined;
    // What it wrote before it asked lies in its pipes already, but may be read after its request.
    afterIo(() => {
      this.#child?.flush();
      answered?.();
    });
  }

  #memory(): number {
    return this.memoryKib() ?? 0;
  }
}

/** The places of a custom runtime's program, with the names that AWS's messages give them. */
function findBootstrap({ root, opt }: TaskDirectory): { path: string } | { problem: string } {
  const places = [
    { path: join(root, "bootstrap"), shown: "/var/task/bootstrap" },
    ...(opt ? [{ path: join(opt, "bootstrap"), shown: "/opt/bootstrap" }] : []),
  ];
  const place = places.find(({ path }) => existsSync(path) && statSync(path).isFile());
  if (!place) return { problem: "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" };
  const problem = whyNotRunnable(place.path);
  return problem === undefined ? { path: place.path } : { problem: `fork/exec ${place.shown}: ${problem}` };
}

const HEAD_BYTES = 256;
const ELF_MACHINE_AT = 18;
const ELF_MACHINES: Readonly<Record<string, number>> = { x64: 0x3e, arm64: 0xb7 };
const MACH_O = new Set([0xfeedfacf, 0xcffaedfe, 0xcafebabe]);

/** Why the system would not run a file, in Go's words, which AWS's messages show; undefined where it would. */
function whyNotRunnable(path: string): string | undefined {
  if ((statSync(path).mode & 0o111) === 0) return "permission denied";
  const head = Buffer.alloc(HEAD_BYTES);
  const file = openSync(path, "r");
  const length = readSync(file, head, 0, HEAD_BYTES, 0);
  closeSync(file);
  if (head.toString("latin1", 0, 2) === "#!") {
    const interpreter = /^#!\s*(\S+)/.exec(head.toString("utf8", 0, length))?.[1];
    return interpreter !== undefined && existsSync(interpreter) ? undefined : "no such file or directory";
  }
  const isElf = head.toString("latin1", 1, 4) === "ELF";
  if (process.platform === "darwin")
    return !isElf && MACH_O.has(head.readUInt32BE(0)) ? undefined : "exec format error";
  return isElf && head.readUInt16LE(ELF_MACHINE_AT) === ELF_MACHINES[process.arch] ? undefined : "exec format error";
}
