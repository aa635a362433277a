/** PutItem, GetItem and DeleteItem. */
import type { Input, Output } from "../../../aws/api-types.ts";
import { importItem, type ApiItem } from "../../../engines/dynamodb-expressions/attribute-input.ts";
import { project, projectionOf, type Projection } from "../../../engines/dynamodb-expressions/projection.ts";
import { readProjection } from "../../../engines/dynamodb-expressions/expressions.ts";
import { Substitutions } from "../../../engines/dynamodb-expressions/substitutions.ts";
import { Consumption, readUnits } from "../capacity.ts";
import { invalid } from "../errors.ts";
import { checkKey, checkKeyPaths } from "../item-check.ts";
import { findItem, type Found } from "../change.ts";
import { itemKey } from "../key.ts";
import { collectionMetrics } from "../metrics.ts";
import {
  answerItem,
  answerText,
  checkAttributesToGet,
  checkParameters,
  getTable,
  referTo,
  type AnswerItem,
  type Cx,
  type ParameterRules,
} from "../request.ts";
import { conditionOf, deleteWrite, expectedOf, perform, putWrite, readPutItem, type Write } from "../write-plan.ts";

export const CONDITIONAL: ParameterRules = {
  expressions: ["ConditionExpression"],
  legacy: ["Expected", "ConditionalOperator"],
};
export const PROJECTED: ParameterRules = { expressions: ["ProjectionExpression"], legacy: ["AttributesToGet"] };

export function putItem(cx: Cx, input: Input<"dynamodb", "PutItem">): Output<"dynamodb", "PutItem"> {
  const reference = referTo(cx, input.TableName!);
  checkParameters(input, CONDITIONAL);
  const item = readPutItem(input.Item as ApiItem);
  checkReturnValues(input.ReturnValues);
  const condition = conditionOf(input, expectedOf(input));
  const table = getTable(cx, reference);
  return answerWrite(cx, input, putWrite(table, item, condition, asksForFailed(input)));
}

export function deleteItem(cx: Cx, input: Input<"dynamodb", "DeleteItem">): Output<"dynamodb", "DeleteItem"> {
  const reference = referTo(cx, input.TableName!);
  checkParameters(input, CONDITIONAL);
  const key = importItem(input.Key as ApiItem);
  checkReturnValues(input.ReturnValues);
  const condition = conditionOf(input, expectedOf(input));
  const table = getTable(cx, reference);
  return answerWrite(cx, input, deleteWrite(table, key, condition, asksForFailed(input)));
}

export function getItem(cx: Cx, input: Input<"dynamodb", "GetItem">): Output<"dynamodb", "GetItem"> {
  const reference = referTo(cx, input.TableName!);
  checkParameters(input, PROJECTED);
  const key = importItem(input.Key as ApiItem);
  const projection = readProjectionOf(input);
  const table = getTable(cx, reference);
  checkKey(table, key);
  if (projection) checkKeyPaths(table, projection.paths);
  const found = findItem(cx.state, itemKey(table, key));
  const consumed = new Consumption();
  consumed.addTable(readUnits(found?.bytes ?? 0, input.ConsistentRead === true));
  return {
    ConsumedCapacity: consumed.describe(input.ReturnConsumedCapacity, input.TableName!),
    Item: found && answerFound(cx, found, projection),
  };
}

interface ProjectionParameters {
  readonly ProjectionExpression?: string | undefined;
  readonly AttributesToGet?: readonly string[] | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
}

/** What of an item is asked for; undefined: all of it. */
export function readProjectionOf(input: ProjectionParameters): Projection | undefined {
  checkAttributesToGet(input.AttributesToGet);
  if (input.AttributesToGet) return projectionOf(input.AttributesToGet.map((name) => [name]));
  if (input.ProjectionExpression === undefined) return undefined;
  const substitutions = new Substitutions(input.ExpressionAttributeNames, undefined);
  const projection = readProjection(input.ProjectionExpression, substitutions);
  substitutions.checkUsed();
  return projection;
}

export function answerFound(cx: Cx, found: Found, projection: Projection | undefined): AnswerItem {
  return projection ? answerItem(cx, project(found.item, projection)) : answerText(cx, found.text);
}

export function asksForFailed(input: { ReturnValuesOnConditionCheckFailure?: string | undefined }): boolean {
  return input.ReturnValuesOnConditionCheckFailure === "ALL_OLD";
}

function answerWrite(
  cx: Cx,
  input: Input<"dynamodb", "PutItem"> | Input<"dynamodb", "DeleteItem">,
  write: Write,
): Output<"dynamodb", "PutItem"> {
  const { ReturnConsumedCapacity: mode, ReturnItemCollectionMetrics, ReturnValues } = input;
  const consumption = mode === undefined || mode === "NONE" ? undefined : new Consumption();
  const done = perform(cx.state, write, consumption, ReturnValues === "ALL_OLD");
  return {
    Attributes: ReturnValues === "ALL_OLD" && done.before ? answerText(cx, done.before.text) : undefined,
    ConsumedCapacity: consumption?.describe(mode, input.TableName!),
    ItemCollectionMetrics: collectionMetrics(cx, write, ReturnItemCollectionMetrics),
  };
}

function checkReturnValues(returnValues: string | undefined): void {
  if (returnValues !== undefined && returnValues !== "ALL_OLD" && returnValues !== "NONE")
    throw invalid("ReturnValues can only be ALL_OLD or NONE");
}
