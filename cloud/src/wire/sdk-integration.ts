/**
 * Operations as the "AWS SDK integrations" name them (universal targets of EventBridge Scheduler, tasks of Step Functions):
 * the service by its SDK's id in lower case, the action in camel case, the input as plain JSON.
 */
import { API_INDEX, findApi, knownServices, type Operation, type Shape } from "./model.ts";

/** SDK ids that differ from the name of the table. */
const API_BY_SDK_ID: Readonly<Record<string, string>> = {
  cloudwatchlogs: "logs",
  cognitoidentityprovider: "cognito-idp",
  eventbridge: "events",
  sfn: "stepfunctions",
};

/** What a service and an action name: an operation here, one that only AWS has, or none at all. */
export type SdkOperation =
  | { readonly kind: "here"; readonly operation: Operation }
  | { readonly kind: "elsewhere" }
  | { readonly kind: "none" };

/** The API of a service by its SDK's id, where it is here. */
export function findSdkApi(service: string) {
  const name = API_BY_SDK_ID[service] ?? service;
  return API_INDEX.has(name) ? findApi(name) : undefined;
}

/**
 * Finds the operation that an integration names.
 * @param service e.g. `sqs`, `sfn`, `eventbridge`
 * @param action e.g. `sendMessage`
 */
export function findSdkOperation(service: string, action: string): SdkOperation {
  const api = findSdkApi(service);
  if (!api) {
    const isKnown = knownServices().some((known) => known.name.replaceAll("-", "") === service);
    return { kind: isKnown ? "elsewhere" : "none" };
  }
  const operationName = capitalized(action);
  const operation = findByName(api.operationNames, operationName);
  if (operation !== undefined) return { kind: "here", operation: api.operation(operation) };
  return { kind: api.knows(operationName) ? "elsewhere" : "none" };
}

/** An input that the operation does not take. */
export class SdkInputError extends Error {
  override name = "SdkInputError";
}

/**
 * Turns plain JSON into the input of an operation: members by their names (first letter in either case), texts of blobs as
 * bytes, texts and seconds as times.
 * @throws SdkInputError where the input has a member that the operation has not, or a value of another type
 */
export function sdkInput(operation: Operation, json: unknown): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new SdkInputError("The request is not a JSON object");
  return membersOf(operation, operation.input, json);
}

function membersOf(operation: Operation, shape: Shape, json: object): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) {
    const member = shape.byName.get(key) ?? shape.byName.get(uncapitalized(key)) ?? shape.byName.get(capitalized(key));
    if (!member)
      throw new SdkInputError(
        `The field '${key}' is not supported by api '${uncapitalized(operation.name)}' for the service '${operation.api.name}'`,
      );
    if (value !== null) read[member.name] = valueOf(operation, member.shape, value);
  }
  return read;
}

function valueOf(operation: Operation, shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case "structure":
    case "union":
      return typeof value === "object" && value !== null ? membersOf(operation, shape, value) : value;
    case "list":
      return Array.isArray(value) ? value.map((item) => valueOf(operation, shape.element!.shape, item)) : value;
    case "map":
      return typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([key, item]) => [key, valueOf(operation, shape.value!.shape, item)]),
          )
        : value;
    case "blob":
      return Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
    case "timestamp":
      return timeOf(value);
    default:
      return value;
  }
}

function timeOf(value: unknown): Date {
  const time = typeof value === "number" ? new Date(value * 1000) : new Date(String(value));
  if (Number.isNaN(time.getTime())) throw new SdkInputError(`${JSON.stringify(value)} is not a time`);
  return time;
}

/** SDKs write `getQueueURL` for `GetQueueUrl` in places: the letters decide. */
function findByName(names: readonly string[], wanted: string): string | undefined {
  return names.includes(wanted) ? wanted : names.find((name) => name.toLowerCase() === wanted.toLowerCase());
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function uncapitalized(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
