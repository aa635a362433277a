/** Results that stand in for a service's, checked against its API. Source: "TestState", "mock", "fieldValidationMode". */
import { findSdkOperation } from "../../wire/sdk-integration.ts";
import type { Shape } from "../../wire/model.ts";
import { isObject, type Json } from "../../engines/asl/json.ts";
import { readResource } from "../../engines/asl/task.ts";
import { validation } from "./errors.ts";
import { findOptimised } from "./task.ts";

/**
 * STRICT and PRESENT ask that what is there is a member of the operation's output, of its kind.
 * @throws AwsError ValidationException
 */
export function checkMockedResult(resource: string, result: Json, mode: string): void {
  if (mode === "NONE") return;
  const { kind, type, action } = readResource(resource);
  const name = action.split(".")[0]!;
  // Functions, activities and HTTP APIs answer what they like.
  if (kind !== "service" || type === "http" || `${type}:${name}` === "lambda:invoke") return;
  const [service, operation] = type.startsWith("aws-sdk:") ? [type.slice(8), name] : findOptimised(`${type}:${name}`);
  const found = findSdkOperation(service, operation);
  if (found.kind !== "here" || !found.operation.output) return;
  check(result, found.operation.output, "");
}

const OPTIMISED_ONLY = new Set(["SdkHttpMetadata", "SdkResponseMetadata"]);

function check(value: Json, shape: Shape | undefined, at: string): void {
  if (!shape || value === null || shape.kind === "document") return;
  if (shape.kind === "list") {
    if (!Array.isArray(value)) throw wrong(at, "an array");
    value.forEach((item, index) => check(item, shape.element?.shape, `${at}[${index}]`));
  } else if (shape.kind === "map") {
    if (!isObject(value)) throw wrong(at, "an object");
    for (const [key, item] of Object.entries(value)) check(item, shape.value?.shape, `${at}.${key}`);
  } else if (shape.kind === "structure" || shape.kind === "union") {
    if (!isObject(value)) throw wrong(at, "an object");
    for (const [key, item] of Object.entries(value)) {
      if (at === "" && OPTIMISED_ONLY.has(key)) continue;
      const member = shape.byName.get(key) ?? shape.byName.get(`${key[0]!.toLowerCase()}${key.slice(1)}`);
      if (!member) throw validation(`Mock result has the member '${at}.${key}', which the service's answer has not.`);
      check(item, member.shape, `${at}.${key}`);
    }
  } else if (typeof value === "object") throw wrong(at, `a ${shape.kind}`);
}

function wrong(at: string, expected: string) {
  return validation(`Mock result must have ${expected} at '${at === "" ? "." : at}'.`);
}
