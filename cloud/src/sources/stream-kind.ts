import type { Positioned } from "../kernel/log-poller.ts";
import type { Reader } from "./reader.ts";

/** A record of a stream, written once as its consumers get it. */
export interface StreamRecord {
  /** JSON */
  readonly text: string;
  /** Records of one key stay in order. */
  readonly key: string;
}

export interface StreamPage {
  readonly records: readonly Positioned<StreamRecord>[];
  /** Undefined: the shard is closed and read to its end. */
  readonly next: string | undefined;
}

/** Where a shard is begun: behind a position, at its first record, at what is yet to come. */
export type ShardStart = { readonly after: string } | "TRIM_HORIZON" | "LATEST";

/** What is to be known of one kind of stream to read it: one more kind is one more entry of `stream-kinds.ts`. */
export interface StreamKind {
  /** In AWS's errors and documentation. */
  readonly title: string;
  /** The member of a failure's record that tells which records were given up. */
  readonly batchInfo: string;
  /** What one read may ask for. */
  readonly readMax: number;
  /** Records are kept this long. */
  readonly retentionMs: number;
  /** The field of a record's id in reports of failures. */
  sequenceNumberOf(record: object): unknown;
  /** Calls everything that reading needs, so that what is not allowed shows. @throws AwsError */
  probe(reader: Reader): Promise<void>;
  /** The ids of the shards. @throws AwsError */
  shards(reader: Reader): Promise<string[]>;
  /** @throws AwsError TrimmedDataAccessException where the place is not kept any more */
  iterator(reader: Reader, shardId: string, start: ShardStart): Promise<string>;
  /** @throws AwsError ExpiredIteratorException, TrimmedDataAccessException */
  read(reader: Reader, iterator: string, max: number): Promise<StreamPage>;
}
