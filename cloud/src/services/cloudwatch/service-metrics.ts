import { findArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Span } from "../../kernel/trace.ts";
import { DISTINCT_VALUES_MAX, type MetricDimension, type Metrics, MINUTE_MS } from "./metric.ts";

const FLUSH_AFTER_MS = 1000;

/** What one call says in metrics: name, value, unit. */
type Reading = readonly [name: string, value: number, unit: string];

interface Readings {
  readonly namespace: string;
  readonly dimensionSets: () => readonly (readonly MetricDimension[])[];
  readonly readings: readonly Reading[];
}

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
      const kept = values.size > DISTINCT_VALUES_MAX ? undefined : [...values];
      for (const dimensions of dimensionSets())
        this.metrics.record(scope, { id: { namespace, name, dimensions }, timeMs, ...set, values: kept });
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
  if (known.values.size <= DISTINCT_VALUES_MAX) known.values.set(value, (known.values.get(value) ?? 0) + 1);
}

/** By span name. AWS: the "metrics and dimensions" pages of Lambda, API Gateway (HTTP APIs) and DynamoDB. */
const READERS: Readonly<Record<string, (span: Span) => Readings | undefined>> = {
  "lambda:Invoke": readInvocation,
  "apigatewayv2:ExecuteApi": readHttpApi,
  ...Object.fromEntries(
    [
      "GetItem",
      "PutItem",
      "UpdateItem",
      "DeleteItem",
      "Query",
      "Scan",
      "BatchGetItem",
      "BatchWriteItem",
      "TransactWriteItems",
      "TransactGetItems",
    ].map((operation) => [`dynamodb:${operation}`, (span: Span) => readTable(span, operation)]),
  ),
};

function readInvocation(span: Span): Readings | undefined {
  const resource = findArn(span.resource ?? "")?.resource.split(":");
  if (!resource || resource[0] !== "function" || !resource[1]) return undefined;
  const name = { Name: "FunctionName", Value: resource[1] };
  const sets: MetricDimension[][] = [[name], []];
  if (resource[2]) sets.push([name, { Name: "Resource", Value: `${resource[1]}:${resource[2]}` }]);
  const of = (readings: Reading[]): Readings => ({ namespace: "AWS/Lambda", dimensionSets: () => sets, readings });
  if (span.error?.code === "TooManyRequestsException") return of([["Throttles", 1, "Count"]]);
  const runMs = span.attributes["runMs"];
  if (typeof runMs !== "number") return undefined;
  return of([
    ["Invocations", 1, "Count"],
    ["Errors", span.attributes["functionError"] ? 1 : 0, "Count"],
    ["Throttles", 0, "Count"],
    ["Duration", runMs, "Milliseconds"],
  ]);
}

function readHttpApi(span: Span): Readings | undefined {
  const { apiId, stage } = span.attributes;
  const status = (span.output as { status?: unknown } | undefined)?.status;
  if (typeof apiId !== "string" || typeof status !== "number") return undefined;
  const api = { Name: "ApiId", Value: apiId };
  return {
    namespace: "AWS/ApiGateway",
    dimensionSets: () => (typeof stage === "string" ? [[api], [api, { Name: "Stage", Value: stage }]] : [[api]]),
    readings: [
      ["Count", 1, "Count"],
      ["4xx", status >= 400 && status < 500 ? 1 : 0, "Count"],
      ["5xx", status >= 500 ? 1 : 0, "Count"],
      ["Latency", span.durationMs ?? 0, "Milliseconds"],
    ],
  };
}

function readTable(span: Span, operation: string): Readings | undefined {
  const table = /^table\/([^/]+)/.exec(findArn(span.resource ?? "")?.resource ?? "")?.[1];
  if (!table) return undefined;
  const name = { Name: "TableName", Value: table };
  const byOperation = [name, { Name: "Operation", Value: operation }];
  const code = span.error?.code;
  if (code === "ProvisionedThroughputExceededException" || code === "ThrottlingException")
    return {
      namespace: "AWS/DynamoDB",
      dimensionSets: () => [byOperation],
      readings: [["ThrottledRequests", 1, "Count"]],
    };
  if (code === "ConditionalCheckFailedException")
    return {
      namespace: "AWS/DynamoDB",
      dimensionSets: () => [[name]],
      readings: [["ConditionalCheckFailedRequests", 1, "Count"]],
    };
  if (code !== undefined) return undefined;
  return {
    namespace: "AWS/DynamoDB",
    dimensionSets: () => [byOperation],
    readings: [["SuccessfulRequestLatency", span.durationMs ?? 0, "Milliseconds"]],
  };
}
