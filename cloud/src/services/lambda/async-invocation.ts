import { AwsError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import { type Delivery, type DeliveryPolicy, Undeliverable } from "../../kernel/delivery.ts";
import type { Span } from "../../kernel/trace.ts";
import type { ServiceContext } from "../../service.ts";
import { deadLetter, destinationsOf, record, type Condition } from "./destinations.ts";
import { getVersion } from "./function-lookup.ts";
import { functionArn } from "./function-name.ts";
import { run } from "./invocation.ts";
import { scopeKey, type EventInvokeRecord, type LambdaState } from "./state.ts";
import type { ErrorPayload } from "../../../runtime/node/messages.d.ts";

/** An event accepted for later. */
export interface AsyncEvent {
  readonly scope: Scope;
  readonly name: string;
  readonly qualifier?: string;
  readonly requestId: string;
  /** JSON */
  readonly event: string;
  readonly clientContext?: unknown;
  readonly traceHeader?: string;
  /** How often the function itself failed; what kept it from running does not count. Kept with each retry. */
  functionErrors: number;
  /** How often it ran or was tried. */
  attempts: number;
}

/** AWS: "How Lambda handles errors and retries with asynchronous invocation". */
const RETRIES_DEFAULT = 2;
const AGE_SECONDS_DEFAULT = 6 * 3600;
const RETRY_MS = [60_000, 120_000];
/** Throttles and errors of the service: from one second up to five minutes, for as long as the event may grow old. */
const BACKOFF_MS = 1000;
const BACKOFF_MS_MAX = 5 * 60_000;

/** The function ran and failed. */
class FunctionFailed extends Error {
  constructor(
    readonly payload: ErrorPayload,
    readonly version: string,
  ) {
    super(payload.errorMessage);
    this.name = payload.errorType;
  }
}

class EventAgeExceeded extends Undeliverable {}

/** How events are run that nobody waits for. */
export function asyncPolicy(cx: ServiceContext<LambdaState>): DeliveryPolicy<AsyncEvent> {
  return {
    name: "lambda.async",
    attempt: (delivery, span) => attempt(cx, delivery, span),
    retryAfterMs(error, { failures, payload, acceptedMs }) {
      const limits = limitsOf(cx.state, payload);
      const left = acceptedMs + ageMs(limits) - cx.kernel.clock.now();
      if (!(error instanceof FunctionFailed))
        return Math.min(BACKOFF_MS * 2 ** (failures - 1), BACKOFF_MS_MAX, Math.max(left, 0));
      payload.functionErrors++;
      return payload.functionErrors > (limits?.maximumRetries ?? RETRIES_DEFAULT)
        ? undefined
        : RETRY_MS[payload.functionErrors - 1];
    },
    exhausted: (delivery, error, span) => giveUp(cx, delivery, error, span),
  };
}

async function attempt(cx: ServiceContext<LambdaState>, delivery: Delivery<AsyncEvent>, span: Span): Promise<void> {
  const { state, kernel } = cx;
  const { payload, acceptedMs } = delivery;
  const { scope, name, qualifier, requestId, event, clientContext } = payload;
  // CloudWatch counts the invocation there.
  Object.assign(span, { ...scope, resource: functionArn(scope, name, qualifier) });
  if (kernel.clock.now() - acceptedMs >= ageMs(limitsOf(state, payload)))
    throw new EventAgeExceeded("The event is too old");
  const reference = { scope, name, qualifier };
  const ran = await run(
    { state, kernel, span },
    reference,
    { requestId, event, ...(clientContext === undefined ? {} : { clientContext }) },
    payload.traceHeader,
  ).catch((error: unknown) => {
    // The function or version was deleted meanwhile: nobody is left to run it.
    if (error instanceof AwsError && error.code === "ResourceNotFoundException") throw new Undeliverable(error.message);
    throw error;
  });
  payload.attempts++;
  const { result, version } = ran;
  if (result.error) throw new FunctionFailed(result.error, version);
  const { onSuccess } = destinationsOf(state, payload);
  if (onSuccess !== undefined)
    state.running.acceptDestination(
      {
        scope,
        name,
        role: getVersion(state, reference).role,
        destination: onSuccess,
        body: record(kernel.clock.now(), payload, "Success", version, result.payload.toString("utf8"), false),
      },
      { parent: span },
    );
}

/** Hands the event to the failure destination and to the dead-letter queue of the function. */
async function giveUp(
  { state, kernel }: ServiceContext<LambdaState>,
  { payload }: Delivery<AsyncEvent>,
  error: unknown,
  span: Span,
): Promise<void> {
  const { scope, name, qualifier } = payload;
  const version = getVersion(state, { scope, name, qualifier });
  const failed = error instanceof FunctionFailed ? error : undefined;
  const condition: Condition = error instanceof EventAgeExceeded ? "EventAgeExceeded" : "RetriesExhausted";
  const { onFailure } = destinationsOf(state, payload);
  const { role, deadLetterArn } = version;
  kernel.store.transaction(() => {
    if (onFailure !== undefined)
      state.running.acceptDestination(
        {
          scope,
          name,
          role,
          destination: onFailure,
          body: record(
            kernel.clock.now(),
            payload,
            condition,
            failed?.version,
            failed && JSON.stringify(failed.payload),
            true,
          ),
        },
        { parent: span },
      );
    if (deadLetterArn !== undefined)
      state.running.acceptDestination(deadLetter(payload, role, deadLetterArn, failed?.payload, condition), {
        parent: span,
      });
  });
}

function limitsOf(state: LambdaState, { scope, name, qualifier }: AsyncEvent): EventInvokeRecord | undefined {
  return state.eventInvokes.get([...scopeKey(scope), name, qualifier ?? "$LATEST"]);
}

function ageMs(limits: EventInvokeRecord | undefined): number {
  return (limits?.maximumAgeSeconds ?? AGE_SECONDS_DEFAULT) * 1000;
}
