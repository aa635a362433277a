/** BatchGetItem and BatchWriteItem. */
import type { ConsumedCapacity, ItemCollectionMetrics, WriteRequest } from "@aws-sdk/client-dynamodb";
import type { Input, OperationName, Output } from "../../../aws/api-types.ts";
import { importItem, type ApiItem } from "../../../engines/dynamodb-expressions/attribute-input.ts";
import type { Item } from "../../../engines/dynamodb-expressions/attribute-value.ts";
import type { Projection } from "../../../engines/dynamodb-expressions/projection.ts";
import { validateInput } from "../../../wire/validation.ts";
import { Consumption, readUnits } from "../capacity.ts";
import { findItem } from "../change.ts";
import { invalid } from "../errors.ts";
import { checkItemKey, checkKey, checkKeyPaths } from "../item-check.ts";
import { itemKey } from "../key.ts";
import { collectionMetrics } from "../metrics.ts";
import { checkParameters, getTable, referTo, type AnswerItem, type Cx } from "../request.ts";
import type { Table } from "../table.ts";
import { deleteWrite, perform, putWrite, readPutItem, type Write } from "../write-plan.ts";
import { answerFound, PROJECTED, readProjectionOf } from "./items.ts";

type BatchGet = Input<"dynamodb", "BatchGetItem">;
type BatchWrite = Input<"dynamodb", "BatchWriteItem">;
type KeysAndAttributes = NonNullable<BatchGet["RequestItems"]>[string];

const GETS_MAX = 100;
const WRITES_MAX = 25;
const RESPONSE_BYTES = 16 * 1_048_576;
const DUPLICATES = "Provided list of item keys contains duplicates";

interface Gets {
  readonly name: string;
  readonly request: KeysAndAttributes;
  readonly keys: readonly Item[];
  readonly projection: Projection | undefined;
}

export function batchGetItem(cx: Cx, input: BatchGet): Output<"dynamodb", "BatchGetItem"> {
  checkRequest("BatchGetItem", input);
  const gets = readGets(input);
  const tables = gets.map(({ name, keys, projection }) => {
    const table = getTable(cx, referTo(cx, name));
    for (const key of keys) checkKey(table, key);
    if (projection) checkKeyPaths(table, projection.paths);
    return table;
  });
  const responses: Record<string, AnswerItem[]> = {};
  const unprocessed: Record<string, KeysAndAttributes> = {};
  const consumed: ConsumedCapacity[] = [];
  const budget = { bytes: RESPONSE_BYTES };
  for (const [i, get] of gets.entries()) {
    const consumption = new Consumption();
    const { items, left } = readAll(cx, tables[i]!, get, budget, consumption);
    responses[get.name] = items;
    if (left.length > 0) unprocessed[get.name] = { ...get.request, Keys: left };
    const told = consumption.describe(input.ReturnConsumedCapacity, get.name);
    if (told) consumed.push(told);
  }
  return {
    ConsumedCapacity: consumed.length > 0 ? consumed : undefined,
    Responses: responses,
    UnprocessedKeys: unprocessed,
  };
}

function readGets(input: BatchGet): Gets[] {
  const entries = Object.entries(input.RequestItems!);
  const merged = Object.assign({}, ...entries.map(([, request]) => given(request))) as object;
  checkParameters(merged, PROJECTED);
  let count = 0;
  return entries.map(([name, request]) => {
    checkParameters(request, PROJECTED);
    const projection = readProjectionOf(request);
    const seen = new Set<string>();
    const keys = request.Keys!.map((each) => {
      const key = importItem(each as ApiItem);
      const text = textOf(key);
      if (seen.has(text)) throw invalid(DUPLICATES);
      seen.add(text);
      if (++count > GETS_MAX) throw invalid("Too many items requested for the BatchGetItem call");
      return key;
    });
    return { name, request, keys, projection };
  });
}

/** AWS: the two generations of parameters may not be mixed across tables either. */
function given({ AttributesToGet, ProjectionExpression }: KeysAndAttributes): object {
  return {
    ...(AttributesToGet ? { AttributesToGet } : {}),
    ...(ProjectionExpression === undefined ? {} : { ProjectionExpression }),
  };
}

function readAll(cx: Cx, table: Table, get: Gets, budget: { bytes: number }, consumption: Consumption) {
  const items: AnswerItem[] = [];
  for (const [i, key] of get.keys.entries()) {
    const found = findItem(cx.state, itemKey(table, key));
    const bytes = found?.bytes ?? 0;
    if (bytes > budget.bytes) return { items, left: get.request.Keys!.slice(i) };
    budget.bytes -= bytes;
    consumption.addTable(readUnits(bytes, get.request.ConsistentRead === true));
    if (found) items.push(answerFound(cx, found, get.projection));
  }
  return { items, left: [] };
}

type Plan = { readonly put: Item } | { readonly remove: Item };

export function batchWriteItem(cx: Cx, input: BatchWrite): Output<"dynamodb", "BatchWriteItem"> {
  checkRequest("BatchWriteItem", input);
  const plans = Object.entries(input.RequestItems!).map(([name, requests]) => [name, requests.map(readWrite)] as const);
  if (plans.reduce((count, [, writes]) => count + writes.length, 0) > WRITES_MAX)
    throw invalid("Too many items requested for the BatchWriteItem call");
  const all = plans.map(([name, writes]) => [name, writesOf(getTable(cx, referTo(cx, name)), writes)] as const);
  const consumed: ConsumedCapacity[] = [];
  const metrics: Record<string, ItemCollectionMetrics[]> = {};
  const counts = input.ReturnConsumedCapacity !== undefined && input.ReturnConsumedCapacity !== "NONE";
  for (const [name, writes] of all) {
    const consumption = counts ? new Consumption() : undefined;
    for (const write of writes) {
      perform(cx.state, write, consumption);
      const metric = collectionMetrics(cx, write, input.ReturnItemCollectionMetrics);
      if (metric) (metrics[name] ??= []).push(metric);
    }
    const told = consumption?.describe(input.ReturnConsumedCapacity, name);
    if (told) consumed.push(told);
  }
  return {
    ConsumedCapacity: consumed.length > 0 ? consumed : undefined,
    ItemCollectionMetrics: Object.keys(metrics).length > 0 ? metrics : undefined,
    UnprocessedItems: {},
  };
}

function readWrite({ PutRequest, DeleteRequest }: WriteRequest): Plan {
  if ((PutRequest === undefined) === (DeleteRequest === undefined))
    throw invalid(
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    );
  if (PutRequest) return { put: readPutItem(PutRequest.Item as ApiItem) };
  return { remove: importItem(DeleteRequest!.Key as ApiItem) };
}

function writesOf(table: Table, plans: readonly Plan[]): Write[] {
  const seen = new Set<string>();
  return plans.map((plan) => {
    if ("put" in plan) checkItemKey(table, plan.put);
    const write = "put" in plan ? putWrite(table, plan.put) : deleteWrite(table, plan.remove);
    const text = write.key.map((part) => (typeof part === "object" ? Buffer.from(part).toString("hex") : part)).join();
    if (seen.has(text)) throw invalid(DUPLICATES);
    seen.add(text);
    return write;
  });
}

/** AWS: an empty request is told in words of its own, all else in the model's. */
function checkRequest(operation: OperationName<"dynamodb">, input: { RequestItems?: object | undefined }): void {
  if (input.RequestItems && Object.keys(input.RequestItems).length === 0)
    throw invalid(`The requestItems parameter is required for ${operation}`);
  validateInput("dynamodb", operation, input);
}

function textOf(key: Item): string {
  const entries = Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(entries);
}
