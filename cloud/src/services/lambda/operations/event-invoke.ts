import { findArn } from "../../../aws/arn.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { invalidParameter, notFound } from "../errors.ts";
import { getFunction, getVersion } from "../function-lookup.ts";
import { functionArn, readFunctionName, requireOwn } from "../function-name.ts";
import { page } from "../page.ts";
import { scopeKey, type EventInvokeRecord, type LambdaState } from "../state.ts";

type Cx = CallContext<LambdaState>;
type Given = Pick<
  Input<"lambda", "PutFunctionEventInvokeConfig">,
  "MaximumEventAgeInSeconds" | "MaximumRetryAttempts" | "DestinationConfig" | "FunctionName" | "Qualifier"
>;
type Described = Output<"lambda", "GetFunctionEventInvokeConfig">;

const LIST_MAX = 50;
const DESTINATIONS = new Set(["sqs", "sns", "lambda", "events", "s3"]);

export function putEventInvokeConfig(cx: Cx, input: Given): Described {
  const key = keyOf(cx, input);
  if (
    input.MaximumEventAgeInSeconds === undefined &&
    input.MaximumRetryAttempts === undefined &&
    input.DestinationConfig === undefined
  )
    throw invalidParameter("You must specify at least one of error handling or destination setting.");
  return keep(cx, key, { ...read(cx, key, input), lastModifiedMs: cx.kernel.clock.now() });
}

export function updateEventInvokeConfig(cx: Cx, input: Given): Described {
  const key = keyOf(cx, input);
  const before = get(cx, key);
  return keep(cx, key, { ...before, ...read(cx, key, input), lastModifiedMs: cx.kernel.clock.now() });
}

export function getEventInvokeConfig(cx: Cx, input: Given): Described {
  const key = keyOf(cx, input);
  return describe(cx, key, get(cx, key));
}

export function deleteEventInvokeConfig(cx: Cx, input: Given): Record<string, never> {
  const key = keyOf(cx, input);
  get(cx, key);
  cx.state.eventInvokes.remove(key);
  return {};
}

export function listEventInvokeConfigs(
  cx: Cx,
  input: Input<"lambda", "ListFunctionEventInvokeConfigs">,
): Output<"lambda", "ListFunctionEventInvokeConfigs"> {
  const { state, scope } = cx;
  const { name } = readFunctionName(scope, input.FunctionName!);
  getFunction(state, { scope, name, qualifier: undefined });
  const all = [...state.eventInvokes.entries({ prefix: [...scopeKey(scope), name] })];
  const { items, next } = page(
    all,
    ([key]) => String(key[3]),
    input.Marker,
    Math.min(input.MaxItems ?? LIST_MAX, LIST_MAX),
  );
  return {
    FunctionEventInvokeConfigs: items.map(([key, record]) => describe(cx, key as string[], record)),
    ...(next === undefined ? {} : { NextMarker: next }),
  };
}

function keyOf({ state, scope }: Cx, input: Given): string[] {
  const reference = readFunctionName(scope, input.FunctionName!, input.Qualifier);
  requireOwn(scope, reference);
  getVersion(state, reference);
  return [...scopeKey(scope), reference.name, reference.qualifier ?? "$LATEST"];
}

function get({ state, scope }: Cx, key: string[]): EventInvokeRecord {
  const record = state.eventInvokes.get(key);
  if (!record) throw notFound(`The function ${functionArn(scope, key[2]!, key[3])} doesn't have an EventInvokeConfig`);
  return record;
}

function keep(cx: Cx, key: string[], record: EventInvokeRecord): Described {
  cx.state.eventInvokes.put(key, record);
  return describe(cx, key, record);
}

function read({ scope }: Cx, key: string[], input: Given): Partial<EventInvokeRecord> {
  const own = functionArn(scope, key[2]!);
  const destination = (arn: string | undefined) => {
    const service = arn === undefined ? undefined : findArn(arn)?.service;
    if (arn !== undefined && (service === undefined || !DESTINATIONS.has(service)))
      throw invalidParameter(
        `The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=${arn})) is invalid.`,
      );
    if (arn === own) throw invalidParameter("You can't specify the function as a destination for itself.");
    return arn === "" ? undefined : arn;
  };
  const { OnSuccess, OnFailure } = input.DestinationConfig ?? {};
  if (findArn(OnSuccess?.Destination ?? "")?.service === "s3")
    throw invalidParameter("S3 is not supported as an OnSuccess destination.");
  return {
    ...(input.MaximumEventAgeInSeconds === undefined ? {} : { maximumAgeSeconds: input.MaximumEventAgeInSeconds }),
    ...(input.MaximumRetryAttempts === undefined ? {} : { maximumRetries: input.MaximumRetryAttempts }),
    ...(OnSuccess ? { onSuccess: destination(OnSuccess.Destination) as never } : {}),
    ...(OnFailure ? { onFailure: destination(OnFailure.Destination) as never } : {}),
  };
}

function describe({ scope }: Cx, key: string[], record: EventInvokeRecord): Described {
  return {
    LastModified: new Date(record.lastModifiedMs),
    FunctionArn: functionArn(scope, key[2]!, key[3]),
    ...(record.maximumRetries === undefined ? {} : { MaximumRetryAttempts: record.maximumRetries }),
    ...(record.maximumAgeSeconds === undefined ? {} : { MaximumEventAgeInSeconds: record.maximumAgeSeconds }),
    DestinationConfig: {
      OnSuccess: record.onSuccess === undefined ? {} : { Destination: record.onSuccess },
      OnFailure: record.onFailure === undefined ? {} : { Destination: record.onFailure },
    },
  };
}
