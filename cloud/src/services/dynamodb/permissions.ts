/**
 * The permissions that each operation needs. Source: "Actions, resources, and condition keys for Amazon DynamoDB",
 * "Using IAM policy conditions for fine-grained access control".
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Input } from "../../aws/api-types.ts";
import { findArn } from "../../aws/arn.ts";
import type { Ask } from "../../service.ts";
import { attributesOf, type ExpressionParameters } from "./accessed-attributes.ts";
import { streamArnOfIterator } from "./operations/streams.ts";
import type { Cx } from "./request.ts";
import { referenceOf, tableArn, type KeySchema, type Table } from "./table.ts";

type AskContext = Record<string, string | readonly string[]>;
type ApiKey = Readonly<Record<string, AttributeValue>>;

/** What a request touches of a table, for conditions in policies. */
interface Access {
  readonly index?: string | undefined;
  readonly action?: string;
  /** Items or keys, by whose partition keys `dynamodb:LeadingKeys` goes. */
  readonly keys?: readonly ApiKey[];
  readonly attributes?: () => readonly string[] | undefined;
  readonly select?: string | undefined;
  readonly returnValues?: string | undefined;
  readonly enclosing?: string;
}

/** Asks about a table or one of its indexes. */
export function ofTable(
  cx: Cx,
  tableName: string | undefined,
  accessOf: (schema: KeySchema | undefined) => Access = () => ({}),
): Ask {
  const { scope, name } = referenceOf(cx.scope, tableName ?? "");
  const table = cx.state.findTable(scope, name);
  const policy = table?.record.policy?.text;
  const arn = table?.arn ?? tableArn(scope, name);
  const { index, action, ...access } = accessOf(table);
  return {
    ...(action === undefined ? {} : { action }),
    resource: index === undefined ? arn : `${arn}/index/${index}`,
    context: () => contextOf(table, index, access),
    ...(policy === undefined ? {} : { resourcePolicy: policy }),
    ...(scope.account === cx.scope.account ? {} : { resourceAccount: scope.account }),
  };
}

/** Asks about a table or stream by its ARN. */
export function ofArn(cx: Cx, arn: string | undefined, context?: AskContext): Ask {
  const parts = findArn(arn ?? "");
  const [, name, below] = parts?.resource.split("/") ?? [];
  if (!parts || name === undefined) return { resource: arn ?? "*" };
  const table = cx.state.findTable({ account: parts.account, region: parts.region }, name);
  const policy = below === "stream" ? table?.record.streamPolicy : table?.record.policy;
  return {
    resource: arn!,
    context: () => ({ ...resourceTags(table), ...context }),
    ...(policy ? { resourcePolicy: policy.text } : {}),
    ...(parts.account === cx.scope.account ? {} : { resourceAccount: parts.account }),
  };
}

export function ofIterator(cx: Cx, iterator: string | undefined): Ask {
  return ofArn(cx, streamArnOfIterator(iterator ?? "") ?? "*");
}

export function ofNothing(): Ask {
  return { resource: "*" };
}

/** Making a table with tags or a policy needs the permission to set these too. */
export function ofNewTable(cx: Cx, input: Input<"dynamodb", "CreateTable">): Ask[] {
  const { resource } = ofTable(cx, input.TableName);
  const tags = requestTags(input.Tags);
  return [
    { resource, context: tags },
    ...(input.Tags?.length ? [{ action: "dynamodb:TagResource", resource, context: tags }] : []),
    ...(input.ResourcePolicy === undefined ? [] : [{ action: "dynamodb:PutResourcePolicy", resource }]),
  ];
}

/** The tags that a request sets, as conditions name them. */
export function requestTags(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = [],
): AskContext {
  if (tags.length === 0) return {};
  return {
    "aws:TagKeys": tags.map(({ Key }) => Key ?? ""),
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ""])),
  };
}

/** What single writes and reads touch. */
export function ofItem(
  cx: Cx,
  input: ExpressionParameters & {
    readonly TableName?: string | undefined;
    readonly Item?: ApiKey | undefined;
    readonly Key?: ApiKey | undefined;
    readonly ReturnValues?: string | undefined;
  },
  options: { action?: string; enclosing?: string } = {},
): Ask {
  return ofTable(cx, input.TableName, () => ({
    ...options,
    keys: [input.Item ?? input.Key ?? {}],
    attributes: () => attributesOf(input, Object.keys(input.Item ?? input.Key ?? {})),
    returnValues: input.ReturnValues,
  }));
}

export function ofQuery(cx: Cx, input: Input<"dynamodb", "Query"> & Input<"dynamodb", "Scan">): Ask {
  return ofTable(cx, input.TableName, () => ({
    index: input.IndexName,
    keys: [equalitiesOf(input)],
    attributes: () => attributesOf(input, []),
    select: selectOf(input),
  }));
}

export function ofBatchGet(cx: Cx, input: Input<"dynamodb", "BatchGetItem">): Ask[] {
  return Object.entries(input.RequestItems ?? {}).map(([name, request]) =>
    ofTable(cx, name, () => ({
      keys: request.Keys ?? [],
      attributes: () => attributesOf(request, Object.keys(request.Keys?.[0] ?? {})),
    })),
  );
}

export function ofBatchWrite(cx: Cx, input: Input<"dynamodb", "BatchWriteItem">): Ask[] {
  return Object.entries(input.RequestItems ?? {}).map(([name, requests]) =>
    ofTable(cx, name, () => {
      const items = requests.map(({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key ?? {});
      return { keys: items, attributes: () => [...new Set(items.flatMap((item) => Object.keys(item)))] };
    }),
  );
}

const WRITE_ACTIONS = {
  ConditionCheck: "dynamodb:ConditionCheckItem",
  Put: "dynamodb:PutItem",
  Update: "dynamodb:UpdateItem",
  Delete: "dynamodb:DeleteItem",
} as const;

export function ofTransactWrite(cx: Cx, input: Input<"dynamodb", "TransactWriteItems">): Ask[] {
  return (input.TransactItems ?? []).flatMap((each) =>
    (["ConditionCheck", "Put", "Update", "Delete"] as const).flatMap((kind) => {
      const on = each[kind];
      return on ? [ofItem(cx, on, { action: WRITE_ACTIONS[kind], enclosing: "TransactWriteItems" })] : [];
    }),
  );
}

export function ofTransactGet(cx: Cx, input: Input<"dynamodb", "TransactGetItems">): Ask[] {
  const options = { action: "dynamodb:GetItem", enclosing: "TransactGetItems" };
  return (input.TransactItems ?? []).flatMap(({ Get }) => (Get ? [ofItem(cx, Get, options)] : []));
}

function contextOf(table: Table | undefined, index: string | undefined, access: Access): AskContext {
  const schema: KeySchema | undefined = index === undefined ? table : table?.findIndex(index);
  const leading = new Set(
    (access.keys ?? []).flatMap((key) =>
      (schema?.partition ?? []).flatMap(({ name }) => (key[name] ? [keyText(key[name])] : [])),
    ),
  );
  const attributes = access.attributes?.();
  return {
    ...resourceTags(table),
    ...(leading.size > 0 ? { "dynamodb:LeadingKeys": [...leading] } : {}),
    ...(attributes ? { "dynamodb:Attributes": attributes } : {}),
    ...(access.select === undefined ? {} : { "dynamodb:Select": access.select }),
    ...(access.returnValues === undefined ? {} : { "dynamodb:ReturnValues": access.returnValues }),
    ...(access.enclosing === undefined ? {} : { "dynamodb:EnclosingOperation": access.enclosing }),
  };
}

function resourceTags(table: Table | undefined): AskContext {
  return Object.fromEntries(
    Object.entries(table?.record.tags ?? {}).map(([key, value]) => [`aws:ResourceTag/${key}`, value]),
  );
}

function keyText(value: AttributeValue): string {
  return value.S ?? value.N ?? (value.B ? Buffer.from(value.B).toString("base64") : "");
}

/** The values that a query's key condition fixes, by attribute. */
function equalitiesOf(input: Input<"dynamodb", "Query">): ApiKey {
  const { KeyConditions, KeyConditionExpression: expression = "" } = input;
  const fixed: Record<string, AttributeValue> = {};
  for (const [name, { AttributeValueList, ComparisonOperator }] of Object.entries(KeyConditions ?? {}))
    if (ComparisonOperator === "EQ" && AttributeValueList?.[0]) fixed[name] = AttributeValueList[0];
  for (const [, left, right] of expression.matchAll(/([#:]?[A-Za-z0-9_.-]+)\s*=\s*([#:]?[A-Za-z0-9_.-]+)/g)) {
    const [path, ref] = left!.startsWith(":") ? [right!, left!] : [left!, right!];
    const value = input.ExpressionAttributeValues?.[ref];
    const name = path.startsWith("#") ? input.ExpressionAttributeNames?.[path] : path;
    if (value && name !== undefined) fixed[name] = value;
  }
  return fixed;
}

function selectOf(input: Input<"dynamodb", "Query">): string {
  if (input.Select !== undefined) return input.Select;
  if (input.ProjectionExpression !== undefined || input.AttributesToGet) return "SPECIFIC_ATTRIBUTES";
  return input.IndexName === undefined ? "ALL_ATTRIBUTES" : "ALL_PROJECTED_ATTRIBUTES";
}
