/** What a PartiQL statement comes to on its table: a read or a write. */
import type {
  BoundDelete,
  BoundInsert,
  BoundSelect,
  BoundUpdate,
} from "../../engines/dynamodb-expressions/partiql/bound-statement.ts";
import type { Returning } from "../../engines/dynamodb-expressions/partiql/statement.ts";
import { splitWhere, wholeKeyOf } from "../../engines/dynamodb-expressions/partiql/where-clause.ts";
import { setAttribute, type Item } from "../../engines/dynamodb-expressions/attribute-value.ts";
import { attributesRead, type BoundCondition } from "../../engines/dynamodb-expressions/condition.ts";
import { lookUp } from "../../engines/dynamodb-expressions/path.ts";
import { project, projectionOf } from "../../engines/dynamodb-expressions/projection.ts";
import type { ResolvedPath } from "../../engines/dynamodb-expressions/substitutions.ts";
import type { Range } from "../../kernel/store.ts";
import type { Found } from "./change.ts";
import { invalid, invalidParameter } from "./errors.ts";
import { checkKeyPaths } from "./item-check.ts";
import { checkKeyConditions, rangeOf } from "./key-range.ts";
import { answerItem, answerText, getTable, referTo, type AnswerItem, type Cx } from "./request.ts";
import { needsFetch, unprojected, checkIndexProjection } from "./selection.ts";
import type { Index, Table } from "./table.ts";
import { updateByExpression, updateWrite, type Update } from "./update-plan.ts";
import { checkPutSize, deleteWrite, putWrite, type Done, type Write } from "./write-plan.ts";

/** A SELECT as ranges to read one after the other. */
export interface SelectPlan {
  readonly table: Table;
  readonly index: Index | undefined;
  readonly ranges: readonly Range[];
  readonly filter: BoundCondition | undefined;
  readonly paths: readonly ResolvedPath[] | undefined;
  readonly fetches: boolean;
}

/** @throws ValidationException, ResourceNotFoundException */
export function planSelect(cx: Cx, { source, where, paths, order }: BoundSelect, consistent: boolean): SelectPlan {
  const table = getTable(cx, referTo(cx, source.table));
  const index = source.index === undefined ? undefined : table.findIndex(source.index);
  if (source.index !== undefined && !index) throw invalid("The table does not have the specified index");
  if (index && !index.local && consistent)
    throw invalid("Strongly consistent read is not supported on Global Secondary Indexes");
  const schema = index ?? table;
  const names = { partition: schema.partition.map(nameOf), sort: schema.sort.map(nameOf) };
  const { partitions, filter } = splitWhere(where, names);
  for (const conditions of partitions) checkKeyConditions(schema, conditions);
  checkOrder(order, where !== undefined, partitions.length, [...names.partition, ...names.sort]);
  const projection = paths && projectionOf(paths);
  if (index && filter && partitions.length > 0) checkFilter(index, filter);
  checkIndexProjection(index, projection);
  checkKeyPaths(table, [...(paths ?? []), ...(filter ? attributesRead(filter) : [])]);
  const descending = order.some(({ name, descending }) => descending && names.sort.includes(name));
  const backwards = order.some(({ name, descending }) => descending && names.partition.includes(name));
  const ranges = partitions.map((conditions) => ({ ...rangeOf(schema, conditions), reverse: descending }));
  return {
    table,
    index,
    ranges: ranges.length === 0 ? [{ prefix: [schema.number] }] : backwards ? ranges.reverse() : ranges,
    filter,
    paths,
    fetches: needsFetch(index, undefined, projection, undefined),
  };
}

/** An item as a SELECT answers it: each path under the name of its last step. */
export function answerSelected(cx: Cx, found: Found, paths: readonly ResolvedPath[] | undefined): AnswerItem {
  if (!paths) return answerText(cx, found.text);
  const selected: Item = {};
  for (const [i, path] of paths.entries()) {
    const value = lookUp(found.item, path);
    const step = path.at(-1)!;
    // PartiQL names a column that has no name of its own after its place.
    if (value) setAttribute(selected, typeof step === "number" ? `_${i + 1}` : step, value);
  }
  return answerItem(cx, selected);
}

/** A write, and what of the item it answers. */
export interface WritePlan {
  readonly write: Write;
  answer(done: Done): AnswerItem | undefined;
}

/**
 * @param answersFailed answer the item that failed the condition
 * @throws ValidationException, ResourceNotFoundException
 */
export function planWrite(
  cx: Cx,
  statement: BoundInsert | BoundUpdate | BoundDelete,
  answersFailed = false,
): WritePlan {
  const { index } = statement.source;
  if (index !== undefined)
    throw invalid(
      statement.kind === "insert"
        ? "FROM clause may only contain a single table name"
        : "This operation is not supported on an index",
    );
  checkReturning(statement);
  const table = getTable(cx, referTo(cx, statement.source.table));
  if (statement.kind === "insert") {
    checkPutSize(statement.item);
    return { write: { ...putWrite(table, statement.item), mustBeNew: true }, answer: () => undefined };
  }
  const { key, condition } = getWholeKey(table, statement.where);
  if (statement.kind === "delete")
    return {
      write: deleteWrite(table, key, condition, answersFailed),
      answer: ({ before }) => (statement.returning && before ? answerText(cx, before.text) : undefined),
    };
  const update = updateByExpression(statement.actions);
  const exists = existenceOf(table, condition);
  return {
    write: updateWrite(table, key, update, { condition: exists, answersFailed }),
    answer: (done) => answerUpdated(cx, statement.returning, update, done),
  };
}

/** The key of an item that a statement must name. @throws ValidationException where it does not */
export function getWholeKey(table: Table, where: BoundCondition | undefined) {
  const whole = wholeKeyOf(where, table.key.map(nameOf));
  if (!whole) throw invalid("Where clause does not contain a mandatory equality on all key attributes");
  return whole;
}

/** A condition together with that the item is there. */
export function existenceOf(table: Table, condition: BoundCondition | undefined): BoundCondition {
  const exists: BoundCondition = {
    kind: "call",
    name: "attribute_exists",
    args: [{ kind: "path", path: [table.key[0]!.name] }],
  };
  return condition ? { kind: "and", left: exists, right: condition } : exists;
}

function checkReturning(statement: BoundInsert | BoundUpdate | BoundDelete): void {
  if (statement.kind !== "delete" || statement.returning === undefined || statement.returning === "ALL OLD") return;
  throw invalid(
    `Invalid returning clause: RETURNING ${statement.returning} *. ` +
      "Only RETURNING ALL OLD * is allowed in DELETE statements.",
  );
}

function answerUpdated(cx: Cx, returning: Returning | undefined, update: Update, done: Done): AnswerItem | undefined {
  if (returning === undefined) return undefined;
  if (returning === "ALL OLD") return answerText(cx, done.before!.text);
  if (returning === "ALL NEW") return answerText(cx, done.text!);
  const item = returning === "MODIFIED OLD" ? done.before!.item : done.after!;
  const modified = project(item, projectionOf(update.paths));
  return Object.keys(modified).length > 0 ? answerItem(cx, modified) : undefined;
}

function checkOrder(
  order: BoundSelect["order"],
  hasWhere: boolean,
  partitions: number,
  keyNames: readonly string[],
): void {
  if (order.length === 0) return;
  if (!hasWhere) throw invalid("Must have WHERE clause in the statement when using ORDER BY clause.");
  if (partitions === 0)
    throw invalid("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.");
  for (const { name } of order)
    if (!keyNames.includes(name))
      throw invalid(`Variable reference ${name} in ORDER BY clause must be part of the primary key`);
}

function checkFilter(index: Index, filter: BoundCondition): void {
  const missing = unprojected(index, attributesRead(filter));
  if (missing.length > 0)
    throw invalidParameter(
      `Secondary index ${index.name} does not project one or more filter attributes: [${missing.join(", ")}]`,
    );
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}
