/**
 * Wakes those who wait for something new in a log or queue, across services: the one that has news tells its topic (an
 * ARN), the one that polls listens. Says nothing but "look again"; what is missed is found at the next look.
 */
export class News {
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Wakes the topic's listeners once the running code, and so its transaction, is over. */
  tell(topic: string): void {
    const listeners = this.#listeners.get(topic);
    if (listeners) for (const wake of listeners) queueMicrotask(wake);
  }

  /** Returns a function that ends the listening. */
  listen(topic: string, wake: () => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(wake));
    return () => {
      listeners.delete(wake);
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic);
    };
  }

  /** Whether anybody listens. */
  isHeard(topic: string): boolean {
    return this.#listeners.has(topic);
  }
}
