import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { Frame, frame, FrameReader, u32 } from "../../runtime/node/frames.mjs";
import type { InitMessage, InvokeHead } from "../../runtime/node/messages.d.ts";
import { afterRealMs } from "../kernel/real-time.ts";
import type { ProcessListener, RuntimeProcess } from "./runtime-process.ts";
import { packagePath } from "../package-path.ts";

/** What is decided when a process starts and cannot be changed later. */
export interface NodeProcessOptions {
  readonly memoryMb: number;
  /** The function's own NODE_OPTIONS. */
  readonly nodeOptions?: string | undefined;
  readonly inspectPort?: number | undefined;
  /** Prepared to let `import` find the runtime's packages for code that is run in place. */
  readonly importFallback: boolean;
  /** A directory that is nobody's home, so that no configuration of the developer's is read. */
  readonly home: string;
}

/** What the pipes may still hold after the process is gone; a process that it left behind may keep them open. */
const DRAIN_MS = 100;
const PAGE_KIB = 4;

/** A process of Node with the bootstrap of `cloud/runtime/node`, waiting to become a function. */
export class NodeProcess implements RuntimeProcess {
  listener: ProcessListener | undefined;
  readonly #child: ChildProcess;
  readonly #out: Socket;
  readonly #in: Socket;
  #outOfMemory = false;
  #exited = false;

  constructor(options: NodeProcessOptions) {
    this.#child = spawn(process.execPath, [...flags(options), join(runtimeDirectory(), "bootstrap.mjs")], {
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
      // A group of its own: Ctrl+C is the cloud's, and killing it takes along what it started.
      detached: true,
      env: startVariables(options),
    });
    const [, stdout, stderr, out, input] = this.#child.stdio as unknown as [null, Socket, Socket, Socket, Socket];
    this.#out = out;
    this.#in = input;
    const reader = new FrameReader((kind, body) => this.#onFrame(kind, body));
    input.on("data", (chunk: Buffer) => reader.push(chunk));
    for (const stream of [stdout, stderr]) stream.on("data", (chunk: Buffer) => this.#onRaw(chunk.toString("utf8")));
    for (const stream of [stdout, stderr, out, input]) stream.on("error", () => undefined);
    this.#child.on("error", () => this.#end(1, null));
    this.#child.on("exit", (code, signal) => {
      const cancel = afterRealMs(DRAIN_MS, () => this.#end(code, signal));
      this.#child.once("close", () => {
        cancel();
        this.#end(code, signal);
      });
    });
    for (const stream of [stdout, stderr, out, input]) stream.unref();
    this.#child.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  initialize(message: InitMessage): void {
    this.#out.write(frame(Frame.Init, JSON.stringify(message)));
  }

  invoke(head: InvokeHead, event: Uint8Array | string): void {
    const json = JSON.stringify(head);
    this.#out.write(frame(Frame.Invoke, u32(Buffer.byteLength(json)), json, event));
  }

  pause(): void {
    this.#in.pause();
  }

  resume(): void {
    this.#in.resume();
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

  memoryKib(): number | undefined {
    if (process.platform !== "linux") return undefined;
    try {
      return Number(readFileSync(`/proc/${this.pid}/statm`, "utf8").split(" ")[1]) * PAGE_KIB;
    } catch {
      return undefined;
    }
  }

  /** Ends it as the kernel of a Lambda sandbox ends what uses too much memory. */
  killForMemory(): void {
    this.#outOfMemory = true;
    this.kill();
  }

  #onRaw(text: string): void {
    // V8 says so before it aborts.
    if (text.includes("JavaScript heap out of memory")) this.#outOfMemory = true;
    this.listener?.onLog(text);
  }

  #end(code: number | null, signal: string | null): void {
    if (this.#exited) return;
    this.#exited = true;
    this.listener?.onExit({ code, signal, outOfMemory: this.#outOfMemory });
  }

  #onFrame(kind: number, body: Buffer): void {
    const { listener } = this;
    if (!listener) return;
    switch (kind) {
      case Frame.Ready:
        return listener.onReady();
      case Frame.InitError:
        return listener.onInitError(JSON.parse(body.toString()).error);
      case Frame.Log:
        return listener.onLog(body.toString("utf8", 1));
      case Frame.Response:
        return listener.onResponse(body.subarray(4), body.readUInt32LE(0));
      case Frame.Error: {
        const { error, fatal } = JSON.parse(body.toString("utf8", 4));
        return listener.onError(error, body.readUInt32LE(0), fatal);
      }
      case Frame.StreamBegin:
        return listener.onStreamBegin(JSON.parse(body.toString()).contentType);
      case Frame.StreamChunk:
        return listener.onStreamChunk(body);
      case Frame.StreamEnd:
        return listener.onStreamEnd(JSON.parse(body.toString()).error);
      case Frame.StreamDone:
        return listener.onStreamDone(body.readUInt32LE(0));
    }
  }
}

/** AWS: the runtime gives V8 these shares of the function's memory (/var/runtime/bootstrap of nodejs20.x). */
function flags({ memoryMb, inspectPort }: NodeProcessOptions): string[] {
  return [
    "--expose-gc",
    "--max-http-header-size=81920",
    `--max-semi-space-size=${Math.max(1, Math.floor((memoryMb * 5) / 100))}`,
    `--max-old-space-size=${Math.floor((memoryMb * 90) / 100)}`,
    ...(inspectPort === undefined ? [] : [`--inspect=127.0.0.1:${inspectPort}`]),
  ];
}

function startVariables({ nodeOptions, importFallback, home }: NodeProcessOptions): Record<string, string> {
  return {
    HOME: home,
    TZ: ":UTC",
    ...(process.env["PATH"] === undefined ? {} : { PATH: process.env["PATH"] }),
    ...(nodeOptions === undefined ? {} : { NODE_OPTIONS: nodeOptions }),
    ...(importFallback ? { KATACHI_IMPORT_FALLBACK: "1" } : {}),
  };
}

/** What runs inside a function's process. */
export function runtimeDirectory(): string {
  return packagePath("runtime/node");
}
