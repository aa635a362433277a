import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  paginateFilterLogEvents,
  PutLogEventsCommand,
  StartLiveTailCommand,
  type InputLogEvent,
  type StartLiveTailResponseStream,
} from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import type { LogsState } from "./state.ts";

const DAY_MS = 86_400_000;
let cloud: Cloud;
let logs: CloudWatchLogsClient;
let now: number;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2025, 5, 1) });
  logs = cloud.client(CloudWatchLogsClient, { maxAttempts: 1 });
  now = cloud.clock.now();
});
afterAll(() => cloud.close());

async function newStream(logGroupName: string, ...names: string[]): Promise<void> {
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  for (const logStreamName of names) await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
}

const put = (logGroupName: string, logStreamName: string, logEvents: InputLogEvent[], more = {}) =>
  logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents, ...more }));

describe("PutLogEvents", () => {
  test("needs its group and stream", async () => {
    await newStream("/put", "s");
    const events = [{ timestamp: now, message: "m" }];
    await expect(put("/nowhere", "s", events)).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "The specified log group does not exist.",
    });
    await expect(put("/put", "t", events)).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "The specified log stream does not exist.",
    });
  });

  test("ignores sequence tokens, and gives some", async () => {
    const events = [{ timestamp: now, message: "m" }];
    const { nextSequenceToken } = await put("/put", "s", events, { sequenceToken: "wrong" });
    expect(nextSequenceToken).toMatch(/^49\d{54}$/);
  });

  test("refuses what is out of order, too long a time, too large or too many", async () => {
    const at = (timestamp: number, message = "m") => ({ timestamp, message });
    await expect(put("/put", "s", [at(now), at(now - 1)])).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "Log events in a single PutLogEvents request must be in chronological order.",
    });
    await expect(put("/put", "s", [at(now - DAY_MS - 1), at(now)])).rejects.toMatchObject({
      message: "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
    });
    // Bytes in UTF-8 count, and 26 more for each event.
    await put("/put", "s", [at(now, "x".repeat(1_048_576 - 26))]);
    await expect(put("/put", "s", [at(now, `é${"x".repeat(1_048_576 - 27)}`)])).rejects.toMatchObject({
      message: "Upload too large: 1048577 bytes exceeds limit of 1048576",
    });
    await expect(put("/put", "s", Array(10_001).fill(at(now)))).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    await expect(put("/put", "s", [])).rejects.toMatchObject({ name: "InvalidParameterException" });
  });

  test("rejects single events that are too old or too new, and keeps the others", async () => {
    await newStream("/age", "s");
    const message = "m";
    const old = await put("/age", "s", [
      { timestamp: now - 14 * DAY_MS - 1, message },
      { timestamp: now - 14 * DAY_MS, message: "kept" },
    ]);
    expect(old.rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1 });
    const fresh = await put("/age", "s", [
      { timestamp: now + 7_200_000, message: "kept too" },
      { timestamp: now + 7_200_001, message },
      { timestamp: now + 7_200_002, message },
    ]);
    expect(fresh.rejectedLogEventsInfo).toEqual({ tooNewLogEventStartIndex: 1 });
    const { events } = await logs.send(new GetLogEventsCommand({ logGroupName: "/age", logStreamName: "s" }));
    expect(events?.map((event) => event.message)).toEqual(["kept", "kept too"]);
    expect((await put("/age", "s", [{ timestamp: now, message }])).rejectedLogEventsInfo).toBeUndefined();
  });
});

describe("GetLogEvents", () => {
  const get = (more: object = {}) =>
    logs.send(new GetLogEventsCommand({ logGroupName: "/get", logStreamName: "s", ...more }));
  const texts = (page: { events?: { message?: string | undefined }[] | undefined }) =>
    page.events?.map((e) => e.message);

  beforeAll(async () => {
    await newStream("/get", "s", "empty");
    for (let i = 0; i < 10; i++) await put("/get", "s", [{ timestamp: now + i, message: `m${i}` }]);
  });

  test("reads forward to the end, where the token stays the same", async () => {
    const first = await get({ startFromHead: true, limit: 4 });
    expect(texts(first)).toEqual(["m0", "m1", "m2", "m3"]);
    expect(first.nextForwardToken).toMatch(/^f\/\d{56}\/s$/);
    const second = await get({ startFromHead: true, nextToken: first.nextForwardToken });
    expect(texts(second)).toEqual(["m4", "m5", "m6", "m7", "m8", "m9"]);
    const third = await get({ startFromHead: true, nextToken: second.nextForwardToken });
    expect(third.events).toEqual([]);
    expect(third.nextForwardToken).toBe(second.nextForwardToken);
    const back = await get({ nextToken: second.nextBackwardToken, limit: 2 });
    expect(texts(back)).toEqual(["m2", "m3"]);
  });

  test("reads the newest first by default, oldest on top", async () => {
    const page = await get({ limit: 3 });
    expect(texts(page)).toEqual(["m7", "m8", "m9"]);
    expect(texts(await get({ limit: 3, nextToken: page.nextBackwardToken }))).toEqual(["m4", "m5", "m6"]);
    expect(page.events?.[0]).toEqual({ timestamp: now + 7, message: "m7", ingestionTime: now });
  });

  test("takes a time with its start, without its end", async () => {
    expect(texts(await get({ startTime: now + 2, endTime: now + 4 }))).toEqual(["m2", "m3"]);
  });

  test("a token goes on where events came later", async () => {
    await newStream("/follow", "s");
    const follow = (nextToken?: string) =>
      logs.send(
        new GetLogEventsCommand({ logGroupName: "/follow", logStreamName: "s", startFromHead: true, nextToken }),
      );
    const empty = await follow();
    expect(empty.events).toEqual([]);
    await put("/follow", "s", [{ timestamp: now, message: "a" }]);
    const one = await follow(empty.nextForwardToken);
    expect(texts(one)).toEqual(["a"]);
    // Of the same time: what arrived later stands behind.
    await put("/follow", "s", [{ timestamp: now, message: "b" }]);
    expect(texts(await follow(one.nextForwardToken))).toEqual(["b"]);
  });

  test("events of overlapping batches come in order of their time", async () => {
    await newStream("/merge", "s");
    await put("/merge", "s", [
      { timestamp: now, message: "1" },
      { timestamp: now + 4000, message: "4" },
      { timestamp: now + 60_000, message: "6" },
    ]);
    await put("/merge", "s", [
      { timestamp: now + 1000, message: "2" },
      { timestamp: now + 30_000, message: "5" },
    ]);
    await put("/merge", "s", [{ timestamp: now + 2000, message: "3" }]);
    const read = (startFromHead: boolean, more: object = {}) =>
      logs.send(new GetLogEventsCommand({ logGroupName: "/merge", logStreamName: "s", startFromHead, ...more }));
    const all = ["1", "2", "3", "4", "5", "6"];
    expect(texts(await read(true))).toEqual(all);
    expect(texts(await read(false))).toEqual(all);
    for (const startFromHead of [true, false]) {
      const seen: (string | undefined)[] = [];
      for (let page = await read(startFromHead, { limit: 1 }); page.events?.length;) {
        seen.push(page.events[0]!.message);
        const nextToken = startFromHead ? page.nextForwardToken : page.nextBackwardToken;
        page = await read(startFromHead, { limit: 1, nextToken });
      }
      expect(seen).toEqual(startFromHead ? all : all.toReversed());
    }
  });

  test("an answer holds at most 1 MB", async () => {
    await newStream("/large", "s");
    for (let i = 0; i < 3; i++)
      await put("/large", "s", [{ timestamp: now + i, message: `${i}${"x".repeat(500_000)}` }]);
    const page = await logs.send(
      new GetLogEventsCommand({ logGroupName: "/large", logStreamName: "s", startFromHead: true }),
    );
    expect(texts(page)?.map((text) => text?.[0])).toEqual(["0", "1"]);
  });

  test("the group by ARN, never by both names", async () => {
    const logGroupIdentifier = "arn:aws:logs:us-east-1:000000000000:log-group:/get";
    const page = await logs.send(new GetLogEventsCommand({ logGroupIdentifier, logStreamName: "s", limit: 1 }));
    expect(texts(page)).toEqual(["m9"]);
    await expect(get({ logGroupIdentifier })).rejects.toMatchObject({ name: "ValidationException" });
    await expect(get({ nextToken: "f/1/s" })).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "The specified nextToken is invalid.",
    });
  });
});

describe("FilterLogEvents", () => {
  const filter = async (more: object = {}) =>
    (await logs.send(new FilterLogEventsCommand({ logGroupName: "/filter", ...more }))).events ?? [];
  const texts = async (more: object = {}) => (await filter(more)).map((event) => event.message);

  beforeAll(async () => {
    await newStream("/filter", "web-1", "web-2", "job-1");
    await put("/filter", "web-1", [
      { timestamp: now, message: "INFO a" },
      { timestamp: now + 20, message: "ERROR c" },
    ]);
    await put("/filter", "job-1", [{ timestamp: now + 5, message: '{"level":"ERROR","ms":12}' }]);
    await put("/filter", "web-2", [
      { timestamp: now + 10, message: "ERROR b" },
      { timestamp: now + 30, message: "INFO d" },
    ]);
  });

  test("interleaves the streams in order of time", async () => {
    const events = await filter();
    expect(events.map((event) => event.message)).toEqual([
      "INFO a",
      '{"level":"ERROR","ms":12}',
      "ERROR b",
      "ERROR c",
      "INFO d",
    ]);
    expect(events[2]).toEqual({
      logStreamName: "web-2",
      timestamp: now + 10,
      message: "ERROR b",
      ingestionTime: now,
      eventId: expect.stringMatching(/^\d{56}$/),
    });
    expect(await texts({ startFromHead: false, startTime: now })).toEqual(
      events.map((event) => event.message).toReversed(),
    );
  });

  test("by pattern, stream, prefix and time, whose end is included", async () => {
    expect(await texts({ filterPattern: "ERROR" })).toHaveLength(3);
    expect(await texts({ filterPattern: "{ $.ms > 10 }" })).toEqual(['{"level":"ERROR","ms":12}']);
    expect(await texts({ logStreamNames: ["web-1"] })).toEqual(["INFO a", "ERROR c"]);
    expect(await texts({ logStreamNames: ["job-1", "web-2"], filterPattern: "INFO" })).toEqual(["INFO d"]);
    expect(await texts({ logStreamNamePrefix: "web-" })).toEqual(["INFO a", "ERROR b", "ERROR c", "INFO d"]);
    expect(await texts({ startTime: now + 10, endTime: now + 20 })).toEqual(["ERROR b", "ERROR c"]);
    expect(await texts({ logStreamNamePrefix: "none" })).toEqual([]);
  });

  test("in pages", async () => {
    const seen: (string | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateFilterLogEvents(
      { client: logs, pageSize: 2 },
      { logGroupName: "/filter", filterPattern: "?ERROR ?INFO" },
    )) {
      pages++;
      seen.push(...(page.events ?? []).map((event) => event.message));
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
    expect(pages).toBe(3);
  });

  test("what is wrong is refused", async () => {
    await expect(filter({ filterPattern: "{ $.a = " })).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "If a filter pattern starts with '{' it must end with '}'",
    });
    await expect(filter({ filterPattern: "{ $.a }" })).rejects.toMatchObject({ message: "Invalid filter pattern" });
    await expect(filter({ logStreamNames: ["web-1"], logStreamNamePrefix: "web" })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    await expect(filter({ logStreamNames: ["nobody"] })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "The specified log stream does not exist.",
    });
    await expect(filter({ nextToken: "x" })).rejects.toMatchObject({ message: "The specified nextToken is invalid." });
  });

  test("a long search is answered in pages, some of them empty", async () => {
    await newStream("/haystack", "s");
    for (let batch = 0; batch < 11; batch++)
      await put(
        "/haystack",
        "s",
        Array.from({ length: 10_000 }, (_, i) => ({ timestamp: now + batch * 10_000 + i, message: "hay" })),
      );
    await put("/haystack", "s", [{ timestamp: now + 110_000, message: "needle" }]);
    const first = await logs.send(new FilterLogEventsCommand({ logGroupName: "/haystack", filterPattern: "needle" }));
    expect(first.events).toEqual([]);
    const second = await logs.send(
      new FilterLogEventsCommand({ logGroupName: "/haystack", filterPattern: "needle", nextToken: first.nextToken }),
    );
    expect(second.events).toHaveLength(1);
    expect(second.nextToken).toBeUndefined();
  });
});

describe("StartLiveTail", () => {
  async function take(stream: AsyncIterator<StartLiveTailResponseStream>): Promise<StartLiveTailResponseStream> {
    const { value, done } = await stream.next();
    if (done) throw new Error("The session ended");
    return value as StartLiveTailResponseStream;
  }

  test("shows matching events as they come, and an empty update each second", async () => {
    await newStream("/tail", "a", "b");
    const arn = "arn:aws:logs:us-east-1:000000000000:log-group:/tail";
    const { responseStream } = await logs.send(
      new StartLiveTailCommand({ logGroupIdentifiers: [arn], logStreamNames: ["a"], logEventFilterPattern: "ERROR" }),
    );
    const session = responseStream![Symbol.asyncIterator]();
    expect((await take(session)).sessionStart).toMatchObject({
      logGroupIdentifiers: [arn],
      logStreamNames: ["a"],
      logEventFilterPattern: "ERROR",
      sessionId: expect.any(String),
    });
    await put("/tail", "b", [{ timestamp: now, message: "ERROR elsewhere" }]);
    await put("/tail", "a", [
      { timestamp: now, message: "INFO" },
      { timestamp: now + 1, message: "ERROR here" },
    ]);
    expect((await take(session)).sessionUpdate).toEqual({
      sessionMetadata: { sampled: false },
      sessionResults: [
        { logStreamName: "a", logGroupIdentifier: arn, message: "ERROR here", timestamp: now + 1, ingestionTime: now },
      ],
    });
    const quiet = take(session);
    await cloud.clock.advance(1000);
    expect((await quiet).sessionUpdate?.sessionResults ?? []).toEqual([]);
    await session.return?.();
  });

  test("ends with the client, and after three hours", async () => {
    const { tails } = cloud.gate.stateOf("logs") as LogsState;
    tails.clear();
    await newStream("/tail-end", "a");
    const logGroupIdentifiers = ["arn:aws:logs:us-east-1:000000000000:log-group:/tail-end"];
    const start = async (abortSignal?: AbortSignal) => {
      const { responseStream } = await logs.send(new StartLiveTailCommand({ logGroupIdentifiers }), { abortSignal });
      const session = responseStream![Symbol.asyncIterator]();
      await take(session);
      return session;
    };
    const left = new AbortController();
    const session = await start(left.signal);
    expect(tails.size).toBe(1);
    left.abort();
    await session.next().catch(() => undefined);
    await expect.poll(() => tails.size).toBe(0);

    const long = await start();
    const readToEnd = async (): Promise<void> => {
      for (let update = await long.next(); !update.done; update = await long.next());
    };
    const ended = expect(readToEnd()).rejects.toMatchObject({ name: "SessionTimeoutException" });
    await cloud.clock.advance("3 hours");
    await ended;
    await expect.poll(() => tails.size).toBe(0);
  });

  test("samples what is too much", async () => {
    await newStream("/flood", "a");
    const arn = "arn:aws:logs:us-east-1:000000000000:log-group:/flood";
    const { responseStream } = await logs.send(new StartLiveTailCommand({ logGroupIdentifiers: [arn] }));
    const session = responseStream![Symbol.asyncIterator]();
    await take(session);
    await put(
      "/flood",
      "a",
      Array.from({ length: 2000 }, (_, i) => ({ timestamp: now, message: `m${i}` })),
    );
    const { sessionUpdate } = await take(session);
    expect(sessionUpdate?.sessionMetadata?.sampled).toBe(true);
    expect(sessionUpdate?.sessionResults).toHaveLength(500);
    await session.return?.();
  });

  test("takes groups by ARN, streams of one group only, and patterns that are right", async () => {
    await newStream("/tail-checks", "a");
    const arn = (name: string) => `arn:aws:logs:us-east-1:000000000000:log-group:${name}`;
    const start = (input: object) =>
      logs.send(new StartLiveTailCommand({ logGroupIdentifiers: [arn("/tail-checks")], ...input }));
    await expect(start({ logGroupIdentifiers: ["/tail-checks"] })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    await expect(start({ logGroupIdentifiers: [arn("/none")] })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    await expect(start({ logStreamNames: ["a"], logStreamNamePrefixes: ["b"] })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    await expect(
      start({ logGroupIdentifiers: [arn("/tail"), arn("/tail-checks")], logStreamNames: ["a"] }),
    ).rejects.toMatchObject({ name: "InvalidParameterException" });
    await expect(start({ logEventFilterPattern: '""' })).rejects.toMatchObject({
      message: "Invalid filter pattern: Invalid character(s) in term '\"\"'",
    });
  });
});
