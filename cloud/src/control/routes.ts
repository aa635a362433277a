import type { Cloud } from "../cloud.ts";
import type { ApiName } from "../aws/api-types.ts";
import { DEFAULT_SCOPE } from "../aws/scope.ts";
import type { Fault } from "../faults.ts";
import { parseDuration } from "../kernel/duration.ts";
import type { Span } from "../kernel/trace.ts";
import { ControlError, textOf } from "./error.ts";
import { listExecutions, viewExecution, viewMachine } from "./executions.ts";
import { viewGraph } from "./graph.ts";
import { sendHttp } from "./http-request.ts";
import { landingPage } from "./page.ts";
import { fromPlain, toPlain } from "./plain.ts";
import { CONSOLE_TRACE } from "./quiet.ts";
import type { Status } from "./status.ts";

export interface ControlParts {
  readonly cloud: Cloud;
  readonly version: string;
  /** Ends the whole process in order; absent where the cloud is part of somebody's program. */
  readonly stop?: () => void;
  /** Folder of the built console; without it a page says what runs. */
  readonly consoleDirectory?: string;
}

export interface ControlRequest {
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

/** One of: a JSON value, a page, or lines that go on. */
export interface Reply {
  json?: unknown;
  page?: string;
  lines?: (write: (value: unknown) => void) => () => void;
  /** Runs when the answer is sent. */
  after?: () => void;
}

type Route = (parts: ControlParts, request: ControlRequest) => Reply | Promise<Reply>;

/** Everything console and command line can ask. */
export const ROUTES: Readonly<Record<string, Route>> = {
  "GET /": (parts) => ({ page: landingPage(statusOf(parts)) }),
  "GET /api/status": (parts) => ({ json: statusOf(parts) }),
  "POST /api/time": async ({ cloud }, { body }) => {
    await cloud.clock.advance(durationOf("advance", body["advance"]));
    return { json: timeOf(cloud) };
  },
  "POST /api/settle": async ({ cloud }) => {
    await cloud.settled();
    return { json: timeOf(cloud) };
  },
  "GET /api/trace": ({ cloud }, { query }) => ({ json: { spans: findSpans(cloud, query) } }),
  "GET /api/trace/follow": ({ cloud }, { query }) => ({
    lines: (write) => cloud.trace.onSpan((span) => matchesQuery(span, query) && write(span)),
  }),
  "GET /api/faults": ({ cloud }) => ({
    json: { faults: cloud.faults.list().map(([id, fault]) => ({ id, ...fault })) },
  }),
  "POST /api/faults": ({ cloud }, { body }) => ({ json: { id: addFault(cloud, body) } }),
  "POST /api/faults/lift": ({ cloud }, { body }) => ({ json: { lifted: cloud.faults.lift(String(body["id"])) } }),
  "POST /api/faults/clear": ({ cloud }) => {
    const lifted = cloud.faults.list().length;
    cloud.faults.clear();
    return { json: { lifted } };
  },
  "POST /api/call": async ({ cloud }, { body }) => ({ json: { output: await callAsRoot(cloud, body) } }),
  "GET /api/inbox": ({ cloud }) => ({ json: { messages: cloud.inbox.list() } }),
  "GET /api/inbox/message": async ({ cloud }, { query }) => {
    const message = await cloud.inbox.message(query.get("id") ?? "");
    if (!message) throw new ControlError(404, `No message has the id ${JSON.stringify(query.get("id"))}.`);
    return { json: message };
  },
  "GET /api/executions": async ({ cloud }, { query }) => ({
    json: { executions: await listExecutions(cloud, query.get("machine") ?? "", Number(query.get("limit") ?? 50)) },
  }),
  "GET /api/execution": async ({ cloud }, { query }) => ({ json: await viewExecution(cloud, query.get("arn") ?? "") }),
  "GET /api/machine": async ({ cloud }, { query }) => ({ json: await viewMachine(cloud, query.get("arn") ?? "") }),
  "GET /api/view": ({ cloud }, { query }) => ({ json: viewOf(cloud, query) }),
  "POST /api/http": async ({ cloud }, { body }) => ({ json: await sendHttp(cloud, body) }),
  "GET /api/graph": async ({ cloud }) => ({ json: await viewGraph(cloud) }),
  "GET /api/due": ({ cloud }) => ({ json: { due: cloud.kernel.timers.next(DUE_SHOWN) } }),
  "POST /api/deploy": async ({ cloud }, { body }) => ({ json: await cloud.deploy(textOf(body, "path")) }),
  "POST /api/stop": ({ stop }) => {
    if (!stop) throw new ControlError(409, "This cloud is part of another program: stop that one.");
    return { json: { stopping: true }, after: stop };
  },
};

function statusOf({ cloud, version }: ControlParts): Status {
  return {
    version,
    endpoint: cloud.endpoint,
    console: cloud.consoleUrl,
    pid: process.pid,
    dataDirectory: cloud.kernel.store.directory,
    clock: timeOf(cloud),
    services: cloud.gate.definitions().map((definition) => definition.api),
    refused: Object.fromEntries(cloud.gate.refusals),
  };
}

function timeOf({ clock }: Cloud): Status["clock"] {
  return { now: clock.date().toISOString(), mode: clock.mode, offsetMs: clock.offsetMs };
}

function durationOf(name: string, given: unknown): number {
  if (typeof given === "string" || typeof given === "number") {
    try {
      return parseDuration(given);
    } catch (error) {
      throw new ControlError(400, (error as Error).message);
    }
  }
  throw new ControlError(400, `${name} is ${JSON.stringify(given)}; allowed: a duration such as "3d" or milliseconds.`);
}

const SPANS_DEFAULT = 100;
const DUE_SHOWN = 100;

/** What a service shows of an ARN beyond its operations, e.g. the messages of a queue without receiving them. */
function viewOf(cloud: Cloud, query: URLSearchParams): unknown {
  const [service = "", name = "", arn = ""] = ["service", "name", "arn"].map((key) => query.get(key) ?? "");
  const shown = cloud.gate.view(service, name, arn);
  if (shown === undefined) throw new ControlError(404, `There is no ${service} ${name} of ${JSON.stringify(arn)}.`);
  return shown;
}

function findSpans(cloud: Cloud, query: URLSearchParams): Span[] {
  const limit = Number(query.get("limit") ?? SPANS_DEFAULT);
  return cloud.trace.spans((span) => matchesQuery(span, query)).slice(-limit);
}

function matchesQuery(span: Span, query: URLSearchParams): boolean {
  const traceId = query.get("traceId");
  const name = query.get("name");
  if (traceId ? span.traceId !== traceId : span.traceId === CONSOLE_TRACE.traceId) return false;
  if (name && !span.name.toLowerCase().includes(name.toLowerCase())) return false;
  return query.get("errors") === null || span.error !== undefined;
}

function addFault(cloud: Cloud, body: Record<string, unknown>): string {
  const match = textOf(body, "match");
  const delay = body["delay"] === undefined ? {} : { delayMs: durationOf("delay", body["delay"]) };
  const { delay: _, ...rest } = body;
  try {
    return cloud.faults.add({ ...(rest as Partial<Fault>), ...delay, match });
  } catch (error) {
    throw new ControlError(400, (error as Error).message);
  }
}

/** Any operation, as the account's root, through the gate; `quiet` keeps it out of the application's trace. */
async function callAsRoot(cloud: Cloud, body: Record<string, unknown>): Promise<unknown> {
  const service = textOf(body, "service") as ApiName;
  const output = await cloud.gate.call({
    service,
    operation: textOf(body, "operation"),
    input: fromPlain(body["input"] ?? {}),
    principal: { kind: "root", account: DEFAULT_SCOPE.account },
    scope: DEFAULT_SCOPE,
    ...(body["quiet"] === true ? { parent: CONSOLE_TRACE } : {}),
  });
  return toPlain(output);
}
