import { findArn } from "../../../aws/arn.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import { apiDestinationArn, connectionArn } from "../api-destination.ts";
import { alreadyExists, invalidParameter, notFound } from "../errors.ts";
import { pageOf } from "../page.ts";
import type { ApiDestinationRecord } from "../../../outbound/connections.ts";
import { type Cx, scopeKey } from "../state.ts";

const RATE_DEFAULT = 300;
const LOCAL = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/**
 * Addresses are HTTPS. Quirk: on this machine plain HTTP is taken too, for a server under test.
 * @throws AwsError ValidationException
 */
export function checkEndpoint(name: string, text: string): void {
  let url: URL;
  try {
    url = new URL(text.replaceAll("*", "x"));
  } catch {
    throw invalidParameter(name, "The endpoint is not a valid URL.");
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && LOCAL.test(url.hostname))) return;
  throw invalidParameter(name, "The endpoint must be an HTTPS endpoint.");
}

/** The name of the connection that an ARN means. @throws AwsError ResourceNotFoundException */
function connectionOf(cx: Cx, arn: string): string {
  const name = /^connection\/([^/]+)/.exec(findArn(arn)?.resource ?? "")?.[1];
  if (name === undefined) throw invalidParameter("ConnectionArn", "Provided Arn is not in correct format.");
  const record = cx.state.connections.get([...scopeKey(cx.scope), name]);
  if (!record || connectionArn(cx.scope, record) !== arn) throw notFound(`Connection '${arn}'`);
  return name;
}

/** @throws AwsError ResourceNotFoundException */
function getDestination(cx: Cx, name: string): ApiDestinationRecord {
  const record = cx.state.apiDestinations.get([...scopeKey(cx.scope), name]);
  if (!record) throw notFound(`Failed to describe the api-destination(s). An api-destination '${name}'`);
  return record;
}

function keep(cx: Cx, record: ApiDestinationRecord): void {
  cx.state.apiDestinations.put([...scopeKey(cx.scope), record.name], record);
}

function listed(cx: Cx, record: ApiDestinationRecord) {
  const connection = cx.state.connections.get([...scopeKey(cx.scope), record.connection]);
  return {
    ApiDestinationArn: apiDestinationArn(cx.scope, record),
    Name: record.name,
    ApiDestinationState: connection?.state === "AUTHORIZED" ? ("ACTIVE" as const) : ("INACTIVE" as const),
    ...(connection ? { ConnectionArn: connectionArn(cx.scope, connection) } : {}),
    InvocationEndpoint: record.endpoint,
    HttpMethod: record.method as "POST",
    InvocationRateLimitPerSecond: record.ratePerSecond,
    CreationTime: new Date(record.createdMs),
    LastModifiedTime: new Date(record.modifiedMs),
  };
}

function changed(cx: Cx, record: ApiDestinationRecord) {
  const { ApiDestinationArn, ApiDestinationState, CreationTime, LastModifiedTime } = listed(cx, record);
  return { ApiDestinationArn, ApiDestinationState, CreationTime, LastModifiedTime };
}

export function createApiDestination(
  cx: Cx,
  input: Input<"events", "CreateApiDestination">,
): Output<"events", "CreateApiDestination"> {
  const { Name: name = "", Description: description, InvocationEndpoint: endpoint = "" } = input;
  checkEndpoint("InvocationEndpoint", endpoint);
  const connection = connectionOf(cx, input.ConnectionArn!);
  if (cx.state.apiDestinations.has([...scopeKey(cx.scope), name])) throw alreadyExists(`An api-destination '${name}'`);
  const nowMs = cx.kernel.clock.now();
  const record: ApiDestinationRecord = {
    name,
    uuid: cx.kernel.random.uuid(),
    ...(description === undefined ? {} : { description }),
    connection,
    endpoint,
    method: input.HttpMethod!,
    ratePerSecond: input.InvocationRateLimitPerSecond ?? RATE_DEFAULT,
    createdMs: nowMs,
    modifiedMs: nowMs,
  };
  keep(cx, record);
  return changed(cx, record);
}

export function updateApiDestination(
  cx: Cx,
  input: Input<"events", "UpdateApiDestination">,
): Output<"events", "UpdateApiDestination"> {
  const before = getDestination(cx, input.Name!);
  if (input.InvocationEndpoint !== undefined) checkEndpoint("InvocationEndpoint", input.InvocationEndpoint);
  const record: ApiDestinationRecord = {
    ...before,
    ...(input.Description === undefined ? {} : { description: input.Description }),
    ...(input.ConnectionArn === undefined ? {} : { connection: connectionOf(cx, input.ConnectionArn) }),
    endpoint: input.InvocationEndpoint ?? before.endpoint,
    method: input.HttpMethod ?? before.method,
    ratePerSecond: input.InvocationRateLimitPerSecond ?? before.ratePerSecond,
    modifiedMs: cx.kernel.clock.now(),
  };
  keep(cx, record);
  return changed(cx, record);
}

export function deleteApiDestination(cx: Cx, { Name = "" }: Input<"events", "DeleteApiDestination">): object {
  getDestination(cx, Name);
  cx.state.apiDestinations.remove([...scopeKey(cx.scope), Name]);
  return {};
}

export function describeApiDestination(
  cx: Cx,
  { Name = "" }: Input<"events", "DescribeApiDestination">,
): Output<"events", "DescribeApiDestination"> {
  const record = getDestination(cx, Name);
  return { ...listed(cx, record), ...(record.description === undefined ? {} : { Description: record.description }) };
}

export function listApiDestinations(
  cx: Cx,
  input: Input<"events", "ListApiDestinations">,
): Output<"events", "ListApiDestinations"> {
  const all = [...cx.state.apiDestinations.values({ prefix: scopeKey(cx.scope) })]
    .filter(({ name }) => name.startsWith(input.NamePrefix ?? ""))
    .map((record) => listed(cx, record))
    .filter(({ ConnectionArn }) => input.ConnectionArn === undefined || ConnectionArn === input.ConnectionArn);
  const { page, NextToken } = pageOf(all, input);
  return { ApiDestinations: page, ...(NextToken ? { NextToken } : {}) };
}
