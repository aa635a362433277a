import type { Activity } from "../../kernel/activity.ts";

/**
 * Whether a deployment is in flight: it is, unless every step that runs waits for the clock or for somebody else's word.
 * So `settled()` waits for a deployment, and the clock can be moved past what a deployment waits for.
 */
export class InFlight {
  #running = 0;
  #paused = 0;
  #closed = false;
  #halted = false;
  #onQuiet: (() => void) | undefined;
  #end: (() => void) | undefined;

  constructor(
    private readonly activity: Activity,
    private readonly label: string,
  ) {
    this.#update();
  }

  /** Runs a step. Once the deployment is halted, none begins any more. */
  async step<T>(work: () => Promise<T>): Promise<T> {
    if (this.#halted) return never();
    this.#running++;
    this.#update();
    try {
      return await work();
    } finally {
      this.#running--;
      this.#update();
    }
  }

  /** Waits inside a step without being in flight. */
  async pause<T>(wait: () => Promise<T>): Promise<T> {
    this.#paused++;
    this.#update();
    try {
      const result = await wait();
      return this.#halted ? await never() : result;
    } finally {
      this.#paused--;
      this.#update();
    }
  }

  /**
   * Leaves the deployment where it stands, for a cloud that closes: no step begins, none that waits goes on. It is gone on
   * with at the next start. Resolves when the steps that were calling services have ended.
   */
  async halt(): Promise<void> {
    this.#halted = true;
    if (this.#running > this.#paused) await new Promise<void>((resolve) => (this.#onQuiet = resolve));
    this.close();
  }

  close(): void {
    this.#closed = true;
    this.#update();
  }

  #update(): void {
    if (this.#running === this.#paused) this.#onQuiet?.();
    const waits = this.#running > 0 && this.#paused === this.#running;
    if (!waits && !this.#closed) this.#end ??= this.activity.begin(this.label);
    else {
      this.#end?.();
      this.#end = undefined;
    }
  }
}

function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}
