import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { decodeKey, encodeKey, type Key } from "./key.ts";
import { openStore, StoreError } from "./store.ts";

const store = openStore({});
afterAll(() => store.close());

test("keys sort as their parts do, and come back as they were", () => {
  const ordered: Key[] = [
    [-Infinity],
    [-2.5],
    [-1],
    [0],
    [1e-300],
    [1],
    [1, "a"],
    [2],
    [Infinity],
    [""],
    ["a"],
    ["a", 1],
    ["a", "b"],
    ["a\0"],
    ["ab"],
    ["b"],
    ["あ"],
    ["😀"],
    [new Uint8Array([])],
    [new Uint8Array([0])],
    [new Uint8Array([0, 0])],
    [new Uint8Array([0, 1])],
    [new Uint8Array([1])],
    [new Uint8Array([255])],
  ];
  const encoded = ordered.map((key) => encodeKey(7, key));
  for (let i = 1; i < encoded.length; i++) expect(Buffer.compare(encoded[i - 1]!, encoded[i]!)).toBe(-1);
  for (const [i, key] of ordered.entries()) expect(decodeKey(encoded[i]!).map(plain)).toEqual(key.map(plain));
});

function plain(part: unknown): unknown {
  return part instanceof Uint8Array ? [...part] : part;
}

test("ranges: prefix, from, after, to, reverse, limit", () => {
  const things = store.collection<number>("ranges");
  for (const group of ["a", "b"]) for (let i = 1; i <= 5; i++) things.put([group, i], i);
  const read = (range: Parameters<typeof things.values>[0]) => [...things.values(range)];
  expect(read({ prefix: ["a"] })).toEqual([1, 2, 3, 4, 5]);
  expect(read({ prefix: ["a"], reverse: true })).toEqual([5, 4, 3, 2, 1]);
  expect(read({ prefix: ["a"], from: ["a", 2], to: ["a", 4] })).toEqual([2, 3]);
  expect(read({ prefix: ["a"], after: ["a", 2] })).toEqual([3, 4, 5]);
  expect(read({ prefix: ["b"], to: ["b", 3], reverse: true, limit: 1 })).toEqual([2]);
  expect(read({ prefix: ["a"], after: ["a", 2], reverse: true, limit: 2 })).toEqual([5, 4]);
  expect(things.count()).toBe(10);
  expect(things.count({ prefix: ["b"] })).toBe(5);
  expect(things.first({ prefix: ["b"] })).toEqual([["b", 1], 1]);
  expect(things.clear({ prefix: ["a"] })).toBe(5);
  expect(things.count()).toBe(5);
});

test("one collection never shows another's records", () => {
  const left = store.collection<string>("left");
  const right = store.collection<string>("right");
  left.put(["k"], "l");
  right.put(["k"], "r");
  expect([...left.values()]).toEqual(["l"]);
  expect([...right.values({ reverse: true })]).toEqual(["r"]);
});

test("a transaction that throws leaves nothing, also what it called inside", () => {
  const things = store.collection<number>("rollback");
  expect(() =>
    store.transaction(() => {
      things.put(["a"], 1);
      store.transaction(() => things.put(["b"], 2));
      expect([...things.values()]).toEqual([1, 2]);
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(things.count()).toBe(0);
});

test("bytes in records are their own", () => {
  const things = store.collection<{ body: Uint8Array }>("bytes");
  things.put(["a"], { body: Buffer.from("first") });
  things.put(["b"], { body: Buffer.from("other") });
  const first = things.get(["a"])!;
  things.get(["b"]);
  expect(Buffer.from(first.body).toString()).toBe("first");
});

test("a directory that is not ours is refused, and left as it is", () => {
  const directory = mkdtempSync(join(tmpdir(), "katachi-test-"));
  writeFileSync(join(directory, "thesis.txt"), "precious");
  expect(() => openStore({ directory })).toThrow(StoreError);
  expect(() => openStore({ directory })).toThrow(/is not a Katachi data directory: it holds thesis.txt/);
});

test("a directory in use is refused with the process that has it; it opens again when that one is gone", async () => {
  const directory = mkdtempSync(join(tmpdir(), "katachi-test-"));
  const first = openStore({ directory });
  first.collection<number>("kept").put(["n"], 42);
  expect(() => openStore({ directory })).toThrow(new RegExp(`in use by process ${process.pid}`));
  await first.close();
  writeFileSync(join(directory, "lock"), "999999999");
  const second = openStore({ directory });
  expect(second.collection<number>("kept").get(["n"])).toBe(42);
  await second.close();
});
