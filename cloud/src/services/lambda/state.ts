import type { Scope } from "../../aws/scope.ts";
import type { FunctionHost } from "../../functions/function-host.ts";
import type { LogFormat, LogLevel } from "../../functions/specification.ts";
import type { Blob } from "../../kernel/blobs.ts";
import type { Delivery, AcceptOptions } from "../../kernel/delivery.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Checkpoint } from "../../kernel/log-poller.ts";
import type { Collection, Store } from "../../kernel/store.ts";
import type { AsyncEvent } from "./async-invocation.ts";
import { Concurrency } from "./concurrency.ts";
import type { DestinationRecord } from "./destinations.ts";
import type { EventSources } from "./event-source.ts";
import type { LogWriter } from "./log-writer.ts";
import type { Roles } from "./role.ts";

/** Where the code of a version is. */
export type CodeRecord =
  | { readonly kind: "zip"; readonly sha256: string; readonly bytes: number }
  | { readonly kind: "directory"; readonly path: string; readonly sha256: string; readonly bytes: number };

/** The configuration of `$LATEST` or of a published version. `sha256` are hex. */
export interface VersionRecord {
  name: string;
  /** `$LATEST` or a number. */
  version: string;
  runtime: string;
  role: string;
  handler: string;
  description: string;
  timeoutSeconds: number;
  memoryMb: number;
  variables?: Record<string, string>;
  code: CodeRecord;
  layers: { arn: string; sha256: string; bytes: number }[];
  deadLetterArn?: string;
  tracing: "Active" | "PassThrough";
  architecture: string;
  ephemeralStorageMb: number;
  logging: { group: string; format: LogFormat; applicationLevel?: LogLevel; systemLevel?: LogLevel };
  lastModifiedMs: number;
  revisionId: string;
}

export interface FunctionRecord {
  latest: VersionRecord;
  /** The number of the next version. */
  nextVersion: number;
  createdMs: number;
  reservedConcurrency?: number;
  tags: Record<string, string>;
}

export interface AliasRecord {
  name: string;
  version: string;
  description: string;
  /** Version → share of the requests, of all but the alias's own version. */
  weights: Record<string, number>;
  revisionId: string;
}

export interface Statement {
  Sid: string;
  Effect: "Allow";
  Principal: "*" | Record<string, string>;
  Action: string;
  Resource: string;
  Condition?: Record<string, Record<string, string>>;
}

export interface PolicyRecord {
  statements: Statement[];
  revisionId: string;
}

export interface EventInvokeRecord {
  maximumAgeSeconds?: number;
  maximumRetries?: number;
  onSuccess?: string;
  onFailure?: string;
  lastModifiedMs: number;
}

export interface UrlRecord {
  urlId: string;
  name: string;
  qualifier: string;
  authType: "NONE" | "AWS_IAM";
  invokeMode: "BUFFERED" | "RESPONSE_STREAM";
  cors?: {
    AllowCredentials?: boolean;
    AllowHeaders?: string[];
    AllowMethods?: string[];
    AllowOrigins?: string[];
    ExposeHeaders?: string[];
    MaxAge?: number;
  };
  createdMs: number;
  lastModifiedMs: number;
  account: string;
  region: string;
}

export interface ProvisionedRecord {
  requested: number;
  allocated: number;
  status: "IN_PROGRESS" | "READY" | "FAILED";
  reason?: string;
  lastModifiedMs: number;
}

export interface LayerVersionRecord {
  name: string;
  version: number;
  description: string;
  sha256: string;
  bytes: number;
  runtimes: string[];
  architectures: string[];
  license?: string;
  /** Names of the external extensions in it (`/opt/extensions/NAME`). */
  extensions?: readonly string[];
  createdMs: number;
  policy?: PolicyRecord;
}

/** An event source mapping. */
export interface EventSourceRecord {
  readonly uuid: string;
  readonly sourceArn: string;
  name: string;
  qualifier?: string;
  enabled: boolean;
  batchSize: number;
  windowSeconds: number;
  /** Event patterns, JSON; a record that matches one of them is handled. None: all are. */
  filters: string[];
  reportsItemFailures: boolean;
  maximumConcurrency?: number;
  /** Of streams only. */
  stream?: StreamSettings;
  tags: Record<string, string>;
  lastModifiedMs: number;
}

/** What a mapping of a stream has besides. */
export interface StreamSettings {
  readonly startingPosition: "TRIM_HORIZON" | "LATEST";
  /** Batches of one shard at a time. */
  readonly parallel: number;
  readonly bisects: boolean;
  /** -1: until the record is too old. */
  readonly retriesMax: number;
  /** -1: until the stream keeps it no more. */
  readonly ageSecondsMax: number;
  /** 0: no windows of time. */
  readonly tumblingSeconds: number;
  /** ARN of a queue, topic or bucket. */
  readonly onFailure?: string;
}

interface StoredCode {
  blob: Blob;
  /** How many versions and layers have it. */
  owners: number;
}

/** The first parts of every key. */
export function scopeKey(scope: Scope): [string, string] {
  return [scope.account, scope.region];
}

/** What runs while the cloud does: set when the service starts. */
export interface Running {
  readonly host: FunctionHost;
  readonly roles: Roles;
  readonly logs: LogWriter;
  readonly eventSources: EventSources;
  readonly acceptEvent: (event: AsyncEvent, options?: AcceptOptions) => Delivery<AsyncEvent>;
  readonly acceptDestination: (record: DestinationRecord, options?: AcceptOptions) => Delivery<DestinationRecord>;
}

/** What the service keeps. Keys begin with account and Region, then the function's name. */
export class LambdaState {
  readonly functions: Collection<FunctionRecord>;
  /** …, number */
  readonly versions: Collection<VersionRecord>;
  /** …, alias */
  readonly aliases: Collection<AliasRecord>;
  /** …, qualifier or "" */
  readonly policies: Collection<PolicyRecord>;
  /** …, qualifier */
  readonly eventInvokes: Collection<EventInvokeRecord>;
  /** …, qualifier or "" */
  readonly urls: Collection<UrlRecord>;
  /** URL id → key of the URL */
  readonly urlIds: Collection<string[]>;
  /** …, qualifier */
  readonly provisioned: Collection<ProvisionedRecord>;
  /** account, Region, UUID */
  readonly eventSources: Collection<EventSourceRecord>;
  /** UUID of the mapping, shard, lane */
  readonly checkpoints: Collection<Checkpoint>;
  /** account, Region, layer → number of the next version */
  readonly layers: Collection<number>;
  /** account, Region, layer, number */
  readonly layerVersions: Collection<LayerVersionRecord>;
  readonly concurrency = new Concurrency();
  /** Capabilities in `Code.Location` addresses: token → what it opens, and until when. */
  readonly codeTokens = new Map<string, { sha256: string; expiresMs: number }>();
  running!: Running;
  /** Ports for debuggers, by function: account, Region and name. */
  readonly #inspectPorts = new Map<string, number>();
  readonly #codes: Collection<StoredCode>;
  /** What resolving names found, until something about the function changes. */
  readonly #resolved = new Map<string, Map<string, unknown>>();

  constructor(readonly kernel: Kernel) {
    const { store } = kernel;
    this.functions = this.#watched(store, "lambda.functions");
    this.versions = this.#watched(store, "lambda.versions");
    this.aliases = this.#watched(store, "lambda.aliases");
    this.policies = this.#watched(store, "lambda.policies");
    this.eventInvokes = store.collection("lambda.eventInvokes");
    this.urls = store.collection("lambda.urls");
    this.urlIds = store.collection("lambda.urlIds");
    this.provisioned = store.collection("lambda.provisioned");
    this.eventSources = store.collection("lambda.eventSources");
    this.checkpoints = store.collection("lambda.checkpoints");
    this.layers = store.collection("lambda.layers");
    this.layerVersions = store.collection("lambda.layerVersions");
    this.#codes = store.collection("lambda.code");
  }

  /**
   * Runs a function under a debugger: its next environment listens on the port (`--inspect`), and nothing of it times
   * out. Undefined ends that.
   * @throws Error for functions that do not run on Node.js
   */
  inspect(scope: Scope, name: string, port: number | undefined): void {
    const runtime = this.functions.get([...scopeKey(scope), name])?.latest.runtime;
    if (port !== undefined && runtime !== undefined && !runtime.startsWith("nodejs"))
      throw new Error(`${name} runs on ${runtime}: a debugger can be attached to Node.js functions only`);
    const key = `${scope.account} ${scope.region} ${name}`;
    if (port === undefined) this.#inspectPorts.delete(key);
    else this.#inspectPorts.set(key, port);
    this.#resolved.delete(key);
  }

  inspectPort(scope: Scope, name: string): number | undefined {
    return this.#inspectPorts.get(`${scope.account} ${scope.region} ${name}`);
  }

  /** What `find` gave for this function before, where nothing about it has changed since. */
  remembered<T>(scope: Scope, name: string, what: string, find: () => T): T {
    const key = `${scope.account} ${scope.region} ${name}`;
    let known = this.#resolved.get(key);
    if (!known) this.#resolved.set(key, (known = new Map()));
    if (known.has(what)) return known.get(what) as T;
    const found = find();
    known.set(what, found);
    return found;
  }

  /** Keeps code by its hash; the same code is kept once. Call it before the transaction that names it. */
  async keepCode(sha256: string, archive: Buffer): Promise<void> {
    if (this.#codes.has([sha256])) return;
    const blob = await this.kernel.blobs.put(archive);
    // Another request may have kept the same meanwhile.
    if (this.#codes.has([sha256])) this.kernel.blobs.remove(blob);
    else this.#codes.put([sha256], { blob, owners: 0 });
  }

  ownCode(sha256: string): void {
    const stored = this.#codes.get([sha256]);
    if (stored) this.#codes.put([sha256], { ...stored, owners: stored.owners + 1 });
  }

  disownCode(sha256: string): void {
    const stored = this.#codes.get([sha256]);
    if (!stored) return;
    if (stored.owners > 1) this.#codes.put([sha256], { ...stored, owners: stored.owners - 1 });
    else {
      this.#codes.remove([sha256]);
      this.kernel.blobs.remove(stored.blob);
    }
  }

  /** The archive of a hash. @throws Error where it is no more */
  async readCode(sha256: string): Promise<Buffer> {
    const stored = this.#codes.get([sha256]);
    if (!stored) throw new Error(`The code ${sha256} is no more`);
    return this.kernel.blobs.bytes(stored.blob);
  }

  /** A collection of a function's records whose changes make what was remembered of the function void. */
  #watched<V>(store: Store, name: string): Collection<V> {
    const inner = store.collection<V>(name);
    const forget = (key: readonly unknown[]) => this.#resolved.delete(`${key[0]} ${key[1]} ${key[2]}`);
    return {
      get: (key) => inner.get(key),
      has: (key) => inner.has(key),
      put: (key, value) => {
        forget(key);
        inner.put(key, value);
      },
      remove: (key) => {
        forget(key);
        return inner.remove(key);
      },
      entries: (range) => inner.entries(range),
      values: (range) => inner.values(range),
      keys: (range) => inner.keys(range),
      first: (range) => inner.first(range),
      count: (range) => inner.count(range),
      clear: (range) => {
        this.#resolved.clear();
        return inner.clear(range);
      },
    };
  }
}
