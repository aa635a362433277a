import type { Socket } from "node:net";
import { Frame, frame, FrameReader, u32 } from "../../runtime/node/frames.mjs";
import type { InitMessage, InvokeHead } from "../../runtime/node/messages.d.ts";
import { Child, type Command } from "./child.ts";
import type { ProcessListener, RuntimeProcess } from "./runtime-process.ts";

/** A process with a bootstrap of ours (Node.js, Python), waiting to become a function. It talks in frames over two pipes. */
export class FramedProcess implements RuntimeProcess {
  listener: ProcessListener | undefined;
  readonly #child: Child;
  readonly #out: Socket;
  readonly #in: Socket;

  constructor(command: Command) {
    this.#child = new Child(command, 2, {
      onOutput: (text) => this.#onOutput(text),
      onExit: (exit) => this.listener?.onExit(exit),
    });
    const [out, input] = this.#child.pipes as [Socket, Socket];
    this.#out = out;
    this.#in = input;
    const reader = new FrameReader((kind, body) => this.#onFrame(kind, body));
    input.on("data", (chunk: Buffer) => reader.push(chunk));
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
    this.#child.kill();
  }

  memoryKib(): number | undefined {
    return this.#child.memoryKib();
  }

  killForMemory(): void {
    this.#child.noteOutOfMemory();
    this.kill();
  }

  #onOutput(text: string): void {
    // V8 says so before it aborts.
    if (text.includes("JavaScript heap out of memory")) this.#child.noteOutOfMemory();
    this.listener?.onLog(text);
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
        this.#child.flush();
        return listener.onResponse(body.subarray(4), body.readUInt32LE(0));
      case Frame.Error: {
        this.#child.flush();
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
