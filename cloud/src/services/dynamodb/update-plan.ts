/** An update as it was asked for: with an expression, or with `AttributeUpdates`. */
import { InvalidInput } from "../../engines/dynamodb-expressions/invalid-input.ts";
import {
  attributeOf,
  itemBytes,
  typeOf,
  valueBytes,
  type AttributeType,
  type Item,
} from "../../engines/dynamodb-expressions/attribute-value.ts";
import { attributesRead, type BoundCondition } from "../../engines/dynamodb-expressions/condition.ts";
import { applyAttributeUpdates, type BoundLegacyUpdates } from "../../engines/dynamodb-expressions/legacy.ts";
import type { ResolvedPath } from "../../engines/dynamodb-expressions/substitutions.ts";
import { applyUpdate, makesItem, typeGiven, type BoundAction } from "../../engines/dynamodb-expressions/update.ts";
import { invalid, invalidParameter } from "./errors.ts";
import { checkKey, checkKeyPaths, emptyType, indexTypeMismatch, ITEM_BYTES_MAX } from "./item-check.ts";
import { itemKey } from "./key.ts";
import type { Table } from "./table.ts";
import type { Write } from "./write-plan.ts";

/** What is to become of an item, whichever way it was said. */
export interface Update {
  /** What it writes. */
  readonly paths: readonly ResolvedPath[];
  /** The type that an attribute is given whatever the item; undefined where that is open. */
  typeOf(attribute: string): AttributeType | undefined;
  /** Whether it makes an item where there is none. */
  readonly makesItem: boolean;
  /** Bytes that the update itself counts towards the item's limit. */
  overhead(after: Item): number;
  apply(item: Item): Item;
}

const TOO_LARGE = "Item size to update has exceeded the maximum allowed size";
/**
 * AWS: a single update is measured with what its actions take in the log, as observed at the 400 KB limit; updates in
 * transactions and statements are measured by the item alone.
 */
const ACTION_BYTES = { SET: 19, ADD: 19, REMOVE: 2, DELETE: 2 } as const;
const UPDATE_BYTES = 3;

export function updateByExpression(actions: readonly BoundAction[]): Update {
  return {
    paths: actions.map(({ path }) => path),
    typeOf(attribute) {
      const action = actions.find(({ path }) => path.length === 1 && path[0] === attribute);
      return action && typeGiven(action);
    },
    makesItem: makesItem(actions),
    overhead(after) {
      const written = new Set(actions.map(({ path }) => path[0] as string));
      let bytes = UPDATE_BYTES;
      for (const name of written) bytes += attributeBytes(after, name);
      for (const { section, path } of actions)
        bytes += ACTION_BYTES[section] + (path.some((step) => typeof step === "number") ? 1 : 0);
      return bytes;
    },
    apply: (item) => applyUpdate(actions, item),
  };
}

export function updateByAttributes(updates: BoundLegacyUpdates): Update {
  const names = Object.keys(updates);
  return {
    paths: names.map((name) => [name]),
    typeOf(attribute) {
      const value = Object.hasOwn(updates, attribute) ? updates[attribute]!.value : undefined;
      return value && typeOf(value);
    },
    makesItem: names.length === 0 || names.some((name) => updates[name]!.action !== "DELETE"),
    overhead: () => 0,
    apply: (item) => applyAttributeUpdates(updates, item),
  };
}

/** Sets nothing, and makes the item where there is none: an UpdateItem that says nothing but the key. */
export const NO_UPDATE: Update = {
  paths: [],
  typeOf: () => undefined,
  makesItem: true,
  overhead: () => 0,
  apply: (item) => item,
};

/** @throws ValidationException where key or update do not fit the table */
export function updateWrite(
  table: Table,
  key: Item,
  update: Update,
  options: { condition?: BoundCondition | undefined; answersFailed?: boolean; isSingle?: boolean } = {},
): Write {
  checkKey(table, key);
  checkUpdate(table, update, options.condition);
  return {
    table,
    key: itemKey(table, key),
    keyItem: key,
    condition: options.condition,
    answersFailed: options.answersFailed,
    isRelative: true,
    change(before) {
      if (!before && !update.makesItem) {
        // What the expression cannot do to the item, it cannot do to none either.
        update.apply(key);
        return undefined;
      }
      const after = update.apply(before ?? key);
      checkResult(table, before, after);
      const bytes = Math.max(itemBytes(after), options.isSingle ? update.overhead(after) : 0);
      if (bytes > ITEM_BYTES_MAX) throw invalid(TOO_LARGE);
      return after;
    },
  };
}

/** @throws ValidationException for an update of key attributes, or of index keys to another type */
export function checkUpdate(table: Table, update: Update, condition: BoundCondition | undefined): void {
  for (const { name } of table.key)
    if (update.paths.some(([head]) => head === name))
      throw invalidParameter(`Cannot update attribute ${name}. This attribute is part of the key`);
  for (const index of table.indexes)
    for (const attribute of [...index.partition, ...index.sort]) {
      const given = update.typeOf(attribute.name);
      if (given !== undefined && given !== attribute.type) throw indexTypeMismatch(index, attribute, given);
    }
  checkKeyPaths(table, [...update.paths, ...(condition ? attributesRead(condition) : [])]);
}

function checkResult(table: Table, before: Item | undefined, after: Item): void {
  for (const index of table.indexes)
    for (const { name, type } of [...index.partition, ...index.sort]) {
      const value = attributeOf(after, name);
      if (!value || value === before?.[name]) continue;
      if (value[type] === undefined)
        throw new InvalidInput("The update expression attempted to update the secondary index key to unsupported type");
      const empty = emptyType(value);
      if (empty !== undefined)
        throw invalid(
          "One or more parameter values are not valid. The update expression attempted to update a secondary index key " +
            "to a value that is not supported. " +
            `The AttributeValue for a key attribute cannot contain an empty ${empty} value.`,
        );
    }
}

function attributeBytes(item: Item, name: string): number {
  const value = attributeOf(item, name);
  return Buffer.byteLength(name) + (value ? valueBytes(value) : 0);
}
