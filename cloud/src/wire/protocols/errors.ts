import { type AwsError, NotEmulatedError } from "../../aws/error.ts";
import type { ServiceApi, Shape } from "../model.ts";
import { writeMembers } from "./json-writer.ts";

export interface ErrorOnWire {
  readonly status: number;
  readonly fault: "Sender" | "Receiver";
  /** The modelled error, where the API has it. */
  readonly shape: Shape | undefined;
  /** The code in the query protocol and for clients that came from it. */
  readonly queryCode: string;
  readonly queryStatus: number;
}

/** What the model says about an error, under what the error says itself. */
export function errorFactsOf(error: AwsError, api: ServiceApi | undefined): ErrorOnWire {
  const shape = api?.findError(error.code);
  const status = error.status ?? shape?.error?.status ?? 400;
  return {
    status,
    fault: status >= 500 ? "Receiver" : "Sender",
    shape,
    queryCode: shape?.error?.queryCode ?? error.code,
    queryStatus: error.status ?? shape?.error?.queryStatus ?? status,
  };
}

/** The members of an error beside its message, as the SDK types them, but for those that travel in headers. */
export function errorMembers(error: AwsError, shape: Shape | undefined): Record<string, unknown> {
  const source: Record<string, unknown> = { ...error.members };
  for (const member of shape?.members ?? []) if (member.location === "header") delete source[member.name];
  // AWS: Lambda's errors tell in `Type` whose fault it is.
  if (shape?.byName.has("Type") && source["Type"] === undefined)
    source["Type"] = error.fault === "Sender" ? "User" : "Service";
  return source;
}

/** What is told of an error beside its members: the message, under the name that the shape gives it. */
export function errorMessage(error: AwsError, shape: Shape | undefined, otherwise = "message"): Record<string, string> {
  const name = (shape?.byName.get("Message") ?? shape?.byName.get("message"))?.jsonName ?? otherwise;
  return {
    ...(error.message === "" ? {} : { [name]: error.message }),
    ...(error instanceof NotEmulatedError ? { notEmulated: error.what } : {}),
  };
}

/**
 * An error's body in JSON.
 * @param head what comes first, e.g. `__type`
 * @param messageName the name of a message that no shape names
 */
export function errorJson(
  error: AwsError,
  shape: Shape | undefined,
  head: Record<string, string>,
  messageName = "message",
): string {
  const members = errorMembers(error, shape);
  const told = { ...head, ...(shape ? {} : members), ...errorMessage(error, shape, messageName) };
  const text = JSON.stringify(told);
  const modelled = shape ? writeMembers(shape, members) : "";
  if (modelled === "") return text;
  return text === "{}" ? `{${modelled}}` : `${text.slice(0, -1)},${modelled}}`;
}

/** For clients of services that once spoke the query protocol (SQS, CloudWatch): the code they know. */
export function queryErrorHeader(error: AwsError, api: ServiceApi | undefined): Record<string, string> {
  if (!api?.awsQueryCompatible) return {};
  const { queryCode, fault } = errorFactsOf(error, api);
  return { "x-amzn-query-error": `${queryCode};${fault}` };
}

/** Members of an error that travel in headers, such as Lambda's `Retry-After`. */
export function errorHeaders(error: AwsError, shape: Shape | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { name, location, locationName } of shape?.members ?? []) {
    if (location === "header" && error.members[name] !== undefined) headers[locationName] = String(error.members[name]);
  }
  return headers;
}
