/** DynamoDB. */
import { type Ask, type CallContext, defineService } from "../../service.ts";
import { handleExpiry } from "./expiration.ts";
import { deleteItem, getItem, putItem } from "./operations/items.ts";
import { deleteResourcePolicy, getResourcePolicy, putResourcePolicy } from "./operations/policies.ts";
import { query, scan } from "./operations/query.ts";
import {
  describeContinuousBackups,
  describeEndpoints,
  describeLimits,
  describeTimeToLive,
  updateContinuousBackups,
  updateTimeToLive,
} from "./operations/table-settings.ts";
import { createTable, deleteTable, describeTable, listTables } from "./operations/tables.ts";
import { listTagsOfResource, tagResource, untagResource } from "./operations/tags.ts";
import { updateItem } from "./operations/update-item.ts";
import { updateTable } from "./operations/update-table.ts";
import { resources } from "./resources.ts";
import { DynamoState } from "./state.ts";
import { handleStreamRetention } from "./stream.ts";
import { referenceOf, tableArn } from "./table.ts";

type Cx = CallContext<DynamoState>;

const onTable = (input: { TableName?: string | undefined; IndexName?: string | undefined }, cx: Cx): Ask => {
  const { scope, name } = referenceOf(cx.scope, input.TableName ?? "");
  const table = tableArn(scope, name);
  return {
    resource: input.IndexName === undefined ? table : `${table}/index/${input.IndexName}`,
    resourcePolicy: cx.state.findTable(scope, name)?.record.policy?.text,
  };
};
const onArn = (input: { ResourceArn?: string | undefined }): Ask => ({ resource: input.ResourceArn ?? "*" });
const any = (): Ask => ({ resource: "*" });

export const dynamodb = defineService({
  api: "dynamodb",
  iamPrefix: "dynamodb",
  state: (kernel) => DynamoState.of(kernel),
  operations: {
    CreateTable: createTable,
    DescribeTable: describeTable,
    UpdateTable: updateTable,
    DeleteTable: deleteTable,
    ListTables: listTables,
    PutItem: putItem,
    GetItem: getItem,
    UpdateItem: updateItem,
    DeleteItem: deleteItem,
    Query: query,
    Scan: scan,
    UpdateTimeToLive: updateTimeToLive,
    DescribeTimeToLive: describeTimeToLive,
    UpdateContinuousBackups: updateContinuousBackups,
    DescribeContinuousBackups: describeContinuousBackups,
    DescribeLimits: describeLimits,
    DescribeEndpoints: describeEndpoints,
    TagResource: tagResource,
    UntagResource: untagResource,
    ListTagsOfResource: listTagsOfResource,
    PutResourcePolicy: putResourcePolicy,
    GetResourcePolicy: getResourcePolicy,
    DeleteResourcePolicy: deleteResourcePolicy,
  },
  authorize: {
    CreateTable: onTable,
    DescribeTable: onTable,
    UpdateTable: onTable,
    DeleteTable: onTable,
    ListTables: any,
    PutItem: onTable,
    GetItem: onTable,
    UpdateItem: onTable,
    DeleteItem: onTable,
    Query: onTable,
    Scan: onTable,
    UpdateTimeToLive: onTable,
    DescribeTimeToLive: onTable,
    UpdateContinuousBackups: onTable,
    DescribeContinuousBackups: onTable,
    DescribeLimits: any,
    DescribeEndpoints: any,
    TagResource: onArn,
    UntagResource: onArn,
    ListTagsOfResource: onArn,
    PutResourcePolicy: onArn,
    GetResourcePolicy: onArn,
    DeleteResourcePolicy: onArn,
  },
  ownValidation: [
    "CreateTable",
    "DescribeTable",
    "UpdateTable",
    "DeleteTable",
    "PutItem",
    "GetItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
  ],
  resources,
  start: ({ kernel }) => {
    handleExpiry(kernel);
    handleStreamRetention(kernel);
  },
});
