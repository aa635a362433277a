import { Activity } from "./activity.ts";
import { Blobs } from "./blobs.ts";
import { Clock, type ClockMode } from "./clock.ts";
import { Deliveries } from "./delivery.ts";
import { Gauges } from "./gauges.ts";
import { News } from "./news.ts";
import { Random } from "./random.ts";
import { openStore, type Store } from "./store.ts";
import { DurableTimers } from "./timers.ts";
import { Trace } from "./trace.ts";

export interface KernelOptions {
  /** Where state is kept; undefined: a temporary directory that goes with `close()`. */
  directory?: string | undefined;
  /** `wall` (default) or `frozen`. */
  clock?: ClockMode;
  /** The time a frozen clock begins at (ms since 1970); default: now. */
  startMs?: number;
  /** Makes names, ids and jitter repeat themselves. */
  seed?: string;
}

/** What everything else stands on. Knows no AWS words. */
export interface Kernel {
  readonly clock: Clock;
  readonly random: Random;
  readonly activity: Activity;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly timers: DurableTimers;
  readonly deliveries: Deliveries;
  readonly news: News;
  readonly gauges: Gauges;
  readonly trace: Trace;
  /** Resolves when nothing is in flight: no delivery, no invocation, no due timer. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** @throws StoreError where the directory cannot be used */
export function openKernel(options: KernelOptions = {}): Kernel {
  const store = openStore({ directory: options.directory });
  const offsets = store.collection<number>("kernel.clock");
  const activity = new Activity();
  const clock = new Clock(options.clock ?? "wall", activity, {
    offsetMs: offsets.get(["offsetMs"]) ?? 0,
    ...(options.startMs === undefined ? {} : { startMs: options.startMs }),
  });
  clock.onMoved(() => offsets.put(["offsetMs"], clock.offsetMs));
  const random = new Random(options.seed);
  const trace = new Trace(clock, random);
  const blobs = new Blobs(store, random);
  const timers = new DurableTimers(clock, store);
  const deliveries = new Deliveries({ clock, store, random, trace, activity });
  return {
    clock,
    random,
    activity,
    store,
    blobs,
    timers,
    deliveries,
    news: new News(),
    gauges: new Gauges(),
    trace,
    settled: () => settle(clock, activity),
    async close() {
      deliveries.stop();
      clock.close();
      await store.close();
    },
  };
}

async function settle(clock: Clock, activity: Activity): Promise<void> {
  for (;;) {
    await activity.idle();
    const dueMs = clock.nextDueMs();
    if (dueMs === undefined || dueMs > clock.now()) return;
    // Something is due at this very moment: let it run. A moved clock runs it in order.
    await clock.advance(0);
  }
}
