import { afterRealMs } from "../kernel/real-time.ts";
import { NodeProcess, type NodeProcessOptions } from "./node-process.ts";
import type { ProcessListener } from "./runtime-process.ts";

/** Spare processes of one kind. */
const SPARES = 2;
/** Kinds of processes that are kept ready: memory sizes differ from function to function. */
const KINDS_MAX = 4;
/** After a process was taken: the function that starts in it has the machine first. */
const REFILL_AFTER_MS = 60;

/**
 * Processes of Node that are started already, so that a cold start costs little more than loading the code. A process
 * is used once: it becomes one environment of one function.
 */
export class ProcessPool {
  readonly #spares = new Map<string, { options: NodeProcessOptions; processes: NodeProcess[] }>();
  #closed = false;

  /** A process for these options: a spare one where there is one. */
  take(options: NodeProcessOptions): NodeProcess {
    if (!poolable(options)) return new NodeProcess(options);
    const spare = this.#kind(options).processes.shift();
    afterRealMs(REFILL_AFTER_MS, () => this.prepare(options));
    if (!spare) return new NodeProcess(options);
    spare.listener = undefined;
    return spare;
  }

  /** Makes sure that spare processes of this kind are there. */
  prepare(options: NodeProcessOptions): void {
    if (this.#closed || !poolable(options)) return;
    const { processes } = this.#kind(options);
    while (processes.length < SPARES) {
      const spare = new NodeProcess(options);
      spare.listener = new Discard(() => {
        const at = processes.indexOf(spare);
        if (at >= 0) processes.splice(at, 1);
      });
      processes.push(spare);
    }
  }

  close(): void {
    this.#closed = true;
    for (const { processes } of this.#spares.values()) for (const spare of processes.splice(0)) spare.kill();
  }

  /** The kind's spares; kinds not used for longest give way. */
  #kind(options: NodeProcessOptions) {
    const key = `${options.memoryMb} ${options.importFallback}`;
    const kind = this.#spares.get(key) ?? { options, processes: [] };
    this.#spares.delete(key);
    this.#spares.set(key, kind);
    for (const [oldest, { processes }] of this.#spares) {
      if (this.#spares.size <= KINDS_MAX) break;
      this.#spares.delete(oldest);
      for (const spare of processes.splice(0)) spare.kill();
    }
    return kind;
  }
}

function poolable(options: NodeProcessOptions): boolean {
  return options.nodeOptions === undefined && options.inspectPort === undefined;
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
