import type { Target } from "@aws-sdk/client-eventbridge";
import { queueAddress } from "../../aws/addresses.ts";
import { type Arn, findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import type { Principal } from "../../iam/principal.ts";
import type { SpanContext } from "../../kernel/trace.ts";
import { invokeApiDestination, mayInvoke } from "../../outbound/api-destination.ts";
import { invokeApi } from "../../outbound/api-gateway.ts";
import { failureOf, RateLimited, TargetFailure } from "../../outbound/failure.ts";
import { parsePath } from "../../outbound/json-path.ts";
import type { Dispatch } from "./dispatch.ts";
import type { BridgeEvent } from "./event.ts";
import { forwarded } from "./forwarding.ts";
import type { AssumedRole } from "../../outbound/roles.ts";
import type { Context, Running } from "./state.ts";

/** What a target is to get, and of which rule. */
export interface Sent {
  readonly event: BridgeEvent;
  /** The text that the target gets. */
  readonly input: string;
  /** The rule's ARN. */
  readonly source: string;
}

/** A send under way. */
export interface Sending extends Sent {
  readonly arn: Arn;
  readonly target: Target;
  readonly dispatch: Dispatch;
  readonly role: AssumedRole | undefined;
  /** Calls any operation as the role of the target, or as EventBridge for the rule. */
  call(service: string, operation: string, input: object, as?: Principal): Promise<unknown>;
}

interface Kind {
  readonly needsRole?: true;
  /** An operation that answers wherever the target's service is here. */
  readonly probe?: readonly [service: string, operation: string];
  /** An operation that fails where the target is not there. */
  look?(target: Target, arn: Arn): readonly [service: string, operation: string, input: object];
  send(cx: Context, sending: Sending): Promise<unknown>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  lambda: {
    look: (target) => ["lambda", "GetFunctionConfiguration", { FunctionName: target.Arn }],
    send: (_cx, { call, target, input }) =>
      call("lambda", "Invoke", { FunctionName: target.Arn, InvocationType: "Event", Payload: jsonBytes(input) }),
  },
  sqs: {
    look: (_target, arn) => ["sqs", "GetQueueUrl", { QueueName: arn.resource }],
    send: (cx, { call, target, arn, input }) =>
      call("sqs", "SendMessage", {
        QueueUrl: queueAddress(cx.endpoint(), arn, arn.resource),
        MessageBody: input,
        ...(target.SqsParameters?.MessageGroupId ? { MessageGroupId: target.SqsParameters.MessageGroupId } : {}),
      }),
  },
  sns: {
    probe: ["sns", "ListTopics"],
    look: (target) => ["sns", "GetTopicAttributes", { TopicArn: target.Arn }],
    send: (_cx, { call, target, input }) => call("sns", "Publish", { TopicArn: target.Arn, Message: input }),
  },
  logs: { send: (cx, sending) => writeLog(cx, sending) },
  states: {
    needsRole: true,
    probe: ["stepfunctions", "ListStateMachines"],
    send: (cx, { call, target, input, event }) =>
      call("stepfunctions", "StartExecution", {
        stateMachineArn: target.Arn,
        name: `${event.id}_${cx.kernel.random.uuid()}`,
        input,
      }),
  },
  kinesis: {
    needsRole: true,
    probe: ["kinesis", "ListStreams"],
    send: (_cx, { call, target, input, event }) =>
      call("kinesis", "PutRecord", {
        StreamARN: target.Arn,
        Data: Buffer.from(input),
        PartitionKey: partitionKey(target, event),
      }),
  },
  "execute-api": {
    send: (cx, { arn, target, event, input, role }) =>
      invokeApi(cx.kernel, cx.endpoint(), {
        arn,
        parameters: target.HttpParameters ?? {},
        event,
        input,
        credentials: role?.credentials,
        userAgent: "Amazon/EventBridge/API_Gateway",
      }),
  },
  "event-bus": { send: (_cx, sending) => forward(sending) },
  "api-destination": {
    needsRole: true,
    send: async (cx, { dispatch, target, event, input, role }) => {
      await mayInvoke(cx.call, role!.principal, target.Arn!);
      const hasSlot = dispatch.slotMs !== undefined;
      delete dispatch.slotMs;
      const parameters = target.HttpParameters ?? {};
      await invokeApiDestination(cx.kernel, cx.endpoint(), { arn: target.Arn!, parameters, event, input, hasSlot });
    },
  },
};

function kindOf({ service, resource }: Arn): string {
  return service === "events" ? resource.slice(0, resource.indexOf("/")) : service;
}

/** Sends an event to its target. @throws AwsError, TargetFailure, RateLimited */
export async function send(cx: Context, dispatch: Dispatch, sent: Sent, parent: SpanContext): Promise<void> {
  const { target, key } = dispatch;
  const arn = findArn(target.Arn!)!;
  const kind = KINDS[kindOf(arn)];
  if (!kind) throw new NotEmulatedError(`EventBridge targets of ${kindOf(arn)} (${target.Arn})`);
  const role = target.RoleArn === undefined ? undefined : await assume(cx, dispatch, sent.source);
  const service = { kind: "service", service: "events.amazonaws.com" } as const;
  const as: Principal = role?.principal ?? { ...service, sourceArn: sent.source, sourceAccount: key.account };
  const scope = { account: arn.account || key.account, region: arn.region || key.region };
  const call = cx.call as unknown as (s: string, o: string, input: object, options: object) => Promise<unknown>;
  const sending: Sending = {
    ...sent,
    arn,
    target,
    dispatch,
    role,
    call: (name, operation, input, other) => call(name, operation, input, { as: other ?? as, scope, parent }),
  };
  try {
    await kind.send(cx, sending);
  } catch (error) {
    const failure = error instanceof RateLimited ? error : failureOf(error);
    throw failure instanceof TargetFailure && failure.code === "NO_PERMISSIONS"
      ? await missingOr(failure, kind, sending)
      : failure;
  }
}

/** What is missing is as forbidden to EventBridge as what it may not use: the target's own account is asked. */
async function missingOr(failure: TargetFailure, kind: Kind, { call, target, arn }: Sending): Promise<TargetFailure> {
  if (!kind.look) return failure;
  const [service, operation, input] = kind.look(target, arn);
  try {
    await call(service, operation, input, { kind: "root", account: arn.account });
    return failure;
  } catch (error) {
    const looked = failureOf(error);
    return looked.code === "NO_RESOURCE" ? looked : failure;
  }
}

async function assume(cx: Context, { target, key }: Dispatch, source: string): Promise<AssumedRole> {
  try {
    return await cx.state.roles.assume(key, target.RoleArn!, source);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TargetFailure("FAILED_TO_ASSUME_ROLE", message, false);
  }
}

/** @throws TargetFailure INVALID_JSON: a function's event is JSON */
function jsonBytes(text: string): Buffer {
  try {
    JSON.parse(text);
  } catch {
    throw new TargetFailure("INVALID_JSON", "The input of the target is not valid JSON.", false);
  }
  return Buffer.from(text);
}

function partitionKey({ KinesisParameters: parameters }: Target, event: BridgeEvent): string {
  const found = parameters?.PartitionKeyPath && parsePath(parameters.PartitionKeyPath)?.(event);
  return typeof found === "string" && found !== "" ? found : event.id;
}

/**
 * Each event in a stream of its own. AWS: a transformed input is `{ "timestamp": …, "message": "…" }`.
 * AWS: "CloudWatch Logs permissions": by the resource policy of the log groups.
 */
async function writeLog(cx: Context, { call, arn, input, event, target }: Sending): Promise<void> {
  const logGroupName = arn.resource.replace(/^log-group:/, "").replace(/:\*$/, "");
  const logStreamName = cx.kernel.random.uuid();
  const own = target.InputTransformer ? (JSON.parse(input) as { timestamp?: unknown; message?: unknown }) : {};
  const timestamp = Number(own.timestamp ?? Date.parse(event.time));
  const message = typeof own.message === "string" ? own.message : input;
  await call("logs", "CreateLogStream", { logGroupName, logStreamName });
  await call("logs", "PutLogEvents", { logGroupName, logStreamName, logEvents: [{ timestamp, message }] });
}

/** AWS: an event that came from another bus goes to no third one. Within an account no role is needed. */
async function forward({ call, dispatch, event, target, arn, role }: Sending): Promise<void> {
  if (dispatch.hop)
    throw new TargetFailure("THIRD_ACCOUNT_HOP_DETECTED", "An event goes from one event bus to one other only.", false);
  const entry = { EventBusName: target.Arn, Source: event.source, DetailType: event["detail-type"], Detail: "{}" };
  forwarded.set(entry, event);
  const isOwn = role === undefined && arn.account === dispatch.key.account;
  const as: Principal | undefined = isOwn ? { kind: "root", account: arn.account } : undefined;
  const answer = (await call("events", "PutEvents", { Entries: [entry] }, as)) as {
    Entries: { ErrorCode?: string; ErrorMessage?: string }[];
  };
  const failed = answer.Entries.find((one) => one.ErrorCode !== undefined);
  if (failed) throw new TargetFailure("CROSS_ACCOUNT_INGESTION_FAILED", failed.ErrorMessage ?? "", false);
}

const UNSUPPORTED: readonly (keyof Target)[] = [
  "RunCommandParameters",
  "EcsParameters",
  "BatchParameters",
  "RedshiftDataParameters",
  "SageMakerPipelineParameters",
  "AppSyncParameters",
];

/**
 * What is wrong with where a target leads, in AWS's words; undefined where nothing is.
 * @throws NotEmulatedError for targets that cannot be here
 */
export function destinationFault(target: Target, account: string): string | undefined {
  const arn = findArn(target.Arn ?? "");
  if (!arn) return `Parameter ${target.Arn} is not valid. Reason: Provided Arn is not in correct format.`;
  const kind = KINDS[kindOf(arn)];
  const unsupported = UNSUPPORTED.find((name) => target[name] !== undefined);
  if (!kind) throw new NotEmulatedError(`EventBridge targets of ${kindOf(arn)} (${target.Arn})`);
  if (unsupported) throw new NotEmulatedError(`${unsupported} of EventBridge targets`);
  const isForeignBus = kindOf(arn) === "event-bus" && arn.account !== account;
  if ((kind.needsRole || isForeignBus) && target.RoleArn === undefined)
    return `RoleArn is required for target ${target.Arn}.`;
  if (arn.service === "sqs" && arn.resource.endsWith(".fifo") && !target.SqsParameters?.MessageGroupId)
    return `Parameter(s) MessageGroupId must be specified for target: ${target.Id}.`;
  return undefined;
}

/** Finds out whether the services of targets are here. @throws NotEmulatedError where one is not */
export async function probeServices(
  cx: { call: unknown } & Running,
  targets: readonly Target[],
  account: string,
  region: string,
): Promise<void> {
  const call = cx.call as (s: string, o: string, input: object, options: object) => Promise<unknown>;
  const probes = new Set(targets.flatMap((target) => KINDS[kindOf(findArn(target.Arn!)!)]?.probe?.join(" ") ?? []));
  for (const probe of probes) {
    const [service = "", operation = ""] = probe.split(" ");
    const as: Principal = { kind: "root", account };
    await call(service, operation, {}, { as, scope: { account, region } }).catch((error: unknown) => {
      if (error instanceof NotEmulatedError) throw new NotEmulatedError(`EventBridge targets of ${service}`);
    });
  }
}
