/** Which Retry and Catch entries an error meets, and how long to wait. */
import type { Retrier } from "./definition.ts";
import type { SeededRandom } from "./random.ts";

const ATTEMPTS = 3;
const INTERVAL_SECONDS = 1;
const BACKOFF_RATE = 2;

/**
 * AWS: "Handling errors in Step Functions workflows": States.ALL does not catch States.DataLimitExceeded and
 * States.Runtime; States.TaskFailed matches all but States.Timeout; States.Timeout covers missed heartbeats.
 */
export function meets(errorEquals: readonly string[], error: string | undefined): boolean {
  if (error === "States.Runtime") return false;
  return errorEquals.some((name) => {
    if (name === error) return true;
    if (name === "States.ALL") return error !== "States.DataLimitExceeded";
    if (name === "States.TaskFailed") return error !== "States.Timeout" && error !== "States.DataLimitExceeded";
    return name === "States.Timeout" && error === "States.HeartbeatTimeout";
  });
}

/**
 * How long to wait before trying again, in ms; undefined where no attempt is left.
 * @param retried how often this retrier has been used so far
 */
export function retryAfterMs(retrier: Retrier, retried: number, random: SeededRandom): number | undefined {
  if (retried >= (retrier.MaxAttempts ?? ATTEMPTS)) return undefined;
  const { IntervalSeconds = INTERVAL_SECONDS, BackoffRate = BACKOFF_RATE, MaxDelaySeconds = Infinity } = retrier;
  const delayMs = Math.min(IntervalSeconds * BackoffRate ** retried, MaxDelaySeconds) * 1000;
  return Math.round(retrier.JitterStrategy === "FULL" ? random.fraction() * delayMs : delayMs);
}
