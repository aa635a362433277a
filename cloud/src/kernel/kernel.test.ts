import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { parseDuration } from "./duration.ts";
import { openKernel, type Kernel, type KernelOptions } from "./kernel.ts";
import { Undeliverable, type DeliveryPolicy } from "./delivery.ts";

const START = Date.UTC(2026, 0, 1);
const open: Kernel[] = [];

function kernel(options: KernelOptions = {}): Kernel {
  const made = openKernel({ clock: "frozen", startMs: START, seed: "kernel", ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

describe("clock", () => {
  test("durations are read as people write them", () => {
    expect(parseDuration("3d")).toBe(3 * 86_400_000);
    expect(parseDuration("+90 min")).toBe(90 * 60_000);
    expect(parseDuration("1 day 2 hours")).toBe(26 * 3_600_000);
    expect(parseDuration("1h30m")).toBe(90 * 60_000);
    expect(parseDuration(250)).toBe(250);
    for (const bad of ["", "3", "three days", "3 fortnights", "3d x"])
      expect(() => parseDuration(bad)).toThrow(RangeError);
    expect(() => parseDuration(-1)).toThrow(RangeError);
  });

  test("advancing runs timers in order of time, with the time they were set for", async () => {
    const { clock } = kernel();
    const seen: [string, number][] = [];
    clock.after(3000, () => seen.push(["late", clock.now() - START]));
    clock.after(1000, () => {
      seen.push(["early", clock.now() - START]);
      clock.after(500, () => seen.push(["follow-up", clock.now() - START]));
    });
    const cancel = clock.after(2000, () => seen.push(["cancelled", 0]));
    cancel();
    await clock.advance("1 hour");
    expect(seen).toEqual([
      ["early", 1000],
      ["follow-up", 1500],
      ["late", 3000],
    ]);
    expect(clock.now() - START).toBe(3_600_000);
  });

  test("what a timer sets off ends before the next timer runs", async () => {
    const { clock, activity } = kernel();
    const seen: string[] = [];
    clock.after(1, () => {
      void activity.during("work", async () => {
        await new Promise((wake) => setTimeout(wake, 20));
        seen.push("work done");
      });
    });
    clock.after(2, () => seen.push("second timer"));
    await clock.advance(10);
    expect(seen).toEqual(["work done", "second timer"]);
  });

  test("a wall clock runs by itself and can be moved", async () => {
    const { clock } = kernel({ clock: "wall" });
    const fired = new Promise<void>((resolve) => clock.after(5, resolve));
    await fired;
    const before = clock.now();
    await clock.advance("2 days");
    expect(clock.now() - before).toBeGreaterThanOrEqual(2 * 86_400_000);
    expect(clock.now() - before).toBeLessThan(2 * 86_400_000 + 5000);
  });
});

describe("durable timers", () => {
  test("survive a restart, and run when the cloud starts after they fell due", async () => {
    const directory = mkdtempSync(join(tmpdir(), "katachi-test-"));
    const first = openKernel({ directory, clock: "frozen", startMs: START });
    first.timers.handle("remind", () => undefined);
    first.timers.start();
    first.timers.set("remind", "a", START + 1000, { text: "tea" });
    first.timers.set("remind", "b", START + 9000, { text: "supper" });
    first.timers.set("remind", "a", START + 2000, { text: "coffee" });
    await first.close();

    const second = kernel({ directory, startMs: START + 5000 });
    const seen: unknown[] = [];
    second.timers.handle("remind", (payload: { text: string }, name) => seen.push([name, payload.text]));
    second.timers.start();
    await second.settled();
    expect(seen).toEqual([["a", "coffee"]]);
    await second.clock.advance("4s");
    expect(seen).toEqual([
      ["a", "coffee"],
      ["b", "supper"],
    ]);
  });
});

describe("deliveries", () => {
  function policy(overrides: Partial<DeliveryPolicy<string>>): DeliveryPolicy<string> {
    return {
      name: "test",
      attempt: async () => undefined,
      retryAfterMs: (_error, delivery) => (delivery.failures <= 2 ? 60_000 * delivery.failures : undefined),
      exhausted: async () => undefined,
      ...overrides,
    };
  }

  test("are retried by the clock and then given to the dead-letter destination with their failures", async () => {
    const { clock, deliveries, settled } = kernel();
    const attempts: number[] = [];
    const dead: [string, number][] = [];
    const accept = deliveries.register(
      policy({
        attempt: async () => {
          attempts.push((clock.now() - START) / 1000);
          throw new Error("down");
        },
        exhausted: async (delivery) => void dead.push([delivery.payload, delivery.failures]),
      }),
    );
    deliveries.start();
    accept("order 1");
    await settled();
    expect(attempts).toEqual([0]);
    await clock.advance("10 min");
    expect(attempts).toEqual([0, 60, 180]);
    expect(dead).toEqual([["order 1", 3]]);
    expect(deliveries.pending("test")).toEqual([]);
  });

  test("an undeliverable one is not tried again", async () => {
    const { clock, deliveries } = kernel();
    let attempts = 0;
    const dead: string[] = [];
    const accept = deliveries.register(
      policy({
        attempt: async () => {
          attempts++;
          throw new Undeliverable("gone");
        },
        exhausted: async (delivery) => void dead.push(delivery.payload),
      }),
    );
    deliveries.start();
    accept("x");
    await clock.advance("1 day");
    expect([attempts, dead]).toEqual([1, ["x"]]);
  });

  test("of one group happen in order, a failing one holds its group and no other", async () => {
    const { clock, deliveries, settled } = kernel();
    const done: string[] = [];
    let down = true;
    const accept = deliveries.register(
      policy({
        attempt: async ({ payload }) => {
          if (payload === "a1" && down) throw new Error("down");
          done.push(payload);
        },
      }),
    );
    deliveries.start();
    for (const payload of ["a1", "b1", "a2", "b2", "a3"]) accept(payload, { group: payload[0]! });
    await settled();
    expect(done).toEqual(["b1", "b2"]);
    down = false;
    await clock.advance("1 min");
    expect(done).toEqual(["b1", "b2", "a1", "a2", "a3"]);
  });

  test("accepted in a transaction that fails: nothing happens", async () => {
    const { store, deliveries, settled } = kernel();
    let attempts = 0;
    const accept = deliveries.register(policy({ attempt: async () => void attempts++ }));
    deliveries.start();
    expect(() =>
      store.transaction(() => {
        accept("x");
        throw new Error("rolled back");
      }),
    ).toThrow();
    await settled();
    expect(attempts).toBe(0);
  });

  test("go on after a restart", async () => {
    const directory = mkdtempSync(join(tmpdir(), "katachi-test-"));
    const first = openKernel({ directory, clock: "frozen", startMs: START });
    first.deliveries.register(policy({}))("kept");
    await first.close();
    const second = kernel({ directory });
    const seen: string[] = [];
    second.deliveries.register(policy({ attempt: async ({ payload }) => void seen.push(payload) }));
    second.deliveries.start();
    await second.settled();
    expect(seen).toEqual(["kept"]);
  });

  test("no more run at a time than the policy says, and a long backlog is worked off", async () => {
    const { deliveries, settled } = kernel();
    let running = 0;
    let most = 0;
    let done = 0;
    const accept = deliveries.register(
      policy({
        concurrency: 7,
        attempt: async () => {
          most = Math.max(most, ++running);
          await new Promise((wake) => setImmediate(wake));
          running--;
          done++;
        },
      }),
    );
    deliveries.start();
    for (let i = 0; i < 500; i++) accept(String(i));
    await settled();
    expect([most, done]).toEqual([7, 500]);
  });
});

describe("trace", () => {
  test("waitFor finds what was and what comes, and says what it saw when nothing does", async () => {
    const { trace } = kernel();
    const parent = trace.start({ name: "sqs:SendMessage" });
    trace.end(parent);
    const child = trace.start({ name: "lambda:Invoke", parent });
    expect(child.traceId).toBe(parent.traceId);
    expect(child.parentId).toBe(parent.spanId);
    expect(await trace.waitFor((span) => span.name === "sqs:SendMessage")).toBe(parent);
    const coming = trace.waitFor((span) => span.name === "lambda:Invoke");
    trace.end(child, { error: { code: "Boom", message: "bang" } });
    expect((await coming).error).toEqual({ code: "Boom", message: "bang" });
    await expect(trace.waitFor(() => false, { timeoutMs: 5 })).rejects.toThrow(
      /Newest spans: sqs:SendMessage, lambda:Invoke/,
    );
  });
});

describe("blobs", () => {
  test("small and large come back, whole and in part; a broken stream leaves nothing", async () => {
    const { blobs } = kernel();
    const small = await blobs.put(Buffer.from("hello world"));
    expect((await blobs.bytes(small)).toString()).toBe("hello world");
    const content = Buffer.alloc(300_000, "0123456789");
    const large = await blobs.put(
      (async function* () {
        for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
      })(),
    );
    expect(large.bytes).toBe(300_000);
    expect((await blobs.bytes(large)).equals(content)).toBe(true);
    for (const blob of [small, large]) {
      const part: Buffer[] = [];
      for await (const chunk of blobs.read(blob, { start: 2, end: 4 })) part.push(chunk as Buffer);
      expect(Buffer.concat(part).toString()).toBe(blob === small ? "llo" : "234");
    }
    blobs.remove(large);
    expect(() => blobs.read(large)).toThrow("No blob");
    await expect(
      blobs.put(
        (async function* () {
          yield Buffer.alloc(100_000);
          throw new Error("client went away");
        })(),
      ),
    ).rejects.toThrow("client went away");
    expect(() => blobs.read({ id: "../../etc/passwd", bytes: 1 })).toThrow("Not a blob id");
  });
});
