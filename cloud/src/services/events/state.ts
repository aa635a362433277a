import type { Target } from "@aws-sdk/client-eventbridge";
import type { Scope } from "../../aws/scope.ts";
import { RuleIndex } from "../../engines/event-rules/index.ts";
import type { AcceptOptions, Delivery } from "../../kernel/delivery.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import { ApiDestinations, type ApiDestinationRecord, type ConnectionRecord } from "../../outbound/connections.ts";
import type { CallContext, ServiceContext } from "../../service.ts";
import type { Dispatch } from "./dispatch.ts";
import type { ReplayStep } from "./replay.ts";
import type { Roles } from "../../outbound/roles.ts";

export type Cx = CallContext<EventsState>;
export type Context = ServiceContext<EventsState>;
/** What operations and deliveries have in common. */
export type Running = Pick<Context, "state" | "kernel">;

export interface Statement {
  Sid?: string;
  Effect: string;
  Principal?: unknown;
  Action?: string | string[];
  Resource?: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

export interface BusRecord {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  description?: string;
  statements: Statement[];
  policyVersion?: string;
  deadLetterArn?: string;
  eventSourceName?: string;
  readonly createdMs: number;
  modifiedMs: number;
}

/** Where a rule stands. */
export interface RuleKey extends Scope {
  readonly bus: string;
  readonly rule: string;
}

export interface RuleRecord {
  readonly name: string;
  readonly bus: string;
  pattern?: string;
  schedule?: string;
  state: "ENABLED" | "DISABLED" | "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";
  description?: string;
  role?: string;
  readonly createdBy: string;
  /** When a rate began to count. */
  scheduledMs?: number;
}

export interface ArchiveRecord {
  readonly name: string;
  readonly bus: string;
  description?: string;
  pattern?: string;
  retentionDays: number;
  readonly createdMs: number;
  /** Tells the events of this archive from those of an earlier one of its name. */
  readonly uuid: string;
  bytes: number;
  events: number;
}

export interface ReplayRecord {
  readonly name: string;
  readonly archive: string;
  readonly archiveUuid: string;
  readonly bus: string;
  readonly description?: string;
  /** Rules by ARN; undefined: all. */
  readonly rules?: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  state: "STARTING" | "RUNNING" | "CANCELLING" | "COMPLETED" | "CANCELLED" | "FAILED";
  reason?: string;
  lastReplayedMs?: number;
  readonly startedMs: number;
  endedMs?: number;
}

/** A partner's source, as made for one account. */
export interface PartnerSourceRecord {
  readonly name: string;
  /** The partner's account. */
  readonly owner: string;
  readonly account: string;
  readonly region: string;
  state: "PENDING" | "ACTIVE" | "DELETED";
  readonly createdMs: number;
}

/** What EventBridge keeps. Keys begin with account and Region. */
export class EventsState {
  readonly buses: Collection<BusRecord>;
  readonly rules: Collection<RuleRecord>;
  readonly targets: Collection<Target>;
  readonly archives: Collection<ArchiveRecord>;
  /** [archive's uuid, time, position] → event, JSON */
  readonly archived: Collection<string>;
  readonly replays: Collection<ReplayRecord>;
  readonly connections: Collection<ConnectionRecord>;
  readonly apiDestinations: Collection<ApiDestinationRecord>;
  /** [region, name, account] */
  readonly partnerSources: Collection<PartnerSourceRecord>;
  /** [ARN] */
  readonly tags: Collection<Record<string, string>>;
  readonly indexes: BusIndexes;
  /** Set when the service starts. */
  dispatch!: (dispatch: Dispatch, options?: AcceptOptions) => Delivery<Dispatch>;
  replayOn!: (step: ReplayStep, options?: AcceptOptions) => unknown;
  authorizeLater!: (connection: Scope & { name: string }) => unknown;
  roles!: Roles;
  /** What sends to API destinations; pipes do too. */
  readonly sessions: ApiDestinations;

  constructor(kernel: Kernel) {
    const { store } = kernel;
    this.sessions = ApiDestinations.of(kernel);
    this.buses = store.collection("events.buses");
    this.rules = store.collection("events.rules");
    this.targets = store.collection("events.targets");
    this.archives = store.collection("events.archives");
    this.archived = store.collection("events.archived");
    this.replays = store.collection("events.replays");
    this.connections = this.sessions.connections;
    this.apiDestinations = this.sessions.apiDestinations;
    this.partnerSources = store.collection("events.partnerSources");
    this.tags = store.collection("events.tags");
    this.indexes = new BusIndexes(this);
  }
}

export function scopeKey({ account, region }: Scope): [string, string] {
  return [account, region];
}

const RULE = "rule/";
const ARCHIVE = "archive/";

/**
 * For each bus its rules and archives by what they match. Kept in memory and brought up to date from the store when
 * asked, so that a call that fails after a change leaves nothing wrong behind.
 */
export class BusIndexes {
  readonly #buses = new Map<string, { readonly index: RuleIndex; readonly stale: Set<string> }>();

  constructor(private readonly state: EventsState) {}

  ruleChanged({ account, region, bus, rule }: RuleKey): void {
    this.#buses.get(`${account}/${region}/${bus}`)?.stale.add(RULE + rule);
  }

  archiveChanged({ account, region }: Scope, bus: string, archive: string): void {
    this.#buses.get(`${account}/${region}/${bus}`)?.stale.add(ARCHIVE + archive);
  }

  /** The names of the rules and of the archives that want an event. */
  match(scope: Scope, bus: string, event: unknown): { rules: string[]; archives: string[] } {
    const found = this.#current(scope, bus).match(event);
    return {
      rules: found.filter((id) => id.startsWith(RULE)).map((id) => id.slice(RULE.length)),
      archives: found.filter((id) => id.startsWith(ARCHIVE)).map((id) => id.slice(ARCHIVE.length)),
    };
  }

  #current(scope: Scope, bus: string): RuleIndex {
    const name = `${scope.account}/${scope.region}/${bus}`;
    let found = this.#buses.get(name);
    if (!found) {
      const ids = [
        ...[...this.state.rules.values({ prefix: [...scopeKey(scope), bus] })].map((rule) => RULE + rule.name),
        ...[...this.state.archives.values({ prefix: scopeKey(scope) })].map((archive) => ARCHIVE + archive.name),
      ];
      this.#buses.set(name, (found = { index: new RuleIndex(), stale: new Set(ids) }));
    }
    for (const id of found.stale) this.#refresh(found.index, scope, bus, id);
    found.stale.clear();
    return found.index;
  }

  #refresh(index: RuleIndex, scope: Scope, bus: string, id: string): void {
    const pattern = id.startsWith(RULE)
      ? this.#rulePattern(scope, bus, id.slice(RULE.length))
      : this.#archivePattern(scope, bus, id.slice(ARCHIVE.length));
    if (pattern === undefined) index.remove(id);
    else index.put(id, pattern);
  }

  #rulePattern(scope: Scope, bus: string, name: string): string | undefined {
    const rule = this.state.rules.get([...scopeKey(scope), bus, name]);
    return rule && rule.state !== "DISABLED" ? rule.pattern : undefined;
  }

  /** AWS: what a replay sends is not archived again. */
  #archivePattern(scope: Scope, bus: string, name: string): string | undefined {
    const archive = this.state.archives.get([...scopeKey(scope), name]);
    if (archive?.bus !== bus) return undefined;
    const own = archive.pattern === undefined ? {} : (JSON.parse(archive.pattern) as object);
    return JSON.stringify({ ...own, "replay-name": [{ exists: false }] });
  }
}
