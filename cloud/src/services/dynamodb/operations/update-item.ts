import type { Input, Output } from "../../../aws/api-types.ts";
import { importItem, type ApiItem } from "../../../engines/dynamodb-expressions/attribute-input.ts";
import type { BoundCondition } from "../../../engines/dynamodb-expressions/condition.ts";
import { readCondition, readUpdate } from "../../../engines/dynamodb-expressions/expressions.ts";
import { bindAttributeUpdates, type LegacyUpdate } from "../../../engines/dynamodb-expressions/legacy.ts";
import { project, projectionOf } from "../../../engines/dynamodb-expressions/projection.ts";
import { Consumption } from "../capacity.ts";
import { collectionMetrics } from "../metrics.ts";
import {
  answerItem,
  answerText,
  checkParameters,
  getTable,
  referTo,
  type AnswerItem,
  type Cx,
  type ParameterRules,
} from "../request.ts";
import { NO_UPDATE, updateByAttributes, updateByExpression, updateWrite, type Update } from "../update-plan.ts";
import { expectedOf, perform, substitutionsOf, type Done } from "../write-plan.ts";
import { asksForFailed } from "./items.ts";

type UpdateItem = Input<"dynamodb", "UpdateItem">;

export const UPDATE_PARAMETERS: ParameterRules = {
  expressions: ["UpdateExpression", "ConditionExpression"],
  legacy: ["AttributeUpdates", "Expected", "ConditionalOperator"],
};

export function updateItem(cx: Cx, input: UpdateItem): Output<"dynamodb", "UpdateItem"> {
  const reference = referTo(cx, input.TableName!);
  checkParameters(input, UPDATE_PARAMETERS);
  const key = importItem(input.Key as ApiItem);
  const { update, condition } = readUpdatePlan(input);
  const table = getTable(cx, reference);
  const write = updateWrite(table, key, update, { condition, answersFailed: asksForFailed(input), isSingle: true });
  const mode = input.ReturnConsumedCapacity;
  const consumption = mode === undefined || mode === "NONE" ? undefined : new Consumption();
  const done = perform(cx.state, write, consumption);
  return {
    Attributes: answerAttributes(cx, input.ReturnValues, update, done),
    ConsumedCapacity: consumption?.describe(mode, input.TableName!),
    ItemCollectionMetrics: collectionMetrics(cx, write, input.ReturnItemCollectionMetrics),
  };
}

/** The update and its condition as one request says them; they share names and values. */
export function readUpdatePlan(input: UpdateItem): { update: Update; condition: BoundCondition | undefined } {
  const legacy = input.AttributeUpdates && bindAttributeUpdates(input.AttributeUpdates as Record<string, LegacyUpdate>);
  const expected = expectedOf(input);
  if (input.UpdateExpression === undefined && input.ConditionExpression === undefined)
    return { update: legacy ? updateByAttributes(legacy) : NO_UPDATE, condition: expected };
  const substitutions = substitutionsOf(input);
  const update =
    input.UpdateExpression === undefined
      ? NO_UPDATE
      : updateByExpression(readUpdate(input.UpdateExpression, substitutions));
  const condition =
    input.ConditionExpression === undefined
      ? undefined
      : readCondition("ConditionExpression", input.ConditionExpression, substitutions);
  substitutions.checkUsed();
  return { update, condition };
}

function answerAttributes(
  cx: Cx,
  returnValues: string | undefined,
  update: Update,
  done: Done,
): AnswerItem | undefined {
  switch (returnValues) {
    case "ALL_OLD":
      return done.before && answerText(cx, done.before.text);
    case "ALL_NEW":
      return done.text === undefined ? undefined : answerText(cx, done.text);
    case "UPDATED_OLD":
      return updated(cx, update, done.before?.item);
    case "UPDATED_NEW":
      return updated(cx, update, done.after);
    default:
      return undefined;
  }
}

function updated(cx: Cx, update: Update, item: Parameters<typeof project>[0] | undefined): AnswerItem | undefined {
  if (!item) return undefined;
  const attributes = project(item, projectionOf(update.paths));
  return Object.keys(attributes).length > 0 ? answerItem(cx, attributes) : undefined;
}
