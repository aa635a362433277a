/** What this service sends on: log events to subscribed functions, metric data to CloudWatch. */
import { gzipSync } from "node:zlib";
import type { Input } from "../../aws/api-types.ts";
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Delivery } from "../../kernel/delivery.ts";
import type { ServiceContext } from "../../service.ts";
import { groupArn } from "./group.ts";
import type { LogsState } from "./state.ts";

export interface SubscribedEvent {
  id: string;
  timestamp: number;
  message: string;
  /** Fields of a space-delimited pattern. */
  extractedFields?: Record<string, string>;
}

export interface SubscriptionBatch {
  scope: Scope;
  logGroup: string;
  logStream: string;
  filterName: string;
  destinationArn: string;
  events: SubscribedEvent[];
}

export interface MetricDatum {
  name: string;
  timestampMs: number;
  dimensions: { Name: string; Value: string }[];
  values: number[];
  counts: number[];
  unit?: string;
  storageResolution?: number;
}

export interface MetricBatch {
  scope: Scope;
  namespace: string;
  data: MetricDatum[];
}

const RETRY_FOR_MS = 24 * 3_600_000;
const RETRY_MAX_MS = 300_000;
const METRICS_PER_CALL = 1000;

/** The service's name as a principal. */
export const LOGS_PRINCIPAL = "logs.amazonaws.com";

export function logsPrincipal(scope: Scope, group: string) {
  return {
    kind: "service",
    service: LOGS_PRINCIPAL,
    sourceArn: `${groupArn(scope, group)}:*`,
    sourceAccount: scope.account,
  } as const;
}

/**
 * AWS: "Using CloudWatch Logs subscription filters", example 2: the function's event. The data is gzipped JSON in base64.
 */
export function subscriptionEvent(batch: SubscriptionBatch): { awslogs: { data: string } } {
  const data = {
    messageType: "DATA_MESSAGE",
    owner: batch.scope.account,
    logGroup: batch.logGroup,
    logStream: batch.logStream,
    subscriptionFilters: [batch.filterName],
    logEvents: batch.events,
  };
  return { awslogs: { data: gzipSync(JSON.stringify(data)).toString("base64") } };
}

/** Registers both kinds of delivery. */
export function startDeliveries({ kernel, state, call }: ServiceContext<LogsState>): void {
  state.acceptSubscription = kernel.deliveries.register<SubscriptionBatch>({
    name: "logs.subscription",
    async attempt({ payload }, parent) {
      await call(
        "lambda",
        "Invoke",
        {
          FunctionName: payload.destinationArn,
          InvocationType: "Event",
          Payload: Buffer.from(JSON.stringify(subscriptionEvent(payload))),
        },
        { as: logsPrincipal(payload.scope, payload.logGroup), scope: payload.scope, parent },
      );
    },
    retryAfterMs: (error, delivery) => waitMs(error, delivery, kernel.clock.now()),
    exhausted: () => Promise.resolve(),
  });
  state.acceptMetrics = kernel.deliveries.register<MetricBatch>({
    name: "logs.metrics",
    async attempt({ payload }, parent) {
      for (let start = 0; start < payload.data.length; start += METRICS_PER_CALL)
        await call("cloudwatch", "PutMetricData", metricData(payload, start), {
          as: { kind: "root", account: payload.scope.account },
          scope: payload.scope,
          parent,
        });
    },
    retryAfterMs: (error, delivery) => waitMs(error, delivery, kernel.clock.now()),
    exhausted: () => Promise.resolve(),
  });
}

function metricData(batch: MetricBatch, start: number): Input<"cloudwatch", "PutMetricData"> {
  return {
    Namespace: batch.namespace,
    MetricData: batch.data.slice(start, start + METRICS_PER_CALL).map((datum) => ({
      MetricName: datum.name,
      Timestamp: new Date(datum.timestampMs),
      Dimensions: datum.dimensions,
      Values: datum.values,
      Counts: datum.counts,
      Unit: datum.unit as "Count" | undefined,
      StorageResolution: datum.storageResolution,
    })),
  };
}

/** AWS: subscriptions are tried "for up to 24 hours" where trying again can help; all else is dropped. */
function waitMs(error: unknown, { failures, acceptedMs }: Delivery<unknown>, nowMs: number): number | undefined {
  if (!isTransient(error) || nowMs - acceptedMs > RETRY_FOR_MS) return undefined;
  return Math.min(1000 * 2 ** (failures - 1), RETRY_MAX_MS);
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof AwsError) || error instanceof NotEmulatedError) return false;
  return (error.status ?? 400) >= 500 || error.status === 429 || /thrott|toomany/i.test(error.code);
}
