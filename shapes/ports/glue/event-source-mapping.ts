import { Duration } from "aws-cdk-lib";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import {
  EventSourceMapping,
  FilterCriteria,
  Function as LambdaFunction,
  StartingPosition,
} from "aws-cdk-lib/aws-lambda";
import { SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { type CfnQueue } from "aws-cdk-lib/aws-sqs";
import type { Glue } from "../glue.ts";
import type { Join } from "../join.ts";
import type { FunctionSink } from "../sinks.ts";
import type { DeadLetters, Messages, TableChanges } from "../sources.ts";
import { readQueue } from "./dead-letters.ts";

const BATCH = { reportBatchItemFailures: true };
/** AWS: "Creating and configuring an Amazon SQS event source mapping": at least the function's timeout. */
const VISIBILITY_DEFAULT_SECONDS = 30;
const TIMEOUT_DEFAULT_SECONDS = 3;

/** Lambda itself reads batches of a queue or a stream, and is told by the function which items failed. */
export const eventSourceMapping: Glue<"TableChanges" | "Messages" | "DeadLetters", "Function", "filter"> = {
  name: "event source mapping",
  can: ["filter"],
  build(join, source, sink, { filter }) {
    if (source.kind === "TableChanges") readStream(join, source, sink, filter);
    else readMessages(join, source, sink, filter);
  },
};

function readStream(join: Join, { table }: TableChanges, { function_ }: FunctionSink, filter?: object): void {
  const deadLetters = join.createDeadLetters();
  allow(
    function_,
    ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
    table.tableStreamArn!,
  );
  new EventSourceMapping(join, "Mapping", {
    target: function_,
    eventSourceArn: table.tableStreamArn!,
    // What changed before the join was made, up to a day, is not lost.
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 100,
    bisectBatchOnError: true,
    retryAttempts: 5,
    maxRecordAge: Duration.hours(24),
    onFailure: new SqsDlq(deadLetters),
    ...BATCH,
    ...(filter ? { filters: [FilterCriteria.filter(filter as Record<string, unknown>)] } : {}),
  });
}

function readMessages(join: Join, source: Messages | DeadLetters, { function_ }: FunctionSink, filter?: object): void {
  const { queue } = source;
  readQueue(join, source);
  const visibility = (queue.node.defaultChild as CfnQueue | undefined)?.visibilityTimeout ?? VISIBILITY_DEFAULT_SECONDS;
  const timeout =
    function_ instanceof LambdaFunction ? (function_.timeout?.toSeconds() ?? TIMEOUT_DEFAULT_SECONDS) : undefined;
  if (timeout !== undefined && typeof visibility === "number" && visibility < timeout)
    throw join.refusal(
      `the function may take ${timeout} s, but the queue hides a message for ${visibility} s only`,
      `a visibilityTimeout of ${timeout * 6} s (six times the function's timeout), or a shorter timeout`,
    );
  allow(function_, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue.queueArn);
  queue.encryptionMasterKey?.grantDecrypt(function_);
  new EventSourceMapping(join, "Mapping", {
    target: function_,
    eventSourceArn: queue.queueArn,
    batchSize: 10,
    ...BATCH,
    ...(filter ? { filters: [FilterCriteria.filter({ body: filter })] } : {}),
  });
}

function allow(function_: FunctionSink["function_"], actions: string[], arn: string): void {
  function_.addToRolePolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [arn] }));
}
