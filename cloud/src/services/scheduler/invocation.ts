/** Invokes the target of an occurrence, as a durable delivery under the schedule's own retry policy. */
import type { Target } from "@aws-sdk/client-scheduler";
import { queueAddress } from "../../aws/addresses.ts";
import { findArn } from "../../aws/arn.ts";
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import type { ApiName } from "../../aws/api-types.ts";
import type { Scope } from "../../aws/scope.ts";
import { type Delivery, type DeliveryPolicy, Undeliverable } from "../../kernel/delivery.ts";
import type { Span } from "../../kernel/trace.ts";
import type { CallOptions, ServiceContext } from "../../service.ts";
import type { Principal } from "../../iam/principal.ts";
import { findSdkOperation, sdkInput } from "../../wire/sdk-integration.ts";
import { Sessions } from "./role.ts";
import { scopeKey, type SchedulerState } from "./state.ts";
import { findUniversal, parseInput } from "./target.ts";

type Cx = ServiceContext<SchedulerState>;
type Options = CallOptions & { as: Principal; scope: Scope };
type UntypedCall = (service: ApiName, operation: string, input: unknown, options: Options) => Promise<unknown>;

export interface Invocation {
  readonly scope: Scope;
  readonly group: string;
  readonly name: string;
  readonly scheduleId: string;
  readonly scheduleArn: string;
  readonly executionId: string;
  /** The time that the schedule says. */
  readonly scheduledMs: number;
  /** That, and a part of its flexible time window. */
  readonly dueMs: number;
  readonly target: Target;
  /** Whether the schedule has no further occurrence. */
  readonly isLast: boolean;
}

const FIRST_RETRY_MS = 1000;
/** 185 retries, the default, at this distance fill the default age of 24 hours. */
const RETRY_MAX_MS = 480_000;

export function invocationPolicy(cx: Cx): DeliveryPolicy<Invocation> {
  const sessions = new Sessions(cx);
  return {
    name: "scheduler.invocations",
    async attempt(delivery, span) {
      await invoke(cx, sessions, delivery, span).catch((error: unknown) => {
        throw error instanceof NotEmulatedError ? new Undeliverable(error.message, { cause: error }) : error;
      });
      complete(cx, delivery.payload);
    },
    retryAfterMs(_error, delivery) {
      if (conditionOf(delivery) !== undefined) return undefined;
      const waitMs = Math.min(RETRY_MAX_MS, FIRST_RETRY_MS * 2 ** (delivery.failures - 1));
      const ageMs = cx.kernel.clock.now() + waitMs - delivery.payload.dueMs;
      return ageMs > maximumAgeMs(delivery.payload) ? undefined : waitMs;
    },
    async exhausted(delivery, error, span) {
      try {
        if (delivery.payload.target.DeadLetterConfig?.Arn) await sendDeadLetter(cx, sessions, delivery, error, span);
      } finally {
        complete(cx, delivery.payload);
      }
    },
  };
}

/** AWS: a schedule with ActionAfterCompletion DELETE goes when its last invocation is done. */
function complete({ state, kernel }: Cx, { scope, group, name, scheduleId, isLast }: Invocation): void {
  if (!isLast) return;
  kernel.store.transaction(() => {
    const key = [...scopeKey(scope), group, name];
    const record = state.schedules.get(key);
    if (record?.id === scheduleId && record.actionAfterCompletion === "DELETE") state.schedules.remove(key);
  });
}

async function invoke(cx: Cx, sessions: Sessions, delivery: Delivery<Invocation>, parent: Span): Promise<void> {
  const { scope, group, name, target } = delivery.payload;
  const as = await sessions.principalOf({ scope, group, name, roleArn: target.RoleArn! });
  const call = cx.call as unknown as UntypedCall;
  const { service, operation, input, at } = callOf(cx, delivery);
  await call(service, operation, input, { as, scope: at, parent });
}

interface TargetCall {
  readonly service: ApiName;
  readonly operation: string;
  readonly input: unknown;
  readonly at: Scope;
}

function callOf(cx: Cx, { payload, failures }: Delivery<Invocation>): TargetCall {
  const { scope, target, executionId, scheduleArn } = payload;
  const text = inputOf(payload, failures + 1);
  const universal = findUniversal(target.Arn!);
  if (universal) return universalCall(scope, universal, text);
  const parts = findArn(target.Arn!)!;
  const at = { account: parts.account || scope.account, region: parts.region || scope.region };
  switch (parts.service) {
    case "lambda":
      return {
        service: "lambda",
        operation: "Invoke",
        input: { FunctionName: target.Arn, InvocationType: "Event", Payload: Buffer.from(text) },
        at,
      };
    case "sqs": {
      const QueueUrl = queueAddress(cx.endpoint(), at, parts.resource);
      return {
        service: "sqs",
        operation: "SendMessage",
        input: { QueueUrl, MessageBody: text, ...target.SqsParameters },
        at,
      };
    }
    case "sns":
      return { service: "sns", operation: "Publish", input: { TopicArn: target.Arn, Message: text }, at };
    case "events": {
      const entry = {
        EventBusName: target.Arn,
        Detail: text,
        Resources: [scheduleArn],
        ...target.EventBridgeParameters,
      };
      return { service: "events", operation: "PutEvents", input: { Entries: [entry] }, at };
    }
    case "states":
      return {
        service: "stepfunctions",
        operation: "StartExecution",
        input: { stateMachineArn: target.Arn, name: executionId, input: text },
        at,
      };
    case "kinesis":
      return {
        service: "kinesis",
        operation: "PutRecord",
        input: { StreamARN: target.Arn, Data: Buffer.from(text), ...target.KinesisParameters },
        at,
      };
    default:
      throw new NotEmulatedError(`schedule targets of ${parts.service}`);
  }
}

function universalCall(
  scope: Scope,
  { service, action }: { service: string; action: string },
  text: string,
): TargetCall {
  const found = findSdkOperation(service, action);
  if (found.kind !== "here") throw new NotEmulatedError(`the schedule target ${service}:${action}`);
  const { operation } = found;
  return {
    service: operation.api.name as ApiName,
    operation: operation.name,
    input: sdkInput(operation, parseInput(text)),
    at: scope,
  };
}

/** The input with its context attributes filled in. AWS: "Adding context attributes in EventBridge Scheduler". */
function inputOf(payload: Invocation, attempt: number): string {
  const { target, scheduleArn, scheduledMs, executionId } = payload;
  if (target.Input === undefined) return findUniversal(target.Arn!) ? "{}" : notificationOf(payload);
  const values: Record<string, string> = {
    "schedule-arn": scheduleArn,
    "scheduled-time": timeOf(scheduledMs),
    "execution-id": executionId,
    "attempt-number": String(attempt),
  };
  return target.Input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (whole, name: string) => values[name] ?? whole);
}

/** AWS: what a target gets whose schedule says no input; `detail` is a text. */
function notificationOf({ scope, scheduleArn, scheduledMs, executionId }: Invocation): string {
  return JSON.stringify({
    version: "0",
    id: executionId,
    "detail-type": "Scheduled Event",
    source: "aws.scheduler",
    account: scope.account,
    time: timeOf(scheduledMs),
    region: scope.region,
    resources: [scheduleArn],
    detail: "{}",
  });
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

function maximumAgeMs({ target }: Invocation): number {
  return target.RetryPolicy!.MaximumEventAgeInSeconds! * 1000;
}

function conditionOf({ payload, failures }: Delivery<Invocation>): "MaximumRetryAttempts" | undefined {
  return failures > payload.target.RetryPolicy!.MaximumRetryAttempts! ? "MaximumRetryAttempts" : undefined;
}

/**
 * Sends what failed to the schedule's dead-letter queue: the input, and why it failed as attributes.
 * AWS: "Configuring a schedule's dead-letter queue", "Retrieve the dead-letter event".
 */
async function sendDeadLetter(
  cx: Cx,
  sessions: Sessions,
  delivery: Delivery<Invocation>,
  error: unknown,
  parent: Span,
): Promise<void> {
  const { payload, failures } = delivery;
  const { scope, group, name, target } = payload;
  const queue = findArn(target.DeadLetterConfig!.Arn!)!;
  const cause = error instanceof Undeliverable && error.cause instanceof AwsError ? error.cause : error;
  const facts: Record<string, string> = {
    ERROR_CODE: cause instanceof Error ? cause.name : "Error",
    ERROR_MESSAGE: cause instanceof Error ? cause.message : String(cause),
    EXECUTION_ID: payload.executionId,
    EXHAUSTED_RETRY_CONDITION: conditionOf(delivery) ?? "MaximumEventAgeInSeconds",
    IS_PAYLOAD_TRUNCATED: "false",
    RETRY_ATTEMPTS: String(failures - 1),
    SCHEDULED_TIME: timeOf(payload.scheduledMs),
    SCHEDULE_ARN: payload.scheduleArn,
    TARGET_ARN: target.Arn!,
  };
  if (error instanceof Undeliverable) delete facts["EXHAUSTED_RETRY_CONDITION"];
  const as = await sessions.principalOf({ scope, group, name, roleArn: target.RoleArn! });
  await cx.call(
    "sqs",
    "SendMessage",
    {
      QueueUrl: queueAddress(cx.endpoint(), queue, queue.resource),
      MessageBody: inputOf(payload, failures),
      MessageAttributes: Object.fromEntries(
        Object.entries(facts).map(([key, value]) => [key, { DataType: "String", StringValue: value || " " }]),
      ),
    },
    { as, scope: { account: queue.account, region: queue.region }, parent },
  );
}
