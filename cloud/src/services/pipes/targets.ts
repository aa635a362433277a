import type { PipeTargetParameters } from "@aws-sdk/client-pipes";
import { queueAddress } from "../../aws/addresses.ts";
import { findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import { invokeApiDestination, mayInvoke } from "../../outbound/api-destination.ts";
import { invokeApi } from "../../outbound/api-gateway.ts";
import { invalidField } from "./errors.ts";
import { invokeFunction, jsonList, runMachine, type Stage } from "./stage.ts";
import type { PipeSettings } from "./state.ts";
import { dynamic, unknownVariable, withParsedBody } from "./template.ts";

/** What a target did not take. */
export interface Rest {
  /** Indexes of the items that failed. */
  readonly failed?: readonly number[];
  /** Why, for the log. */
  readonly message?: string;
  /** What a function or state machine answered: it may name events that failed. */
  readonly answer?: string;
}

interface Kind {
  /** AWS: "Supported batchable targets". */
  readonly batchMax: number;
  /** The members of the parameters that it has besides the template. */
  readonly parameters: readonly (keyof PipeTargetParameters)[];
  /** @throws AwsError, TargetFailure, RateLimited, StageFailure */
  send(stage: Stage): Promise<Rest>;
}

const BATCH_MAX = 10;
const LOG_EVENTS_MAX = 10_000;

const KINDS: Readonly<Record<string, Kind>> = {
  lambda: {
    batchMax: Infinity,
    parameters: ["LambdaFunctionParameters"],
    async send(stage) {
      if (stage.pipe.settings.TargetParameters?.LambdaFunctionParameters?.InvocationType !== "FIRE_AND_FORGET")
        return { answer: await invokeFunction(stage, "RequestResponse") };
      await invokeFunction(stage, "Event");
      return {};
    },
  },
  states: {
    batchMax: Infinity,
    parameters: ["StepFunctionStateMachineParameters"],
    async send(stage) {
      if (!isFireAndForget(stage.pipe.settings)) return { answer: await runMachine(stage) };
      const input = jsonList(stage.items);
      await stage.call("stepfunctions", "StartExecution", { stateMachineArn: stage.arnText, input });
      return {};
    },
  },
  sqs: { batchMax: BATCH_MAX, parameters: ["SqsQueueParameters"], send: sendMessages },
  sns: { batchMax: BATCH_MAX, parameters: [], send: publish },
  "event-bus": { batchMax: BATCH_MAX, parameters: ["EventBridgeEventBusParameters"], send: putEvents },
  logs: { batchMax: LOG_EVENTS_MAX, parameters: ["CloudWatchLogsParameters"], send: putLogEvents },
  "execute-api": {
    batchMax: 1,
    parameters: ["HttpParameters"],
    async send({ cx, pipe, arn, items, role }) {
      await invokeApi(cx.kernel, cx.endpoint(), {
        arn,
        parameters: pipe.settings.TargetParameters?.HttpParameters ?? {},
        event: withParsedBody(items[0]!.event),
        input: items[0]!.text,
        credentials: role.credentials,
        userAgent: "Amazon/EventBridge/Pipes",
      });
      return {};
    },
  },
  "api-destination": {
    batchMax: 1,
    parameters: ["HttpParameters"],
    async send({ cx, pipe, arnText, items, role }) {
      await mayInvoke(cx.call, role.principal, arnText);
      await invokeApiDestination(cx.kernel, cx.endpoint(), {
        arn: arnText,
        parameters: pipe.settings.TargetParameters?.HttpParameters ?? {},
        event: withParsedBody(items[0]!.event),
        input: items[0]!.text,
        hasSlot: false,
      });
      return {};
    },
  },
};

/** AWS: REQUEST_RESPONSE unless said otherwise. */
export function isFireAndForget({ TargetParameters: parameters }: PipeSettings): boolean {
  return parameters?.StepFunctionStateMachineParameters?.InvocationType === "FIRE_AND_FORGET";
}

function kindOf(arnText: string): string {
  const { service = "", resource = "" } = findArn(arnText) ?? {};
  return service === "events" ? resource.split("/")[0]! : service;
}

export function targetBatchMax({ Target }: PipeSettings): number {
  return KINDS[kindOf(Target)]?.batchMax ?? Infinity;
}

/** @throws NotEmulatedError, AwsError ValidationException */
export function checkTarget({ Target, TargetParameters = {} }: PipeSettings): void {
  const kind = KINDS[kindOf(Target)];
  if (!kind) throw new NotEmulatedError(`pipes to ${kindOf(Target)} (${Target})`);
  const names = Object.keys(TargetParameters) as (keyof PipeTargetParameters)[];
  const strange = names.find((name) => name !== "InputTemplate" && !kind.parameters.includes(name));
  if (strange !== undefined) throw invalidField(`TargetParameters.${strange}`, "Parameter does not match the target.");
  if (TargetParameters.EventBridgeEventBusParameters?.EndpointId !== undefined)
    throw new NotEmulatedError("global endpoints as targets of pipes (EndpointId)");
  const variable = unknownVariable(TargetParameters.InputTemplate ?? "");
  if (variable !== undefined) throw invalidField("TargetParameters.InputTemplate", `Invalid variable <${variable}>.`);
  if (Target.endsWith(".fifo") && kindOf(Target) === "sqs" && !TargetParameters.SqsQueueParameters?.MessageGroupId)
    throw invalidField("TargetParameters.SqsQueueParameters.MessageGroupId", "Missing required parameter.");
}

/** Sends the items of a stage to the target. */
export function sendToTarget(stage: Stage): Promise<Rest> {
  return KINDS[kindOf(stage.arnText)]!.send(stage);
}

interface BatchAnswer {
  readonly Failed?: readonly { readonly Id?: string; readonly Code?: string; readonly Message?: string }[];
}

function restOf({ Failed = [] }: BatchAnswer): Rest {
  if (Failed.length === 0) return {};
  const { Code = "", Message = "" } = Failed[0]!;
  return { failed: Failed.map(({ Id }) => Number(Id)), message: `${Code}: ${Message}` };
}

async function sendMessages({ cx, pipe, arn, items, call }: Stage): Promise<Rest> {
  const { MessageGroupId, MessageDeduplicationId } = pipe.settings.TargetParameters?.SqsQueueParameters ?? {};
  const Entries = items.map(({ event, text }, index) => ({
    Id: String(index),
    MessageBody: text,
    ...given("MessageGroupId", dynamic(MessageGroupId, event)),
    ...given("MessageDeduplicationId", dynamic(MessageDeduplicationId, event)),
  }));
  const QueueUrl = queueAddress(cx.endpoint(), arn, arn.resource);
  return restOf((await call("sqs", "SendMessageBatch", { QueueUrl, Entries })) as BatchAnswer);
}

async function publish({ arnText, items, call }: Stage): Promise<Rest> {
  const PublishBatchRequestEntries = items.map(({ text }, index) => ({ Id: String(index), Message: text }));
  const input = { TopicArn: arnText, PublishBatchRequestEntries };
  return restOf((await call("sns", "PublishBatch", input)) as BatchAnswer);
}

/** AWS: an event says of which pipe and kind of source it is, unless the parameters do. */
async function putEvents({ pipe, arnText, items, call }: Stage): Promise<Rest> {
  const { settings, name } = pipe;
  const parameters = settings.TargetParameters?.EventBridgeEventBusParameters ?? {};
  const entries = items.map(({ event, text }) => {
    const time = dynamic(parameters.Time, event);
    return {
      EventBusName: arnText,
      Source: dynamic(parameters.Source, event) ?? `Pipe ${name}`,
      DetailType: dynamic(parameters.DetailType, event) ?? `Event from aws:${findArn(settings.Source)!.service}`,
      Detail: text,
      ...(parameters.Resources ? { Resources: parameters.Resources.flatMap((one) => dynamic(one, event) ?? []) } : {}),
      ...(time === undefined ? {} : { Time: timeOf(time) }),
    };
  });
  const { Entries = [] } = (await call("events", "PutEvents", { Entries: entries })) as {
    Entries?: { ErrorCode?: string; ErrorMessage?: string }[];
  };
  const failed = Entries.flatMap(({ ErrorCode }, index) => (ErrorCode === undefined ? [] : [index]));
  if (failed.length === 0) return {};
  const { ErrorCode = "", ErrorMessage = "" } = Entries[failed[0]!]!;
  return { failed, message: `${ErrorCode}: ${ErrorMessage}` };
}

/** A time in RFC 3339, or in seconds or milliseconds since 1970. */
function timeOf(text: string): Date {
  if (!/^\d+(\.\d+)?$/.test(text)) return new Date(text);
  const number = Number(text);
  return new Date(number < 1e11 ? number * 1000 : number);
}

async function putLogEvents({ cx, pipe, arn, items, call }: Stage): Promise<Rest> {
  const { LogStreamName, Timestamp } = pipe.settings.TargetParameters?.CloudWatchLogsParameters ?? {};
  const logGroupName = arn.resource.replace(/^log-group:/, "").replace(/:\*$/, "");
  const logStreamName = dynamic(LogStreamName, items[0]!.event) ?? cx.kernel.random.uuid();
  if (LogStreamName === undefined) await call("logs", "CreateLogStream", { logGroupName, logStreamName });
  const logEvents = items
    .map(({ event, text }) => {
      const time = dynamic(Timestamp, event);
      return { timestamp: time === undefined ? cx.kernel.clock.now() : timeOf(time).getTime(), message: text };
    })
    .toSorted((a, b) => a.timestamp - b.timestamp);
  await call("logs", "PutLogEvents", { logGroupName, logStreamName, logEvents });
  return {};
}

function given(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}
