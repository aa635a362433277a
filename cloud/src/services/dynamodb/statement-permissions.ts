/** The permissions that PartiQL statements need. Source: "IAM security policies with PartiQL for DynamoDB". */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { InvalidInput } from "../../engines/dynamodb-expressions/invalid-input.ts";
import { exportItem, type ApiValue } from "../../engines/dynamodb-expressions/attribute-input.ts";
import type { Item } from "../../engines/dynamodb-expressions/attribute-value.ts";
import { attributesRead, type BoundCondition } from "../../engines/dynamodb-expressions/condition.ts";
import { readStatement, type BoundStatement } from "../../engines/dynamodb-expressions/partiql/bound-statement.ts";
import { splitWhere } from "../../engines/dynamodb-expressions/partiql/where-clause.ts";
import type { Ask } from "../../service.ts";
import { ofTable } from "./permissions.ts";
import type { Cx } from "./request.ts";
import type { KeySchema } from "./table.ts";

const ACTIONS = {
  select: "dynamodb:PartiQLSelect",
  exists: "dynamodb:PartiQLSelect",
  insert: "dynamodb:PartiQLInsert",
  update: "dynamodb:PartiQLUpdate",
  delete: "dynamodb:PartiQLDelete",
} as const;

interface Statement {
  readonly Statement?: string | undefined;
  readonly Parameters?: readonly unknown[] | undefined;
}

export function ofStatements(cx: Cx, statements: readonly Statement[], enclosing?: string): Ask[] {
  return statements.flatMap((each) => {
    const statement = tryRead(each);
    return statement ? [ofStatement(cx, statement, enclosing)] : [];
  });
}

function ofStatement(cx: Cx, statement: BoundStatement, enclosing: string | undefined): Ask {
  const inner = statement.kind === "exists" ? statement.select : statement;
  const action = ACTIONS[statement.kind];
  return ofTable(cx, inner.source.table, (schema) => ({
    action,
    index: inner.kind === "select" ? inner.source.index : undefined,
    keys: (inner.kind === "insert" ? [inner.item] : keysOf(schema, inner.where)).map(
      (key) => exportItem(key) as Record<string, AttributeValue>,
    ),
    attributes: () => attributesOf(inner),
    ...(enclosing === undefined ? {} : { enclosing }),
  }));
}

/** What is no statement needs no permission: it is refused by itself. */
function tryRead({ Statement, Parameters }: Statement): BoundStatement | undefined {
  try {
    return readStatement(Statement ?? "", Parameters as ApiValue[] | undefined);
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}

function keysOf(schema: KeySchema | undefined, where: BoundCondition | undefined): Item[] {
  if (!schema) return [];
  const { partitions } = splitWhere(where, { partition: schema.partition.map(({ name }) => name), sort: [] });
  return partitions.map((conditions) =>
    Object.fromEntries(Array.from(conditions, ([name, { values }]) => [name, values[0]!])),
  );
}

function attributesOf(statement: Exclude<BoundStatement, { kind: "exists" }>): string[] | undefined {
  if (statement.kind === "insert") return Object.keys(statement.item);
  // `*` asks for more than any list can name.
  if (statement.kind === "select" && !statement.paths) return undefined;
  const own =
    statement.kind === "select"
      ? statement.paths!
      : "actions" in statement
        ? statement.actions.map(({ path }) => path)
        : [];
  const read = statement.where ? attributesRead(statement.where) : [];
  return [...new Set([...own, ...read].map(([head]) => head as string))];
}
