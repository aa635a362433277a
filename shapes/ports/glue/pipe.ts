import { RemovalPolicy, Stack } from "aws-cdk-lib";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { CfnPipe } from "aws-cdk-lib/aws-pipes";
import type { Glue, GlueOptions } from "../glue.ts";
import type { Join } from "../join.ts";
import type { AnySink, FunctionSink } from "../sinks.ts";
import type { TableChanges } from "../sources.ts";
import { compile, type Template } from "../template.ts";
import { type QueueReader, readQueue } from "./dead-letters.ts";
import { refuseFifoTopic, requireGroup } from "./fifo.ts";
import { writerFor } from "./writer.ts";

export type BatchSource = TableChanges | QueueReader;
export type PipeSink = Exclude<AnySink, FunctionSink>;

/** Messages and changes, one after the other, to what has no reader of its own. */
export const pipe: Glue<"TableChanges" | "Messages" | "DeadLetters", PipeSink["kind"], "filter" | "transform"> = {
  name: "EventBridge pipe",
  can: ["filter", "transform"],
  build: buildPipe,
};

/** Reads a source by a pipe; also one that a join made itself. */
export function buildPipe(join: Join, source: BatchSource, sink: PipeSink, { filter, transform }: GlueOptions): void {
  const role = join.createRole("pipes.amazonaws.com");
  const { arn, parameters } = sourceOf(join, source, filter);
  const target = targetOf(join, source, sink);
  const inputTemplate = templateOf(source, transform);
  const logs = new LogGroup(join, "Logs", {
    // AWS: a name that begins so needs no line of its own in the log group's resource policy.
    logGroupName: `/aws/vendedlogs/pipes/${Stack.of(join).stackName}-${join.node.addr.slice(-8)}`,
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const made = new CfnPipe(join, "Pipe", {
    description: join.node.path.slice(0, 512),
    roleArn: role.roleArn,
    source: arn,
    sourceParameters: parameters,
    target: target.arn,
    targetParameters: { ...target.parameters, ...(inputTemplate === undefined ? {} : { inputTemplate }) },
    logConfiguration: { cloudwatchLogsLogDestination: { logGroupArn: logs.logGroupArn }, level: "ERROR" },
  });
  // A pipe begins to read at once: its role must be able to.
  made.node.addDependency(role);
}

function sourceOf(join: Join, source: BatchSource, filter: object | undefined) {
  const isTable = source.kind === "TableChanges";
  const filterCriteria = filter && { filters: [{ pattern: join.toJson(isTable ? filter : { body: filter }) }] };
  const common = filterCriteria ? { filterCriteria } : {};
  if (!isTable) {
    const { queue } = source;
    readQueue(join, source);
    join.allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [queue.queueArn]);
    queue.encryptionMasterKey?.grantDecrypt(join.role!);
    return { arn: queue.queueArn, parameters: { ...common, sqsQueueParameters: { batchSize: 1 } } };
  }
  const stream = source.table.tableStreamArn!;
  const deadLetters = join.createDeadLetters();
  join.allow(
    ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
    [stream],
  );
  join.allow(["sqs:SendMessage"], [deadLetters.queueArn]);
  return {
    arn: stream,
    parameters: {
      ...common,
      dynamoDbStreamParameters: {
        // What changed before the join was made, up to a day, is not lost.
        startingPosition: "TRIM_HORIZON",
        batchSize: 1,
        maximumRetryAttempts: 8,
        maximumRecordAgeInSeconds: 86_400,
        deadLetterConfig: { arn: deadLetters.queueArn },
      },
    },
  };
}

function targetOf(
  join: Join,
  source: BatchSource,
  sink: PipeSink,
): { arn: string; parameters: Partial<CfnPipe.PipeTargetParametersProperty> } {
  switch (sink.kind) {
    case "Queue": {
      requireGroup(join, sink, source.kind);
      join.allow(["sqs:SendMessage"], [sink.queue.queueArn]);
      sink.queue.encryptionMasterKey?.grantEncryptDecrypt(join.role!);
      const messageGroupId = sink.messageGroup && pathFor(source, sink.messageGroup);
      return { arn: sink.queue.queueArn, parameters: messageGroupId ? { sqsQueueParameters: { messageGroupId } } : {} };
    }
    case "Topic":
      refuseFifoTopic(join, sink);
      join.allow(["sns:Publish"], [sink.topic.topicArn]);
      return { arn: sink.topic.topicArn, parameters: {} };
    case "Bus":
      join.allow(["events:PutEvents"], [sink.bus.eventBusArn]);
      return {
        arn: sink.bus.eventBusArn,
        parameters: {
          eventBridgeEventBusParameters: {
            source: sink.event.source ?? "katachi",
            detailType: sink.event.detailType ?? source.kind,
          },
        },
      };
    case "Workflow":
      join.allow(["states:StartExecution"], [sink.stateMachine.stateMachineArn]);
      return {
        arn: sink.stateMachine.stateMachineArn,
        parameters: { stepFunctionStateMachineParameters: { invocationType: "FIRE_AND_FORGET" } },
      };
    case "HttpTarget": {
      const { headers, query, pathParameters } = sink.request;
      join.allow(["events:InvokeApiDestination"], [sink.destination.apiDestinationArn]);
      return {
        arn: sink.destination.apiDestinationArn,
        parameters: {
          httpParameters: {
            ...(headers ? { headerParameters: { ...headers } } : {}),
            ...(query ? { queryStringParameters: { ...query } } : {}),
            ...(pathParameters ? { pathParameterValues: [...pathParameters] } : {}),
          },
        },
      };
    }
    case "Table":
    case "Bucket": {
      const deadLetters = join.deadLetters ?? join.createDeadLetters();
      const writer = writerFor(join, sink, deadLetters);
      join.allow(["states:StartSyncExecution"], [writer.stateMachineArn]);
      return {
        arn: writer.stateMachineArn,
        // It is waited for, so that changes are written in their order.
        parameters: { stepFunctionStateMachineParameters: { invocationType: "REQUEST_RESPONSE" } },
      };
    }
  }
}

/** Of a message its body goes on; of a change all of the record. */
function templateOf(source: BatchSource, transform: Template | undefined): string | undefined {
  if (transform === undefined) return source.kind === "TableChanges" ? undefined : "<$.body>";
  return compile(transform, {
    placeholder: ({ root, path }) => `<${root === "body" ? pathFor(source, path) : path}>`,
  });
}

function pathFor(source: BatchSource, path: string): string {
  if (!path.startsWith("$") || source.kind === "TableChanges") return path;
  return path.startsWith("$$") ? path.slice(1) : `$.body${path.slice(1)}`;
}
