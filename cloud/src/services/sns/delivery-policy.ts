/**
 * Delivery policies: when a delivery that failed is tried again.
 * AWS: "Amazon SNS message delivery retries".
 */
import type { SubscriptionRecord, TopicRecord } from "./records.ts";

type Backoff = "arithmetic" | "exponential" | "geometric" | "linear";

/** The four phases, as AWS's policies write them; delays in seconds. */
export interface RetryPolicy {
  readonly minDelayTarget: number;
  readonly maxDelayTarget: number;
  readonly numRetries: number;
  readonly numNoDelayRetries: number;
  readonly numMinDelayRetries: number;
  readonly numMaxDelayRetries: number;
  readonly backoffFunction: Backoff;
}

export interface HttpPolicy {
  readonly healthyRetryPolicy: RetryPolicy;
  readonly throttlePolicy?: { readonly maxReceivesPerSecond: number };
  readonly requestPolicy: { readonly headerContentType: string };
}

/** AWS: "AWS managed endpoints": 100,015 attempts over 23 days. */
export const MANAGED_ENDPOINT: RetryPolicy = {
  minDelayTarget: 1,
  maxDelayTarget: 20,
  numRetries: 100_015,
  numNoDelayRetries: 3,
  numMinDelayRetries: 2,
  numMaxDelayRetries: 100_000,
  backoffFunction: "exponential",
};

/** AWS: "Customer managed endpoints": 50 attempts over 6 hours. */
export const MAIL_ENDPOINT: RetryPolicy = {
  minDelayTarget: 10,
  maxDelayTarget: 600,
  numRetries: 50,
  numNoDelayRetries: 0,
  numMinDelayRetries: 2,
  numMaxDelayRetries: 38,
  backoffFunction: "exponential",
};

export const HTTP_DEFAULT: RetryPolicy = {
  minDelayTarget: 20,
  maxDelayTarget: 20,
  numRetries: 3,
  numMaxDelayRetries: 0,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  backoffFunction: "linear",
};

const CONTENT_TYPE_DEFAULT = "text/plain; charset=UTF-8";

/**
 * The delay before a retry.
 * @param retry from 1
 * @returns seconds, without jitter; undefined where the policy is exhausted
 */
export function delaySeconds(policy: RetryPolicy, retry: number): number | undefined {
  const { minDelayTarget: min, maxDelayTarget: max, numRetries, numNoDelayRetries, numMinDelayRetries } = policy;
  if (retry > numRetries) return undefined;
  const beforeBackoff = numNoDelayRetries + numMinDelayRetries;
  if (retry <= numNoDelayRetries) return 0;
  if (retry <= beforeBackoff) return min;
  const backoffs = numRetries - beforeBackoff - policy.numMaxDelayRetries;
  const step = retry - beforeBackoff;
  return step > backoffs ? max : backoff(policy.backoffFunction, min, max, step, backoffs);
}

/** From the least to the greatest delay in so many steps; AWS's page shows how steep each function is. */
function backoff(kind: Backoff, min: number, max: number, step: number, steps: number): number {
  if (steps <= 1 || min === max) return min;
  const part = (step - 1) / (steps - 1);
  switch (kind) {
    case "linear":
      return min + (max - min) * part;
    case "arithmetic":
      // Delays whose differences grow evenly.
      return min + ((max - min) * (step * (step - 1))) / (steps * (steps - 1));
    case "geometric":
      return min * (max / Math.max(min, 1)) ** part;
    case "exponential":
      return Math.min(max, min * 2 ** (step - 1));
  }
}

interface TopicPolicy {
  http?: {
    defaultHealthyRetryPolicy?: Partial<RetryPolicy>;
    disableSubscriptionOverrides?: boolean;
    defaultThrottlePolicy?: { maxReceivesPerSecond: number };
    defaultRequestPolicy?: { headerContentType: string };
  };
}

interface SubscriptionPolicy {
  healthyRetryPolicy?: Partial<RetryPolicy> | null;
  throttlePolicy?: { maxReceivesPerSecond: number } | null;
  requestPolicy?: { headerContentType: string } | null;
}

function topicPolicy(topic: TopicRecord | undefined): NonNullable<TopicPolicy["http"]> {
  return (JSON.parse(topic?.attributes["DeliveryPolicy"] || "{}") as TopicPolicy).http ?? {};
}

/** As `EffectiveDeliveryPolicy` tells it. */
export function effectiveTopicPolicy(topic: TopicRecord): object {
  const own = topicPolicy(topic);
  return {
    http: {
      defaultHealthyRetryPolicy: { ...HTTP_DEFAULT, ...own.defaultHealthyRetryPolicy },
      disableSubscriptionOverrides: own.disableSubscriptionOverrides ?? false,
      ...(own.defaultThrottlePolicy ? { defaultThrottlePolicy: own.defaultThrottlePolicy } : {}),
      defaultRequestPolicy: own.defaultRequestPolicy ?? { headerContentType: CONTENT_TYPE_DEFAULT },
    },
  };
}

/** A topic's policy as it is kept and told. AWS (observed): with the switch, and without what is null. */
export function normalTopicPolicy(text: string): string {
  const { http = {} } = JSON.parse(text) as TopicPolicy;
  const given = Object.entries(http).filter(([, value]) => value !== null);
  return JSON.stringify({ http: { disableSubscriptionOverrides: false, ...Object.fromEntries(given) } });
}

/** A subscription's policy as it is kept and told. AWS (observed): every part, null where it was not given. */
export function normalSubscriptionPolicy(text: string): string {
  return JSON.stringify({ ...PARTS, ...(JSON.parse(text) as object) });
}

const PARTS = {
  healthyRetryPolicy: null,
  sicklyRetryPolicy: null,
  throttlePolicy: null,
  requestPolicy: null,
  guaranteed: false,
};

/** As `EffectiveDeliveryPolicy` tells it of a subscription. */
export function describePolicy(policy: HttpPolicy): string {
  return JSON.stringify({ ...PARTS, ...policy });
}

/** The policy that holds for a subscription over HTTP: its own, unless the topic forbids that, else the topic's. */
export function effectivePolicy(topic: TopicRecord | undefined, subscription: SubscriptionRecord): HttpPolicy {
  const general = topicPolicy(topic);
  const own: SubscriptionPolicy = general.disableSubscriptionOverrides
    ? {}
    : (JSON.parse(subscription.attributes["DeliveryPolicy"] || "{}") as SubscriptionPolicy);
  const throttlePolicy = own.throttlePolicy ?? general.defaultThrottlePolicy;
  return {
    healthyRetryPolicy: { ...HTTP_DEFAULT, ...general.defaultHealthyRetryPolicy, ...own.healthyRetryPolicy },
    ...(throttlePolicy ? { throttlePolicy } : {}),
    requestPolicy: own.requestPolicy ?? general.defaultRequestPolicy ?? { headerContentType: CONTENT_TYPE_DEFAULT },
  };
}

const TOTAL_SECONDS_MAX = 3600;
const CONTENT_TYPES = [
  "text/css",
  "text/csv",
  "text/html",
  "text/plain",
  "text/xml",
  "application/atom+xml",
  "application/json",
  "application/octet-stream",
  "application/soap+xml",
  "application/x-www-form-urlencoded",
  "application/xhtml+xml",
  "application/xml",
];

/**
 * What is wrong with a delivery policy; undefined where nothing is.
 * @param text JSON, not empty
 */
export function checkDeliveryPolicy(text: string, of: "topic" | "subscription"): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return "failed to parse JSON.";
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return "failed to parse JSON.";
  const policy = of === "topic" ? ((parsed as TopicPolicy).http ?? {}) : parsed;
  const fields = policy as Record<string, unknown>;
  const [retry, request, throttle] =
    of === "topic"
      ? (["defaultHealthyRetryPolicy", "defaultRequestPolicy", "defaultThrottlePolicy"] as const)
      : (["healthyRetryPolicy", "requestPolicy", "throttlePolicy"] as const);
  const known = new Set<string>([
    retry,
    request,
    throttle,
    "disableSubscriptionOverrides",
    "sicklyRetryPolicy",
    "guaranteed",
  ]);
  const strange = Object.keys(fields).find((name) => !known.has(name));
  if (strange !== undefined) return `Unexpected JSON member: ${strange}`;
  return (
    retryFault(fields[retry] as Partial<RetryPolicy> | null | undefined, retry) ??
    requestFault(fields[request] as { headerContentType?: unknown } | null | undefined, request) ??
    throttleFault(fields[throttle] as { maxReceivesPerSecond?: unknown } | null | undefined, throttle)
  );
}

function retryFault(given: Partial<RetryPolicy> | null | undefined, path: string): string | undefined {
  if (!given) return undefined;
  const policy = { ...HTTP_DEFAULT, ...given };
  const { minDelayTarget: min, maxDelayTarget: max, numRetries } = policy;
  const counts = ["numRetries", "numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries"] as const;
  for (const name of Object.keys(given)) if (!(name in HTTP_DEFAULT)) return `Unexpected JSON member: ${path}.${name}`;
  if (!Number.isInteger(min) || min < 1 || min > max)
    return `${path}.minDelayTarget must be between 1 and maxDelayTarget, inclusive`;
  if (!Number.isInteger(max) || max > TOTAL_SECONDS_MAX)
    return `${path}.maxDelayTarget must be between minDelayTarget and ${TOTAL_SECONDS_MAX}, inclusive`;
  for (const name of counts)
    if (!Number.isInteger(policy[name]) || policy[name] < 0)
      return `${path}.${name} must be greater than or equal to 0`;
  if (numRetries > 100) return `${path}.numRetries must be between 0 and 100, inclusive`;
  if (policy.numNoDelayRetries + policy.numMinDelayRetries + policy.numMaxDelayRetries > numRetries)
    return `${path}: numNoDelayRetries + numMinDelayRetries + numMaxDelayRetries must not exceed numRetries`;
  if (!["arithmetic", "exponential", "geometric", "linear"].includes(policy.backoffFunction))
    return `${path}.backoffFunction must be one of [arithmetic, exponential, geometric, linear]`;
  let total = 0;
  for (let retry = 1; retry <= numRetries; retry++) total += delaySeconds(policy, retry)!;
  return total > TOTAL_SECONDS_MAX ? `Total policy retry time must not exceed ${TOTAL_SECONDS_MAX} seconds` : undefined;
}

function requestFault(given: { headerContentType?: unknown } | null | undefined, path: string): string | undefined {
  const type = given?.headerContentType;
  if (type === undefined) return undefined;
  const media = typeof type === "string" ? type.split(";")[0]!.trim() : "";
  return CONTENT_TYPES.includes(media) ? undefined : `${path}.headerContentType has an unsupported value`;
}

function throttleFault(given: { maxReceivesPerSecond?: unknown } | null | undefined, path: string): string | undefined {
  const rate = given?.maxReceivesPerSecond;
  if (rate === undefined || rate === null) return undefined;
  return Number.isInteger(rate) && (rate as number) >= 1
    ? undefined
    : `${path}.maxReceivesPerSecond must be greater than or equal to 1`;
}
