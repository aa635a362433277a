import type { BatchStatementResponse, BatchStatementError, ConsumedCapacity } from "@aws-sdk/client-dynamodb";
import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError } from "../../../aws/error.ts";
import type { ApiValue } from "../../../engines/dynamodb-expressions/attribute-input.ts";
import { InvalidInput } from "../../../engines/dynamodb-expressions/invalid-input.ts";
import {
  readStatement,
  type BoundSelect,
  type BoundStatement,
} from "../../../engines/dynamodb-expressions/partiql/bound-statement.ts";
import { wholeKeyOf } from "../../../engines/dynamodb-expressions/partiql/where-clause.ts";
import { Consumption } from "../capacity.ts";
import { invalid } from "../errors.ts";
import { readPage } from "../read-page.ts";
import { getTable, referTo, type AnswerItem, type Cx } from "../request.ts";
import { answerSelected, planSelect, planWrite } from "../statement-plan.ts";
import { perform } from "../write-plan.ts";

type Batch = Input<"dynamodb", "BatchExecuteStatement">;
type Member = NonNullable<Batch["Statements"]>[number];

const CODES: Readonly<Record<string, BatchStatementError["Code"]>> = {
  ValidationException: "ValidationError",
  ResourceNotFoundException: "ResourceNotFound",
  ConditionalCheckFailedException: "ConditionalCheckFailed",
  DuplicateItemException: "DuplicateItem",
};

/** Each statement for itself: one that fails leaves the others alone. */
export function batchExecuteStatement(cx: Cx, input: Batch): Output<"dynamodb", "BatchExecuteStatement"> {
  const consumptions = new Map<string, Consumption>();
  const read = input.Statements!.map(readMember);
  const statements = read.filter((each) => !(each instanceof InvalidInput)) as BoundStatement[];
  const selects = statements.filter(({ kind }) => kind === "select").length;
  if (selects > 0 && selects < statements.length)
    throw invalid("A batch must consist of either read statements or write statements, not both");
  const Responses = read.map((statement, i) => {
    try {
      if (statement instanceof InvalidInput) throw statement;
      return run(cx, statement, input.Statements![i]!, consumptions);
    } catch (error) {
      return { Error: describeError(error) };
    }
  });
  const ConsumedCapacity = Array.from(consumptions, ([name, consumption]) =>
    consumption.describe(input.ReturnConsumedCapacity, name),
  ).filter((told): told is ConsumedCapacity => told !== undefined);
  return { Responses, ConsumedCapacity: ConsumedCapacity.length > 0 ? ConsumedCapacity : undefined };
}

function readMember({ Statement, Parameters }: Member): BoundStatement | InvalidInput {
  try {
    return readStatement(Statement!, Parameters as ApiValue[] | undefined);
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
}

function run(
  cx: Cx,
  statement: BoundStatement,
  member: Member,
  consumptions: Map<string, Consumption>,
): BatchStatementResponse {
  if (statement.kind === "exists") throw invalid("EXISTS is only supported in ExecuteTransaction");
  const { table } = statement.source;
  const consumption = consumptions.get(table) ?? new Consumption();
  const item =
    statement.kind === "select"
      ? readOne(cx, statement, member.ConsistentRead === true, consumption)
      : write(cx, statement, consumption);
  consumptions.set(table, consumption);
  return { TableName: table, ...(item ? { Item: item } : {}) };
}

function write(
  cx: Cx,
  statement: Exclude<BoundStatement, { kind: "select" | "exists" }>,
  consumption: Consumption,
): AnswerItem | undefined {
  const { write: planned, answer } = planWrite(cx, statement);
  return answer(perform(cx.state, planned, consumption, true));
}

function readOne(
  cx: Cx,
  statement: BoundSelect,
  consistent: boolean,
  consumption: Consumption,
): AnswerItem | undefined {
  const table = getTable(cx, referTo(cx, statement.source.table));
  const names = table.key.map(({ name }) => name);
  if (statement.source.index !== undefined || !wholeKeyOf(statement.where, names))
    throw invalid("Select statements within BatchExecuteStatement must specify the primary key in the where clause.");
  const plan = planSelect(cx, statement, consistent);
  const { found } = readPage(cx.state, { ...plan, range: plan.ranges[0]!, consistent }, consumption);
  return found[0] && answerSelected(cx, found[0], plan.paths);
}

function describeError(error: unknown): BatchStatementError {
  if (error instanceof InvalidInput) return { Code: "ValidationError", Message: error.message };
  const code = error instanceof AwsError ? CODES[error.code] : undefined;
  if (code === undefined) throw error;
  return { Code: code, Message: (error as AwsError).message };
}
