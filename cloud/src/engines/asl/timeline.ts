/** What a history tells of each state: when it was entered and left, with what, and each attempt of its task. */
import type { JsonObject } from "./json.ts";

/** An event as the API gives it. */
export interface TimelineEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  readonly atMs: number;
  readonly details: JsonObject;
}

export interface Attempt {
  readonly startedMs: number;
  endedMs?: number;
  /** JSON texts */
  readonly parameters?: string;
  output?: string;
  error?: string;
  cause?: string;
}

export interface Visit {
  /** Of the event that entered the state. */
  readonly id: number;
  readonly state: string;
  readonly type: string;
  /** Index into the visits: the one of the Parallel or Map around it. */
  readonly parent?: number;
  /** Of the Map iteration that it belongs to. */
  readonly iteration?: number;
  readonly enteredMs: number;
  exitedMs?: number;
  status: "running" | "succeeded" | "caught" | "failed" | "aborted";
  /** JSON texts */
  readonly input: string;
  output?: string;
  /** Variables that it set: JSON texts by name. */
  variables?: Readonly<Record<string, string>>;
  error?: string;
  cause?: string;
  readonly attempts: Attempt[];
}

interface Place {
  readonly visit?: number | undefined;
  readonly iteration?: number | undefined;
}

const START = /(?:LambdaFunction|Task|Activity)Scheduled$/;
const END = /^(?:LambdaFunction|Task|Activity)(?:Succeeded|Failed|TimedOut|ScheduleFailed|StartFailed|SubmitFailed)$/;

/** @param events in their order, from the first one on */
export function visitsOf(events: readonly TimelineEvent[]): Visit[] {
  const visits: Visit[] = [];
  const places = new Map<number, Place>();
  for (const event of events) places.set(event.id, take(visits, places.get(event.previousEventId) ?? {}, event));
  const last = events.at(-1);
  if (last && /^Execution(?:Failed|Aborted|TimedOut)$/.test(last.type))
    for (const visit of visits)
      if (visit.status === "running") end(visit, last, last.type === "ExecutionFailed" ? "failed" : "aborted");
  return visits;
}

function take(visits: Visit[], place: Place, event: TimelineEvent): Place {
  const { type, details, atMs, id } = event;
  if (type.endsWith("StateEntered")) {
    const around = outer(
      visits,
      place.visit,
      (visit) => visit.status === "running" && /^(?:Map|Parallel)$/.test(visit.type),
    );
    visits.push({
      id,
      state: String(details["name"]),
      type: type.slice(0, -"StateEntered".length),
      ...(around === undefined ? {} : { parent: around }),
      ...(place.iteration === undefined ? {} : { iteration: place.iteration }),
      enteredMs: atMs,
      status: "running",
      input: String(details["input"] ?? ""),
      attempts: [],
    });
    return { ...place, visit: visits.length - 1 };
  }
  if (type === "MapIterationStarted") return { ...place, iteration: Number(details["index"]) };
  const own = /^(Map|Parallel)State(?:Succeeded|Failed|Aborted|Started)$/.exec(type)?.[1];
  const at = type.endsWith("StateExited")
    ? outer(visits, place.visit, (visit) => visit.state === details["name"])
    : own
      ? outer(visits, place.visit, (visit) => visit.type === own && visit.exitedMs === undefined)
      : place.visit;
  const visit = at === undefined ? undefined : visits[at];
  if (!visit || at === undefined) return place;
  note(visit, event);
  return { visit: at, iteration: at === place.visit ? place.iteration : visit.iteration };
}

/** The visit itself or the nearest one around it that fits. */
function outer(
  visits: readonly Visit[],
  from: number | undefined,
  fits: (visit: Visit) => boolean,
): number | undefined {
  for (let at = from; at !== undefined; at = visits[at]!.parent) if (fits(visits[at]!)) return at;
  return undefined;
}

function note(visit: Visit, event: TimelineEvent): void {
  const { type, details, atMs } = event;
  const text = (name: string) => (details[name] === undefined ? {} : { [name]: String(details[name]) });
  if (START.test(type)) {
    const parameters = details["parameters"] ?? details["input"];
    visit.attempts.push({ startedMs: atMs, ...(parameters === undefined ? {} : { parameters: String(parameters) }) });
  } else if (END.test(type)) {
    const attempt = visit.attempts.at(-1);
    if (attempt) Object.assign(attempt, { endedMs: atMs }, text("output"), text("error"), text("cause"));
    if (!type.endsWith("Succeeded")) Object.assign(visit, text("error"), text("cause"));
  } else if (type.endsWith("StateExited")) {
    end(
      visit,
      event,
      visit.error === undefined || visit.attempts.at(-1)?.output !== undefined ? "succeeded" : "caught",
    );
    Object.assign(visit, text("output"));
    if (details["assignedVariables"] !== undefined)
      visit.variables = details["assignedVariables"] as Record<string, string>;
  } else if (type === "MapRunFailed" || type === "EvaluationFailed") Object.assign(visit, text("error"), text("cause"));
  else if (type.endsWith("StateAborted")) end(visit, event, "aborted");
}

function end(visit: Visit, { atMs, details }: TimelineEvent, status: Visit["status"]): void {
  visit.status = status;
  visit.exitedMs = atMs;
  if (status === "failed" && visit.error === undefined && details["error"] !== undefined) {
    visit.error = String(details["error"]);
    if (details["cause"] !== undefined) visit.cause = String(details["cause"]);
  }
}
