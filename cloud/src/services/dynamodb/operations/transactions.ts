/** TransactWriteItems and TransactGetItems: all or nothing. */
import type { ConsumedCapacity, ItemCollectionMetrics, TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { AwsError } from "../../../aws/error.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import { importItem, type ApiItem } from "../../../engines/dynamodb-expressions/attribute-input.ts";
import type { Item } from "../../../engines/dynamodb-expressions/attribute-value.ts";
import { project } from "../../../engines/dynamodb-expressions/projection.ts";
import { Consumption, readUnits } from "../capacity.ts";
import { findItem, type Found } from "../change.ts";
import { cancelled, invalid, type CancellationReason } from "../errors.ts";
import { checkKey, checkKeyFilled, checkKeyPaths } from "../item-check.ts";
import { itemKey } from "../key.ts";
import { collectionMetrics } from "../metrics.ts";
import { answerItem, answerText, checkParameters, getTable, referTo, type AnswerItem, type Cx } from "../request.ts";
import { isReplay, rememberToken } from "../request-token.ts";
import type { Table } from "../table.ts";
import { commit, reasonOf, type Action } from "../transaction.ts";
import { updateWrite } from "../update-plan.ts";
import { conditionOf, deleteWrite, putWrite, readPutItem } from "../write-plan.ts";
import { asksForFailed, CONDITIONAL, PROJECTED, readProjectionOf } from "./items.ts";
import { readUpdatePlan, UPDATE_PARAMETERS } from "./update-item.ts";

type TransactWrite = Input<"dynamodb", "TransactWriteItems">;
type TransactGet = Input<"dynamodb", "TransactGetItems">;

/** One action as it was asked for, before its table is looked at. */
interface Planned {
  readonly tableName: string;
  /** The item or its key. */
  readonly item: Item;
  action(table: Table): Action;
}

export function transactWriteItems(cx: Cx, input: TransactWrite): Output<"dynamodb", "TransactWriteItems"> {
  const planned = input.TransactItems!.map(readAction);
  const tables = planned.map(({ tableName }) => getTable(cx, referTo(cx, tableName)));
  for (const [i, { item }] of planned.entries()) checkKeyFilled(tables[i]!, item);
  const replay = isReplay(cx, input.ClientRequestToken, input.TransactItems);
  const actions = buildAll(planned, (each, i) => each.action(tables[i]!));
  const consumption = new Consumptions(input.ReturnConsumedCapacity, planned);
  if (replay) {
    for (const [i, { key }] of actions.entries())
      consumption.at(i)?.addTable(readUnits(findItem(cx.state, key)?.bytes ?? 0, true));
    return { ConsumedCapacity: consumption.describe("ReadCapacityUnits") };
  }
  commit(cx.state, actions, (i) => consumption.at(i));
  rememberToken(cx, input.ClientRequestToken, input.TransactItems);
  const metrics: Record<string, ItemCollectionMetrics[]> = {};
  for (const [i, action] of actions.entries()) {
    const metric = action.isCheck ? undefined : collectionMetrics(cx, action, input.ReturnItemCollectionMetrics);
    if (metric) (metrics[planned[i]!.tableName] ??= []).push(metric);
  }
  return {
    ConsumedCapacity: consumption.describe("WriteCapacityUnits"),
    ItemCollectionMetrics: Object.keys(metrics).length > 0 ? metrics : undefined,
  };
}

export function transactGetItems(cx: Cx, input: TransactGet): Output<"dynamodb", "TransactGetItems"> {
  const gets = input.TransactItems!.map(({ Get }) => {
    const get = Get!;
    checkParameters(get, PROJECTED);
    return { tableName: get.TableName!, item: importItem(get.Key as ApiItem), projection: readProjectionOf(get) };
  });
  const tables = gets.map(({ tableName }) => getTable(cx, referTo(cx, tableName)));
  const keys = all(gets, ({ item, projection }, i) => {
    const table = tables[i]!;
    checkKey(table, item);
    if (projection) checkKeyPaths(table, projection.paths);
    return itemKey(table, item);
  });
  checkDistinct(keys);
  const consumption = new Consumptions(input.ReturnConsumedCapacity, gets);
  const Responses = gets.map(({ projection }, i) => {
    const found = findItem(cx.state, keys[i]!);
    consumption.at(i)?.addTable(readUnits(found?.bytes ?? 0, true));
    const Item = found && answerProjected(cx, found, projection);
    return Item ? { Item } : {};
  });
  return { ConsumedCapacity: consumption.describe("ReadCapacityUnits"), Responses };
}

function answerProjected(
  cx: Cx,
  found: Found,
  projection: Parameters<typeof project>[1] | undefined,
): AnswerItem | undefined {
  if (!projection) return answerText(cx, found.text);
  const item = project(found.item, projection);
  // AWS: where nothing of the item is wanted there is no item, unlike in GetItem.
  return Object.keys(item).length > 0 ? answerItem(cx, item) : undefined;
}

/** Capacity by table, in the order in which tables appear. */
export class Consumptions {
  readonly #byName = new Map<string, Consumption>();

  constructor(
    private readonly mode: string | undefined,
    private readonly actions: readonly { readonly tableName: string }[],
  ) {
    if (mode === "TOTAL" || mode === "INDEXES")
      for (const { tableName } of actions) this.#byName.set(tableName, new Consumption());
  }

  /** What the i-th action is charged to; undefined where nobody asks. */
  at(i: number): Consumption | undefined {
    return this.#byName.get(this.actions[i]!.tableName);
  }

  describe(direction: "ReadCapacityUnits" | "WriteCapacityUnits"): ConsumedCapacity[] | undefined {
    if (this.#byName.size === 0) return undefined;
    return Array.from(this.#byName, ([name, consumption]) => consumption.describe(this.mode, name, direction)!);
  }
}

/** @throws ValidationException where two actions are on one item */
export function checkDistinct(keys: readonly (readonly unknown[])[]): void {
  const texts = keys.map((key) =>
    JSON.stringify(key, (_, part: unknown) => (part instanceof Uint8Array ? [...part] : part)),
  );
  if (new Set(texts).size < texts.length)
    throw invalid("Transaction request cannot include multiple operations on one item");
}

/**
 * Builds the actions of a transaction.
 * @throws TransactionCanceledException with the reasons of those that do not fit their tables
 */
export function buildAll<T>(planned: readonly T[], build: (each: T, i: number) => Action): Action[] {
  const actions = all(planned, build);
  checkDistinct(actions.map(({ key }) => key));
  return actions;
}

/** Does something for each action. @throws TransactionCanceledException with the reasons of those that cannot be done */
function all<T, R>(actions: readonly T[], work: (action: T, i: number) => R): R[] {
  const reasons: CancellationReason[] = [];
  const results: R[] = [];
  for (const [i, action] of actions.entries())
    try {
      results.push(work(action, i));
      reasons.push({ Code: "None" });
    } catch (error) {
      reasons.push(reasonOf(error));
    }
  if (results.length < actions.length) throw cancelled(reasons);
  return results;
}

function readAction(action: TransactWriteItem): Planned {
  const { ConditionCheck: check, Put: put, Update: update, Delete: remove } = action;
  if ([check, put, update, remove].filter(Boolean).length !== 1)
    throw new AwsError("ValidationException", "TransactItems can only contain one of Check, Put, Update or Delete", {
      status: 400,
    });
  if (put) {
    checkParameters(put, CONDITIONAL);
    const item = readPutItem(put.Item as ApiItem);
    const condition = conditionOf(put);
    return { tableName: put.TableName!, item, action: (table) => putWrite(table, item, condition, asksForFailed(put)) };
  }
  if (update) {
    checkParameters(update, UPDATE_PARAMETERS);
    const key = importItem(update.Key as ApiItem);
    const { update: change, condition } = readUpdatePlan(update);
    const options = { condition, answersFailed: asksForFailed(update) };
    return { tableName: update.TableName!, item: key, action: (table) => updateWrite(table, key, change, options) };
  }
  const on = (check ?? remove)!;
  checkParameters(on, CONDITIONAL);
  const key = importItem(on.Key as ApiItem);
  const condition = conditionOf(on);
  return {
    tableName: on.TableName!,
    item: key,
    action: (table) => ({ ...deleteWrite(table, key, condition, asksForFailed(on)), isCheck: check !== undefined }),
  };
}
