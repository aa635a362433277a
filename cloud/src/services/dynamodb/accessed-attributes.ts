/** The top-level attributes that a request names, for `dynamodb:Attributes`. */
import { InvalidInput } from "../../engines/dynamodb-expressions/invalid-input.ts";
import { attributesRead } from "../../engines/dynamodb-expressions/condition.ts";
import {
  readCondition,
  readKeyConditions,
  readProjection,
  readUpdate,
} from "../../engines/dynamodb-expressions/expressions.ts";
import { Substitutions } from "../../engines/dynamodb-expressions/substitutions.ts";
import type { ApiValue } from "../../engines/dynamodb-expressions/attribute-input.ts";

type Named = object | undefined;

export interface ExpressionParameters {
  readonly ConditionExpression?: string | undefined;
  readonly FilterExpression?: string | undefined;
  readonly KeyConditionExpression?: string | undefined;
  readonly ProjectionExpression?: string | undefined;
  readonly UpdateExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: object | undefined;
  readonly AttributesToGet?: readonly string[] | undefined;
  readonly AttributeUpdates?: Named;
  readonly Expected?: Named;
  readonly QueryFilter?: Named;
  readonly ScanFilter?: Named;
  readonly KeyConditions?: Named;
}

/**
 * @param own the attributes of its item or key
 * @returns undefined where a read asks for whole items, so that no list can name all attributes
 */
export function attributesOf(input: ExpressionParameters, own: readonly string[]): string[] | undefined {
  try {
    const substitutions = new Substitutions(
      input.ExpressionAttributeNames,
      input.ExpressionAttributeValues as Record<string, ApiValue> | undefined,
    );
    return [...new Set([...own, ...legacyNames(input), ...expressionNames(input, substitutions)])];
  } catch (error) {
    // The operation refuses such a request by itself, in its own words.
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}

function legacyNames(input: ExpressionParameters): string[] {
  const { AttributeUpdates, Expected, QueryFilter, ScanFilter, KeyConditions } = input;
  const maps = [AttributeUpdates, Expected, QueryFilter, ScanFilter, KeyConditions];
  return [...(input.AttributesToGet ?? []), ...maps.flatMap((map) => Object.keys(map ?? {}))];
}

function* expressionNames(input: ExpressionParameters, substitutions: Substitutions): Generator<string> {
  for (const name of ["ConditionExpression", "FilterExpression"] as const) {
    const source = input[name];
    if (source === undefined) continue;
    for (const [head] of attributesRead(readCondition(name, source, substitutions))) yield head as string;
  }
  if (input.KeyConditionExpression !== undefined)
    yield* readKeyConditions(input.KeyConditionExpression, substitutions).keys();
  if (input.ProjectionExpression !== undefined)
    for (const [head] of readProjection(input.ProjectionExpression, substitutions).paths) yield head as string;
  if (input.UpdateExpression !== undefined)
    for (const { path } of readUpdate(input.UpdateExpression, substitutions)) yield path[0] as string;
}
