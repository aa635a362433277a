import type { SpanContext } from "../../kernel/trace.ts";
import { AwsError } from "../../aws/error.ts";
import type { ServiceContext } from "../../service.ts";
import { functionArn, type FunctionReference } from "./function-name.ts";
import { run } from "./invocation.ts";
import type { EventSourceRecord, LambdaState } from "./state.ts";

/** A batch on its way to the function. */
export interface BatchRun {
  /** `sqs`, `dynamodb`, as spans name it. */
  readonly kind: string;
  readonly records: number;
  /** JSON */
  readonly event: string;
  readonly traceHeader?: string | undefined;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** What became of it. */
export type BatchRan =
  | { readonly kind: "answered"; readonly answer: string; readonly requestId: string; readonly version: string }
  | { readonly kind: "failed"; readonly requestId: string; readonly version: string; readonly handled: boolean }
  /** Throttled, or the function is no more. */
  | { readonly kind: "untried" };

/**
 * Runs the mapping's function with a batch. Rejects never.
 * @param judge says of an answer how many of the records failed, for the trace
 */
export async function runBatch(
  { state, kernel }: ServiceContext<LambdaState>,
  reference: FunctionReference,
  mapping: EventSourceRecord,
  batch: BatchRun,
): Promise<BatchRan> {
  const { account, region } = reference.scope;
  const arn = functionArn(reference.scope, reference.name, reference.qualifier);
  const span = kernel.trace.start({
    name: `poll:lambda.${batch.kind}`,
    parent: readTraceHeader(batch.traceHeader),
    account,
    region,
    resource: mapping.sourceArn,
  });
  Object.assign(span.attributes, { mapping: mapping.uuid, function: arn, records: batch.records, ...batch.attributes });
  const invocation = kernel.trace.start({
    name: "lambda:Invoke",
    parent: span,
    principal: "lambda.amazonaws.com",
    account,
    region,
    resource: arn,
  });
  const requestId = kernel.random.uuid();
  try {
    const { result, version } = await run(
      { state, kernel, span: invocation },
      reference,
      { requestId, event: batch.event },
      batch.traceHeader,
    );
    if (!result.error) {
      kernel.trace.end(invocation);
      kernel.trace.end(span);
      return { kind: "answered", answer: result.payload.toString("utf8"), requestId, version };
    }
    kernel.trace.end(invocation);
    kernel.trace.end(span, { error: { code: result.error.errorType, message: result.error.errorMessage } });
    return { kind: "failed", requestId, version, handled: false };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (!(error instanceof AwsError)) console.error(error);
    kernel.trace.end(invocation, { error: { code: name, message } });
    kernel.trace.end(span, { error: { code: name, message } });
    return { kind: "untried" };
  }
}

function readTraceHeader(header: string | undefined): SpanContext | undefined {
  const traceId = /Root=([^;]+)/.exec(header ?? "")?.[1];
  return traceId === undefined ? undefined : { traceId, spanId: /Parent=([^;]+)/.exec(header!)?.[1] ?? "" };
}
