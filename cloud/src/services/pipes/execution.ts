import { findArn } from "../../aws/arn.ts";
import type { Span } from "../../kernel/trace.ts";
import { RateLimited, TargetFailure } from "../../outbound/failure.ts";
import type { AssumedRole } from "../../outbound/roles.ts";
import { failedItems } from "../../sources/item-failures.ts";
import { enrich } from "./enrichment.ts";
import type { ExecutionSteps } from "./execution-log.ts";
import { assumePipeRole, pipeArn } from "./pipe.ts";
import type { Item, Stage } from "./stage.ts";
import type { Context, PipeRecord } from "./state.ts";
import { type Rest, sendToTarget } from "./targets.ts";
import { transform } from "./template.ts";

/** An event of the source. */
export interface Incoming {
  /** Of a message of a queue, of a change of a stream: what reports of failures name. */
  readonly messageId: string;
  readonly value: object;
}

export interface Executed {
  /** Indexes of the events that failed. */
  readonly failed: readonly number[];
  /** Nothing was tried: a limit is reached. */
  readonly isThrottled: boolean;
}

interface Run {
  readonly cx: Context;
  readonly pipe: PipeRecord;
  readonly steps: ExecutionSteps;
  readonly role: AssumedRole;
  readonly span: Span;
}

/**
 * Takes a batch through the pipe: enrichment, then target. Rejects never.
 * AWS: "EventBridge Pipes execution steps".
 */
export async function execute(cx: Context, pipe: PipeRecord, events: readonly Incoming[]): Promise<Executed> {
  const { trace } = cx.kernel;
  const steps = cx.state.log.begin(pipe);
  const payload = JSON.stringify(events.map(({ value }) => value));
  const span = trace.start({
    name: "pipes:Execute",
    account: pipe.account,
    region: pipe.region,
    resource: pipeArn(pipe, pipe.name),
  });
  Object.assign(span.attributes, { events: events.length, bytes: Buffer.byteLength(payload) });
  steps.note("INFO", "EXECUTION_STARTED", { payload });
  try {
    const role = await assumePipeRole(cx, pipe);
    const run: Run = { cx, pipe, steps, role, span };
    const enriched = await runEnrichment(run, events);
    const failed = await runTarget(run, events, enriched);
    return end(cx, span, steps, events, failed);
  } catch (error) {
    const message = messageOf(error);
    const isThrottled = error instanceof RateLimited;
    steps.note("ERROR", isThrottled ? "EXECUTION_THROTTLED" : "EXECUTION_FAILED", { error: { message } });
    span.attributes[isThrottled ? "throttled" : "failed"] = true;
    trace.end(span, { error: { code: error instanceof Error ? error.name : "Error", message } });
    return { failed: events.map((_, index) => index), isThrottled };
  } finally {
    steps.end();
  }
}

function end(
  { kernel }: Context,
  span: Span,
  steps: ExecutionSteps,
  events: readonly Incoming[],
  failed: readonly number[],
): Executed {
  if (failed.length === 0) steps.note("INFO", "EXECUTION_SUCCEEDED");
  else if (failed.length < events.length) {
    steps.note("ERROR", "EXECUTION_PARTIALLY_FAILED");
    span.attributes["partiallyFailed"] = true;
  } else {
    steps.note("ERROR", "EXECUTION_FAILED");
    span.attributes["failed"] = true;
  }
  span.attributes["failedEvents"] = failed.length;
  kernel.trace.end(span);
  return { failed, isThrottled: false };
}

/** The events that go on to the target. Undefined: there is no enrichment. */
async function runEnrichment(run: Run, events: readonly Incoming[]): Promise<unknown[] | undefined> {
  const { pipe, steps, span, cx } = run;
  const { Enrichment, EnrichmentParameters } = pipe.settings;
  if (Enrichment === undefined || Enrichment === "") return undefined;
  const startMs = cx.kernel.clock.now();
  steps.note("INFO", "ENRICHMENT_STAGE_ENTERED");
  try {
    const values = events.map(({ value }) => value);
    const stage = stageOf(run, "ENRICHMENT", Enrichment, values, EnrichmentParameters?.InputTemplate);
    steps.note("TRACE", "ENRICHMENT_INVOCATION_STARTED", { awsRequest: stage.items.map(({ text }) => text) });
    const answer = await enrich(stage).catch((error: unknown) => {
      const isTimeout = error instanceof TargetFailure && error.code === "TIMEOUT";
      steps.note("ERROR", isTimeout ? "ENRICHMENT_INVOCATION_TIMED_OUT" : "ENRICHMENT_INVOCATION_FAILED", {
        error: { message: messageOf(error), awsService: findArn(Enrichment)!.service },
      });
      throw error;
    });
    steps.note("TRACE", "ENRICHMENT_INVOCATION_SUCCEEDED", { awsResponse: answer });
    steps.note("INFO", "ENRICHMENT_STAGE_SUCCEEDED");
    return answer;
  } catch (error) {
    steps.note("ERROR", "ENRICHMENT_STAGE_FAILED");
    span.attributes["enrichmentFailed"] = true;
    throw error;
  } finally {
    span.attributes["enrichmentMs"] = cx.kernel.clock.now() - startMs;
  }
}

/** The indexes of the source's events that failed. */
async function runTarget(
  run: Run,
  events: readonly Incoming[],
  enriched: readonly unknown[] | undefined,
): Promise<readonly number[]> {
  const { pipe, steps, span, cx } = run;
  const { Target, TargetParameters } = pipe.settings;
  const values = enriched ?? events.map(({ value }) => value);
  if (values.length === 0) {
    steps.note("INFO", "TARGET_STAGE_SKIPPED");
    span.attributes["targetSkipped"] = true;
    return [];
  }
  const startMs = cx.kernel.clock.now();
  steps.note("INFO", "TARGET_STAGE_ENTERED");
  try {
    const stage = stageOf(run, "TARGET", Target, values, TargetParameters?.InputTemplate);
    steps.note("TRACE", "TARGET_INVOCATION_STARTED", { awsRequest: stage.items.map(({ text }) => text) });
    const rest = await sendToTarget(stage).catch((error: unknown) => {
      steps.note("ERROR", "TARGET_INVOCATION_FAILED", {
        error: { message: messageOf(error), awsService: stage.arn.service },
      });
      throw error;
    });
    const failed = failedEvents(events, values, enriched !== undefined, rest);
    tellTarget(steps, span, rest, failed, events.length);
    return failed;
  } catch (error) {
    steps.note("ERROR", "TARGET_STAGE_FAILED");
    span.attributes["targetFailed"] = true;
    throw error;
  } finally {
    span.attributes["targetMs"] = cx.kernel.clock.now() - startMs;
  }
}

function tellTarget(steps: ExecutionSteps, span: Span, rest: Rest, failed: readonly number[], count: number): void {
  const response = rest.answer === undefined ? {} : { awsResponse: rest.answer };
  if (failed.length === 0) {
    steps.note("TRACE", "TARGET_INVOCATION_SUCCEEDED", response);
    steps.note("INFO", "TARGET_STAGE_SUCCEEDED");
    return;
  }
  const how = failed.length < count ? "PARTIALLY_FAILED" : "FAILED";
  const error = { message: rest.message ?? "The target reported failed events." };
  steps.note("ERROR", `TARGET_INVOCATION_${how}`, { ...response, error });
  steps.note("ERROR", `TARGET_STAGE_${how}`);
  span.attributes[how === "FAILED" ? "targetFailed" : "targetPartiallyFailed"] = true;
}

function stageOf(
  { cx, pipe, steps, role, span }: Run,
  name: "ENRICHMENT" | "TARGET",
  arnText: string,
  values: readonly unknown[],
  template: string | undefined,
): Stage {
  const arn = findArn(arnText)!;
  const time = cx.kernel.clock.date().toISOString();
  const hasTemplate = template !== undefined && template !== "";
  if (hasTemplate) steps.note("TRACE", `${name}_TRANSFORMATION_STARTED`);
  const items: Item[] = values.map((event) => ({ event, text: transform(template, event, pipe, time) }));
  if (hasTemplate) steps.note("TRACE", `${name}_TRANSFORMATION_SUCCEEDED`);
  const scope = { account: arn.account || pipe.account, region: arn.region || pipe.region };
  const call = cx.call as unknown as (s: string, o: string, input: object, options: object) => Promise<unknown>;
  return {
    cx,
    pipe,
    arn,
    arnText,
    items,
    role,
    parent: span,
    call: (service, operation, input) => call(service, operation, input, { as: role.principal, scope, parent: span }),
  };
}

/**
 * Which of the source's events failed: those that the target names, or what did not arrive.
 * AWS: "Partial batch failure": after an enrichment only what still carries the id of its event can be told apart.
 */
function failedEvents(
  events: readonly Incoming[],
  values: readonly unknown[],
  isEnriched: boolean,
  { failed = [], answer }: Rest,
): readonly number[] {
  if (answer !== undefined) {
    const report = /"batchItemFailures"/.test(answer) ? failedItems(answer, events) : [];
    return report.map((event) => events.indexOf(event));
  }
  if (!isEnriched) return failed;
  const found = failed.map((index) => events.findIndex(({ messageId }) => messageId === idOf(values[index])));
  return found.includes(-1) ? events.map((_, index) => index) : [...new Set(found)];
}

/** The id that a source gave an event: of a message, of a change. */
export function idOf(value: unknown): unknown {
  const { messageId, eventID } = (value ?? {}) as { messageId?: unknown; eventID?: unknown };
  return messageId ?? eventID;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
