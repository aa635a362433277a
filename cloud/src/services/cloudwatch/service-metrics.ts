import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Span } from "../../kernel/trace.ts";
import { addValue, type Metrics, MINUTE_MS } from "./metric.ts";
import { type Reading, type Readings, READERS } from "./service-readings.ts";

const FLUSH_AFTER_MS = 1000;

/** What is gathered of one resource in one minute. A call adds to it in place: this runs with every request. */
interface Gathered extends Omit<Readings, "readings"> {
  readonly scope: Scope;
  readonly timeMs: number;
  readonly metrics: Map<string, Accumulator>;
}

interface Accumulator {
  readonly unit: string;
  sum: number;
  count: number;
  min: number;
  max: number;
  readonly values: Map<number, number>;
}

/** Reads the metrics of the services off the trace, and stores them a second later at the most. */
export class ServiceMetrics {
  readonly #pending = new Map<string, Gathered>();
  #ending: (() => void) | undefined;
  #cancelFlush: (() => void) | undefined;
  #wake: (scope: Scope, namespace: string, metricName: string) => void = () => undefined;

  constructor(
    private readonly kernel: Kernel,
    private readonly metrics: Metrics,
  ) {}

  start(wake: (scope: Scope, namespace: string, metricName: string) => void): void {
    this.#wake = wake;
    this.#ending = this.kernel.trace.onSpan((span) => this.#read(span));
  }

  stop(): void {
    this.#ending?.();
    this.flush();
  }

  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    if (this.#pending.size === 0) return;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.kernel.store.transaction(() => pending.forEach((gathered) => this.#store(gathered)));
  }

  #store({ scope, namespace, dimensionSets, timeMs, metrics }: Gathered): void {
    for (const [name, { values, ...set }] of metrics) {
      for (const dimensions of dimensionSets())
        this.metrics.record(scope, { id: { namespace, name, dimensions }, timeMs, ...set, values: [...values] });
      this.#wake(scope, namespace, name);
    }
  }

  #read(span: Span): void {
    const found = READERS[span.name]?.(span);
    if (!found || !span.account || !span.region) return;
    const minute = Math.floor(span.startMs / MINUTE_MS);
    const { apiId, stage } = span.attributes;
    const resource = span.resource ?? `${String(apiId)}/${String(stage)}`;
    const key = `${span.name} ${resource} ${found.readings[0]![0]} ${span.account} ${span.region} ${minute}`;
    let gathered = this.#pending.get(key);
    if (!gathered) {
      const { namespace, dimensionSets } = found;
      const scope = { account: span.account, region: span.region };
      gathered = { namespace, dimensionSets, scope, timeMs: span.startMs, metrics: new Map() };
      this.#pending.set(key, gathered);
      this.#cancelFlush ??= this.kernel.clock.after(FLUSH_AFTER_MS, () => this.flush());
    }
    for (const reading of found.readings) add(gathered.metrics, reading);
  }
}

function add(metrics: Map<string, Accumulator>, [name, value, unit]: Reading): void {
  const known = metrics.get(name);
  if (!known) {
    metrics.set(name, { unit, sum: value, count: 1, min: value, max: value, values: new Map([[value, 1]]) });
    return;
  }
  known.sum += value;
  known.count++;
  if (value < known.min) known.min = value;
  if (value > known.max) known.max = value;
  addValue(known.values, value, 1);
}
