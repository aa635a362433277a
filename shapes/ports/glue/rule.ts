import { Duration } from "aws-cdk-lib";
import {
  EventBus,
  type EventPattern,
  type IEventBus,
  type IRuleTarget,
  Rule,
  RuleTargetInput,
  type RuleTargetInputProperties,
} from "aws-cdk-lib/aws-events";
import {
  ApiDestination as ApiDestinationTarget,
  LambdaFunction,
  SfnStateMachine,
  SnsTopic,
  SqsQueue,
} from "aws-cdk-lib/aws-events-targets";
import type { CfnBucket } from "aws-cdk-lib/aws-s3";
import { type CfnStateMachine, StateMachineType } from "aws-cdk-lib/aws-stepfunctions";
import type { Glue } from "../glue.ts";
import type { Join } from "../join.ts";
import { narrowed } from "../pattern.ts";
import type { AnySink, BusSink } from "../sinks.ts";
import type { AlarmChanges, Events, ExecutionEnded, ObjectCreated } from "../sources.ts";
import { compile, type Template } from "../template.ts";
import { catchAsyncFailures } from "./dead-letters.ts";
import { refuseFifoTopic, requireGroup } from "./fifo.ts";
import { writerFor } from "./writer.ts";

export type EventSource = ObjectCreated | Events | ExecutionEnded | AlarmChanges;

/** AWS: a rule tries for a day and up to 185 times; bounded lower, so that a dead letter is told within hours. */
export const RULE_RETRY = { retryAttempts: 8, maxEventAge: Duration.hours(2) };

/** Events of a bus, matched and handed on one by one. What AWS's own services tell stands on the default bus. */
export const rule: Glue<EventSource["kind"], Exclude<AnySink, BusSink>["kind"], "filter" | "transform"> = {
  name: "EventBridge rule",
  can: ["filter", "transform"],
  build(join, source, sink, { filter, transform }) {
    const deadLetters = sink.kind === "Function" ? catchAsyncFailures(join, sink) : join.createDeadLetters();
    const target = targetOf(join, source, sink, transform, deadLetters);
    createRule(join, source, filter).addTarget(target);
  },
};

/** The rule of a join, without a target. */
export function createRule(join: Join, source: EventSource, filter: object | undefined): Rule {
  const { bus, pattern } = eventsOf(join, source);
  const detail = narrowed({ ...pattern.detail }, { ...filter });
  return new Rule(join, "Rule", {
    description: `${join.node.path}`.slice(0, 512),
    eventBus: bus,
    eventPattern: { ...pattern, ...(Object.keys(detail).length === 0 ? {} : { detail }) },
  });
}

function eventsOf(join: Join, source: EventSource): { bus: IEventBus; pattern: EventPattern } {
  if (source.kind === "Events") return { bus: source.bus, pattern: source.pattern };
  const bus = EventBus.fromEventBusName(join, "DefaultBus", "default");
  return { bus, pattern: patternOf(join, source) };
}

function patternOf(join: Join, source: Exclude<EventSource, Events>): EventPattern {
  switch (source.kind) {
    case "ObjectCreated": {
      tellEventBridge(join, source);
      const { prefix = "", suffix = "" } = source.keys;
      const key = prefix && suffix ? { wildcard: `${prefix}*${suffix}` } : prefix ? { prefix } : { suffix };
      return {
        source: ["aws.s3"],
        detailType: ["Object Created"],
        detail: {
          bucket: { name: [source.bucket.bucketName] },
          ...(prefix || suffix ? { object: { key: [key] } } : {}),
        },
      };
    }
    case "ExecutionEnded":
      refuseExpress(join, source);
      return {
        source: ["aws.states"],
        detailType: ["Step Functions Execution Status Change"],
        detail: { stateMachineArn: [source.stateMachine.stateMachineArn], status: [...source.statuses] },
      };
    case "AlarmChanges":
      return {
        source: ["aws.cloudwatch"],
        detailType: ["CloudWatch Alarm State Change"],
        resources: [source.alarm.alarmArn],
      };
  }
}

/** On the bucket itself: the L2 property brings a custom resource with a function of its own. */
function tellEventBridge(join: Join, { bucket }: ObjectCreated): void {
  const own = bucket.node.defaultChild as CfnBucket | undefined;
  if (!own)
    throw join.refusal(
      "the bucket is not of this application, so its notifications cannot be turned on",
      "a Bucket here",
    );
  own.notificationConfiguration = {
    ...(own.notificationConfiguration as object | undefined),
    eventBridgeConfiguration: { eventBridgeEnabled: true },
  };
}

/** AWS: "Standard workflows only" emit status changes. */
function refuseExpress(join: Join, { stateMachine }: ExecutionEnded): void {
  const own = stateMachine.node.defaultChild as CfnStateMachine | undefined;
  if (own?.stateMachineType === StateMachineType.EXPRESS)
    throw join.refusal(
      "Express state machines do not tell when an execution ends",
      "a last state in the flow that sends an event, or a Standard state machine",
    );
}

function targetOf(
  join: Join,
  source: EventSource,
  sink: Exclude<AnySink, BusSink>,
  transform: Template | undefined,
  deadLetterQueue: Parameters<typeof writerFor>[2],
): IRuleTarget {
  const event = transform === undefined ? undefined : new Transformed(transform);
  const common = { deadLetterQueue, ...RULE_RETRY, ...(event ? { event } : {}) };
  switch (sink.kind) {
    case "Function":
      return new LambdaFunction(sink.function_, common);
    case "Queue":
      requireGroup(join, sink, source.kind);
      return new SqsQueue(sink.queue, {
        ...common,
        ...(event ? { message: event } : {}),
        ...(sink.messageGroup === undefined ? {} : { messageGroupId: sink.messageGroup }),
      });
    case "Topic":
      refuseFifoTopic(join, sink);
      return new SnsTopic(sink.topic, { ...common, ...(event ? { message: event } : {}) });
    case "HttpTarget": {
      const { headers, query, pathParameters } = sink.request;
      return new ApiDestinationTarget(sink.destination, {
        ...common,
        eventRole: join.createRole("events.amazonaws.com"),
        ...(headers ? { headerParameters: { ...headers } } : {}),
        ...(query ? { queryStringParameters: { ...query } } : {}),
        ...(pathParameters ? { pathParameterValues: [...pathParameters] } : {}),
      });
    }
    case "Workflow":
      return new SfnStateMachine(sink.stateMachine, {
        ...common,
        input: event ?? RuleTargetInput.fromEventPath("$"),
        role: join.createRole("events.amazonaws.com"),
      });
    case "Table":
    case "Bucket":
      return new SfnStateMachine(writerFor(join, sink, deadLetterQueue), {
        ...common,
        input: event ?? RuleTargetInput.fromEventPath("$.detail"),
        role: join.createRole("events.amazonaws.com"),
      });
  }
}

/** AWS: "Amazon EventBridge input transformation". */
class Transformed extends RuleTargetInput {
  constructor(readonly template: Template) {
    super();
  }

  override bind(): RuleTargetInputProperties {
    const inputPathsMap: Record<string, string> = {};
    const inputTemplate = compile(this.template, {
      placeholder({ root, path }) {
        const whole = root === "body" ? `$.detail${path.slice(1)}` : path;
        const known = Object.keys(inputPathsMap).find((name) => inputPathsMap[name] === whole);
        const name = known ?? `p${Object.keys(inputPathsMap).length + 1}`;
        inputPathsMap[name] = whole;
        return `<${name}>`;
      },
    });
    return { inputTemplate, ...(Object.keys(inputPathsMap).length === 0 ? {} : { inputPathsMap }) };
  }
}
