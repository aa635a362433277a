import { afterEach, expect, test } from "vitest";
import { openKernel, type Kernel } from "./kernel.ts";
import { LogPoller, type Checkpoint, type LogPolicy } from "./log-poller.ts";

const open: Kernel[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const textsOf = (records: readonly { record: string }[]) => records.map(({ record }) => record);

function setUp(policy: Partial<LogPolicy<string>> = {}) {
  const kernel = openKernel({ clock: "frozen", seed: "log" });
  open.push(kernel);
  const log: { position: string; writtenMs: number; record: string }[] = [];
  const batches: string[][] = [];
  const discarded: [string[], string][] = [];
  const bad = new Set<string>();
  const make = () =>
    new LogPoller<string>(
      kernel,
      {
        name: "test",
        topic: "log",
        read: async (after, max) => log.filter(({ position }) => Number(position) > Number(after ?? 0)).slice(0, max),
      },
      {
        sizeMax: 4,
        bytesMax: 100,
        bytesOf: (record) => record.length,
        readMax: 10,
        tumblingMs: 0,
        windowMs: 0,
        retriesMax: Infinity,
        ageMsMax: Infinity,
        bisects: false,
        accepts: (record) => record !== "no",
        async handle({ records }) {
          batches.push(textsOf(records));
          if (records.some(({ record }) => bad.has(record))) throw new Error("failed");
          return {};
        },
        discard(records, reason) {
          discarded.push([textsOf(records), reason]);
        },
        ...policy,
      },
      kernel.store.collection<Checkpoint>("checkpoints"),
      ["log"],
    );
  const write = (...records: string[]) => {
    for (const record of records) log.push({ position: String(log.length + 1), writtenMs: kernel.clock.now(), record });
    kernel.news.tell("log");
  };
  return { kernel, make, write, batches, discarded, bad };
}

test("records go in order; a new poller goes on behind the checkpoint", async () => {
  const { kernel, make, write, batches } = setUp();
  const first = make();
  first.start();
  write("1", "2", "no", "3", "4");
  await kernel.settled();
  first.stop();
  make().start();
  write("5");
  await kernel.settled();
  expect(batches).toEqual([["1", "2", "3", "4"], ["5"]]);
});

test("a failed batch blocks the log until its retries are used up", async () => {
  const { kernel, make, write, batches, discarded, bad } = setUp({ retriesMax: 2 });
  bad.add("1");
  make().start();
  write("1", "2");
  await kernel.settled();
  write("3");
  await kernel.settled();
  expect(batches).toEqual([["1", "2"]]);
  await kernel.clock.advance("1 minute");
  expect(batches).toEqual([["1", "2"], ["1", "2"], ["1", "2"], ["3"]]);
  expect(discarded).toEqual([[["1", "2"], "retriesExhausted"]]);
});

test("halving leaves only what fails", async () => {
  const { kernel, make, write, batches, discarded, bad } = setUp({ retriesMax: 0, bisects: true });
  bad.add("3");
  make().start();
  write("1", "2", "3", "4");
  await kernel.settled();
  await kernel.clock.advance("1 minute");
  expect(batches).toEqual([["1", "2", "3", "4"], ["1", "2"], ["3", "4"], ["3"], ["4"]]);
  expect(discarded).toEqual([[["3"], "retriesExhausted"]]);
});

test("what is before the first that failed is done", async () => {
  const batches: string[][] = [];
  const { kernel, make, write } = setUp({
    async handle({ records }) {
      batches.push(textsOf(records));
      return batches.length === 1 ? { failedAt: 1 } : {};
    },
  });
  make().start();
  write("1", "2", "3");
  await kernel.settled();
  await kernel.clock.advance("1 second");
  expect(batches).toEqual([
    ["1", "2", "3"],
    ["2", "3"],
  ]);
});

test("what has become too old is discarded", async () => {
  const { kernel, make, write, discarded, bad } = setUp({ ageMsMax: 60_000 });
  bad.add("1");
  make().start();
  write("1");
  await kernel.settled();
  await kernel.clock.advance("5 minutes");
  expect(discarded).toEqual([[["1"], "tooOld"]]);
});

test("a batch waits for its window", async () => {
  const { kernel, make, write, batches } = setUp({ windowMs: 5000 });
  make().start();
  write("1");
  await kernel.settled();
  expect(batches).toEqual([]);
  write("2");
  await kernel.clock.advance("5 seconds");
  expect(batches).toEqual([["1", "2"]]);
});

test("a window of time hands on its state and is closed at its end", async () => {
  const calls: [string[], string, boolean][] = [];
  const { kernel, make, write } = setUp({
    tumblingMs: 60_000,
    sizeMax: 2,
    async handle({ records, tumbling, isFinal }) {
      calls.push([textsOf(records), tumbling!.state, isFinal]);
      return { state: JSON.stringify({ count: (JSON.parse(tumbling!.state).count ?? 0) + records.length }) };
    },
  });
  make().start();
  write("1", "2", "3");
  await kernel.settled();
  await kernel.clock.advance("2 minutes");
  write("4");
  await kernel.settled();
  expect(calls).toEqual([
    [["1", "2"], "{}", false],
    [["3"], `{"count":2}`, false],
    [[], `{"count":3}`, true],
    [["4"], "{}", false],
  ]);
});

test("what could not be tried counts as no retry", async () => {
  let tries = 0;
  const { kernel, make, write, discarded } = setUp({
    retriesMax: 0,
    handle: async () => (++tries < 4 ? { failedAt: 0, isUntried: true } : {}),
  });
  make().start();
  write("1");
  await kernel.clock.advance("1 minute");
  expect([tries, discarded]).toEqual([4, []]);
});

test("a batch holds no more bytes than it may", async () => {
  const { kernel, make, write, batches } = setUp({ bytesMax: 5 });
  make().start();
  write("123", "45", "6", "789012");
  await kernel.settled();
  expect(batches).toEqual([["123", "45"], ["6"], ["789012"]]);
});

test("no more is read ahead than a batch may hold", async () => {
  let read = 0;
  const { kernel, make, write, batches } = setUp({
    sizeMax: 100,
    readMax: 2,
    bytesMax: 5,
    accepts(record) {
      read += record.length;
      return true;
    },
    handle: async ({ records }) => {
      batches.push(textsOf(records));
      return batches.length < 2 ? { failedAt: 0 } : {};
    },
  });
  make().start();
  write("123", "456", "789", "012");
  await kernel.settled();
  expect([batches, read]).toEqual([[["123"]], 6]);
  await kernel.clock.advance("1 minute");
  expect(batches).toEqual([["123"], ["123"], ["456"], ["789"], ["012"]]);
});
