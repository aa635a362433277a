import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import { Deduplication } from "./deduplication.ts";
import { Messages } from "./messages.ts";
import type { ReceiveAttempts } from "./receive-attempts.ts";
import { Waiters } from "./waiters.ts";

export type Attributes = Record<string, string>;

export interface QueueRecord {
  /** Of this queue as long as it lives. */
  readonly id: number;
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly fifo: boolean;
  /** Under this number its messages are kept; a purge gives it a new one. */
  bin: number;
  /** What was set; what was not has its default. */
  attributes: Attributes;
  tags: Record<string, string>;
  readonly createdMs: number;
  modifiedMs: number;
  purgedMs?: number;
}

export interface MoveTaskRecord {
  readonly id: string;
  readonly sourceArn: string;
  readonly destinationArn?: string;
  readonly ratePerSecond?: number;
  readonly startedMs: number;
  readonly toMove: number;
  moved: number;
  status: "RUNNING" | "COMPLETED" | "CANCELLING" | "CANCELLED" | "FAILED";
  failureReason?: string;
}

/** What the service keeps. Keys of queues and tasks begin with account and Region. */
export class SqsState {
  /** …, queue name */
  readonly queues: Collection<QueueRecord>;
  /** When a queue of that name was deleted: …, queue name */
  readonly deleted: Collection<number>;
  /** …, name of the source queue, start, id */
  readonly moveTasks: Collection<MoveTaskRecord>;
  readonly messages: Messages;
  readonly deduplication: Deduplication;
  readonly waiters: Waiters;
  /** Receives of FIFO queues that may be tried again, by bin and attempt id. */
  readonly attempts: ReceiveAttempts = new Map();
  readonly #ids: Collection<number>;

  constructor(kernel: Kernel) {
    const { store } = kernel;
    this.queues = store.collection("sqs.queues");
    this.deleted = store.collection("sqs.deleted");
    this.moveTasks = store.collection("sqs.moveTasks");
    this.#ids = store.collection("sqs.ids");
    this.messages = new Messages(store, (count) => this.#take("sequence", count));
    this.deduplication = new Deduplication(store);
    this.waiters = new Waiters(kernel.clock, kernel.news);
  }

  /** A number that no queue and no bin had before. */
  newId(): number {
    return this.#take("last", 1);
  }

  #take(name: string, count: number): number {
    const next = this.#ids.get([name]) ?? 1;
    this.#ids.put([name], next + count);
    return next;
  }
}

export function scopeKey(scope: Scope): [account: string, region: string] {
  return [scope.account, scope.region];
}
