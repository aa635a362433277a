import fs from "node:fs";
import net from "node:net";
import { frame, FrameReader } from "./frames.mjs";

/** The pipe from the cloud, and the one to it. */
const IN_FD = 3;
const OUT_FD = 4;

const writeSync = fs.writeSync;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** The cloud's end: frames come as events of the loop, and go synchronously, so that `process.exit()` loses none. */
export class Channel {
  #socket;

  /** @param {(kind: number, body: Buffer) => void} onFrame */
  constructor(onFrame) {
    const reader = new FrameReader(onFrame);
    this.#socket = new net.Socket({ fd: IN_FD, readable: true, writable: false });
    this.#socket.on("data", (chunk) => reader.push(chunk));
    // The cloud is gone: nobody is left to answer.
    this.#socket.on("close", () => process.kill(process.pid, "SIGKILL"));
    this.#socket.on("error", () => process.kill(process.pid, "SIGKILL"));
  }

  /** Keeps the process alive while it waits for work. */
  hold() {
    this.#socket.ref();
  }

  /** Lets Node say `beforeExit` when a function has nothing left to do. */
  release() {
    this.#socket.unref();
  }

  /**
   * @param {number} kind
   * @param {(string | Uint8Array)[]} parts
   */
  send(kind, ...parts) {
    const bytes = frame(kind, ...parts);
    for (let at = 0; at < bytes.length;) {
      try {
        at += writeSync(OUT_FD, bytes, at);
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EAGAIN") throw error;
        Atomics.wait(pause, 0, 0, 1);
      }
    }
  }
}
