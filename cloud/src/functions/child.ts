import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { afterRealMs } from "../kernel/real-time.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { ProcessExit } from "./runtime-process.ts";

/** What to run, and with which environment. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly directory?: string;
}

export interface ChildListener {
  /** A line of raw output, or what stands before an end without one. */
  onOutput(text: string): void;
  /** The last that is told. */
  onExit(exit: ProcessExit): void;
}

/** What the pipes may still hold after the process is gone; a process that it left behind may keep them open. */
const DRAIN_MS = 100;
const PAGE_KIB = 4;
const OUTPUTS = 2;

/** A child process in a group of its own, so that Ctrl+C is the cloud's, and ending it takes along what it started. */
export class Child {
  /** The pipes beyond standard input, output and error. */
  readonly pipes: readonly Socket[];
  readonly #child: ChildProcess;
  readonly #lines: readonly LineSplitter[];
  #outOfMemory = false;
  #exited = false;

  /**
   * @param pipeCount pipes beyond standard output and error, from descriptor 3 on
   * @throws nothing: what cannot be started ends with exit code 1
   */
  constructor(
    command: Command,
    pipeCount: number,
    private readonly listener: ChildListener,
  ) {
    const { file, args, env, directory } = command;
    this.#child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe", ...Array.from({ length: pipeCount }, () => "pipe" as const)],
      detached: true,
      env: { ...env },
      ...(directory === undefined ? {} : { cwd: directory }),
    });
    const streams = this.#child.stdio.slice(1) as unknown as Socket[];
    const outputs = streams.slice(0, OUTPUTS);
    this.pipes = streams.slice(OUTPUTS);
    this.#lines = outputs.map((stream) => {
      const lines = new LineSplitter((text) => listener.onOutput(text));
      stream.on("data", (chunk: Buffer) => lines.push(chunk));
      return lines;
    });
    for (const stream of streams) stream.on("error", () => undefined);
    this.#child.on("error", () => this.#end(1, null));
    this.#child.on("exit", (code, signal) => {
      const cancel = afterRealMs(DRAIN_MS, () => this.#end(code, signal));
      this.#child.once("close", () => {
        cancel();
        this.#end(code, signal);
      });
    });
    for (const stream of streams) stream.unref();
    this.#child.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Tells what of the output no end of line has followed yet. */
  flush(): void {
    for (const lines of this.#lines) lines.flush();
  }

  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#exited) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      this.#child.kill("SIGKILL");
    }
  }

  /** The next exit is told as for want of memory. */
  noteOutOfMemory(): void {
    this.#outOfMemory = true;
  }

  /** Resident memory in KiB of the process and of what it has started; undefined where the system does not tell. */
  memoryKib(): number | undefined {
    if (process.platform !== "linux" || this.pid === undefined) return undefined;
    return residentKib(this.pid);
  }

  #end(code: number | null, signal: string | null): void {
    if (this.#exited) return;
    this.#exited = true;
    this.flush();
    this.listener.onExit({ code, signal, outOfMemory: this.#outOfMemory });
  }
}

/** @param alone what it shares with other processes is left out */
function residentKib(pid: number, alone = false): number | undefined {
  try {
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ").map(Number);
    const own = (resident! - (alone ? shared! : 0)) * PAGE_KIB;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    return children.reduce((sum, child) => sum + (residentKib(Number(child), true) ?? 0), own);
  } catch {
    return undefined;
  }
}
