import type { Invocation, InvocationResult } from "../../functions/specification.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Span } from "../../kernel/trace.ts";
import { chooseVersion, getFunction } from "./function-lookup.ts";
import { functionArn, type FunctionReference } from "./function-name.ts";
import { specificationOf } from "./function-specification.ts";
import { scopeKey, type LambdaState } from "./state.ts";

export interface Ran {
  readonly result: InvocationResult;
  /** The version that ran. */
  readonly version: string;
}

/**
 * Runs one event: chooses the version, counts it against the limits, runs it, notes on the span how it went.
 * @throws AwsError where there is no such function, or a limit is reached
 */
export async function run(
  parts: { state: LambdaState; kernel: Kernel; span: Span },
  reference: FunctionReference,
  event: Omit<Invocation, "invokedArn" | "traceHeader">,
  parentTraceHeader?: string,
): Promise<Ran> {
  const { state, kernel, span } = parts;
  const { scope, name } = reference;
  const reserved = state.remembered(scope, name, "reserved", () => getFunction(state, reference).reservedConcurrency);
  const version = resolve(state, reference, kernel);
  const release = state.concurrency.begin(scope, name, reserved, () => reservedOfAll(state, scope));
  const done = kernel.activity.begin("lambda");
  try {
    const specification = specificationOf(state, scope, version);
    const result = await state.running.host.invoke(specification, {
      ...event,
      invokedArn: functionArn(scope, name, reference.qualifier),
      traceHeader: traceHeader(span, version.tracing === "Active" || /Sampled=1/.test(parentTraceHeader ?? "")),
    });
    note(span, version.version, result);
    return { result, version: version.version };
  } finally {
    release();
    done();
  }
}

/** The version behind a name; what does not depend on chance is remembered. */
function resolve(state: LambdaState, reference: FunctionReference, kernel: Kernel) {
  const { scope, name, qualifier } = reference;
  const weighted = state.remembered(scope, name, `weighted ${qualifier}`, () => {
    const alias = qualifier === undefined ? undefined : state.aliases.get([...scopeKey(scope), name, qualifier]);
    return alias !== undefined && Object.keys(alias.weights).length > 0;
  });
  const choose = () => chooseVersion(state, reference, kernel.random);
  return weighted ? choose() : state.remembered(scope, name, `version ${qualifier}`, choose);
}

export function reservedOfAll(state: LambdaState, scope: FunctionReference["scope"]): number {
  let sum = 0;
  for (const { reservedConcurrency = 0 } of state.functions.values({ prefix: scopeKey(scope) }))
    sum += reservedConcurrency;
  return sum;
}

function traceHeader({ traceId, spanId }: Span, sampled: boolean): string {
  return `Root=${traceId};Parent=${spanId};Sampled=${sampled ? 1 : 0}`;
}

function note(span: Span, version: string, result: InvocationResult): void {
  const { attributes } = span;
  attributes["version"] = version;
  attributes["runMs"] = result.durationMs;
  attributes["memoryUsedMb"] = result.memoryUsedMb;
  if (result.initMs !== undefined) attributes["initMs"] = result.initMs;
  if (result.error) attributes["functionError"] = result.error;
}
