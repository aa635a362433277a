/** What the requests of all operations have in common: their table, their parameters, their answers. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { JsonText } from "../../aws/json-text.ts";
import { exportItem } from "../../engines/dynamodb-expressions/attribute-input.ts";
import type { Item } from "../../engines/dynamodb-expressions/attribute-value.ts";
import type { CallContext } from "../../service.ts";
import { invalid, invalidParameter, notFound } from "./errors.ts";
import type { DynamoState } from "./state.ts";
import { referenceOf, type Index, type Table, type TableReference } from "./table.ts";

export type Cx = CallContext<DynamoState>;

const NAME_PATTERN = "[a-zA-Z0-9_.-]+";
const NAME = /^[a-zA-Z0-9_.-]+$/;
const NAME_LENGTH_MIN = 3;
const NAME_LENGTH_MAX = 255;

/**
 * Reads a `TableName`, a name or an ARN.
 * @throws ValidationException for what cannot be a name
 */
export function referTo(cx: Cx, tableName: string): TableReference {
  const reference = referenceOf(cx.scope, tableName);
  checkName(reference.name, "tableName");
  return reference;
}

/** @throws ValidationException for a name of a table or index that AWS would not take */
export function checkName(name: string, member: string): void {
  const broken: string[] = [];
  if (!NAME.test(name)) broken.push(`Member must satisfy regular expression pattern: ${NAME_PATTERN}`);
  if (name.length < NAME_LENGTH_MIN) broken.push(`Member must have length greater than or equal to ${NAME_LENGTH_MIN}`);
  if (name.length > NAME_LENGTH_MAX) broken.push(`Member must have length less than or equal to ${NAME_LENGTH_MAX}`);
  if (broken.length === 0) return;
  const told = broken.map((rule) => `Value '${name}' at '${member}' failed to satisfy constraint: ${rule}`);
  throw invalid(`${told.length} validation error${told.length === 1 ? "" : "s"} detected: ${told.join("; ")}`);
}

/** @throws ResourceNotFoundException */
export function getTable(cx: Cx, { scope, name }: TableReference): Table {
  const table = cx.state.findTable(scope, name);
  if (!table) throw notFound();
  return table;
}

/** @throws ValidationException where the table has no such index */
export function getIndex(table: Table, name: string | undefined): Index | undefined {
  if (name === undefined) return undefined;
  const index = table.findIndex(name);
  if (!index) throw invalid(`The table does not have the specified index: ${name}`);
  return index;
}

interface Parameters {
  readonly ConditionalOperator?: string | undefined;
  readonly Expected?: object | undefined;
  readonly QueryFilter?: object | undefined;
  readonly ScanFilter?: object | undefined;
  readonly KeyConditions?: unknown;
  readonly KeyConditionExpression?: unknown;
  readonly ExpressionAttributeNames?: unknown;
  readonly ExpressionAttributeValues?: unknown;
}

/** Which parameters of an operation are expressions, and which are their forerunners, in AWS's order. */
export interface ParameterRules {
  readonly expressions: readonly string[];
  readonly legacy: readonly string[];
}

/** @throws ValidationException where the two generations of parameters are mixed */
export function checkParameters(input: Parameters, { expressions, legacy }: ParameterRules): void {
  const given = input as Readonly<Record<string, unknown>>;
  const used = expressions.filter((name) => given[name] !== undefined);
  if (used.length > 0) {
    const old = legacy.filter((name) => given[name] !== undefined && !isKeyConditionsAlone(name, input));
    if (old.length > 0)
      throw invalid(
        "Can not use both expression and non-expression parameters in the same request: " +
          `Non-expression parameters: {${old.join(", ")}} Expression parameters: {${used.join(", ")}}`,
      );
  } else if (input.ExpressionAttributeNames !== undefined)
    throw invalid("ExpressionAttributeNames can only be specified when using expressions");
  checkConditionalOperator(input);
  if (input.ExpressionAttributeValues === undefined) return;
  const valued = expressions.filter((name) => name !== "ProjectionExpression");
  if (valued.length > 0 && valued.every((name) => given[name] === undefined))
    throw invalid(
      "ExpressionAttributeValues can only be specified when using expressions: " +
        `${valued.join(" and ")} ${valued.length > 1 ? "are" : "is"} null`,
    );
}

function checkConditionalOperator(input: Parameters): void {
  if (input.ConditionalOperator === undefined) return;
  const count = Object.keys(input.Expected ?? input.QueryFilter ?? input.ScanFilter ?? {}).length;
  if (count === 0) throw invalid("ConditionalOperator cannot be used without Filter or Expected");
  if (count === 1)
    throw invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements");
}

/** Quirk: `KeyConditions` goes with the expressions as long as there is no key condition expression. */
function isKeyConditionsAlone(name: string, input: Parameters): boolean {
  return name === "KeyConditions" && input.KeyConditionExpression === undefined;
}

/** @throws ValidationException where `AttributesToGet` names an attribute twice */
export function checkAttributesToGet(names: readonly string[] | undefined): void {
  const twice = names?.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw invalidParameter(`Duplicate value in attribute name: ${twice}`);
}

/** Whether the answer goes out as JSON, so that stored text can go into it as it is. */
function answersText(cx: Cx): boolean {
  return cx.source.headers?.["x-amz-target"]?.startsWith("DynamoDB") === true;
}

/** An item as answers hold it. */
export type AnswerItem = Record<string, AttributeValue>;

/** A stored item for the answer. */
export function answerText(cx: Cx, text: string): AnswerItem {
  if (answersText(cx)) return new JsonText(text) as unknown as AnswerItem;
  return exportItem(JSON.parse(text) as Item) as AnswerItem;
}

/** An item for the answer. */
export function answerItem(cx: Cx, item: Item): AnswerItem {
  return answersText(cx) ? answerText(cx, JSON.stringify(item)) : (exportItem(item) as AnswerItem);
}
