import { afterEach, expect, test } from "vitest";
import { openKernel, type Kernel } from "./kernel.ts";
import { LogPoller, type Checkpoint, type LogPolicy } from "./log-poller.ts";

const open: Kernel[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

function setUp(policy: Partial<LogPolicy<string>> = {}) {
  const kernel = openKernel({ clock: "frozen", seed: "log" });
  open.push(kernel);
  const log: { position: number; writtenMs: number; record: string }[] = [];
  const batches: string[][] = [];
  const discarded: [string[], string][] = [];
  const bad = new Set<string>();
  const make = () =>
    new LogPoller<string>(
      kernel,
      {
        name: "test",
        topic: "log",
        read: async (after, max) => log.filter(({ position }) => position > after).slice(0, max),
      },
      {
        sizeMax: 4,
        windowMs: 0,
        retriesMax: Infinity,
        ageMsMax: Infinity,
        bisects: false,
        accepts: (record) => record !== "no",
        async handle(records) {
          batches.push([...records]);
          if (records.some((record) => bad.has(record))) throw new Error("failed");
          return undefined;
        },
        async discard(records, reason) {
          discarded.push([[...records], reason]);
        },
        ...policy,
      },
      kernel.store.collection<Checkpoint>("checkpoints"),
      ["log"],
    );
  const write = (...records: string[]) => {
    for (const record of records) log.push({ position: log.length + 1, writtenMs: kernel.clock.now(), record });
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
  expect(batches).toEqual([["1", "2", "3"], ["4"], ["5"]]);
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
    async handle(records) {
      batches.push([...records]);
      return batches.length === 1 ? records[1] : undefined;
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
