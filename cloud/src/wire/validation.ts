import { AwsError } from "../aws/error.ts";
import type { AccessDecision } from "../iam/authority.ts";
import { type Constraint, findApi, type Member, type Operation, type Shape } from "./model.ts";
import { compilePattern } from "./pattern.ts";

/**
 * Checks an input against the API model, with the words that AWS's own validation uses. Operations whose handler checks
 * by itself, in an order of its own, do not come here (`ServiceDefinition.ownValidation`).
 */

/** AWS: the code of a validation error, where it is not `ValidationException`. */
const VALIDATION_CODE: Record<string, string> = {
  "cognito-idp": "InvalidParameterException",
  apigatewayv2: "BadRequestException",
  cloudformation: "ValidationError",
  cloudwatch: "ValidationError",
  ec2: "InvalidParameterValue",
  iam: "ValidationError",
  logs: "InvalidParameterException",
  s3: "InvalidArgument",
  sns: "ValidationError",
  sqs: "InvalidParameterValue",
  sts: "ValidationError",
};

/** AWS: services that tell a missing parameter in words of their own. */
const MISSING: Record<string, (member: Member) => AwsError> = {
  ec2: (member) => new AwsError("MissingParameter", `The request must contain the parameter ${member.ec2Name}`),
  sqs: (member) => new AwsError("MissingParameter", `The request must contain the parameter ${member.name}.`),
  cloudwatch: (member) => new AwsError("MissingParameter", `The parameter ${member.name} is required.`),
  s3: (member) =>
    member.location === "body" || member.location === "payload"
      ? malformedXml()
      : new AwsError("InvalidRequest", `Missing required ${member.location}: ${member.locationName}`),
};

/** AWS: S3's answer to XML that lacks an element or is no XML. */
export function malformedXml(): AwsError {
  const message = "The XML you provided was not well-formed or did not validate against our published schema";
  return new AwsError("MalformedXML", message, { status: 400 });
}

/**
 * @param input as the SDK types it
 * @throws AwsError naming every violation, as AWS does
 */
export function validateInput(service: string, operationName: string, input: unknown): void {
  const operation = findApi(service)?.findOperation(operationName);
  if (!operation || checksOf(operation.input).length === 0) return;
  const violations: Violation[] = [];
  checkMembers(operation.input, input as Record<string, unknown>, undefined, violations);
  if (violations.length > 0) throw validationError(operation, violations);
}

/**
 * Refuses `null` inside of lists and maps, whatever the operation checks by itself: no handler reckons with it.
 * @throws AwsError naming each
 */
export function refuseNulls(operation: Operation, input: unknown): void {
  const violations: Violation[] = [];
  findNulls(operation.input, input, undefined, violations);
  if (violations.length > 0) throw validationError(operation, violations);
}

function findNulls(shape: Shape, value: unknown, parent: Path | undefined, out: Violation[]): void {
  if (typeof value !== "object" || value === null) return;
  const item = shape.element ?? shape.value;
  for (const [name, inner] of Object.entries(value)) {
    const member = item ?? shape.byName.get(name);
    if (!member) continue;
    const path = { parent, name: shape.element ? String(Number(name) + 1) : name, isItem: item !== undefined };
    if (inner === null) missing(member, path, out);
    else findNulls(member.shape, inner, path, out);
  }
}

/** Where a value stands; written out only for a violation. */
interface Path {
  readonly parent: Path | undefined;
  readonly name: string;
  /** `member` of a list or map, after its position or key. */
  readonly isItem: boolean;
}

interface Violation {
  readonly path: Path;
  readonly member: Member;
  readonly value: unknown;
  readonly rule: string;
}

function validationError(operation: Operation, violations: readonly Violation[]): AwsError {
  const api = operation.api.name;
  const missing = violations.find(({ value }) => value === undefined);
  const words = missing && MISSING[api];
  if (missing && words) return words(missing.member);
  // AWS: S3 tells of a document that it does not fit its schema, and no more.
  if (api === "s3" && violations.some(({ path }) => path.parent !== undefined)) return malformedXml();
  const told = violations.map(
    ({ path, member, value, rule }) =>
      `${valueText(value, member)} at '${pathText(path)}' failed to satisfy constraint: ${rule}`,
  );
  const count = `${told.length} validation error${told.length === 1 ? "" : "s"} detected`;
  return new AwsError(VALIDATION_CODE[api] ?? "ValidationException", `${count}: ${told.join("; ")}`, { status: 400 });
}

/** AWS: a secret's value is left out, `Value at 'password' failed …`. */
function valueText(value: unknown, member: Member): string {
  if (value === undefined || value === null) return "Value null";
  if (member.sensitive) return "Value";
  return `Value '${javaText(value)}'`;
}

/** A value as AWS's Java prints it. */
function javaText(value: unknown): string {
  if (value instanceof Uint8Array)
    return `java.nio.HeapByteBuffer[pos=0 lim=${value.byteLength} cap=${value.byteLength}]`;
  if (value instanceof Date) return value.toString();
  if (Array.isArray(value)) return `[${value.map(javaText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const parts = Object.entries(value).map(([key, item]) => `${key}=${javaText(item)}`);
    return `{${parts.join(", ")}}`;
  }
  return String(value);
}

/** Whether anything in or under a shape can be violated; found once per shape. */
function isConstrained(shape: Shape): boolean {
  return (shape.constrained ??= search(shape, new Set()));
}

function search(shape: Shape, seen: Set<Shape>): boolean {
  if (shape.constrained !== undefined) return shape.constrained;
  if (seen.has(shape)) return false;
  seen.add(shape);
  const inner = [...shape.members, shape.element, shape.value].filter((member) => member !== undefined);
  return inner.some(
    (member) =>
      (member.required && shape.kind === "structure") || member.constraint !== undefined || search(member.shape, seen),
  );
}

const checks = new WeakMap<Shape, readonly Member[]>();

/** The members of a structure that can be violated. */
function checksOf(shape: Shape): readonly Member[] {
  let found = checks.get(shape);
  if (!found) {
    found = shape.members.filter(
      (member) => isRequired(member) || member.constraint !== undefined || isConstrained(member.shape),
    );
    checks.set(shape, found);
  }
  return found;
}

function isRequired(member: Member): boolean {
  return member.required && !member.idempotencyToken;
}

function checkMembers(shape: Shape, source: Record<string, unknown>, parent: Path | undefined, out: Violation[]): void {
  for (const member of checksOf(shape)) {
    const value = source[member.name];
    if (value !== undefined && value !== null)
      checkValue(member, member.constraint, value, { parent, name: member.name, isItem: false }, out);
    else if (isRequired(member)) missing(member, { parent, name: member.name, isItem: false }, out);
  }
}

function missing(member: Member, path: Path, out: Violation[]): void {
  out.push({ path, member, value: undefined, rule: "Member must not be null" });
}

function checkValue(
  member: Member,
  constraint: Constraint | undefined,
  value: unknown,
  path: Path,
  out: Violation[],
): void {
  const { shape } = member;
  if (constraint) for (const rule of brokenRules(shape, constraint, value)) out.push({ path, member, value, rule });
  switch (shape.kind) {
    case "structure":
    case "union":
      if (typeof value === "object") checkMembers(shape, value as Record<string, unknown>, path, out);
      break;
    case "list":
      if (Array.isArray(value)) checkItems(shape.element!, constraint?.element, value, path, out);
      break;
    case "map":
      checkEntries(shape, constraint, value as Record<string, unknown>, path, out);
      break;
  }
}

function checkItems(
  element: Member,
  constraint: Constraint | undefined,
  items: unknown[],
  parent: Path,
  out: Violation[],
): void {
  const deep = isConstrained(element.shape);
  let broken = false;
  for (const [index, item] of items.entries()) {
    if (item === null || item === undefined) missing(element, { parent, name: String(index + 1), isItem: true }, out);
    else if (deep) checkValue(element, constraint, item, { parent, name: String(index + 1), isItem: true }, out);
    else broken ||= constraint !== undefined && brokenRules(element.shape, constraint, item).length > 0;
  }
  // AWS: what all items of simple type must satisfy is told of the list as a whole.
  if (broken)
    out.push({
      path: parent,
      member: element,
      value: items,
      rule: `Member must satisfy constraint: ${rulesOf(element.shape, constraint!)}`,
    });
}

function checkEntries(
  map: Shape,
  constraint: Constraint | undefined,
  entries: Record<string, unknown>,
  parent: Path,
  out: Violation[],
): void {
  const key = map.key!;
  const value = map.value!;
  const ofKeys = constraint?.key;
  const ofValues = constraint?.value;
  const deep = isConstrained(value.shape);
  let brokenKey = false;
  let brokenValue = false;
  for (const name of Object.keys(entries)) {
    const item = entries[name];
    brokenKey ||= ofKeys !== undefined && brokenRules(key.shape, ofKeys, name).length > 0;
    if (item === null || item === undefined) missing(value, { parent, name, isItem: true }, out);
    else if (deep) checkValue(value, ofValues, item, { parent, name, isItem: true }, out);
    else brokenValue ||= ofValues !== undefined && brokenRules(value.shape, ofValues, item).length > 0;
  }
  if (brokenKey)
    out.push({
      path: parent,
      member: key,
      value: entries,
      rule: `Map keys must satisfy constraint: ${rulesOf(key.shape, ofKeys!)}`,
    });
  if (brokenValue)
    out.push({
      path: parent,
      member: value,
      value: entries,
      rule: `Map value must satisfy constraint: ${rulesOf(value.shape, ofValues!)}`,
    });
}

/** AWS: paths name members with a small first letter, items with their position and `member`. */
function pathText({ parent, name, isItem }: Path): string {
  const own = isItem ? `${name}.member` : name.charAt(0).toLowerCase() + name.slice(1);
  return parent ? `${pathText(parent)}.${own}` : own;
}

const NONE: readonly string[] = [];

/** The rules that a value breaks, in AWS's words and order. */
function brokenRules(shape: Shape, constraint: Constraint, value: unknown): readonly string[] {
  const { min, max, pattern } = constraint;
  let broken: string[] | undefined;
  if (typeof value === "string") {
    if (constraint.enum && !constraint.enum.includes(value)) (broken ??= []).push(enumRule(constraint.enum));
    if (pattern !== undefined && !compilePattern(pattern).test(value)) (broken ??= []).push(patternRule(pattern));
  }
  if (min === undefined && max === undefined) return broken ?? NONE;
  const size = sizeOf(shape, value);
  if (size !== undefined && max !== undefined && size > max) (broken ??= []).push(boundRule(value, "less", max));
  if (size !== undefined && min !== undefined && size < min) (broken ??= []).push(boundRule(value, "greater", min));
  return broken ?? NONE;
}

function enumRule(values: readonly string[]): string {
  return `Member must satisfy enum value set: [${values.join(", ")}]`;
}

function patternRule(pattern: string): string {
  return `Member must satisfy regular expression pattern: ${pattern}`;
}

function boundRule(value: unknown, side: "less" | "greater", bound: number): string {
  return `Member must have ${typeof value === "number" ? "value" : "length"} ${side} than or equal to ${bound}`;
}

/** All rules of a simple type, as AWS lists them for items and keys. */
function rulesOf(shape: Shape, constraint: Constraint): string {
  const sample = shape.kind === "string" || shape.kind === "blob" ? "" : 0;
  const rules: string[] = [];
  if (constraint.max !== undefined) rules.push(boundRule(sample, "less", constraint.max));
  if (constraint.min !== undefined) rules.push(boundRule(sample, "greater", constraint.min));
  if (constraint.enum) rules.push(enumRule(constraint.enum));
  if (constraint.pattern !== undefined) rules.push(patternRule(constraint.pattern));
  return `[${rules.join(", ")}]`;
}

function sizeOf(shape: Shape, value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "string") return shape.kind === "blob" ? Buffer.byteLength(value) : value.length;
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) return value.length;
  if (shape.kind === "map" && typeof value === "object" && value !== null) return Object.keys(value).length;
  return undefined;
}

/** AWS: code and status of a denial, where they are not `AccessDeniedException` and 400 (JSON protocols) or 403 (REST JSON). */
const DENIED: Record<string, string> = {
  s3: "AccessDenied",
  iam: "AccessDenied",
  sts: "AccessDenied",
  cloudformation: "AccessDenied",
  cloudwatch: "AccessDenied",
  sqs: "AccessDenied",
  sns: "AuthorizationError",
  ec2: "UnauthorizedOperation",
};

/** The error by which a service tells its caller that IAM denied the call. */
export function accessDenied(service: string, decision: AccessDecision): AwsError {
  const code = DENIED[service] ?? "AccessDeniedException";
  const protocol = findApi(service)?.protocol;
  const status = protocol === "awsJson1_0" || protocol === "awsJson1_1" ? 400 : 403;
  return new AwsError(code, decision.message, { status });
}
