import type { Activity } from "./activity.ts";
import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";
import type { Collection, Store } from "./store.ts";
import type { Span, SpanContext, Trace } from "./trace.ts";

/** Something accepted that has to happen: kept until it did, or until its policy gives up. */
export interface Delivery<P = unknown> {
  readonly id: string;
  readonly payload: P;
  /** Deliveries of one group happen one after the other, in the order accepted (FIFO). */
  readonly group?: string;
  readonly acceptedMs: number;
  /** How often it was tried and failed so far. */
  readonly failures: number;
  readonly parent?: SpanContext;
}

/** What a service states about a kind of delivery; the mechanism is here, once. */
export interface DeliveryPolicy<P> {
  /** `lambda.async`, `sns.sqs`, … unique. */
  readonly name: string;
  /** Tries once. A rejection is a failure. */
  attempt(delivery: Delivery<P>, span: Span): Promise<void>;
  /** Milliseconds until the next attempt after this failure (the `failures`-th, from 1); undefined gives up. */
  retryAfterMs(error: unknown, delivery: Delivery<P>): number | undefined;
  /** Given up: its dead-letter destination. Runs once; a rejection is traced and the delivery dropped. */
  exhausted(delivery: Delivery<P>, error: unknown, span: Span): Promise<void>;
  /** How many at a time (default 100). */
  readonly concurrency?: number;
}

/** Thrown by `attempt` where trying again cannot help. */
export class Undeliverable extends Error {
  override name = "Undeliverable";
}

const CONCURRENCY = 100;

/**
 * Everything asynchronous is a durable delivery: at least once, bounded retries with backoff, a dead-letter destination,
 * first-in-first-out within a group. Accepting is a write in the caller's transaction; after `kill -9` what was accepted
 * goes on.
 */
export class Deliveries {
  readonly #lanes = new Map<string, Lane<never>>();
  #started = false;

  constructor(private readonly parts: LaneParts) {}

  /** Adds a policy. Returns how to accept a delivery under it. */
  register<P>(policy: DeliveryPolicy<P>): (payload: P, options?: AcceptOptions) => Delivery<P> {
    if (this.#lanes.has(policy.name)) throw new Error(`Delivery policy ${policy.name} is registered already`);
    const lane = new Lane<P>(policy, this.parts);
    this.#lanes.set(policy.name, lane as unknown as Lane<never>);
    if (this.#started) lane.start();
    return (payload, options = {}) => lane.accept(payload, options);
  }

  /**
   * Accepts a delivery under a policy that somebody else registered, by its name: how one service hands something to
   * another without knowing it.
   * @throws Error where no such policy is registered
   */
  accept<P>(policy: string, payload: P, options: AcceptOptions = {}): Delivery<P> {
    const lane = this.#lanes.get(policy) as Lane<P> | undefined;
    if (!lane) throw new Error(`No delivery policy ${policy} is registered`);
    return lane.accept(payload, options);
  }

  /** Begins to deliver; called once every policy is registered. */
  start(): void {
    this.#started = true;
    for (const lane of this.#lanes.values()) lane.start();
  }

  /** Stops starting attempts; those that run are let run, and if they fail they are tried again after the next start. */
  stop(): void {
    for (const lane of this.#lanes.values()) lane.stop();
  }

  /** What waits under a policy, next first. */
  pending(policy: string): Delivery[] {
    return (this.#lanes.get(policy) as Lane<unknown> | undefined)?.pending() ?? [];
  }
}

export interface AcceptOptions {
  group?: string;
  delayMs?: number;
  parent?: SpanContext;
}

interface LaneParts {
  readonly clock: Clock;
  readonly store: Store;
  readonly random: Random;
  readonly trace: Trace;
  readonly activity: Activity;
}

/** The deliveries of one policy. `due` holds what may be tried at its time; `waiting` what stands behind its group's head. */
class Lane<P> {
  readonly #due: Collection<Delivery<P>>;
  readonly #waiting: Collection<Delivery<P>>;
  readonly #heads: Collection<string>;
  readonly #running = new Set<string>();
  #sequence = 0;
  #armedAtMs: number | undefined;
  #disarm: (() => void) | undefined;
  #started = false;
  #pumping = false;

  constructor(
    private readonly policy: DeliveryPolicy<P>,
    private readonly parts: LaneParts,
  ) {
    this.#due = parts.store.collection(`delivery.${policy.name}.due`);
    this.#waiting = parts.store.collection(`delivery.${policy.name}.waiting`);
    this.#heads = parts.store.collection(`delivery.${policy.name}.heads`);
  }

  accept(payload: P, options: AcceptOptions): Delivery<P> {
    const { clock, random, store } = this.parts;
    const { group, delayMs = 0, parent } = options;
    // Ids sort in the order accepted, also across a restart.
    const id = `${clock.now().toString(36).padStart(9, "0")}-${(this.#sequence++).toString(36).padStart(8, "0")}-${random.hex(8)}`;
    const delivery: Delivery<P> = {
      id,
      payload,
      acceptedMs: clock.now(),
      failures: 0,
      ...(group === undefined ? {} : { group }),
      ...(parent ? { parent: { traceId: parent.traceId, spanId: parent.spanId } } : {}),
    };
    store.transaction(() => {
      if (group !== undefined && this.#heads.has([group])) {
        this.#waiting.put([group, id], delivery);
        return;
      }
      if (group !== undefined) this.#heads.put([group], id);
      this.#due.put([clock.now() + delayMs, id], delivery);
    });
    this.#wake();
    return delivery;
  }

  start(): void {
    this.#started = true;
    this.#wake();
  }

  stop(): void {
    this.#started = false;
    this.#disarm?.();
  }

  pending(): Delivery<P>[] {
    return [...this.#due.values(), ...this.#waiting.values()];
  }

  /** Looks for due deliveries after the running turn, so that an accepting transaction that fails leaves nothing running. */
  #wake(): void {
    if (!this.#started || this.#pumping) return;
    this.#pumping = true;
    const end = this.parts.activity.begin(`delivery:${this.policy.name}`);
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
      end();
    });
  }

  #pump(): void {
    if (!this.#started) return;
    const concurrency = this.policy.concurrency ?? CONCURRENCY;
    const now = this.parts.clock.now();
    const starting: [number, Delivery<P>][] = [];
    let nextMs: number | undefined;
    for (const [key, delivery] of this.#due.entries()) {
      const dueMs = key[0] as number;
      if (dueMs > now) {
        nextMs = dueMs;
        break;
      }
      if (this.#running.size + starting.length >= concurrency) break;
      if (!this.#running.has(delivery.id)) starting.push([dueMs, delivery]);
    }
    for (const [dueMs, delivery] of starting) void this.#run(dueMs, delivery);
    this.#arm(nextMs);
  }

  #arm(atMs: number | undefined): void {
    if (atMs === this.#armedAtMs) return;
    this.#disarm?.();
    this.#armedAtMs = atMs;
    this.#disarm =
      atMs === undefined
        ? undefined
        : this.parts.clock.at(atMs, () => {
            this.#armedAtMs = undefined;
            this.#pump();
          });
  }

  async #run(dueMs: number, delivery: Delivery<P>): Promise<void> {
    const { activity, trace } = this.parts;
    this.#running.add(delivery.id);
    const end = activity.begin(`delivery:${this.policy.name}`);
    const span = trace.start({ name: `delivery:${this.policy.name}`, parent: delivery.parent });
    span.attributes["attempt"] = delivery.failures + 1;
    try {
      await this.policy.attempt(delivery, span);
      this.#finish(dueMs, delivery);
      trace.end(span);
    } catch (error) {
      // What outlives the stop is tried again after the next start: the store may be closed by now.
      if (this.#started) await this.#failed(dueMs, delivery, error, span);
    } finally {
      this.#running.delete(delivery.id);
      this.#wake();
      end();
    }
  }

  async #failed(dueMs: number, delivery: Delivery<P>, error: unknown, span: ReturnType<Trace["start"]>): Promise<void> {
    const { clock, store, trace } = this.parts;
    const failed = { ...delivery, failures: delivery.failures + 1 };
    const retryMs = error instanceof Undeliverable ? undefined : this.policy.retryAfterMs(error, failed);
    if (retryMs === undefined) {
      // Given up only once the dead-letter destination has it: a crash in between tries again rather than loses it.
      await this.policy.exhausted(failed, error, span).catch((cause: unknown) => {
        span.attributes["deadLetterError"] = describe(cause).message;
      });
      this.#finish(dueMs, delivery);
    } else {
      store.transaction(() => {
        this.#due.remove([dueMs, delivery.id]);
        this.#due.put([clock.now() + retryMs, delivery.id], failed);
      });
      span.attributes["retryAfterMs"] = retryMs;
    }
    trace.end(span, { error: describe(error) });
  }

  #finish(dueMs: number, delivery: Delivery<P>): void {
    const { group } = delivery;
    this.parts.store.transaction(() => {
      this.#due.remove([dueMs, delivery.id]);
      if (group === undefined) return;
      const next = this.#waiting.first({ prefix: [group] });
      if (!next) {
        this.#heads.remove([group]);
        return;
      }
      this.#waiting.remove(next[0]);
      this.#heads.put([group], next[1].id);
      this.#due.put([this.parts.clock.now(), next[1].id], next[1]);
    });
  }
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof Error) return { code: error.name, message: error.message };
  return { code: "Error", message: String(error) };
}
