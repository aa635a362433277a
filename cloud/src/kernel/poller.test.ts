import { afterEach, expect, test } from "vitest";
import { openKernel, type Kernel } from "./kernel.ts";
import { QueuePoller, type BatchPolicy } from "./poller.ts";

const open: Kernel[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A queue whose failed records come back when told. */
function setUp(policy: Partial<BatchPolicy<string>> = {}) {
  const kernel = openKernel({ clock: "frozen", seed: "poller" });
  open.push(kernel);
  const queue: string[] = [];
  const acknowledged: string[] = [];
  const batches: string[][] = [];
  const faults = { receive: 0, acknowledge: 0, receives: 0 };
  const poller = new QueuePoller<string>(
    kernel,
    {
      name: "test",
      topic: "queue",
      async receive(max) {
        faults.receives++;
        if (faults.receive-- > 0) throw new Error("cannot be read");
        return queue.splice(0, max);
      },
      async acknowledge(records) {
        if (faults.acknowledge-- > 0) throw new Error("not now");
        acknowledged.push(...records);
      },
    },
    {
      sizeMax: 3,
      receiveMax: 3,
      windowMs: 0,
      concurrency: 2,
      bytesMax: 1000,
      bytesOf: (record) => record.length,
      accepts: () => true,
      async handle(records) {
        batches.push([...records]);
        return [];
      },
      ...policy,
    },
  );
  const send = (...records: string[]) => {
    queue.push(...records);
    kernel.news.tell("queue");
  };
  return { kernel, poller, queue, send, acknowledged, batches, faults };
}

test("what is there when it starts and what comes later goes in batches, and is acknowledged", async () => {
  const { kernel, poller, queue, send, acknowledged, batches } = setUp();
  queue.push("1", "2", "3", "4");
  poller.start();
  await kernel.settled();
  expect(batches).toEqual([["1", "2", "3"], ["4"]]);
  send("5");
  await kernel.settled();
  expect(acknowledged).toEqual(["1", "2", "3", "4", "5"]);
});

test("it does not look again without news", async () => {
  const { kernel, poller, faults } = setUp();
  poller.start();
  await kernel.settled();
  const { receives } = faults;
  await kernel.clock.advance("3 days");
  expect(faults.receives).toBe(receives);
});

test("a batch waits to become full until its window is over", async () => {
  const { kernel, poller, send, batches } = setUp({ windowMs: 5000 });
  poller.start();
  send("1");
  await kernel.settled();
  await kernel.clock.advance(4000);
  send("2");
  await kernel.settled();
  expect(batches).toEqual([]);
  await kernel.clock.advance(1000);
  expect(batches).toEqual([["1", "2"]]);
  send("3", "4", "5");
  await kernel.settled();
  expect(batches[1]).toEqual(["3", "4", "5"]);
});

test("a batch stays below its size in bytes", async () => {
  const { kernel, poller, send, batches } = setUp({ bytesMax: 5 });
  poller.start();
  send("abc", "de", "f");
  await kernel.settled();
  expect(batches).toEqual([["abc", "de"], ["f"]]);
});

test("what failed is not acknowledged; a rejection fails the whole batch", async () => {
  const { kernel, poller, send, acknowledged } = setUp({
    async handle(records) {
      if (records.includes("bad")) throw new Error("failed");
      return records.filter((record) => record === "2");
    },
  });
  poller.start();
  send("1", "2", "3", "bad", "4");
  await kernel.settled();
  expect(acknowledged).toEqual(["1", "3"]);
});

test("what is not accepted is acknowledged and not handled", async () => {
  const { kernel, poller, send, acknowledged, batches } = setUp({ accepts: (record) => record !== "no" });
  poller.start();
  send("no", "yes");
  await kernel.settled();
  expect(batches).toEqual([["yes"]]);
  expect(acknowledged.toSorted()).toEqual(["no", "yes"]);
});

test("no more batches at a time than allowed, and all of them in the end", async () => {
  let running = 0;
  let most = 0;
  const { kernel, poller, send, acknowledged } = setUp({
    async handle() {
      most = Math.max(most, ++running);
      await new Promise((wake) => setImmediate(wake));
      running--;
      return [];
    },
  });
  poller.start();
  send(...Array.from({ length: 30 }, (_, at) => String(at)));
  await kernel.settled();
  expect(most).toBe(2);
  expect(acknowledged.length).toBe(30);
});

test("a source that cannot be read is tried again later; an acknowledgement at once", async () => {
  const { kernel, poller, queue, acknowledged, faults } = setUp();
  faults.receive = 2;
  queue.push("1");
  poller.start();
  await kernel.settled();
  expect(acknowledged).toEqual([]);
  faults.acknowledge = 2;
  await kernel.clock.advance(3000);
  expect(acknowledged).toEqual(["1"]);
});

test("what is stopped receives no more", async () => {
  const { kernel, poller, send, batches } = setUp();
  poller.start();
  await kernel.settled();
  poller.stop();
  send("1");
  await kernel.settled();
  expect(batches).toEqual([]);
});
