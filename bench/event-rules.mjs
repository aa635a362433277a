/**
 * EventBridge rules: 10,000 events against 10, 100 and 1,000 rules, of which one or ten match each event. Beside the
 * index, in the same run: every pattern held against every event. Then the same through PutEvents of a started cloud.
 */
import { mkdirSync, rmSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The sources as they are, in one file beside the package's own. */
async function load() {
  const folder = fileURLToPath(new URL("../cloud/node_modules/.cache/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  const outfile = `${folder}event-rules-${process.pid}.mjs`;
  const contents = [
    'export { RuleIndex } from "./engines/event-rules/index.ts";',
    'export { compilePattern } from "./aws/event-pattern.ts";',
    'export { startCloud } from "./cloud.ts";',
  ].join("\n");
  const resolveDir = fileURLToPath(new URL("../cloud/src/", import.meta.url));
  const stdin = { contents, resolveDir, loader: /** @type {const} */ ("ts") };
  await build({
    stdin,
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    target: "node20",
  });
  try {
    return await import(outfile);
  } finally {
    rmSync(outfile);
  }
}

const { RuleIndex, compilePattern, startCloud } = await load();

const EVENTS = Number(process.env["EVENTS"] ?? 10_000);
const RULES = [10, 100, 1000];
const BATCH = 10;

/** All rules share source and detail type; they differ in what they ask of the detail, in five ways. */
function patternOf(/** @type {number} */ n, /** @type {number} */ group) {
  const about = [
    { customer: [`customer-${group}`] },
    { key: [{ prefix: `orders/${group}/` }] },
    { customer: [{ "equals-ignore-case": `CUSTOMER-${group}` }], total: [{ numeric: [">", 0] }] },
    { items: { sku: [`sku-${group}`] } },
    { $or: [{ region: [`region-${group}`] }, { key: [{ suffix: `/${group}.json` }] }] },
  ];
  return JSON.stringify({ source: ["shop"], "detail-type": ["order placed"], detail: about[n % about.length] });
}

function eventOf(/** @type {number} */ group) {
  return {
    source: "shop",
    "detail-type": "order placed",
    detail: {
      customer: `customer-${group}`,
      key: `orders/${group}/${group}.json`,
      region: `region-${group}`,
      total: 12.5,
      items: [{ sku: `sku-${group}` }, { sku: "other" }],
    },
  };
}

/** @param {number} rules @param {number} matches rules that match one event */
function plan(rules, matches) {
  const groups = rules / matches;
  const patterns = Array.from({ length: rules }, (_, n) => patternOf(n, n % groups));
  const events = Array.from({ length: EVENTS }, (_, n) => eventOf(n % groups));
  return { patterns, events };
}

/** @param {() => number} work @returns {{ found: number, us: number }} microseconds for one event */
function time(work) {
  work();
  const startedAt = performance.now();
  const found = work();
  return { found, us: ((performance.now() - startedAt) * 1000) / EVENTS };
}

const row = (/** @type {(string | number)[]} */ ...cells) =>
  console.log(cells.map((cell, n) => String(cell).padStart(n === 0 ? 6 : 14)).join(""));

console.log(`matching alone, ${EVENTS} events, microseconds for each`);
row("rules", "matches each", "index", "one by one", "ratio");
for (const matches of [1, 10])
  for (const rules of RULES) {
    const { patterns, events } = plan(rules, matches);
    const index = new RuleIndex();
    for (const [n, pattern] of patterns.entries()) index.put(String(n), pattern);
    const compiled = patterns.map((pattern) => compilePattern(pattern));
    const indexed = time(() => events.reduce((sum, event) => sum + index.match(event).length, 0));
    const naive = time(() =>
      events.reduce((sum, event) => sum + compiled.filter((matchesEvent) => matchesEvent(event)).length, 0),
    );
    if (indexed.found !== naive.found) throw new Error(`index found ${indexed.found}, one by one ${naive.found}`);
    row(
      rules,
      indexed.found / EVENTS,
      indexed.us.toFixed(1),
      naive.us.toFixed(1),
      `${(naive.us / indexed.us).toFixed(1)} ×`,
    );
  }

console.log(`\nthrough PutEvents, ten at a time, each event to one queue`);
row("rules", "events/s", "us each");
for (const rules of RULES) {
  const cloud = await startCloud({ ephemeral: true });
  const { patterns, events } = plan(rules, 1);
  const { QueueUrl } = await cloud.call("sqs", "CreateQueue", { QueueName: "bench" });
  const arn = `arn:aws:sqs:us-east-1:000000000000:bench`;
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: arn,
    },
  });
  await cloud.call("sqs", "SetQueueAttributes", { QueueUrl, Attributes: { Policy } });
  for (const [n, EventPattern] of patterns.entries()) {
    await cloud.call("events", "PutRule", { Name: `rule-${n}`, EventPattern });
    await cloud.call("events", "PutTargets", { Rule: `rule-${n}`, Targets: [{ Id: "queue", Arn: arn }] });
  }
  const startedAt = performance.now();
  for (let at = 0; at < events.length; at += BATCH)
    await cloud.call("events", "PutEvents", {
      Entries: events.slice(at, at + BATCH).map((event) => ({
        Source: event.source,
        DetailType: event["detail-type"],
        Detail: JSON.stringify(event.detail),
      })),
    });
  await cloud.settled();
  const seconds = (performance.now() - startedAt) / 1000;
  const { Attributes } = await cloud.call("sqs", "GetQueueAttributes", {
    QueueUrl,
    AttributeNames: ["ApproximateNumberOfMessages"],
  });
  if (Number(Attributes.ApproximateNumberOfMessages) !== EVENTS)
    throw new Error(`${Attributes.ApproximateNumberOfMessages} messages of ${EVENTS} arrived`);
  row(rules, Math.round(EVENTS / seconds), ((seconds * 1e6) / EVENTS).toFixed(0));
  await cloud.close();
}
