import type { Alarm, AlarmBase } from "aws-cdk-lib/aws-cloudwatch";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import type { EventPattern, IEventBus } from "aws-cdk-lib/aws-events";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { IStateMachine } from "aws-cdk-lib/aws-stepfunctions";
import type { IConstruct } from "constructs";

import type { GlueOptions, SinkKind, SourceKind } from "./glue.ts";
import { join, type Join, type JoinableSink, type JoinOptions } from "./join.ts";

/**
 * What happens in a shape and may set off another: the typed ends that joins are made of. One class a kind, so that the
 * compiler tells one source from another.
 */
abstract class Source<Kind extends SourceKind> {
  abstract readonly kind: Kind;
  abstract readonly origin: IConstruct;

  /**
   * Sets off the sink by what happens here, over the glue that AWS has for the pair (`JOINS` in joins.ts).
   * @throws JoinError where this very pair has no sound glue: why, and what works instead
   */
  to<Sink extends JoinableSink<Kind>>(sink: Sink, options?: JoinOptions<Kind, Sink["kind"]>): Join {
    return join<SourceKind, SinkKind>(this as unknown as AnySource, sink, options as GlueOptions);
  }
}

/** Changes of a table's items, from its stream. */
export class TableChanges extends Source<"TableChanges"> {
  readonly kind = "TableChanges";
  readonly origin: IConstruct;

  /** @param table a table with a stream */
  constructor(readonly table: ITable) {
    super();
    if (!table.tableStreamArn) throw new Error(`TableChanges needs a table with a stream; ${table.node.path} has none`);
    this.origin = table;
  }
}

/** Objects that are written into a bucket. */
export class ObjectCreated extends Source<"ObjectCreated"> {
  readonly kind = "ObjectCreated";
  readonly origin: IConstruct;

  /**
   * @param bucket its notifications to EventBridge are turned on where a join is made
   * @param keys only objects whose keys begin or end so
   */
  constructor(
    readonly bucket: IBucket,
    readonly keys: { readonly prefix?: string; readonly suffix?: string } = {},
  ) {
    super();
    this.origin = bucket;
  }
}

/** Messages of a queue; whoever is joined takes them out. */
export class Messages extends Source<"Messages"> {
  readonly kind = "Messages";
  readonly origin: IConstruct;

  /** @param queue a queue with a dead-letter queue */
  constructor(readonly queue: IQueue) {
    super();
    this.origin = queue;
  }
}

/** Messages that nobody could work on: those of a dead-letter queue. */
export class DeadLetters extends Source<"DeadLetters"> {
  readonly kind = "DeadLetters";
  readonly origin: IConstruct;

  constructor(readonly queue: IQueue) {
    super();
    this.origin = queue;
  }
}

/** What is published to a topic. */
export class Notifications extends Source<"Notifications"> {
  readonly kind = "Notifications";
  readonly origin: IConstruct;

  constructor(readonly topic: ITopic) {
    super();
    this.origin = topic;
  }
}

/** Events of a bus that match a pattern. */
export class Events extends Source<"Events"> {
  readonly kind = "Events";
  readonly origin: IConstruct;

  /** @param pattern narrowed further by a join's filter */
  constructor(
    readonly bus: IEventBus,
    readonly pattern: EventPattern,
  ) {
    super();
    this.origin = bus;
  }
}

export type ExecutionStatus = "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";

/** Executions of a Standard state machine that came to their end. */
export class ExecutionEnded extends Source<"ExecutionEnded"> {
  readonly kind = "ExecutionEnded";
  readonly origin: IConstruct;

  /** @param statuses which ends; all four unless told */
  constructor(
    readonly stateMachine: IStateMachine,
    readonly statuses: readonly ExecutionStatus[] = ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
  ) {
    super();
    this.origin = stateMachine;
  }
}

/** Points in time, as EventBridge Scheduler has them. */
export class Ticks extends Source<"Ticks"> {
  readonly kind = "Ticks";

  /**
   * @param origin the construct that the schedule belongs to
   * @param schedule `expression`: `cron(…)`, `rate(…)` or `at(…)`; `timeZone`: IANA name, UTC unless told
   */
  constructor(
    readonly origin: IConstruct,
    readonly schedule: {
      readonly expression: string;
      readonly timeZone?: string;
      readonly flexibleWindowMinutes?: number;
    },
  ) {
    super();
  }
}

/** An alarm that goes off and calms down. */
export class AlarmChanges extends Source<"AlarmChanges"> {
  readonly kind = "AlarmChanges";
  readonly origin: IConstruct;

  constructor(readonly alarm: Alarm | AlarmBase) {
    super();
    this.origin = alarm;
  }
}

export type AnySource =
  | ObjectCreated
  | TableChanges
  | Messages
  | Notifications
  | Events
  | ExecutionEnded
  | Ticks
  | AlarmChanges
  | DeadLetters;
