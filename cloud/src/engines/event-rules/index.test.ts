import { expect, test } from "vitest";
import { compilePattern } from "../../aws/event-pattern.ts";
import { RuleIndex } from "./index.ts";

const PATTERNS: Record<string, unknown> = {
  exact: { source: ["shop"] },
  alternatives: { source: ["shop", "bank"], detail: { state: ["new", null, 5, true] } },
  number: { detail: { count: [{ numeric: ["=", 5] }] } },
  range: { detail: { count: [{ numeric: [">", 3, "<=", 5] }] } },
  prefix: { detail: { key: [{ prefix: "images/" }, { suffix: ".png" }] } },
  folded: { detail: { key: [{ prefix: { "equals-ignore-case": "IMAGES/" } }] } },
  same: { detail: { key: [{ "equals-ignore-case": "Images/A.PNG" }] } },
  wild: { detail: { key: [{ wildcard: "images/*.png" }] } },
  wildEnd: { detail: { key: [{ wildcard: "*.png" }] } },
  wildEscaped: { detail: { key: [{ wildcard: "\\*mages*" }] } },
  but: { detail: { state: [{ "anything-but": ["old"] }] } },
  exists: { detail: { state: [{ exists: true }] } },
  absent: { detail: { gone: [{ exists: false }] } },
  absentOr: { detail: { state: ["old", { exists: false }] } },
  or: { $or: [{ source: ["bank"] }, { detail: { count: [{ numeric: [">", 4] }] } }] },
  orOpen: { source: ["shop"], $or: [{ detail: { gone: [{ exists: false }] } }, { detail: { state: ["new"] } }] },
  deep: { detail: { items: { id: ["b"] } } },
  cidr: { detail: { ip: [{ cidr: "10.0.0.0/8" }] } },
};
const EVENTS: unknown[] = [
  { source: "shop", detail: {} },
  { source: "bank", detail: { state: "new", count: 5 } },
  { source: "shop", detail: { state: null, key: "images/a.png" } },
  { source: "shop", detail: { state: ["old", "new"], key: "IMAGES/a.PNG", gone: 1 } },
  { source: "x", detail: { state: true, count: 4, items: [{ id: "a" }, { id: "b" }], ip: "10.2.3.4" } },
  { source: "x", detail: { state: [], key: "*mages", count: "5" } },
  { source: ["x", ["shop"]], detail: { key: ["q.png", "z"] } },
  {},
  "text",
];

test("the index finds exactly what each pattern by itself matches, also after changes", () => {
  const index = new RuleIndex();
  const check = (names: string[]) => {
    for (const event of EVENTS) {
      const expected = names.filter((name) => compilePattern(JSON.stringify(PATTERNS[name]))(event));
      expect(index.match(event).toSorted(), JSON.stringify(event)).toEqual(expected.toSorted());
    }
  };
  const names = Object.keys(PATTERNS);
  for (const name of names) index.put(name, JSON.stringify(PATTERNS[name]));
  check(names);
  const half = names.filter((_, i) => i % 2 === 0);
  for (const name of names) if (!half.includes(name)) index.remove(name);
  check(half);
  for (const name of names) index.put(name, JSON.stringify(PATTERNS[name]));
  expect(index.size).toBe(names.length);
  check(names);
});

test("of many patterns that share all but one field only those are held against an event that share this too", () => {
  const index = new RuleIndex();
  for (let i = 0; i < 1000; i++)
    index.put(String(i), JSON.stringify({ source: ["shop"], "detail-type": ["order"], detail: { id: [`id-${i}`] } }));
  const event = { source: "shop", "detail-type": "order", detail: { id: "id-777" } };
  let reads = 0;
  const watched = new Proxy(event, { get: (target, name) => (reads++, Reflect.get(target, name)) });
  expect(index.match(watched)).toEqual(["777"]);
  expect(reads).toBeLessThan(20);
});
