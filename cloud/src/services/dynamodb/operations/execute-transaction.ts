import type { Input, Output } from "../../../aws/api-types.ts";
import type { ApiValue } from "../../../engines/dynamodb-expressions/attribute-input.ts";
import { InvalidInput } from "../../../engines/dynamodb-expressions/invalid-input.ts";
import {
  readStatement,
  type BoundSelect,
  type BoundStatement,
} from "../../../engines/dynamodb-expressions/partiql/bound-statement.ts";
import { readUnits } from "../capacity.ts";
import { findItem } from "../change.ts";
import { invalid } from "../errors.ts";
import { matches } from "../../../engines/dynamodb-expressions/condition.ts";
import { checkKey } from "../item-check.ts";
import { itemKey } from "../key.ts";
import { getTable, referTo, type Cx } from "../request.ts";
import { isReplay, rememberToken } from "../request-token.ts";
import { answerSelected, existenceOf, getWholeKey, planWrite } from "../statement-plan.ts";
import { commit, type Action } from "../transaction.ts";
import { deleteWrite } from "../write-plan.ts";
import { asksForFailed } from "./items.ts";
import { buildAll, checkDistinct, Consumptions } from "./transactions.ts";

type Transaction = Input<"dynamodb", "ExecuteTransaction">;
type Member = NonNullable<Transaction["TransactStatements"]>[number];
type WriteStatement = Exclude<BoundStatement, { kind: "select" }>;

export function executeTransaction(cx: Cx, input: Transaction): Output<"dynamodb", "ExecuteTransaction"> {
  const members = input.TransactStatements!;
  const statements = members.map((member, i) => inMember(i, () => readMember(member)));
  const selects = statements.filter((statement): statement is BoundSelect => statement.kind === "select");
  if (selects.length === statements.length) return readAll(cx, input, selects);
  if (selects.length > 0)
    throw invalid("Transactions must consist of either read statements or write statements, not both");
  return writeAll(cx, input, statements as WriteStatement[]);
}

function readAll(
  cx: Cx,
  input: Transaction,
  selects: readonly BoundSelect[],
): Output<"dynamodb", "ExecuteTransaction"> {
  const consumption = new Consumptions(input.ReturnConsumedCapacity, selects.map(namedTable));
  const reads = selects.map((select, i) =>
    inMember(i, () => {
      const table = getTable(cx, referTo(cx, select.source.table));
      const { key, condition } = getWholeKey(table, select.where);
      checkKey(table, key);
      return { key: itemKey(table, key), condition, paths: select.paths };
    }),
  );
  checkDistinct(reads.map(({ key }) => key));
  const Responses = reads.map(({ key, condition, paths }, i) => {
    const found = findItem(cx.state, key);
    consumption.at(i)?.addTable(readUnits(found?.bytes ?? 0, true));
    return found && (!condition || matches(condition, found.item)) ? { Item: answerSelected(cx, found, paths) } : {};
  });
  return { Responses, ConsumedCapacity: consumption.describe("ReadCapacityUnits") };
}

function writeAll(
  cx: Cx,
  input: Transaction,
  statements: readonly WriteStatement[],
): Output<"dynamodb", "ExecuteTransaction"> {
  const { ClientRequestToken: token, TransactStatements: members } = input;
  for (const statement of statements) getTable(cx, referTo(cx, namedTable(statement).tableName));
  const replay = isReplay(cx, token, members);
  const actions = buildAll(statements, (statement, i) => actionOf(cx, statement, members![i]!));
  const consumption = new Consumptions(input.ReturnConsumedCapacity, statements.map(namedTable));
  const Responses = statements.map(() => ({}));
  if (replay) {
    for (const [i, { key }] of actions.entries())
      consumption.at(i)?.addTable(readUnits(findItem(cx.state, key)?.bytes ?? 0, true));
    return { Responses, ConsumedCapacity: consumption.describe("ReadCapacityUnits") };
  }
  commit(cx.state, actions, (i) => consumption.at(i));
  rememberToken(cx, token, members);
  return { Responses, ConsumedCapacity: consumption.describe("WriteCapacityUnits") };
}

function actionOf(cx: Cx, statement: WriteStatement, member: Member): Action {
  if (statement.kind !== "exists") return planWrite(cx, statement, asksForFailed(member)).write;
  const table = getTable(cx, referTo(cx, statement.select.source.table));
  const { key, condition } = getWholeKey(table, statement.select.where);
  return { ...deleteWrite(table, key, existenceOf(table, condition), asksForFailed(member)), isCheck: true };
}

function readMember({ Statement, Parameters }: Member): BoundStatement {
  const statement = readStatement(Statement!, Parameters as ApiValue[] | undefined);
  if ("returning" in statement && statement.returning !== undefined)
    throw new InvalidInput("RETURNING clause is not supported in ExecuteTransaction.");
  const select = statement.kind === "exists" ? statement.select : statement;
  if (select.kind === "select" && select.source.index !== undefined)
    throw new InvalidInput("Reads on indices are not supported within transactions.");
  return statement;
}

/** AWS: complaints about a statement say which one it is. */
function inMember<T>(i: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new InvalidInput(`Validation failed in TransactStatements[${i}]: ${error.message}`);
  }
}

function namedTable(statement: BoundStatement): { readonly tableName: string } {
  return { tableName: (statement.kind === "exists" ? statement.select : statement).source.table };
}
