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
