import { parseCondition } from "./condition-parser.ts";
import { InvalidInput } from "./invalid-input.ts";
import { ParseCache } from "./parse-cache.ts";
import { parseProjection } from "./projection-parser.ts";
import { bindCondition, type BoundCondition } from "./condition.ts";
import { keyConditionsOf, type KeyConditions } from "./key-condition.ts";
import { bindProjection, type Projection } from "./projection.ts";
import type { Substitutions } from "./substitutions.ts";
import { parseUpdate } from "./update-parser.ts";
import { bindUpdate, type BoundAction } from "./update.ts";

const conditions = new ParseCache(parseCondition);
const updates = new ParseCache(parseUpdate);
const projections = new ParseCache(parseProjection);

/** @param parameter as AWS names it in its complaint, e.g. `FilterExpression` @throws InvalidInput */
export function readCondition(parameter: string, source: string, substitutions: Substitutions): BoundCondition {
  return named(parameter, () => {
    const parsed = conditions.get(source);
    if (parsed.redundantParentheses) throw new InvalidInput("The expression has redundant parentheses;");
    return bindCondition(parsed, substitutions);
  });
}

/** @throws InvalidInput */
export function readUpdate(source: string, substitutions: Substitutions): readonly BoundAction[] {
  return named("UpdateExpression", () => bindUpdate(updates.get(source), substitutions));
}

/** @throws InvalidInput */
export function readProjection(source: string, substitutions: Substitutions): Projection {
  return named("ProjectionExpression", () => bindProjection(projections.get(source), substitutions));
}

/** @throws InvalidInput */
export function readKeyConditions(source: string, substitutions: Substitutions): KeyConditions {
  // Quirk: redundant parentheses are a mistake in every other condition, but none here.
  const condition = named("KeyConditionExpression", () => bindCondition(conditions.get(source), substitutions));
  return keyConditionsOf(condition);
}

function named<T>(parameter: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new InvalidInput(`Invalid ${parameter}: ${error.message}`);
  }
}
