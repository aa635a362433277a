/**
 * How keys of items and index entries are written: number of table or index, hash of the partition key, partition key,
 * sort key; in an index then the item's own key. So a partition stands together in order of its sort key, and a scan
 * goes by the hash, as on AWS.
 */
import { createHash } from "node:crypto";
import {
  attributeOf,
  bytesOf,
  type AttributeValue,
  type Item,
} from "../../engines/dynamodb-expressions/attribute-value.ts";
import { sortableNumber } from "../../engines/dynamodb-expressions/number.ts";
import type { Key, KeyPart } from "../../kernel/key.ts";
import type { Index, KeyAttribute, KeySchema, Table } from "./table.ts";

/** Hashes are whole numbers from 0 up to this one, exclusive. */
export const HASH_END = 2 ** 32;
/** Longer partition keys are kept as a digest: the store's keys have a limit, and a partition is only asked for as a whole. */
const PARTITION_BYTES_MAX = 512;
const TAIL_BYTES_MAX = 256;

/** A value as it sorts within a key. */
export function keyPart(value: AttributeValue): KeyPart {
  if (value.S !== undefined) return value.S;
  return value.N === undefined ? bytesOf(value.B!) : sortableNumber(value.N);
}

/** The smallest part that sorts behind a part and behind every key that goes on after it. */
export function partAfter(part: KeyPart): KeyPart {
  return typeof part === "string" ? `${part}\0` : Buffer.concat([part as Uint8Array, Buffer.of(0)]);
}

/** The smallest part that sorts behind all parts beginning with a prefix; undefined where there is none. */
export function partAfterPrefix(prefix: KeyPart): KeyPart | undefined {
  return typeof prefix === "string" ? textAfterPrefix(prefix) : bytesAfterPrefix(prefix as Uint8Array);
}

/** Where an item is kept. Its key attributes are there and of the right type. */
export function itemKey(table: Table, item: Item): Key {
  return [...partitionKey(table.number, table.partition, item), ...parts(table.sort, item)];
}

/** Where an item's entry in an index is kept; undefined where the item lacks an attribute of the index's key. */
export function entryKey(table: Table, index: Index, item: Item): Key | undefined {
  if (!hasAll(index.partition, item) || !hasAll(index.sort, item)) return undefined;
  return [
    ...partitionKey(index.number, index.partition, item),
    ...parts(index.sort, item),
    hashOf(values(table.partition, item)),
    ...tail(parts(table.key, item)),
  ];
}

/** What the keys of all items of a partition begin with. */
export function partitionKey(number: number, partition: KeySchema["partition"], item: Item): Key {
  const own = values(partition, item);
  const ownParts = own.map(keyPart);
  const hash = hashOf(own);
  return sizeOf(ownParts) <= PARTITION_BYTES_MAX ? [number, hash, ...ownParts] : [number, hash, digest(ownParts)];
}

/** The hash by which a scan goes. */
export function hashOf(own: readonly AttributeValue[]): number {
  let hash = 0x811c9dc5;
  for (const value of own) {
    const text = value.S ?? value.N ?? value.B!;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0xff, 0x01000193);
  }
  // Spreads neighbouring keys over the whole range, so that segments of a scan are of like size.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The key attributes of an item, as an item of their own. */
export function keyOf(attributes: readonly KeyAttribute[], item: Item): Item {
  const key: Item = {};
  for (const { name } of attributes) key[name] = item[name]!;
  return key;
}

function hasAll(attributes: readonly KeyAttribute[], item: Item): boolean {
  return attributes.every(({ name }) => attributeOf(item, name) !== undefined);
}

function values(attributes: readonly KeyAttribute[], item: Item): AttributeValue[] {
  return attributes.map(({ name }) => item[name]!);
}

function parts(attributes: readonly KeyAttribute[], item: Item): KeyPart[] {
  return attributes.map(({ name }) => keyPart(item[name]!));
}

function tail(own: KeyPart[]): KeyPart[] {
  return sizeOf(own) <= TAIL_BYTES_MAX ? own : [digest(own)];
}

function sizeOf(own: readonly KeyPart[]): number {
  let bytes = 0;
  for (const part of own) bytes += typeof part === "string" ? Buffer.byteLength(part) : (part as Uint8Array).length;
  return bytes;
}

function digest(own: readonly KeyPart[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of own) {
    const bytes = typeof part === "string" ? Buffer.from(part) : (part as Uint8Array);
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest();
}

function textAfterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points.length > 0) {
    const last = points.pop()!;
    if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  }
  return undefined;
}

function bytesAfterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end--;
  if (end === 0) return undefined;
  const after = Buffer.from(prefix.subarray(0, end));
  after[end - 1]! += 1;
  return after;
}
