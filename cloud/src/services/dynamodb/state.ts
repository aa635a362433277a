import type { AttributeDefinition, KeySchemaElement, Projection } from "@aws-sdk/client-dynamodb";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { AppendLog } from "../../kernel/log.ts";
import type { Collection, Store } from "../../kernel/store.ts";
import { Table } from "./table.ts";

export interface Throughput {
  read: number;
  write: number;
  increasedMs?: number;
  decreasedMs?: number;
  decreasesToday: number;
}

export interface RequestUnits {
  read?: number | undefined;
  write?: number | undefined;
}

export interface IndexRecord {
  /** Under which its entries are kept; tells indexes of all tables apart. */
  readonly number: number;
  readonly name: string;
  readonly kind: "local" | "global";
  readonly keys: KeySchemaElement[];
  readonly projection: Projection;
  throughput: Throughput;
  onDemand?: RequestUnits | undefined;
  warm?: RequestUnits | undefined;
}

export type StreamViewType = "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES" | "KEYS_ONLY";

export interface PolicyRecord {
  readonly text: string;
  readonly revision: string;
}

/** A table as it is kept. */
export interface TableRecord {
  /** Under which its items are kept. A table made anew under the same name has another. */
  readonly number: number;
  readonly name: string;
  readonly id: string;
  readonly createdMs: number;
  readonly keys: KeySchemaElement[];
  attributes: AttributeDefinition[];
  billing: "PROVISIONED" | "PAY_PER_REQUEST";
  /** When it was last put on demand; absent where it never was. */
  onDemandSinceMs?: number;
  throughput: Throughput;
  onDemand?: RequestUnits | undefined;
  warm?: RequestUnits | undefined;
  indexes: IndexRecord[];
  /** The stream that is or was the last one: its ARN's label. */
  stream?: { readonly label: string; readonly viewType: StreamViewType; readonly enabled: boolean };
  tableClass?: { name: "STANDARD" | "STANDARD_INFREQUENT_ACCESS"; changedMs?: number };
  deletionProtected: boolean;
  /** ARN of the key, where it is not the one that AWS owns. */
  encryptionKeyArn?: string;
  tags: Record<string, string>;
  expiry?: { readonly attribute: string; readonly enabled: boolean };
  recovery?: { readonly sinceMs: number; readonly days: number };
  policy?: PolicyRecord;
  streamPolicy?: PolicyRecord;
}

/** A stream, also one that is disabled or whose table is gone: it can be read for 24 hours more. */
export interface StreamHead {
  readonly arn: string;
  readonly label: string;
  readonly table: string;
  readonly viewType: StreamViewType;
  readonly keys: KeySchemaElement[];
  readonly shardId: string;
  readonly createdMs: number;
  disabledMs?: number;
}

/** One change of an item; items are JSON text as they are stored. */
export interface ChangeRecord {
  readonly event: "INSERT" | "MODIFY" | "REMOVE";
  readonly atMs: number;
  readonly keys: string;
  readonly old?: string;
  readonly new?: string;
  readonly bytes: number;
  /** Removed by the clock, not by a caller. */
  readonly expired?: true;
}

/** An item as it is stored: how many bytes it counts, and its JSON text as the API answers it. */
export type StoredItem = readonly [bytes: number, json: string];

/** A transaction that was done under a client's token. */
export interface TokenRecord {
  readonly digest: string;
  readonly atMs: number;
}

const states = new WeakMap<Kernel, DynamoState>();

/** What the service and its streams keep; the two are one for each kernel. Keys begin with account and Region. */
export class DynamoState {
  readonly store: Store;
  /** …, table */
  readonly tables: Collection<TableRecord>;
  /** number of table or index, hash, key … */
  readonly items: Collection<StoredItem>;
  /** number of table, second, key … */
  readonly expiries: Collection<true>;
  /** …, table, label */
  readonly streams: Collection<StreamHead>;
  readonly changes: AppendLog<ChangeRecord>;
  /** …, token */
  readonly tokens: Collection<TokenRecord>;
  /** time, …, token */
  readonly tokenTimes: Collection<true>;
  /** number of table or index: what it held when it was last measured */
  readonly sizes: Collection<{ readonly items: number; readonly bytes: number; readonly atMs: number }>;
  /** account, Region: ARN of the key that AWS manages for the account's tables */
  readonly managedKeys: Collection<string>;
  readonly #numbers: Collection<number>;
  readonly #known = new Map<string, Table>();
  #cacheable = true;

  static of(kernel: Kernel): DynamoState {
    let state = states.get(kernel);
    if (!state) states.set(kernel, (state = new DynamoState(kernel)));
    return state;
  }

  private constructor(readonly kernel: Kernel) {
    const { store } = kernel;
    this.store = store;
    this.tables = store.collection("dynamodb.tables");
    this.items = store.collection("dynamodb.items");
    this.expiries = store.collection("dynamodb.expiries");
    this.streams = store.collection("dynamodb.streams");
    this.changes = new AppendLog(store, "dynamodb.changes");
    this.tokens = store.collection("dynamodb.tokens");
    this.tokenTimes = store.collection("dynamodb.tokenTimes");
    this.sizes = store.collection("dynamodb.sizes");
    this.managedKeys = store.collection("dynamodb.managedKeys");
    this.#numbers = store.collection("dynamodb.numbers");
  }

  /** Tables are looked up with every request, so what was read of one is kept until it changes. */
  findTable(scope: Scope, name: string): Table | undefined {
    const key = `${scope.account}/${scope.region}/${name}`;
    const known = this.#known.get(key);
    if (known) return known;
    const record = this.tables.get([scope.account, scope.region, name]);
    if (!record) return undefined;
    const table = new Table(scope, record);
    if (this.#cacheable) this.#known.set(key, table);
    return table;
  }

  putTable(scope: Scope, record: TableRecord): Table {
    this.#forget(scope, record.name);
    this.tables.put([scope.account, scope.region, record.name], record);
    return new Table(scope, record);
  }

  removeTable(scope: Scope, name: string): void {
    this.#forget(scope, name);
    this.tables.remove([scope.account, scope.region, name]);
  }

  /** A number that no table or index had before. */
  nextNumber(): number {
    const next = (this.#numbers.get(["next"]) ?? 0) + 1;
    this.#numbers.put(["next"], next);
    return next;
  }

  /** Until the running transaction is over nothing is remembered: it may yet fail and undo the change. */
  #forget(scope: Scope, name: string): void {
    this.#known.delete(`${scope.account}/${scope.region}/${name}`);
    if (!this.#cacheable) return;
    this.#cacheable = false;
    queueMicrotask(() => {
      this.#cacheable = true;
    });
  }
}
