import type { PatchOperation } from "@aws-sdk/client-api-gateway";
import { badRequest } from "./errors.ts";

/**
 * Patch operations. AWS: "API Gateway API reference", "Patch operations": each Update operation knows some paths, each
 * path some operations.
 */
export interface PatchRule {
  readonly ops: readonly ("add" | "replace" | "remove")[];
  /**
   * What the value is: a text, a number, a boolean; `items`: the last part of the path is an item of a list;
   * `values`: the value is an item of a list; `map`: the value is a whole map as JSON.
   */
  readonly kind: "text" | "number" | "boolean" | "items" | "values";
  /** Where the value is kept, where the path says it otherwise than the record. Default: the path. */
  readonly at?: readonly string[];
}

/** By path; `*` stands for any one part. */
export type PatchRules = Readonly<Record<string, PatchRule>>;

const REPLACE = ["replace"] as const;
const ALL = ["add", "replace", "remove"] as const;

export const text: PatchRule = { ops: REPLACE, kind: "text" };
export const boolean: PatchRule = { ops: REPLACE, kind: "boolean" };
export const number: PatchRule = { ops: REPLACE, kind: "number" };
export const removableText: PatchRule = { ops: ALL, kind: "text" };
export const member: PatchRule = { ops: ALL, kind: "text" };
export const booleanMember: PatchRule = { ops: ALL, kind: "boolean" };
export const items: PatchRule = { ops: ALL, kind: "items" };
export const values: PatchRule = { ops: ["add", "remove"], kind: "values" };

type Tree = Record<string, unknown>;

/**
 * The record as patch operations change it; the record itself stays as it is.
 * @throws AwsError BadRequestException
 */
export function patched<T extends object>(
  record: T,
  operations: readonly PatchOperation[] | undefined,
  rules: PatchRules,
): T {
  const changed = structuredClone(record);
  for (const operation of operations ?? []) apply(changed as Tree, operation, rules);
  return changed;
}

/** The parts of a JSON Pointer, unescaped. */
export function partsOf(path: string): string[] {
  return path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function apply(record: Tree, { op, path = "", value, from }: PatchOperation, rules: PatchRules): void {
  const parts = partsOf(path);
  const rule = findRule(rules, parts);
  if (!rule)
    throw badRequest(
      `Invalid patch path  '${path}' specified for op '${op}'. Must be one of: [${Object.keys(rules)
        .map((pattern) => pattern.replaceAll("*", "{name}"))
        .sort()
        .join(", ")}]`,
    );
  if (from !== undefined || !(rule.ops as readonly string[]).includes(op ?? ""))
    throw badRequest(`Invalid patch path  '${path}' specified for op '${op}'. Please choose supported operations`);
  const at = rule.at ?? parts;
  if (rule.kind === "items" || rule.kind === "values") return applyToList(record, at, { op: op!, value, rule });
  const [holder, name] = holderOf(record, at, op !== "remove");
  if (op === "remove") {
    if (holder) delete holder[name];
  } else holder![name] = valueOf(rule.kind, value, path);
}

function findRule(rules: PatchRules, parts: readonly string[]): PatchRule | undefined {
  for (const [pattern, rule] of Object.entries(rules)) {
    const expected = pattern.slice(1).split("/");
    if (expected.length === parts.length && expected.every((part, at) => part === "*" || part === parts[at]))
      return rule;
  }
  return undefined;
}

/** The object that the last part of a path is in. */
function holderOf(record: Tree, path: readonly string[], makes: boolean): [holder: Tree | undefined, name: string] {
  let holder: Tree | undefined = record;
  for (const part of path.slice(0, -1)) {
    if (holder![part] === undefined && makes) holder![part] = {};
    holder = holder![part] as Tree | undefined;
    if (!holder) break;
  }
  return [holder, path.at(-1)!];
}

function applyToList(
  record: Tree,
  path: readonly string[],
  { op, value, rule }: { op: string; value: string | undefined; rule: PatchRule },
): void {
  const item = rule.kind === "items" ? path.at(-1)! : (value ?? "");
  const [holder, name] = holderOf(record, rule.kind === "items" ? path.slice(0, -1) : path, true);
  const list = ((holder![name] as string[] | undefined) ?? []).filter(
    (known) => known !== item && (op !== "replace" || known !== value),
  );
  // AWS: a replaced item goes, and the new one comes last.
  if (op === "add") list.push(item);
  else if (op === "replace") list.push(value ?? "");
  holder![name] = list;
}

function valueOf(kind: PatchRule["kind"], value: string | undefined, path: string): unknown {
  if (kind === "boolean") return value?.toLowerCase() === "true";
  if (kind === "text") return value;
  if (value === undefined || value === "") return undefined;
  const read = Number(value);
  if (Number.isNaN(read))
    throw badRequest(`Invalid patch value '${value}' specified for path '${path}'. Must be a number`);
  return read;
}
