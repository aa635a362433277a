import { findArn } from "../../aws/arn.ts";
import type { Span } from "../../kernel/trace.ts";
import type { MetricDimension } from "./metric.ts";

/** What one call says in metrics: name, value, unit. */
export type Reading = readonly [name: string, value: number, unit: string];

export interface Readings {
  readonly namespace: string;
  readonly dimensionSets: () => readonly (readonly MetricDimension[])[];
  readonly readings: readonly Reading[];
}

/** By span name. AWS: the "metrics and dimensions" pages of Lambda, API Gateway (REST and HTTP APIs), DynamoDB, SQS and SNS. */
export const READERS: Readonly<Record<string, (span: Span) => Readings | undefined>> = {
  "lambda:Invoke": readInvocation,
  "delivery:lambda.async": readInvocation,
  "poll:lambda.dynamodb": readIteratorAge,
  "pipes:Execute": readPipe,
  "apigateway:ExecuteApi": readRestApi,
  "apigatewayv2:ExecuteApi": readHttpApi,
  ...Object.fromEntries(
    [
      "GetItem",
      "PutItem",
      "UpdateItem",
      "DeleteItem",
      "Query",
      "Scan",
      "BatchGetItem",
      "BatchWriteItem",
      "TransactWriteItems",
      "TransactGetItems",
    ].map((operation) => [`dynamodb:${operation}`, (span: Span) => readTable(span, operation)]),
  ),
  "sqs:SendMessage": (span) => readQueue(span, sent(span)),
  "sqs:SendMessageBatch": (span) => readQueue(span, sent(span)),
  "sqs:ReceiveMessage": (span) => readQueue(span, received(span)),
  "sqs:DeleteMessage": (span) => readQueue(span, [["NumberOfMessagesDeleted", 1, "Count"]]),
  "sqs:DeleteMessageBatch": (span) =>
    readQueue(span, [["NumberOfMessagesDeleted", lengthOf(span.output, "Successful"), "Count"]]),
  "sns:Publish": (span) => readTopic(span, published(span)),
  "sns:PublishBatch": (span) => readTopic(span, published(span)),
  ...Object.fromEntries(["sqs", "lambda", "http", "mail"].map((kind) => [`delivery:sns.${kind}`, readNotification])),
  "delivery:sns.dead-letter": readDeadLetter,
};

function readInvocation(span: Span): Readings | undefined {
  const resource = findArn(span.resource ?? "")?.resource.split(":");
  if (!resource || resource[0] !== "function" || !resource[1]) return undefined;
  const name = { Name: "FunctionName", Value: resource[1] };
  const sets: MetricDimension[][] = [[name], []];
  if (resource[2]) sets.push([name, { Name: "Resource", Value: `${resource[1]}:${resource[2]}` }]);
  const of = (readings: Reading[]): Readings => ({ namespace: "AWS/Lambda", dimensionSets: () => sets, readings });
  if (span.error?.code === "TooManyRequestsException") return of([["Throttles", 1, "Count"]]);
  const runMs = span.attributes["runMs"];
  if (typeof runMs !== "number") return undefined;
  return of([
    ["Invocations", 1, "Count"],
    ["Errors", span.attributes["functionError"] ? 1 : 0, "Count"],
    ["Throttles", 0, "Count"],
    ["Duration", runMs, "Milliseconds"],
  ]);
}

function readIteratorAge({ attributes }: Span): Readings | undefined {
  const { iteratorAgeMs, function: arn } = attributes;
  const name = findArn(String(arn))?.resource.split(":")[1];
  if (typeof iteratorAgeMs !== "number" || !name) return undefined;
  return {
    namespace: "AWS/Lambda",
    dimensionSets: () => [[{ Name: "FunctionName", Value: name }], []],
    readings: [["IteratorAge", iteratorAgeMs, "Milliseconds"]],
  };
}

/** AWS: "Logging and monitoring Amazon EventBridge Pipes": the metrics of a pipe. */
function readPipe({ attributes: its, resource, durationMs = 0 }: Span): Readings | undefined {
  const name = findArn(resource ?? "")?.resource.replace(/^pipe\//, "");
  if (!name) return undefined;
  const flag = (metric: string, attribute: string): Reading => [metric, its[attribute] === true ? 1 : 0, "None"];
  const length = (metric: string, attribute: string): Reading[] =>
    typeof its[attribute] === "number" ? [[metric, its[attribute], "Milliseconds"]] : [];
  return {
    namespace: "AWS/EventBridge/Pipes",
    dimensionSets: () => [[{ Name: "PipeName", Value: name }]],
    readings: [
      ["Invocations", 1, "None"],
      ["EventCount", Number(its["events"]), "None"],
      ["EventSize", Number(its["bytes"]), "Bytes"],
      ["Duration", durationMs, "Milliseconds"],
      flag("ExecutionFailed", "failed"),
      flag("ExecutionPartiallyFailed", "partiallyFailed"),
      flag("ExecutionThrottled", "throttled"),
      ...length("EnrichmentStageDuration", "enrichmentMs"),
      flag("EnrichmentStageFailed", "enrichmentFailed"),
      ...length("TargetStageDuration", "targetMs"),
      flag("TargetStageFailed", "targetFailed"),
      flag("TargetStagePartiallyFailed", "targetPartiallyFailed"),
      flag("TargetStageSkipped", "targetSkipped"),
    ],
  };
}

function readHttpApi(span: Span): Readings | undefined {
  const { apiId, stage } = span.attributes;
  const status = (span.output as { status?: unknown } | undefined)?.status;
  if (typeof apiId !== "string" || typeof status !== "number") return undefined;
  const api = { Name: "ApiId", Value: apiId };
  return {
    namespace: "AWS/ApiGateway",
    dimensionSets: () => (typeof stage === "string" ? [[api], [api, { Name: "Stage", Value: stage }]] : [[api]]),
    readings: [
      ["Count", 1, "Count"],
      ["4xx", status >= 400 && status < 500 ? 1 : 0, "Count"],
      ["5xx", status >= 500 ? 1 : 0, "Count"],
      ["Latency", span.durationMs ?? 0, "Milliseconds"],
    ],
  };
}

/** AWS: "Amazon API Gateway dimensions and metrics"; by method only where the stage has detailed metrics. */
function readRestApi(span: Span): Readings | undefined {
  const { apiName, stage, method, resourcePath, integrationLatencyMs } = span.attributes;
  const status = (span.output as { status?: unknown } | undefined)?.status;
  if (typeof apiName !== "string" || typeof status !== "number") return undefined;
  const ofStage = [
    { Name: "ApiName", Value: apiName },
    { Name: "Stage", Value: String(stage) },
  ];
  const ofMethod = [
    ...ofStage,
    { Name: "Method", Value: String(method) },
    { Name: "Resource", Value: String(resourcePath) },
  ];
  return {
    namespace: "AWS/ApiGateway",
    dimensionSets: () => [[ofStage[0]!], ofStage, ...(method === undefined ? [] : [ofMethod])],
    readings: [
      ["Count", 1, "Count"],
      ["4XXError", status >= 400 && status < 500 ? 1 : 0, "Count"],
      ["5XXError", status >= 500 ? 1 : 0, "Count"],
      ["Latency", span.durationMs ?? 0, "Milliseconds"],
      ...(typeof integrationLatencyMs === "number"
        ? [["IntegrationLatency", integrationLatencyMs, "Milliseconds"] as const]
        : []),
    ],
  };
}

function readTable(span: Span, operation: string): Readings | undefined {
  const table = /^table\/([^/]+)/.exec(findArn(span.resource ?? "")?.resource ?? "")?.[1];
  if (!table) return undefined;
  const name = { Name: "TableName", Value: table };
  const byOperation = [name, { Name: "Operation", Value: operation }];
  const code = span.error?.code;
  if (code === "ProvisionedThroughputExceededException" || code === "ThrottlingException")
    return {
      namespace: "AWS/DynamoDB",
      dimensionSets: () => [byOperation],
      readings: [["ThrottledRequests", 1, "Count"]],
    };
  if (code === "ConditionalCheckFailedException")
    return {
      namespace: "AWS/DynamoDB",
      dimensionSets: () => [[name]],
      readings: [["ConditionalCheckFailedRequests", 1, "Count"]],
    };
  if (code !== undefined) return undefined;
  return {
    namespace: "AWS/DynamoDB",
    dimensionSets: () => [byOperation],
    readings: [["SuccessfulRequestLatency", span.durationMs ?? 0, "Milliseconds"]],
  };
}

function readQueue(span: Span, readings: readonly Reading[]): Readings | undefined {
  const queue = findArn(span.resource ?? "");
  if (span.error || queue?.service !== "sqs" || readings.length === 0) return undefined;
  return {
    namespace: "AWS/SQS",
    dimensionSets: () => [[{ Name: "QueueName", Value: queue.resource }]],
    readings,
  };
}

function sent(span: Span): Reading[] {
  const sizes = span.attributes["messageBytes"];
  if (!Array.isArray(sizes) || sizes.length === 0) return [];
  return [
    ["NumberOfMessagesSent", sizes.length, "Count"],
    ...sizes.map((bytes) => ["SentMessageSize", Number(bytes), "Bytes"] as const),
  ];
}

function received(span: Span): Reading[] {
  const messages = lengthOf(span.output, "Messages");
  return messages > 0 ? [["NumberOfMessagesReceived", messages, "Count"]] : [["NumberOfEmptyReceives", 1, "Count"]];
}

function readTopic(span: Span, readings: readonly Reading[]): Readings | undefined {
  const topic = findArn(span.resource ?? "");
  if (topic?.service !== "sns" || readings.length === 0) return undefined;
  return {
    namespace: "AWS/SNS",
    dimensionSets: () => [[{ Name: "TopicName", Value: topic.resource }]],
    readings,
  };
}

/** AWS: "Amazon SNS metrics": how many notifications filter policies keep back, and by what. */
const FILTERED: Readonly<Record<string, string>> = {
  all: "NumberOfNotificationsFilteredOut",
  attributes: "NumberOfNotificationsFilteredOut-MessageAttributes",
  noAttributes: "NumberOfNotificationsFilteredOut-NoMessageAttributes",
  body: "NumberOfNotificationsFilteredOut-MessageBody",
  invalidBody: "NumberOfNotificationsFilteredOut-InvalidMessageBody",
};

function published(span: Span): Reading[] {
  const sizes = span.attributes["messageBytes"];
  if (span.error || !Array.isArray(sizes)) return [];
  const filtered = Object.entries((span.attributes["filteredOut"] ?? {}) as Record<string, number>);
  return [
    ["NumberOfMessagesPublished", sizes.length, "Count"],
    ...sizes.map((bytes) => ["PublishSize", Number(bytes), "Bytes"] as const),
    ...filtered.map(([name, count]) => [FILTERED[name]!, count, "Count"] as const),
  ];
}

/** A notification counts once: when it is delivered, or given up. */
function readNotification(span: Span): Readings | undefined {
  if (!span.attributes["isNotification"] || (span.error && !span.attributes["exhausted"])) return undefined;
  return readTopic(span, [[`NumberOfNotifications${span.error ? "Failed" : "Delivered"}`, 1, "Count"]]);
}

function readDeadLetter(span: Span): Readings | undefined {
  if (span.error && !span.attributes["exhausted"]) return undefined;
  const name = span.error ? "NumberOfNotificationsFailedToRedriveToDlq" : "NumberOfNotificationsRedrivenToDlq";
  return readTopic(span, [[name, 1, "Count"]]);
}

function lengthOf(output: unknown, member: string): number {
  const list = (output as Record<string, unknown> | undefined)?.[member];
  return Array.isArray(list) ? list.length : 0;
}
