import { afterRealMs } from "../kernel/real-time.ts";

/** Waits for work no longer than this, in real time, as the user's code runs in real time. @returns undefined where it is late */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T | undefined> {
  let cancel = () => {};
  const late = new Promise<undefined>((resolve) => (cancel = afterRealMs(timeoutMs, () => resolve(undefined))));
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
