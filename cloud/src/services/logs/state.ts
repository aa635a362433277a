import type { StandardUnit } from "@aws-sdk/client-cloudwatch-logs";
import type { Scope } from "../../aws/scope.ts";
import type { AcceptOptions } from "../../kernel/delivery.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import { compilePattern, type FilterPattern } from "../../engines/log-filter/pattern.ts";
import { EventLog } from "./event-log.ts";
import type { MetricBatch, SubscriptionBatch } from "./events.ts";
import type { TailSession } from "./tail.ts";

export type LogGroupClass = "STANDARD" | "INFREQUENT_ACCESS";

export interface GroupRecord {
  readonly id: number;
  readonly name: string;
  readonly createdMs: number;
  readonly class: LogGroupClass;
  retentionDays?: number;
  deletionProtected: boolean;
  tags: Record<string, string>;
  /** How many filters there are, so that writing events to a group without any costs nothing. */
  metricFilters: number;
  subscriptionFilters: number;
}

export interface StreamRecord {
  readonly id: number;
  readonly name: string;
  readonly createdMs: number;
  /** Times of the events, as given by the caller. */
  firstMs?: number;
  lastMs?: number;
  ingestedMs?: number;
  nextChunk: number;
}

export interface MetricFilterRecord {
  name: string;
  pattern: string;
  createdMs: number;
  transformation: {
    metricName: string;
    metricNamespace: string;
    metricValue: string;
    defaultValue?: number;
    dimensions?: Record<string, string>;
    unit?: StandardUnit;
  };
}

export interface SubscriptionFilterRecord {
  name: string;
  pattern: string;
  destinationArn: string;
  roleArn?: string;
  distribution: "Random" | "ByLogStream";
  createdMs: number;
}

export interface PolicyRecord {
  name: string;
  document: string;
  updatedMs: number;
}

type Accept<P> = (payload: P, options?: AcceptOptions) => unknown;

const PATTERNS_MAX = 500;

/** What the service keeps. Keys begin with account and Region. */
export class LogsState {
  readonly groups: Collection<GroupRecord>;
  /** …, group, stream */
  readonly streams: Collection<StreamRecord>;
  /** …, group, filter */
  readonly metricFilters: Collection<MetricFilterRecord>;
  /** …, group, filter */
  readonly subscriptionFilters: Collection<SubscriptionFilterRecord>;
  /** …, policy */
  readonly policies: Collection<PolicyRecord>;
  readonly events: EventLog;
  readonly tails = new Set<TailSession>();
  /** Set when the service starts. */
  acceptMetrics!: Accept<MetricBatch>;
  acceptSubscription!: Accept<SubscriptionBatch>;
  readonly #ids: Collection<number>;
  readonly #patterns = new Map<string, FilterPattern>();
  readonly #bytes = new Map<number, number>();

  constructor(kernel: Kernel) {
    const { store } = kernel;
    this.groups = store.collection("logs.groups");
    this.streams = store.collection("logs.streams");
    this.metricFilters = store.collection("logs.metricFilters");
    this.subscriptionFilters = store.collection("logs.subscriptionFilters");
    this.policies = store.collection("logs.policies");
    this.#ids = store.collection("logs.ids");
    this.events = new EventLog(store);
  }

  /** A number that no group and no stream had before: what was deleted is never seen again under a new one. */
  newId(): number {
    const id = (this.#ids.get(["last"]) ?? 0) + 1;
    this.#ids.put(["last"], id);
    return id;
  }

  /** @throws FilterPatternError */
  pattern(text: string): FilterPattern {
    const known = this.#patterns.get(text);
    if (known) return known;
    const compiled = compilePattern(text);
    if (this.#patterns.size >= PATTERNS_MAX) this.#patterns.clear();
    this.#patterns.set(text, compiled);
    return compiled;
  }

  /** How many bytes a group holds. Counted once, then kept up in memory. */
  bytesOf(groupId: number): number {
    const known = this.#bytes.get(groupId);
    if (known !== undefined) return known;
    const bytes = this.events.bytesOf(groupId);
    this.#bytes.set(groupId, bytes);
    return bytes;
  }

  addBytes(groupId: number, bytes: number): void {
    const known = this.#bytes.get(groupId);
    if (known !== undefined) this.#bytes.set(groupId, known + bytes);
  }

  forgetBytes(groupId: number): void {
    this.#bytes.delete(groupId);
  }
}

export function scopeKey(scope: Scope): [account: string, region: string] {
  return [scope.account, scope.region];
}
