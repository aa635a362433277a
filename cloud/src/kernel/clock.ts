import type { Activity } from "./activity.ts";
import { parseDuration } from "./duration.ts";

export type ClockMode = "wall" | "frozen";

interface Timer {
  readonly atMs: number;
  readonly sequence: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** The longest wait that Node's timers can hold. */
const ARMED_MAX_MS = 2 ** 31 - 1;

/**
 * The one clock. Nothing outside `kernel/` reads the time or sets a timer by any other means.
 * In `wall` mode it runs with the machine's clock plus what it was advanced by; in `frozen` mode it stands still until
 * it is advanced.
 */
export class Clock {
  #offsetMs: number;
  #frozenAtMs: number | undefined;
  #heap: Timer[] = [];
  #sequence = 0;
  #armed: NodeJS.Timeout | undefined;
  #advancing: Promise<void> = Promise.resolve();
  #closed = false;
  readonly #onMoved = new Set<() => void>();

  constructor(
    readonly mode: ClockMode,
    private readonly activity: Activity,
    options: { startMs?: number; offsetMs?: number } = {},
  ) {
    this.#offsetMs = options.offsetMs ?? 0;
    this.#frozenAtMs = mode === "frozen" ? (options.startMs ?? Date.now() + this.#offsetMs) : undefined;
  }

  /** The time here: milliseconds since 1970-01-01 UTC. */
  now(): number {
    return this.#frozenAtMs ?? Date.now() + this.#offsetMs;
  }

  /** How far this clock is ahead of the machine's, in milliseconds. Functions see the same time by it. */
  get offsetMs(): number {
    return this.#frozenAtMs === undefined ? this.#offsetMs : this.#frozenAtMs - Date.now();
  }

  date(): Date {
    return new Date(this.now());
  }

  /** The time in whole seconds since 1970, as most AWS payloads carry it. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Runs `run` when this clock reaches `atMs`, in order of time, then of setting. Returns a function that calls it off. */
  at(atMs: number, run: () => void): () => void {
    const timer: Timer = { atMs, sequence: this.#sequence++, run, cancelled: false };
    push(this.#heap, timer);
    this.#arm();
    return () => {
      timer.cancelled = true;
      if (this.#heap[0] === timer) this.#arm();
    };
  }

  after(durationMs: number, run: () => void): () => void {
    return this.at(this.now() + durationMs, run);
  }

  /** Resolves when this clock reaches the time; a signal ends the wait early, without an error. */
  async wait(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const cancel = this.after(durationMs, end);
      signal?.addEventListener("abort", end);
    });
  }

  /**
   * Moves the clock on and runs, in order, everything that falls due; what one timer sets off is finished before the
   * next one runs.
   * @param duration milliseconds, or a text such as "3 days"
   * @throws RangeError for what is not a duration
   */
  advance(duration: number | string): Promise<void> {
    const ms = parseDuration(duration);
    const turn = this.#advancing.then(() => this.#advanceBy(ms));
    this.#advancing = turn.catch(() => undefined);
    return turn;
  }

  /** The time of the next timer, or undefined. */
  nextDueMs(): number | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.atMs;
  }

  /** Told after each move by hand (not by time passing), e.g. to keep the offset. */
  onMoved(listener: () => void): void {
    this.#onMoved.add(listener);
  }

  close(): void {
    this.#closed = true;
    this.#heap = [];
    clearTimeout(this.#armed);
  }

  async #advanceBy(ms: number): Promise<void> {
    const target = this.now() + ms;
    for (;;) {
      await this.activity.idle();
      if (this.#closed) return;
      const due = this.nextDueMs();
      if (due === undefined || due > target) break;
      this.#moveTo(Math.max(this.now(), due));
      this.#runNext();
    }
    this.#moveTo(Math.max(target, this.now()));
    for (const listener of this.#onMoved) listener();
    await this.activity.idle();
    this.#arm();
  }

  #moveTo(timeMs: number): void {
    if (this.#frozenAtMs === undefined) this.#offsetMs += Math.max(0, timeMs - this.now());
    else this.#frozenAtMs = timeMs;
  }

  #runNext(): void {
    const timer = pop(this.#heap);
    if (timer && !timer.cancelled) timer.run();
  }

  #dropCancelled(): void {
    while (this.#heap[0]?.cancelled) pop(this.#heap);
  }

  /** In wall mode one timer of Node's stands for the earliest of ours; it keeps no process alive. */
  #arm(): void {
    if (this.#frozenAtMs !== undefined || this.#closed) return;
    clearTimeout(this.#armed);
    const due = this.nextDueMs();
    if (due === undefined) return;
    this.#armed = setTimeout(() => this.#runDue(), Math.min(Math.max(0, due - this.now()), ARMED_MAX_MS));
    this.#armed.unref();
  }

  #runDue(): void {
    for (let due = this.nextDueMs(); due !== undefined && due <= this.now(); due = this.nextDueMs()) this.#runNext();
    this.#arm();
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}

function push(heap: Timer[], timer: Timer): void {
  let at = heap.push(timer) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(timer, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): Timer | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}
