import { queueAddress } from "../../aws/addresses.ts";
import { findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import type { ErrorPayload } from "../../../runtime/node/messages.d.ts";
import type { Principal } from "../../iam/principal.ts";
import { type DeliveryPolicy, Undeliverable } from "../../kernel/delivery.ts";
import type { ServiceContext } from "../../service.ts";
import type { AsyncEvent } from "./async-invocation.ts";
import { functionArn } from "./function-name.ts";
import { scopeKey, type LambdaState } from "./state.ts";

export type Condition = "Success" | "RetriesExhausted" | "EventAgeExceeded";

/** What goes to a destination or to a dead-letter queue. */
export interface DestinationRecord {
  readonly scope: Scope;
  readonly name: string;
  readonly role: string;
  /** ARN of a queue, topic, function, event bus or bucket. */
  readonly destination: string;
  /** JSON */
  readonly body: string;
  /** For dead-letter queues: the body is the event, and why it failed stands in the attributes. */
  readonly attributes?: Record<string, { DataType: "String" | "Number"; StringValue: string }>;
  /** Where in a bucket it goes. Default: that of asynchronous invocations. */
  readonly objectPath?: string;
}

interface Sender {
  readonly as: Principal;
  readonly scope: Scope;
}

/** A destination that does not take the record is tried again this often. */
const TRIES = 3;
const RETRY_MS = 10_000;
/** AWS: "Adding a dead-letter queue": the first 1 KB of the error message. */
const ERROR_MESSAGE_MAX = 1024;

export function destinationPolicy(cx: ServiceContext<LambdaState>): DeliveryPolicy<DestinationRecord> {
  return {
    name: "lambda.destinations",
    attempt: ({ payload }) => send(cx, payload),
    retryAfterMs: (_error, { failures }) => (failures < TRIES ? RETRY_MS : undefined),
    // AWS: what a destination refuses is lost, seen only in the metric DestinationDeliveryFailures.
    exhausted: async () => undefined,
  };
}

export function destinationsOf(state: LambdaState, { scope, name, qualifier }: AsyncEvent) {
  const { onSuccess, onFailure } = state.eventInvokes.get([...scopeKey(scope), name, qualifier ?? "$LATEST"]) ?? {};
  return { onSuccess, onFailure };
}

/**
 * The record of an asynchronous invocation.
 * AWS: "Capturing records of Lambda asynchronous invocations".
 */
export function record(
  nowMs: number,
  event: AsyncEvent,
  condition: Condition,
  version: string | undefined,
  responseJson: string | undefined,
  failed: boolean,
): string {
  const { scope, name, qualifier, requestId } = event;
  return JSON.stringify({
    version: "1.0",
    timestamp: new Date(nowMs).toISOString(),
    requestContext: {
      requestId,
      functionArn: functionArn(scope, name, qualifier ?? "$LATEST"),
      condition,
      approximateInvokeCount: event.attempts,
    },
    requestPayload: JSON.parse(event.event),
    ...(responseJson === undefined
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: version,
            ...(failed ? { functionError: "Unhandled" } : {}),
          },
          responsePayload: JSON.parse(responseJson),
        }),
  });
}

export function deadLetter(
  { scope, name, requestId, event }: AsyncEvent,
  role: string,
  destination: string,
  error: ErrorPayload | undefined,
  condition: Condition,
): DestinationRecord {
  const message = (error?.errorMessage ?? condition).slice(0, ERROR_MESSAGE_MAX);
  return {
    scope,
    name,
    role,
    destination,
    body: event,
    attributes: {
      RequestID: { DataType: "String", StringValue: requestId },
      ErrorCode: { DataType: "Number", StringValue: error ? "200" : "429" },
      // AWS: attributes may not be empty.
      ErrorMessage: { DataType: "String", StringValue: message === "" ? " " : message },
    },
  };
}

/** Sends as the function's role. */
async function send(cx: ServiceContext<LambdaState>, sent: DestinationRecord): Promise<void> {
  const { scope, name, role, destination, body, attributes } = sent;
  const target = findArn(destination);
  if (!target) throw new Undeliverable(`Not an ARN: ${destination}`);
  const source = functionArn(scope, name);
  const { principal } = await cx.state.running.roles.assume(scope, name, role, source);
  const options = {
    as: principal,
    scope: { account: target.account || scope.account, region: target.region || scope.region },
  };
  switch (target.service) {
    case "sqs": {
      const QueueUrl = queueAddress(cx.endpoint(), target, target.resource);
      await cx.call("sqs", "SendMessage", { QueueUrl, MessageBody: body, MessageAttributes: attributes }, options);
      return;
    }
    case "sns":
      await cx.call("sns", "Publish", { TopicArn: destination, Message: body, MessageAttributes: attributes }, options);
      return;
    case "lambda":
      await untyped(cx)(
        "lambda",
        "Invoke",
        { FunctionName: destination, InvocationType: "Event", Payload: Buffer.from(body) },
        options,
      );
      return;
    case "events":
      await putEvent(cx, sent, options, target.resource.replace(/^event-bus\//, ""));
      return;
    case "s3":
      await putObject(cx, sent, target.resource, options.as);
      return;
    default:
      throw new NotEmulatedError(`destinations of ${target.service} (${destination})`);
  }
}

async function putEvent(
  cx: ServiceContext<LambdaState>,
  { scope, name, destination, body }: DestinationRecord,
  options: Sender,
  bus: string,
): Promise<void> {
  const { requestContext } = JSON.parse(body) as { requestContext: { condition: Condition; functionArn: string } };
  const outcome = requestContext.condition === "Success" ? "Success" : "Failure";
  const { Entries } = await cx.call(
    "events",
    "PutEvents",
    {
      Entries: [
        {
          EventBusName: bus,
          Source: "lambda",
          DetailType: `Lambda Function Invocation Result - ${outcome}`,
          Resources: [destination, requestContext.functionArn ?? functionArn(scope, name)],
          Detail: body,
        },
      ],
    },
    options,
  );
  const failed = Entries?.find((entry) => entry.ErrorCode);
  if (failed) throw new Error(`${failed.ErrorCode}: ${failed.ErrorMessage}`);
}

/** The SDK's types of bodies are too rich for the compiler to go through. */
function untyped(cx: ServiceContext<LambdaState>) {
  return cx.call as unknown as (service: string, operation: string, input: object, options: object) => Promise<unknown>;
}

async function putObject(
  cx: ServiceContext<LambdaState>,
  sent: DestinationRecord,
  bucket: string,
  as: Principal,
): Promise<void> {
  await untyped(cx)(
    "s3",
    "PutObject",
    { Bucket: bucket, Key: objectKey(cx, sent), Body: Buffer.from(sent.body), ContentType: "application/json" },
    { as, scope: sent.scope },
  );
}

/** AWS: `aws/lambda/async/NAME/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-UUID`; of streams `aws/lambda/UUID/SHARD/…` */
function objectKey({ kernel }: ServiceContext<LambdaState>, { name, objectPath }: DestinationRecord): string {
  const at = kernel.clock.date().toISOString();
  const path = objectPath ?? `aws/lambda/async/${name}`;
  return `${path}/${at.slice(0, 10).replaceAll("-", "/")}/${at.slice(0, 19).replaceAll(":", ".")}-${kernel.random.uuid()}`;
}
