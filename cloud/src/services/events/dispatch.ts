import type { Target } from "@aws-sdk/client-eventbridge";
import { queueAddress } from "../../aws/addresses.ts";
import { findArn } from "../../aws/arn.ts";
import type { Delivery, DeliveryPolicy } from "../../kernel/delivery.ts";
import type { Span } from "../../kernel/trace.ts";
import { ruleArn } from "./bus.ts";
import { type BridgeEvent, timeText } from "./event.ts";
import { failureOf, RateLimited, TargetFailure } from "../../outbound/failure.ts";
import { inputOf } from "./input.ts";
import type { Context, RuleKey } from "./state.ts";
import { send } from "./targets.ts";

/** An event on its way to one target. */
export interface Dispatch {
  readonly key: RuleKey;
  readonly target: Target;
  /** JSON */
  readonly event: string;
  readonly ingestedMs: number;
  /** It came from another bus. */
  readonly hop: boolean;
  /** How often the target was tried; kept with each retry. */
  attempts: number;
  /** When an API destination with a rate limit will take it. */
  slotMs?: number;
}

/** AWS: "How EventBridge retries delivering events": 24 hours and up to 185 times, with exponential backoff and jitter. */
const AGE_SECONDS_DEFAULT = 86_400;
const RETRIES_DEFAULT = 185;
const RETRY_FIRST_MS = 1000;
/** Gap: AWS does not tell its schedule; with this one 185 retries fill 24 hours. */
const RETRY_MAX_MS = 488_000;
const JITTER = 0.2;

export function dispatchPolicy(cx: Context): DeliveryPolicy<Dispatch> {
  return {
    name: "events.targets",
    attempt: ({ payload }, span) => attempt(cx, payload, span),
    retryAfterMs: (error, delivery) => retryAfterMs(cx, error, delivery),
    exhausted: ({ payload }, error, span) => bury(cx, payload, error, span),
  };
}

async function attempt(cx: Context, dispatch: Dispatch, span: Span): Promise<void> {
  const { key, target, event: text, ingestedMs } = dispatch;
  const event = JSON.parse(text) as BridgeEvent;
  const origin = { ruleArn: ruleArn(key), ruleName: key.rule, ingestionTime: timeText(ingestedMs) };
  const input = inputOf(target, event, text, origin);
  span.attributes["rule"] = origin.ruleArn;
  span.attributes["target"] = target.Arn!;
  try {
    await send(cx, dispatch, { event, input, source: origin.ruleArn }, span);
  } catch (error) {
    if (error instanceof RateLimited) {
      dispatch.slotMs = cx.kernel.clock.now() + error.delayMs;
      throw error;
    }
    dispatch.attempts += 1;
    throw failureOf(error);
  }
}

function retryAfterMs(cx: Context, error: unknown, { payload, acceptedMs }: Delivery<Dispatch>): number | undefined {
  const nowMs = cx.kernel.clock.now();
  const { MaximumEventAgeInSeconds: ageSeconds = AGE_SECONDS_DEFAULT } = payload.target.RetryPolicy ?? {};
  const leftMs = acceptedMs + ageSeconds * 1000 - nowMs;
  if (leftMs <= 0) return undefined;
  if (error instanceof RateLimited) return Math.min(error.delayMs, leftMs);
  const failure = error as TargetFailure;
  if (!failure.retriable || payload.attempts > retriesOf(payload)) return undefined;
  const backoffMs = Math.min(RETRY_FIRST_MS * 2 ** Math.min(payload.attempts - 1, 20), RETRY_MAX_MS);
  const jittered = Math.round(backoffMs * (1 - JITTER / 2 + JITTER * cx.kernel.random.fraction()));
  return Math.min(Math.max(jittered, failure.retryAfterMs ?? 0), leftMs);
}

function retriesOf({ target }: Dispatch): number {
  return target.RetryPolicy?.MaximumRetryAttempts ?? RETRIES_DEFAULT;
}

const ATTRIBUTE_MAX = 1024;

/**
 * Hands an event that is given up to the target's dead-letter queue.
 * AWS: "Using dead-letter queues to process undelivered events": the message attributes.
 */
async function bury(cx: Context, dispatch: Dispatch, error: unknown, span: Span): Promise<void> {
  const { key, target, event } = dispatch;
  const queue = findArn(target.DeadLetterConfig?.Arn ?? "");
  if (!queue) return;
  const rule = ruleArn(key);
  const failure =
    error instanceof RateLimited ? new TargetFailure("THROTTLING", error.message, true) : failureOf(error);
  const condition = dispatch.attempts > retriesOf(dispatch) ? "MaximumRetryAttempts" : "MaximumEventAgeInSeconds";
  const attributes: Record<string, string> = {
    RULE_ARN: rule,
    TARGET_ARN: target.Arn!,
    ERROR_CODE: failure.code,
    ERROR_MESSAGE: failure.message === "" ? failure.code : failure.message.slice(0, ATTRIBUTE_MAX),
    ...(failure.retriable ? { EXHAUSTED_RETRY_CONDITION: condition } : {}),
    RETRY_ATTEMPTS: String(Math.max(dispatch.attempts - 1, 0)),
  };
  await cx.call(
    "sqs",
    "SendMessage",
    {
      QueueUrl: queueAddress(cx.endpoint(), queue, queue.resource),
      MessageBody: event,
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
      ),
    },
    {
      as: { kind: "service", service: "events.amazonaws.com", sourceArn: rule, sourceAccount: key.account },
      scope: { account: queue.account, region: queue.region },
      parent: span,
    },
  );
}
