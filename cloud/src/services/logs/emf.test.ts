import { expect, test } from "vitest";
import { embeddedMetrics } from "./emf.ts";

const TIMESTAMP = 1_700_000_000_000;

function line(directive: unknown, root: object = {}): string {
  return JSON.stringify({ _aws: { Timestamp: TIMESTAMP, CloudWatchMetrics: [directive] }, ...root });
}

test("one datum for each metric and set of dimensions", () => {
  const message = line(
    {
      Namespace: "shop",
      Dimensions: [["service"], ["service", "stage"]],
      Metrics: [
        { Name: "latency", Unit: "Milliseconds" },
        { Name: "orders", StorageResolution: 1 },
      ],
    },
    { service: "api", stage: "prod", latency: [12, 14.5], orders: 2 },
  );
  const service = { Name: "service", Value: "api" };
  const stage = { Name: "stage", Value: "prod" };
  const latency = { name: "latency", timestampMs: TIMESTAMP, values: [12, 14.5], counts: [1, 1], unit: "Milliseconds" };
  const orders = { name: "orders", timestampMs: TIMESTAMP, values: [2], counts: [1], storageResolution: 1 };
  expect(embeddedMetrics(message)).toEqual([
    {
      namespace: "shop",
      data: [
        { ...latency, dimensions: [service] },
        { ...latency, dimensions: [service, stage] },
        { ...orders, dimensions: [service] },
        { ...orders, dimensions: [service, stage] },
      ],
    },
  ]);
});

test("without dimensions the metric stands alone", () => {
  const message = line({ Namespace: "shop", Metrics: [{ Name: "n" }] }, { n: 1 });
  expect(embeddedMetrics(message)[0]?.data).toEqual([
    { name: "n", timestampMs: TIMESTAMP, dimensions: [], values: [1], counts: [1] },
  ]);
});

test.each([
  ["plain text", "hello"],
  ["text that only mentions it", 'the "_aws" member'],
  [
    "no timestamp",
    JSON.stringify({ _aws: { CloudWatchMetrics: [{ Namespace: "x", Metrics: [{ Name: "n" }] }] }, n: 1 }),
  ],
  ["no namespace", line({ Metrics: [{ Name: "n" }] }, { n: 1 })],
  ["a value that is no number", line({ Namespace: "x", Metrics: [{ Name: "n" }] }, { n: "1" })],
  [
    "a dimension that is not there",
    line({ Namespace: "x", Dimensions: [["gone"]], Metrics: [{ Name: "n" }] }, { n: 1 }),
  ],
  ["more than 100 values", line({ Namespace: "x", Metrics: [{ Name: "n" }] }, { n: Array(101).fill(1) })],
])("%s carries no metric", (_, message) => {
  expect(embeddedMetrics(message)).toEqual([]);
});
