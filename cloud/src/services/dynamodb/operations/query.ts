/** Query and Scan. */
import type { Input, Output } from "../../../aws/api-types.ts";
import type { ApiItem } from "../../../engines/dynamodb-expressions/attribute-input.ts";
import { attributesRead, type BoundCondition } from "../../../engines/dynamodb-expressions/condition.ts";
import { readCondition, readKeyConditions, readProjection } from "../../../engines/dynamodb-expressions/expressions.ts";
import type { KeyConditions } from "../../../engines/dynamodb-expressions/key-condition.ts";
import { bindFilter, bindKeyConditions, type LegacyCondition } from "../../../engines/dynamodb-expressions/legacy.ts";
import { projectionOf, type Projection } from "../../../engines/dynamodb-expressions/projection.ts";
import type { Range } from "../../../kernel/store.ts";
import { Consumption } from "../capacity.ts";
import { invalid } from "../errors.ts";
import { checkKeyPaths } from "../item-check.ts";
import { HASH_END, hashOf } from "../key.ts";
import { checkCount, checkKeyConditions, rangeOf } from "../key-range.ts";
import { readPage, type ReadPlan } from "../read-page.ts";
import {
  answerItem,
  checkAttributesToGet,
  checkParameters,
  getIndex,
  getTable,
  referTo,
  type Cx,
  type ParameterRules,
} from "../request.ts";
import { checkIndexProjection, checkIndexSelect, checkSelect, needsFetch } from "../selection.ts";
import { checkStartItem, checkStartKey, checkStartWithin, readStartKey, startPosition } from "../start-key.ts";
import type { Index, Table } from "../table.ts";
import { substitutionsOf } from "../write-plan.ts";
import { answerFound } from "./items.ts";

type Query = Input<"dynamodb", "Query">;
type Scan = Input<"dynamodb", "Scan">;

const QUERY: ParameterRules = {
  expressions: ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"],
  legacy: ["AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"],
};
const SCAN: ParameterRules = {
  expressions: ["ProjectionExpression", "FilterExpression"],
  legacy: ["AttributesToGet", "ScanFilter", "ConditionalOperator"],
};
/** A table's key or a multi-attribute key of an index: four attributes to spread by, four to sort by. */
const CONDITIONS_MAX = 8;

export function query(cx: Cx, input: Query): Output<"dynamodb", "Query"> {
  const reference = referTo(cx, input.TableName!);
  checkParameters(input, QUERY);
  const legacyFilter = bindFilter(input.QueryFilter as LegacyConditions, input.ConditionalOperator);
  checkAttributesToGet(input.AttributesToGet);
  checkSelect(input);
  const start = readStartKey(input.ExclusiveStartKey as ApiItem | undefined);
  if (!input.KeyConditions && input.KeyConditionExpression === undefined)
    throw invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
  const { projection, filter = legacyFilter, conditions } = readExpressions(input);
  checkCount(conditions.size, CONDITIONS_MAX);
  const table = getTable(cx, reference);
  const index = getIndex(table, input.IndexName);
  checkConsistency(index, input);
  const schema = index ?? table;
  if (start) checkStartKey(start, table, index);
  checkKeyConditions(schema, conditions);
  if (start) {
    checkStartItem(start, table);
    checkStartWithin(start, schema, conditions);
  }
  checkKeyPaths(table, projection?.paths ?? []);
  if (filter) checkFilter(schema, filter, input.QueryFilter ? "QueryFilter" : "Filter Expression");
  checkIndexSelect(index, input.Select);
  checkIndexProjection(index, projection);
  if (filter) checkKeyPaths(table, attributesRead(filter));
  const reverse = input.ScanIndexForward === false;
  const range = rangeOf(schema, conditions);
  const after = start && startPosition(start, table, index);
  const rest: Range = !after ? range : reverse ? { ...range, to: after } : { ...range, after };
  return answerPage(cx, input, { table, index, filter, projection, range: { ...rest, reverse } });
}

export function scan(cx: Cx, input: Scan): Output<"dynamodb", "Scan"> {
  const reference = referTo(cx, input.TableName!);
  checkParameters(input, SCAN);
  checkAttributesToGet(input.AttributesToGet);
  const legacyFilter = bindFilter(input.ScanFilter as LegacyConditions, input.ConditionalOperator);
  checkSelect(input);
  const start = readStartKey(input.ExclusiveStartKey as ApiItem | undefined);
  checkSegment(input);
  const { projection, filter = legacyFilter } = readExpressions(input);
  const table = getTable(cx, reference);
  const index = getIndex(table, input.IndexName);
  checkConsistency(index, input);
  if (start) checkScanStart(start, table, index);
  checkIndexSelect(index, input.Select);
  checkIndexProjection(index, projection);
  if (start) checkStartItem(start, table);
  const range = segmentOf((index ?? table).number, input);
  if (start) checkStartSegment(start, index ?? table, input);
  checkKeyPaths(table, [...(projection?.paths ?? []), ...(filter ? attributesRead(filter) : [])]);
  const rest = start ? { ...range, after: startPosition(start, table, index) } : range;
  return answerPage(cx, input, { table, index, filter, projection, range: rest });
}

type LegacyConditions = Record<string, LegacyCondition> | undefined;

interface Expressions {
  readonly projection: Projection | undefined;
  readonly filter: BoundCondition | undefined;
  readonly conditions: KeyConditions;
}

/** Reads the expressions of a request in AWS's order; they share names and values. */
function readExpressions(input: Query & Scan): Expressions {
  const { ProjectionExpression, FilterExpression, KeyConditionExpression, KeyConditions, AttributesToGet } = input;
  const substitutions = substitutionsOf(input);
  const filter =
    FilterExpression === undefined ? undefined : readCondition("FilterExpression", FilterExpression, substitutions);
  const projection = AttributesToGet
    ? projectionOf(AttributesToGet.map((name) => [name]))
    : ProjectionExpression === undefined
      ? undefined
      : readProjection(ProjectionExpression, substitutions);
  const conditions =
    KeyConditionExpression === undefined ? undefined : readKeyConditions(KeyConditionExpression, substitutions);
  substitutions.checkUsed();
  return {
    projection,
    filter,
    conditions: conditions ?? bindKeyConditions((KeyConditions ?? {}) as Record<string, LegacyCondition>),
  };
}

function answerPage(
  cx: Cx,
  input: Query & Scan,
  plan: ReadPlan & { projection: Projection | undefined },
): Output<"dynamodb", "Query"> {
  const { index, projection, filter } = plan;
  const consumption = new Consumption();
  const fetches = needsFetch(index, input.Select, projection, filter);
  const limits = { fetches, limit: input.Limit, consistent: input.ConsistentRead };
  const page = readPage(cx.state, { ...plan, ...limits }, consumption);
  return {
    ConsumedCapacity: consumption.describe(input.ReturnConsumedCapacity, input.TableName!),
    Count: page.found.length,
    Items: input.Select === "COUNT" ? undefined : page.found.map((found) => answerFound(cx, found, projection)),
    LastEvaluatedKey: page.last && answerItem(cx, page.last),
    ScannedCount: page.scanned,
  };
}

function checkConsistency(
  index: Index | undefined,
  { ConsistentRead }: { ConsistentRead?: boolean | undefined },
): void {
  if (index && !index.local && ConsistentRead)
    throw invalid("Consistent reads are not supported on global secondary indexes");
}

function checkFilter(schema: Table | Index, filter: BoundCondition, parameter: string): void {
  const heads = new Set(Array.from(attributesRead(filter), ([head]) => head));
  for (const { name } of [...schema.partition, ...schema.sort])
    if (heads.has(name))
      throw invalid(`${parameter} can only contain non-primary key attributes: Primary key attribute: ${name}`);
}

function checkSegment({ Segment, TotalSegments }: Scan): void {
  if (Segment !== undefined && TotalSegments === undefined)
    throw invalid(
      "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
    );
  if (TotalSegments === undefined) return;
  if (Segment === undefined)
    throw invalid(
      "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
    );
  if (Segment >= TotalSegments)
    throw invalid(
      "The Segment parameter is zero-based and must be less than parameter TotalSegments: " +
        `Segment: ${Segment} is not less than TotalSegments: ${TotalSegments}`,
    );
}

function checkScanStart(start: Parameters<typeof checkStartKey>[0], table: Table, index: Index | undefined): void {
  if (index) checkStartKey(start, table, index);
  else if (Object.keys(start).length !== table.key.length) checkStartItem({}, table);
}

/** The part of the hashes that a segment covers. */
function segmentOf(number: number, { Segment = 0, TotalSegments = 1 }: Scan): Range {
  if (TotalSegments === 1) return { prefix: [number] };
  return {
    prefix: [number],
    from: [number, boundary(Segment, TotalSegments)],
    to: [number, boundary(Segment + 1, TotalSegments)],
  };
}

function boundary(segment: number, total: number): number {
  return Math.ceil((HASH_END * segment) / total);
}

function checkStartSegment(
  start: Parameters<typeof checkStartKey>[0],
  schema: Table | Index,
  { Segment = 0, TotalSegments = 1 }: Scan,
): void {
  const hash = hashOf(schema.partition.map(({ name }) => start[name]!));
  if (hash >= boundary(Segment, TotalSegments) && hash < boundary(Segment + 1, TotalSegments)) return;
  throw invalid(
    "The provided starting key is invalid: Invalid ExclusiveStartKey. " +
      `Please use ExclusiveStartKey with correct Segment. TotalSegments: ${TotalSegments} Segment: ${Segment}`,
  );
}
