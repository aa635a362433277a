import type { AttributeValue } from "./attribute-value.ts";
import type { BoundCondition, BoundOperand } from "./condition.ts";
import { InvalidInput } from "./invalid-input.ts";

export type KeyOperator = "EQ" | "LT" | "LE" | "GT" | "GE" | "BETWEEN" | "BEGINS_WITH";

/** What a query asks of one key attribute. */
export interface KeyCondition {
  /** A `KeyOperator`; the legacy parameter may hold others, which a query then refuses. */
  readonly operator: string;
  readonly values: readonly AttributeValue[];
}

export type KeyConditions = ReadonlyMap<string, KeyCondition>;

const OPERATORS: Readonly<Record<string, KeyOperator>> = { "=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE" };
const TURNED: Readonly<Record<string, KeyOperator>> = { "=": "EQ", "<": "GT", "<=": "GE", ">": "LT", ">=": "LE" };

/**
 * Reads a key condition expression as conditions by attribute.
 * @throws InvalidInput for what a key condition may not hold
 */
export function keyConditionsOf(condition: BoundCondition): KeyConditions {
  const conditions = new Map<string, KeyCondition>();
  collect(condition, conditions);
  return conditions;
}

type Simple = Extract<BoundCondition, { args: unknown }>;

function collect(condition: BoundCondition, conditions: Map<string, KeyCondition>): void {
  if (condition.kind === "and") {
    collect(condition.left, conditions);
    collect(condition.right, conditions);
    return;
  }
  checkOperator(condition);
  const simple = condition as Simple;
  const { name, at } = keyAttribute(simple.args);
  if (conditions.has(name)) throw new InvalidInput("KeyConditionExpressions must only contain one condition per key");
  const values = simple.args.flatMap((arg) => (arg.kind === "value" ? [arg.value] : []));
  conditions.set(name, { operator: operatorOf(simple, at), values });
}

function checkOperator(condition: BoundCondition): void {
  const { kind } = condition;
  if (kind === "or" || kind === "not" || kind === "in") throw invalidOperator(kind.toUpperCase());
  if (kind === "compare" && condition.operator === "<>") throw invalidOperator("<>");
  if (kind === "call" && condition.name !== "begins_with") throw invalidOperator(condition.name);
  const operands = (condition as Simple).args;
  if (operands.some((operand) => operand.kind === "call"))
    throw new InvalidInput("KeyConditionExpressions cannot contain nested operations");
  if (kind !== "compare" && operands[0]!.kind !== "path")
    throw new InvalidInput(
      `Invalid condition in KeyConditionExpression: ${kind === "between" ? "BETWEEN" : "begins_with"} ` +
        "operator must have the key attribute as its first operand",
    );
}

function keyAttribute(operands: readonly BoundOperand[]): { name: string; at: number } {
  let found: { name: string; at: number } | undefined;
  for (const [at, operand] of operands.entries()) {
    if (operand.kind !== "path") continue;
    if (found)
      throw new InvalidInput(
        "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
      );
    if (operand.path.length > 1)
      throw new InvalidInput("KeyConditionExpressions cannot have conditions on nested attributes");
    found = { name: operand.path[0] as string, at };
  }
  if (!found) throw new InvalidInput("Invalid condition in KeyConditionExpression: No key attribute specified");
  return found;
}

function operatorOf(condition: Simple, at: number): KeyOperator {
  if (condition.kind === "between") return "BETWEEN";
  if (condition.kind !== "compare") return "BEGINS_WITH";
  return (at === 0 ? OPERATORS : TURNED)[condition.operator]!;
}

function invalidOperator(operator: string): InvalidInput {
  return new InvalidInput(`Invalid operator used in KeyConditionExpression: ${operator}`);
}
