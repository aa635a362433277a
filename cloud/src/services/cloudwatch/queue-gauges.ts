import type { GaugeSample } from "../../kernel/gauges.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { ServiceContext } from "../../service.ts";
import type { AlarmState } from "./alarm.ts";
import { type Metrics, MINUTE_MS, single } from "./metric.ts";

const NAMESPACE = "AWS/SQS";
const TIMER = "cloudwatch.queues";
const UNITS: Readonly<Record<string, string>> = { ApproximateAgeOfOldestMessage: "Seconds" };

/**
 * Depth and age of queues, once a minute while a queue holds something, and once more when it is empty. A call to SQS
 * wakes it; while all queues are empty it sleeps.
 */
export class QueueGauges {
  #sampledMinute = -1;
  #awake = false;
  #ending: (() => void) | undefined;
  #wake: AlarmState["wake"] = () => undefined;
  /** What was not empty when last looked at. */
  #before = new Map<string, GaugeSample>();

  constructor(
    private readonly kernel: Kernel,
    private readonly metrics: Metrics,
  ) {}

  start(cx: ServiceContext<AlarmState>, wake: AlarmState["wake"]): void {
    this.#wake = wake;
    cx.kernel.timers.handle<null>(TIMER, () => {
      // An alarm that was looked at in the same minute has taken the samples already, and found nothing to stay awake for.
      if (this.#isSampled()) return;
      this.#awake = true;
      this.sample();
    });
    this.#ending = this.kernel.trace.onSpan((span) => {
      if (!this.#awake && span.name.startsWith("sqs:") && !span.error) this.#stayAwake();
    });
  }

  stop(): void {
    this.#ending?.();
  }

  /** Takes this minute's samples, unless they are taken or there is nothing to measure. */
  sample(): void {
    if (!this.#awake || this.#isSampled()) return;
    const nowMs = this.kernel.clock.now();
    this.#sampledMinute = Math.floor(nowMs / MINUTE_MS);
    const now = new Map(this.kernel.gauges.sample(NAMESPACE).map((sample) => [keyOf(sample), sample]));
    this.kernel.store.transaction(() => {
      for (const sample of now.values()) this.#record(sample, nowMs);
      for (const [key, sample] of this.#before) if (!now.has(key)) this.#record(emptied(sample), nowMs);
    });
    this.#before = now;
    this.#awake = false;
    if (now.size > 0) this.#stayAwake();
  }

  #isSampled(): boolean {
    return Math.floor(this.kernel.clock.now() / MINUTE_MS) <= this.#sampledMinute;
  }

  #stayAwake(): void {
    this.#awake = true;
    const nextMs = (Math.floor(this.kernel.clock.now() / MINUTE_MS) + 1) * MINUTE_MS;
    if (this.kernel.timers.find(TIMER, NAMESPACE) !== nextMs) this.kernel.timers.set(TIMER, NAMESPACE, nextMs);
  }

  #record({ account, region, name, values }: GaugeSample, nowMs: number): void {
    const scope = { account, region };
    for (const [metric, value] of Object.entries(values)) {
      const id = { namespace: NAMESPACE, name: metric, dimensions: [{ Name: "QueueName", Value: name }] };
      // It says how the minute ended that is just over.
      const timeMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS - 1;
      this.metrics.record(scope, { id, timeMs, ...single(value, 1, UNITS[metric] ?? "Count") });
      this.#wake(scope, NAMESPACE, metric);
    }
  }
}

function keyOf({ account, region, name }: GaugeSample): string {
  return `${account}/${region}/${name}`;
}

function emptied(sample: GaugeSample): GaugeSample {
  return { ...sample, values: Object.fromEntries(Object.keys(sample.values).map((name) => [name, 0])) };
}
