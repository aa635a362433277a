/** CreateTable, DescribeTable, DeleteTable and ListTables. */
import type { Input, OperationName, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { validateInput } from "../../../wire/validation.ts";
import { inUse, invalid, tableNotFound } from "../errors.ts";
import { forgetExpiries } from "../expiry.ts";
import { referTo, type Cx } from "../request.ts";
import { closeStream, openStream } from "../stream.ts";
import { checkPolicy } from "../table-policy.ts";
import { describeDeleted, describeTable as describe } from "../table-description.ts";
import { newTable, purge } from "../table-record.ts";
import { checkTableSchema } from "../table-schema.ts";
import { checkTags } from "../table-tags.ts";
import type { Table } from "../table.ts";

const LIST_MAX = 100;
const NOT_EMULATED = ["VectorIndexes", "GlobalTableSourceArn", "GlobalTableSettingsReplicationMode"] as const;

export function createTable(cx: Cx, input: Input<"dynamodb", "CreateTable">): Output<"dynamodb", "CreateTable"> {
  const { scope, name } = named(cx, "CreateTable", input);
  refuse("CreateTable", input, NOT_EMULATED);
  checkTableSchema(input);
  checkTags(input.Tags);
  if (input.ResourcePolicy !== undefined) checkPolicy(input.ResourcePolicy);
  if (cx.state.findTable(scope, name)) throw inUse(`Table already exists: ${name}`);
  const record = newTable(cx.state, scope, { ...input, TableName: name });
  const { StreamSpecification: stream } = input;
  if (stream?.StreamEnabled) openStream(cx.state, scope, record, stream.StreamViewType!);
  const table = cx.state.putTable(scope, record);
  cx.span.resource = table.arn;
  return { TableDescription: describe(cx.state, table, "CREATING") };
}

export function describeTable(cx: Cx, input: Input<"dynamodb", "DescribeTable">): Output<"dynamodb", "DescribeTable"> {
  return { Table: describe(cx.state, getNamedTable(cx, "DescribeTable", input)) };
}

export function deleteTable(cx: Cx, input: Input<"dynamodb", "DeleteTable">): Output<"dynamodb", "DeleteTable"> {
  const { state } = cx;
  const table = getNamedTable(cx, "DeleteTable", input);
  if (table.record.deletionProtected)
    throw invalid(
      "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
    );
  const description = describeDeleted(state, table);
  closeStream(state, table.scope, structuredClone(table.record));
  forgetExpiries(state, table.number);
  for (const { number } of [table, ...table.indexes]) purge(state, number);
  state.removeTable(table.scope, table.name);
  return { TableDescription: description };
}

export function listTables(cx: Cx, input: Input<"dynamodb", "ListTables">): Output<"dynamodb", "ListTables"> {
  const { Limit = LIST_MAX, ExclusiveStartTableName: start } = input;
  const prefix = [cx.scope.account, cx.scope.region];
  const after = start === undefined ? {} : { after: [...prefix, start] };
  const names = Array.from(cx.state.tables.keys({ prefix, ...after, limit: Limit + 1 }), (key) => key[2] as string);
  const more = names.length > Limit;
  return {
    TableNames: names.slice(0, Limit),
    ...(more ? { LastEvaluatedTableName: names[Limit - 1] } : {}),
  };
}

/** The table that an operation on tables names. @throws ResourceNotFoundException with the name in it */
export function getNamedTable(
  cx: Cx,
  operation: OperationName<"dynamodb">,
  input: { TableName?: string | undefined },
): Table {
  const { scope, name } = named(cx, operation, input);
  const table = cx.state.findTable(scope, name);
  if (!table) throw tableNotFound(name);
  return table;
}

/** Checks an input as the operations on tables do: a missing name comes before all else. */
function named(cx: Cx, operation: OperationName<"dynamodb">, input: { TableName?: string | undefined }) {
  if (input.TableName === undefined)
    throw invalid("The parameter 'TableName' is required but was not present in the request");
  validateInput("dynamodb", operation, input);
  return referTo(cx, input.TableName);
}

/** @throws NotEmulatedError for a parameter that is given and not emulated */
export function refuse(operation: string, input: object, parameters: readonly string[]): void {
  for (const name of parameters)
    if ((input as Record<string, unknown>)[name] !== undefined)
      throw new NotEmulatedError(`the parameter ${name} of dynamodb:${operation}`);
}
