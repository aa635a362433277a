/**
 * Amazon DynamoDB and DynamoDB Streams: tables with global and local indexes, items, queries and scans, batches,
 * transactions, PartiQL, time to live, change streams, tags, policies of tables and streams.
 *
 * Gap: backups and restoring, global tables (replicas), export and import, Kinesis destinations, contributor insights
 * and vector indexes are refused by name. Point-in-time recovery is a setting that is kept
 * and told.
 * Gap: nothing is encrypted; keys are told as they were set.
 * Gap: provisioned throughput does not throttle. Inject a fault for that: `ProvisionedThroughputExceededException` on
 * `dynamodb:PutItem`.
 * Gap: the 10 GB limit of an item collection and the account's limits on tables and throughput are not enforced.
 * Quirk: tables and indexes are active at once. Answers to CreateTable, UpdateTable and DeleteTable say CREATING, UPDATING
 * and DELETING as on AWS, DescribeTable says ACTIVE from then on, so that nothing waits for a clock that stands still.
 * Quirk: global indexes are never behind their table; eventually consistent reads see everything.
 * Quirk: items expire at the second that they name, AWS takes up to a few days.
 * Quirk: a stream has one shard, open as long as the stream is on; AWS splits it and ends shards after some hours.
 * Quirk: ItemCount and sizes are up to date for tables of up to ten thousand items; AWS refreshes them every six hours.
 */
import { InvalidInput } from "../../engines/dynamodb-expressions/invalid-input.ts";
import { defineService } from "../../service.ts";
import { invalid } from "./errors.ts";
import { handleExpiry } from "./expiration.ts";
import { batchGetItem, batchWriteItem } from "./operations/batch.ts";
import { batchExecuteStatement } from "./operations/batch-execute.ts";
import { executeStatement } from "./operations/execute-statement.ts";
import { executeTransaction } from "./operations/execute-transaction.ts";
import { deleteItem, getItem, putItem } from "./operations/items.ts";
import { deleteResourcePolicy, getResourcePolicy, putResourcePolicy } from "./operations/policies.ts";
import { query, scan } from "./operations/query.ts";
import * as streams from "./operations/streams.ts";
import * as settings from "./operations/table-settings.ts";
import { createTable, deleteTable, describeTable, listTables } from "./operations/tables.ts";
import { listTagsOfResource, tagResource, untagResource } from "./operations/tags.ts";
import { transactGetItems, transactWriteItems } from "./operations/transactions.ts";
import { updateItem } from "./operations/update-item.ts";
import { updateTable } from "./operations/update-table.ts";
import * as asks from "./permissions.ts";
import type { Cx } from "./request.ts";
import { resources } from "./resources.ts";
import { DynamoState } from "./state.ts";
import { ofStatements } from "./statement-permissions.ts";
import { handleStreamRetention } from "./stream.ts";
import { handlePurge } from "./table-record.ts";

type Handle<I, O> = (cx: Cx, input: I) => O;

/** What the engine does not take becomes a `ValidationException`. */
function validated<I, O>(handle: Handle<I, O>): Handle<I, O> {
  return (cx, input) => {
    try {
      return handle(cx, input);
    } catch (error) {
      throw error instanceof InvalidInput ? invalid(error.message) : error;
    }
  };
}

const ofTable = (input: { TableName?: string | undefined }, cx: Cx) => asks.ofTable(cx, input.TableName);
const ofItem = (input: Parameters<typeof asks.ofItem>[1], cx: Cx) => asks.ofItem(cx, input);
const ofQuery = (input: Parameters<typeof asks.ofQuery>[1], cx: Cx) => asks.ofQuery(cx, input);
const ofArn = (input: { ResourceArn?: string | undefined }, cx: Cx) => asks.ofArn(cx, input.ResourceArn);
const ofStream = (input: { StreamArn?: string | undefined }, cx: Cx) => asks.ofArn(cx, input.StreamArn);

export const dynamodb = defineService({
  api: "dynamodb",
  iamPrefix: "dynamodb",
  state: (kernel) => DynamoState.of(kernel),
  resources,
  start({ kernel }) {
    handleExpiry(kernel);
    handleStreamRetention(kernel);
    handlePurge(kernel);
  },
  // These tell a missing table name or an empty batch before all else, and then check against the model.
  ownValidation: ["CreateTable", "DescribeTable", "UpdateTable", "DeleteTable", "BatchGetItem", "BatchWriteItem"],
  operations: {
    CreateTable: validated(createTable),
    DescribeTable: describeTable,
    UpdateTable: validated(updateTable),
    DeleteTable: deleteTable,
    ListTables: listTables,
    PutItem: validated(putItem),
    GetItem: validated(getItem),
    UpdateItem: validated(updateItem),
    DeleteItem: validated(deleteItem),
    Query: validated(query),
    Scan: validated(scan),
    BatchGetItem: validated(batchGetItem),
    BatchWriteItem: validated(batchWriteItem),
    TransactGetItems: validated(transactGetItems),
    TransactWriteItems: validated(transactWriteItems),
    ExecuteStatement: validated(executeStatement),
    BatchExecuteStatement: validated(batchExecuteStatement),
    ExecuteTransaction: validated(executeTransaction),
    UpdateTimeToLive: settings.updateTimeToLive,
    DescribeTimeToLive: settings.describeTimeToLive,
    UpdateContinuousBackups: settings.updateContinuousBackups,
    DescribeContinuousBackups: settings.describeContinuousBackups,
    DescribeLimits: settings.describeLimits,
    DescribeEndpoints: settings.describeEndpoints,
    TagResource: tagResource,
    UntagResource: untagResource,
    ListTagsOfResource: listTagsOfResource,
    PutResourcePolicy: putResourcePolicy,
    GetResourcePolicy: getResourcePolicy,
    DeleteResourcePolicy: deleteResourcePolicy,
  },
  authorize: {
    CreateTable: (input, cx) => asks.ofNewTable(cx, input),
    DescribeTable: ofTable,
    UpdateTable: ofTable,
    DeleteTable: ofTable,
    ListTables: asks.ofNothing,
    PutItem: ofItem,
    GetItem: ofItem,
    UpdateItem: ofItem,
    DeleteItem: ofItem,
    Query: ofQuery,
    Scan: ofQuery,
    BatchGetItem: (input, cx) => asks.ofBatchGet(cx, input),
    BatchWriteItem: (input, cx) => asks.ofBatchWrite(cx, input),
    TransactGetItems: (input, cx) => asks.ofTransactGet(cx, input),
    TransactWriteItems: (input, cx) => asks.ofTransactWrite(cx, input),
    ExecuteStatement: (input, cx) => ofStatements(cx, [input]),
    BatchExecuteStatement: (input, cx) => ofStatements(cx, input.Statements ?? []),
    ExecuteTransaction: (input, cx) => ofStatements(cx, input.TransactStatements ?? [], "ExecuteTransaction"),
    UpdateTimeToLive: ofTable,
    DescribeTimeToLive: ofTable,
    UpdateContinuousBackups: ofTable,
    DescribeContinuousBackups: ofTable,
    DescribeLimits: asks.ofNothing,
    DescribeEndpoints: asks.ofNothing,
    TagResource: (input, cx) => asks.ofArn(cx, input.ResourceArn, asks.requestTags(input.Tags)),
    UntagResource: (input, cx) => asks.ofArn(cx, input.ResourceArn, { "aws:TagKeys": input.TagKeys ?? [] }),
    ListTagsOfResource: ofArn,
    PutResourcePolicy: ofArn,
    GetResourcePolicy: ofArn,
    DeleteResourcePolicy: ofArn,
  },
});

export const dynamodbStreams = defineService({
  api: "dynamodbstreams",
  iamPrefix: "dynamodb",
  state: (kernel) => DynamoState.of(kernel),
  operations: {
    ListStreams: streams.listStreams,
    DescribeStream: streams.describeStream,
    GetShardIterator: streams.getShardIterator,
    GetRecords: streams.getRecords,
  },
  authorize: {
    // AWS: what reads on from a stream may be allowed for that stream alone, as the roles of its tutorial for Lambda are
    // ("Tutorial #1: Using filters to process some events").
    ListStreams: ({ ExclusiveStartStreamArn: resource = "*" }) => ({ resource }),
    DescribeStream: ofStream,
    GetShardIterator: ofStream,
    GetRecords: (input, cx) => asks.ofIterator(cx, input.ShardIterator),
  },
});
