/**
 * Real time, for what no moved clock may change: how long a user's code has run and may run. Everything else goes by
 * the `Clock`.
 */

/** Milliseconds of real time since some moment, with fractions. For durations only. */
export function realMs(): number {
  return performance.now();
}

/**
 * Runs `run` after real time. Keeps no process alive. Returns a function that calls it off.
 * @param ms real milliseconds
 */
export function afterRealMs(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

/** Runs `run` once what has come in from other processes by now has been read. */
export function afterIo(run: () => void): void {
  setImmediate(run);
}
