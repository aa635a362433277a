import type { Span } from "../api.ts";

/** Everything of one trace. */
export interface Request {
  readonly traceId: string;
  readonly root: Span;
  readonly spans: readonly Span[];
  readonly startMs: number;
  readonly endMs: number;
  readonly errors: number;
}

/** Groups spans by trace, newest first. What is the cloud's own upkeep alone is left out. */
export function requestsOf(spans: readonly Span[]): Request[] {
  const byTrace = new Map<string, Map<string, Span>>();
  for (const span of spans) {
    let trace = byTrace.get(span.traceId);
    if (!trace) byTrace.set(span.traceId, (trace = new Map()));
    trace.set(span.spanId, span);
  }
  return [...byTrace.values()]
    .map((trace) => requestOf([...trace.values()]))
    .filter((request) => request.spans.some((span) => !isUpkeep(span)))
    .sort((a, b) => b.startMs - a.startMs);
}

export function requestOf(spans: readonly Span[]): Request {
  const ordered = spans.toSorted((a, b) => a.startMs - b.startMs);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const root = ordered.find(({ parentId }) => parentId === undefined || !ids.has(parentId)) ?? ordered[0]!;
  return {
    traceId: root.traceId,
    root,
    spans: ordered,
    startMs: ordered[0]!.startMs,
    endMs: Math.max(...ordered.map((span) => span.startMs + (span.durationMs ?? 0))),
    errors: ordered.filter((span) => span.error && !isUpkeep(span)).length,
  };
}

/** Log lines on their way and metrics: thousands of them, and no request of anybody's. */
function isUpkeep({ name }: Span): boolean {
  return /^(logs|cloudwatch):/.test(name) || /^delivery:(?:cloudwatch|logs)[:.]|^delivery:.*\.logs$/.test(name);
}

/** What a request is called: the route for an API, else the operation and what it is done to. */
export function titleOf({ root }: Request): string {
  const { routeKey } = root.attributes;
  if (typeof routeKey === "string") return routeKey;
  const input = root.input as { method?: string; target?: string } | undefined;
  if (input?.method && input.target) return `${input.method} ${input.target}`;
  return root.name;
}

/** The spans in the order of a waterfall, each under its parent. */
export function waterfall(spans: readonly Span[]): { span: Span; depth: number }[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const children = Map.groupBy(spans, ({ parentId }) => (parentId !== undefined && ids.has(parentId) ? parentId : ""));
  const rows: { span: Span; depth: number }[] = [];
  const add = (parent: string, depth: number) => {
    for (const span of children.get(parent) ?? []) {
      rows.push({ span, depth });
      add(span.spanId, depth + 1);
    }
  };
  add("", 0);
  return rows;
}

/** Whether a span's call can be made again: it is a call of the API, and all that went in is known. */
export function canReplay({ name, input }: Span): boolean {
  const [service = ""] = name.split(":");
  if (service === "delivery" || /:(ExecuteApi|stack-|invocation)/.test(name) || input === undefined) return false;
  return !JSON.stringify(input).includes('"***"');
}

/** A test that makes the same call and expects the same outcome, for vitest or Jest. */
export function testOf(span: Span): string {
  const [service, operation] = span.name.split(":");
  const input = JSON.stringify(span.input, null, 2).replaceAll("\n", "\n  ");
  const expectation = span.error
    ? `  await expect(answer).rejects.toMatchObject({ code: ${JSON.stringify(span.error.code)} });`
    : `  await answer;\n  await cloud.settled();\n  expect(cloud.trace.spans((span) => span.error !== undefined)).toEqual([]);`;
  return `import { startCloud } from "@katachi/cloud";

test(${JSON.stringify(`${span.name} ${span.error ? `fails with ${span.error.code}` : "succeeds"}`)}, async () => {
  await using stack = new AsyncDisposableStack();
  const cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  stack.defer(() => cloud.close());
  await cloud.deploy("cdk.out");
  const answer = cloud.call("${service}", "${operation}", ${input});
${expectation}
});
`;
}
