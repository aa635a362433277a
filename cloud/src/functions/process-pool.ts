import { afterRealMs } from "../kernel/real-time.ts";
import type { Command } from "./child.ts";
import { FramedProcess } from "./framed-process.ts";
import type { ProcessListener } from "./runtime-process.ts";

/** Spare processes of one kind. */
const SPARES = 2;
/** Kinds of processes that are kept ready: languages and memory sizes differ from function to function. */
const KINDS_MAX = 4;
/** After a process was taken: the function that starts in it has the machine first. */
const REFILL_AFTER_MS = 60;

/** How to start a process before it is known which function it is for. */
export interface ProcessKind {
  /** Two of one key can stand in for each other. */
  readonly key: string;
  readonly command: Command;
}

/**
 * Processes that are started already, so that a cold start costs little more than loading the code. A process is used
 * once: it becomes one environment of one function.
 */
export class ProcessPool {
  readonly #spares = new Map<string, FramedProcess[]>();
  #closed = false;

  /** A process of this kind: a spare one where there is one. */
  take(kind: ProcessKind): FramedProcess {
    const spare = this.#kind(kind).shift();
    afterRealMs(REFILL_AFTER_MS, () => this.prepare(kind));
    if (!spare) return new FramedProcess(kind.command);
    spare.listener = undefined;
    return spare;
  }

  /** Makes sure that spare processes of this kind are there. */
  prepare(kind: ProcessKind): void {
    if (this.#closed) return;
    const processes = this.#kind(kind);
    while (processes.length < SPARES) {
      const spare = new FramedProcess(kind.command);
      spare.listener = new Discard(() => {
        const at = processes.indexOf(spare);
        if (at >= 0) processes.splice(at, 1);
      });
      processes.push(spare);
    }
  }

  close(): void {
    this.#closed = true;
    for (const processes of this.#spares.values()) for (const spare of processes.splice(0)) spare.kill();
  }

  /** The kind's spares; kinds not used for longest give way. */
  #kind({ key }: ProcessKind): FramedProcess[] {
    const spares = this.#spares.get(key) ?? [];
    this.#spares.delete(key);
    this.#spares.set(key, spares);
    for (const [oldest, processes] of this.#spares) {
      if (this.#spares.size <= KINDS_MAX) break;
      this.#spares.delete(oldest);
      for (const spare of processes.splice(0)) spare.kill();
    }
    return spares;
  }
}

/** A spare process has nothing to say; one that dies is forgotten. */
class Discard implements ProcessListener {
  constructor(readonly onExit: () => void) {}
  onReady(): void {}
  onInitError(): void {}
  onLog(): void {}
  onResponse(): void {}
  onError(): void {}
  onStreamBegin(): void {}
  onStreamChunk(): void {}
  onStreamEnd(): void {}
  onStreamDone(): void {}
}
