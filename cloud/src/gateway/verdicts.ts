import type { Clock } from "../kernel/clock.ts";

/** What a Lambda authorizer answered, before it is held against a route. */
export interface Verdict {
  /** For a simple response. */
  readonly isAuthorized?: boolean;
  /** For an IAM response: the policy as JSON text. */
  readonly policy?: string;
  readonly principalId: string | undefined;
  readonly context: Record<string, unknown> | undefined;
}

const KEPT_MAX = 10_000;

/** Answers of Lambda authorizers, kept as long as the authorizer says. AWS: "Caching authorizer responses". */
export class Verdicts {
  readonly #kept = new Map<string, { readonly untilMs: number; readonly verdict: Verdict }>();

  constructor(private readonly clock: Clock) {}

  find(key: string): Verdict | undefined {
    const kept = this.#kept.get(key);
    if (!kept) return undefined;
    if (kept.untilMs > this.clock.now()) return kept.verdict;
    this.#kept.delete(key);
    return undefined;
  }

  keep(key: string, verdict: Verdict, ttlSeconds: number): void {
    if (this.#kept.size >= KEPT_MAX) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(key, { untilMs: this.clock.now() + ttlSeconds * 1000, verdict });
  }

  /** @param prefix `API/STAGE/` */
  forget(prefix: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(prefix)) this.#kept.delete(key);
  }
}
