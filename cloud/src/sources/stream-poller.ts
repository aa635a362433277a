import { createHash } from "node:crypto";
import type { Kernel } from "../kernel/kernel.ts";
import { type Checkpoint, LOG_BEGIN, type LogPolicy, LogPoller } from "../kernel/log-poller.ts";
import type { Collection } from "../kernel/store.ts";
import type { Reader } from "./reader.ts";
import { isStreamGone, Shard } from "./shard.ts";
import type { StreamKind, StreamRecord } from "./stream-kind.ts";

export interface StreamReading {
  /** For people who wonder what is in flight. */
  readonly name: string;
  /** Of the mapping or pipe: what its checkpoints are kept under. */
  readonly id: string;
  readonly kind: StreamKind;
  readonly reader: Reader;
  /** How many batches of one shard are handled at a time; each key's records go with the same of them. */
  readonly parallel: number;
  accepts(record: StreamRecord): boolean;
  /** How the batches of a shard are handled. */
  policyOf(shardId: string): Omit<LogPolicy<StreamRecord>, "accepts" | "bytesOf" | "readMax">;
}

const BACKOFF_MS = 1000;
const BACKOFF_MS_MAX = 60_000;

type Parts = Pick<Kernel, "clock" | "activity" | "news" | "store">;

/** Reads all shards of a stream, each in order, from their checkpoints: id, shard, lane. */
export class StreamPoller {
  readonly #lanes: LogPoller<StreamRecord>[] = [];
  #stopped = true;
  #cancelRetry: (() => void) | undefined;
  #failures = 0;

  constructor(
    private readonly parts: Parts,
    private readonly checkpoints: Collection<Checkpoint>,
    private readonly reading: StreamReading,
  ) {}

  start(): void {
    this.#stopped = false;
    void this.parts.activity.during(`poll:${this.reading.name}`, () => this.#begin());
  }

  /** Batches that run are let run. Resolves when they are done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
  }

  async #begin(): Promise<void> {
    try {
      const { kind, reader } = this.reading;
      const shards = await kind.shards(reader);
      if (!this.#stopped) for (const shardId of shards) this.#readShard(shardId);
    } catch (error) {
      if (isStreamGone(error)) return;
      // The call's own span says what went wrong.
      const waitMs = Math.min(BACKOFF_MS * 2 ** Math.min(this.#failures++, 10), BACKOFF_MS_MAX);
      if (!this.#stopped) this.#cancelRetry = this.parts.clock.after(waitMs, () => this.start());
    }
  }

  #readShard(shardId: string): void {
    const { name, id, kind, reader, parallel, accepts, policyOf } = this.reading;
    const shard = new Shard(name, kind, reader, shardId, parallel);
    for (let lane = 0; lane < parallel; lane++) {
      const isOwn = (record: StreamRecord) => parallel === 1 || laneOf(record.key, parallel) === lane;
      const poller = new LogPoller<StreamRecord>(
        this.parts,
        shard,
        {
          ...policyOf(shardId),
          readMax: kind.readMax,
          bytesOf: ({ text }) => Buffer.byteLength(text),
          accepts: (record) => isOwn(record) && accepts(record),
        },
        this.checkpoints,
        [id, shardId, lane],
      );
      this.#lanes.push(poller);
      poller.start();
    }
  }
}

function laneOf(key: string, lanes: number): number {
  return createHash("md5").update(key).digest().readUInt32BE(0) % lanes;
}

/** Has every lane of every shard begin behind the positions given. */
export function beginAt(
  checkpoints: Collection<Checkpoint>,
  id: string,
  ends: ReadonlyMap<string, string | undefined>,
  parallel: number,
): void {
  for (const [shardId, after] of ends)
    for (let lane = 0; lane < parallel; lane++)
      checkpoints.put([id, shardId, lane], { ...LOG_BEGIN, ...(after === undefined ? {} : { after }) });
}

/**
 * Has another number of lanes go on where the old ones were, by shard from the one that was furthest behind: what the
 * others had done already comes again.
 */
export function divideAnew(checkpoints: Collection<Checkpoint>, id: string, parallel: number): void {
  const slowest = new Map<string, string | undefined>();
  for (const [key, { after }] of checkpoints.entries({ prefix: [id] })) {
    const shardId = key[1] as string;
    const known = slowest.get(shardId);
    slowest.set(shardId, !slowest.has(shardId) || isBefore(after, known) ? after : known);
  }
  checkpoints.clear({ prefix: [id] });
  beginAt(checkpoints, id, slowest, parallel);
}

/** Sequence numbers are whole numbers, too long for a number. */
function isBefore(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return other !== undefined;
  return one.length === other.length ? one < other : one.length < other.length;
}
