/**
 * The parameters from before expressions: `Expected`, `QueryFilter`, `ScanFilter`, `KeyConditions`, `AttributeUpdates`.
 * Source: "Legacy conditional parameters". They end as the same bound conditions that expressions end as.
 */
import { importValue, type ApiValue } from "./attribute-input.ts";
import { compareValues, setAttribute, typeOf, type AttributeValue, type Item } from "./attribute-value.ts";
import type { BoundCondition, BoundOperand } from "./condition.ts";
import { InvalidInput } from "./invalid-input.ts";
import type { KeyConditions } from "./key-condition.ts";
import { addNumbers } from "./number.ts";
import type { Comparator } from "./syntax.ts";

export interface LegacyCondition {
  ComparisonOperator?: string | undefined;
  AttributeValueList?: ApiValue[] | undefined;
}

export interface LegacyExpected extends LegacyCondition {
  Value?: ApiValue | undefined;
  Exists?: boolean | undefined;
}

export interface LegacyUpdate {
  Action?: string | undefined;
  Value?: ApiValue | undefined;
}

type Named<T> = { readonly [attribute: string]: T };

const INVALID = "One or more parameter values were invalid: ";
const COMPARATORS: Readonly<Record<string, Comparator>> = { EQ: "=", NE: "<>", LE: "<=", LT: "<", GE: ">=", GT: ">" };
const ORDERED: readonly string[] = ["S", "N", "B"];
/** The types that an operator takes; an operator that is not named takes all. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  LE: ORDERED,
  LT: ORDERED,
  GE: ORDERED,
  GT: ORDERED,
  CONTAINS: ORDERED,
  NOT_CONTAINS: ORDERED,
  BEGINS_WITH: ["S", "B"],
  IN: ORDERED,
  BETWEEN: ORDERED,
};

/** `QueryFilter` or `ScanFilter` as a condition; undefined for none. @throws InvalidInput in AWS's order of checks */
export function bindFilter(
  filter: Named<LegacyCondition> | undefined,
  conditionalOperator: string | undefined,
): BoundCondition | undefined {
  const conditions = Object.entries(filter ?? {}).map(([name, condition]) => {
    const operator = condition.ComparisonOperator!;
    return conditionOn(name, operator, checkedValues(operator, condition.AttributeValueList ?? []));
  });
  return join(conditions, conditionalOperator);
}

/** `KeyConditions` by attribute. @throws InvalidInput in AWS's order of checks */
export function bindKeyConditions(conditions: Named<LegacyCondition>): KeyConditions {
  return new Map(
    Object.entries(conditions).map(([name, condition]) => {
      const operator = condition.ComparisonOperator!;
      return [name, { operator, values: checkedValues(operator, condition.AttributeValueList ?? []) }];
    }),
  );
}

/** `Expected` as a condition; undefined for none. @throws InvalidInput in AWS's order of checks */
export function bindExpected(
  expected: Named<LegacyExpected> | undefined,
  conditionalOperator: string | undefined,
): BoundCondition | undefined {
  return join(
    Object.entries(expected ?? {}).map(([name, each]) => expectation(name, each)),
    conditionalOperator,
  );
}

/** `AttributeUpdates` with their values checked. */
export type BoundLegacyUpdates = Named<{ readonly action: string; readonly value: AttributeValue | undefined }>;

/** @throws InvalidInput for an action that the value does not fit */
export function bindAttributeUpdates(updates: Named<LegacyUpdate>): BoundLegacyUpdates {
  const bound: Record<string, { action: string; value: AttributeValue | undefined }> = {};
  for (const [name, { Action: action = "PUT", Value }] of Object.entries(updates)) {
    const value = Value && importValue(Value);
    if (!value && action !== "DELETE")
      throw new InvalidInput(`${INVALID}Only DELETE action is allowed when no attribute value is specified`);
    const type = value && typeOf(value);
    if (type && action === "DELETE" && !["SS", "NS", "BS"].includes(type))
      throw new InvalidInput(`${INVALID}DELETE action with value is not supported for the type ${type}`);
    if (type && action === "ADD" && !["L", "SS", "NS", "BS", "N"].includes(type))
      throw new InvalidInput(`${INVALID}ADD action is not supported for the type ${type}`);
    setAttribute(bound, name, { action, value });
  }
  return bound;
}

/** The item with legacy updates applied. @throws InvalidInput where a type does not fit */
export function applyAttributeUpdates(updates: BoundLegacyUpdates, item: Item): Item {
  const changed: Item = { ...item };
  for (const [name, { action, value }] of Object.entries(updates)) {
    const existing = Object.hasOwn(changed, name) ? changed[name] : undefined;
    const result = action === "PUT" ? value : action === "ADD" ? added(existing, value!) : removed(existing, value);
    if (result) setAttribute(changed, name, result);
    else delete changed[name];
  }
  return changed;
}

function added(existing: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (!existing) return value;
  const type = sameType(existing, value);
  if (type === "N") return { N: addNumbers(existing.N!, value.N!) };
  if (type === "L") return { L: [...existing.L!, ...value.L!] };
  return { [type]: [...new Set([...existing[type]!, ...value[type]!])] };
}

function removed(existing: AttributeValue | undefined, value: AttributeValue | undefined): AttributeValue | undefined {
  if (!existing || !value) return undefined;
  const type = sameType(existing, value) as "SS" | "NS" | "BS";
  const gone = new Set(value[type]!);
  const left = existing[type]!.filter((member) => !gone.has(member));
  return left.length > 0 ? { [type]: left } : undefined;
}

function sameType(existing: AttributeValue, value: AttributeValue): "N" | "L" | "SS" | "NS" | "BS" {
  const type = typeOf(value);
  if (typeOf(existing) !== type) throw new InvalidInput("Type mismatch for attribute to update");
  return type as "N" | "L" | "SS" | "NS" | "BS";
}

function expectation(name: string, each: LegacyExpected): BoundCondition {
  const { Value, AttributeValueList, ComparisonOperator: operator, Exists } = each;
  if (AttributeValueList && Value)
    throw new InvalidInput(`${INVALID}Value and AttributeValueList cannot be used together for Attribute: ${name}`);
  if (operator === undefined) return existence(name, each);
  if (Exists !== undefined)
    throw new InvalidInput(`${INVALID}Exists and ComparisonOperator cannot be used together for Attribute: ${name}`);
  if (operator !== "NULL" && operator !== "NOT_NULL" && !AttributeValueList && !Value)
    throw new InvalidInput(
      `${INVALID}Value or AttributeValueList must be used with ComparisonOperator: ${operator} for Attribute: ${name}`,
    );
  return conditionOn(name, operator, checkedValues(operator, AttributeValueList ?? (Value ? [Value] : [])));
}

function existence(name: string, { Value, AttributeValueList, Exists }: LegacyExpected): BoundCondition {
  if (AttributeValueList)
    throw new InvalidInput(
      `${INVALID}AttributeValueList can only be used with a ComparisonOperator for Attribute: ${name}`,
    );
  if (Exists === false) {
    if (Value) throw new InvalidInput(`${INVALID}Value cannot be used when Exists is false for Attribute: ${name}`);
    return conditionOn(name, "NULL", []);
  }
  if (!Value)
    throw new InvalidInput(
      `${INVALID}Value must be provided when Exists is ${Exists ?? "null"} for Attribute: ${name}`,
    );
  return conditionOn(name, "EQ", [importValue(Value)]);
}

function checkedValues(operator: string, list: readonly ApiValue[]): AttributeValue[] {
  const values = list.map((value) => importValue(value));
  if (!fits(operator, values.length))
    throw new InvalidInput(`${INVALID}Invalid number of argument(s) for the ${operator} ComparisonOperator`);
  const types = values.map(typeOf);
  if (types.some((type) => type !== types[0]))
    throw new InvalidInput(`${INVALID}AttributeValues inside AttributeValueList must be of same type`);
  const wrong = types.find((type) => TYPES[operator]?.includes(type) === false);
  if (wrong !== undefined)
    throw new InvalidInput(`${INVALID}ComparisonOperator ${operator} is not valid for ${wrong} AttributeValue type`);
  if (operator === "BETWEEN" && compareValues(values[0]!, values[1]!)! > 0)
    throw new InvalidInput(
      "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
    );
  return values;
}

function fits(operator: string, count: number): boolean {
  if (operator === "NULL" || operator === "NOT_NULL") return count === 0;
  if (operator === "IN") return count > 0;
  return count === (operator === "BETWEEN" ? 2 : 1);
}

function conditionOn(name: string, operator: string, values: readonly AttributeValue[]): BoundCondition {
  const path: BoundOperand = { kind: "path", path: [name] };
  const args = [path, ...values.map((value) => ({ kind: "value", value }) as const)];
  const comparator = COMPARATORS[operator];
  if (comparator) return { kind: "compare", operator: comparator, args };
  switch (operator) {
    case "NOT_NULL":
      return { kind: "call", name: "attribute_exists", args };
    case "NULL":
      return { kind: "call", name: "attribute_not_exists", args };
    case "IN":
      return { kind: "in", args };
    case "BETWEEN":
      return { kind: "between", args };
    case "NOT_CONTAINS":
      return {
        kind: "and",
        left: { kind: "call", name: "attribute_exists", args: [path] },
        right: { kind: "not", inner: { kind: "call", name: "contains", args } },
      };
    default:
      return { kind: "call", name: operator === "CONTAINS" ? "contains" : "begins_with", args };
  }
}

function join(conditions: readonly BoundCondition[], operator: string | undefined): BoundCondition | undefined {
  const [first, ...rest] = conditions;
  const kind = operator === "OR" ? "or" : "and";
  return first && rest.reduce<BoundCondition>((left, right) => ({ kind, left, right }), first);
}
