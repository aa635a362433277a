import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import type { IApiDestination, IEventBus } from "aws-cdk-lib/aws-events";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { IStateMachine } from "aws-cdk-lib/aws-stepfunctions";
import type { IConstruct } from "constructs";

/** What can be made to happen in a shape: the ends that joins lead to. One class a kind. */
export class FunctionSink {
  readonly kind = "Function";
  readonly target: IConstruct;

  constructor(readonly function_: IFunction) {
    this.target = function_;
  }
}

export class QueueSink {
  readonly kind = "Queue";
  readonly target: IConstruct;

  /** @param messageGroup of a FIFO queue: a text, or a path into what happens where the glue can read one */
  constructor(
    readonly queue: IQueue,
    readonly messageGroup?: string,
  ) {
    this.target = queue;
  }
}

export class TopicSink {
  readonly kind = "Topic";
  readonly target: IConstruct;

  constructor(readonly topic: ITopic) {
    this.target = topic;
  }
}

export class BusSink {
  readonly kind = "Bus";
  readonly target: IConstruct;

  /** @param event what the events are called, where the source has no name for them (queues, tables, schedules) */
  constructor(
    readonly bus: IEventBus,
    readonly event: { readonly source?: string; readonly detailType?: string } = {},
  ) {
    this.target = bus;
  }
}

export class WorkflowSink {
  readonly kind = "Workflow";
  readonly target: IConstruct;

  constructor(readonly stateMachine: IStateMachine) {
    this.target = stateMachine;
  }
}

/** Somebody else's HTTP API, through an API destination: its connection signs in, its rate is kept. */
export class HttpTargetSink {
  readonly kind = "HttpTarget";
  readonly target: IConstruct;

  constructor(
    readonly destination: IApiDestination,
    readonly request: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly query?: Readonly<Record<string, string>>;
      /** One for each `*` of the destination's address. */
      readonly pathParameters?: readonly string[];
    } = {},
  ) {
    this.target = destination;
  }
}

/** Items of a table: what is joined (after its transform) is written as an item. */
export class TableSink {
  readonly kind = "Table";
  readonly target: IConstruct;

  constructor(readonly table: ITable) {
    this.target = table;
  }
}

/** Objects of a bucket: what is joined (after its transform) is written as a JSON object. */
export class BucketSink {
  readonly kind = "Bucket";
  readonly target: IConstruct;

  /** @param prefix of the keys, e.g. `events/` */
  constructor(
    readonly bucket: IBucket,
    readonly prefix = "",
  ) {
    this.target = bucket;
  }
}

export type AnySink =
  | FunctionSink
  | QueueSink
  | TopicSink
  | BusSink
  | WorkflowSink
  | HttpTargetSink
  | TableSink
  | BucketSink;
