import type { Clock } from "../kernel/clock.ts";

/**
 * The token bucket that AWS throttles with: it holds `burst` tokens and fills by `ratePerSecond`; each request takes one.
 * AWS: "Throttle requests to your HTTP APIs for better throughput in API Gateway".
 */
export class TokenBucket {
  #tokens: number;
  #filledMs: number;

  constructor(
    readonly ratePerSecond: number,
    readonly burst: number,
    nowMs: number,
  ) {
    this.#tokens = burst;
    this.#filledMs = nowMs;
  }

  /** Takes a token; false where there is none. */
  take(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - this.#filledMs);
    this.#tokens = Math.min(this.burst, this.#tokens + (passedMs * this.ratePerSecond) / 1000);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** The buckets of all routes. They outlive a deployment, as they do at AWS: only a changed limit fills one anew. */
export class Buckets {
  readonly #byRoute = new Map<string, TokenBucket>();

  constructor(private readonly clock: Clock) {}

  /** The bucket of a route in a stage. */
  bucketOf(
    apiId: string,
    stageName: string,
    routeKey: string,
    limits: { ratePerSecond: number; burst: number },
  ): TokenBucket {
    const name = `${apiId}/${stageName}/${routeKey}`;
    const known = this.#byRoute.get(name);
    if (known?.ratePerSecond === limits.ratePerSecond && known.burst === limits.burst) return known;
    const bucket = new TokenBucket(limits.ratePerSecond, limits.burst, this.clock.now());
    this.#byRoute.set(name, bucket);
    return bucket;
  }

  forget(apiId: string): void {
    for (const name of this.#byRoute.keys()) if (name.startsWith(`${apiId}/`)) this.#byRoute.delete(name);
  }
}
