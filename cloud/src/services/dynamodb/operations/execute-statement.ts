import { createHash } from "node:crypto";
import type { Input, Output } from "../../../aws/api-types.ts";
import type { ApiValue } from "../../../engines/dynamodb-expressions/attribute-input.ts";
import type { Item } from "../../../engines/dynamodb-expressions/attribute-value.ts";
import { readStatement, type BoundSelect } from "../../../engines/dynamodb-expressions/partiql/bound-statement.ts";
import { Consumption } from "../capacity.ts";
import type { Found } from "../change.ts";
import { invalid } from "../errors.ts";
import { readPage } from "../read-page.ts";
import { answerItem, type Cx } from "../request.ts";
import { startPosition } from "../start-key.ts";
import { answerSelected, planSelect, planWrite } from "../statement-plan.ts";
import { perform } from "../write-plan.ts";
import { asksForFailed } from "./items.ts";

type Execute = Input<"dynamodb", "ExecuteStatement">;

/** Where a SELECT goes on. */
interface Position {
  /** Which of its partitions is being read. */
  readonly range: number;
  readonly last: Item;
}

export function executeStatement(cx: Cx, input: Execute): Output<"dynamodb", "ExecuteStatement"> {
  const statement = readStatement(input.Statement!, input.Parameters as ApiValue[] | undefined);
  if (statement.kind === "exists") throw invalid("EXISTS is only supported in ExecuteTransaction");
  if (statement.kind === "select") return select(cx, input, statement);
  const { write, answer } = planWrite(cx, statement, asksForFailed(input));
  const consumption = new Consumption();
  const item = answer(perform(cx.state, write, consumption, true));
  return {
    Items: item ? [item] : [],
    ConsumedCapacity: consumption.describe(input.ReturnConsumedCapacity, statement.source.table),
  };
}

function select(cx: Cx, input: Execute, statement: BoundSelect): Output<"dynamodb", "ExecuteStatement"> {
  const consistent = input.ConsistentRead === true;
  const plan = planSelect(cx, statement, consistent);
  const consumption = new Consumption();
  const found: Found[] = [];
  let left = input.Limit;
  let position = input.NextToken === undefined ? undefined : readToken(input);
  let next: Position | undefined;
  for (let range = position?.range ?? 0; range < plan.ranges.length && !next; range++) {
    const whole = plan.ranges[range]!;
    const after = position && startPosition(position.last, plan.table, plan.index);
    const rest = !after ? whole : whole.reverse ? { ...whole, to: after } : { ...whole, after };
    const page = readPage(cx.state, { ...plan, range: rest, limit: left, consistent }, consumption);
    found.push(...page.found);
    if (left !== undefined) left -= page.scanned;
    if (page.last) next = { range, last: page.last };
    position = undefined;
  }
  return {
    Items: found.map((each) => answerSelected(cx, each, plan.paths)),
    NextToken: next && writeToken(input, next),
    LastEvaluatedKey: next && answerItem(cx, next.last),
    ConsumedCapacity: consumption.describe(input.ReturnConsumedCapacity, statement.source.table),
  };
}

/** A token goes with its statement: with another one it is refused. */
function writeToken(input: Execute, position: Position): string {
  return Buffer.from(JSON.stringify([digestOf(input), position])).toString("base64");
}

function readToken(input: Execute): Position {
  try {
    const [digest, position] = JSON.parse(Buffer.from(input.NextToken!, "base64").toString()) as [string, Position];
    if (digest === digestOf(input) && Number.isInteger(position.range)) return position;
  } catch {
    // Not one of ours: told below.
  }
  throw invalid("Invalid NextToken");
}

function digestOf({ Statement, Parameters }: Execute): string {
  return createHash("sha256")
    .update(JSON.stringify([Statement, Parameters]))
    .digest("base64");
}
