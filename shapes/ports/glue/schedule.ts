import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import type { Glue } from "../glue.ts";
import type { Join } from "../join.ts";
import type { AnySink, HttpTargetSink } from "../sinks.ts";
import { compile, type PlaceholderPath, type Template } from "../template.ts";
import { catchAsyncFailures } from "./dead-letters.ts";
import { refuseFifoTopic, requireGroup } from "./fifo.ts";
import { writerFor } from "./writer.ts";

type ScheduleSink = Exclude<AnySink, HttpTargetSink>;

/** AWS: "Adding context attributes in EventBridge Scheduler". */
const KNOWN: Readonly<Record<string, string>> = {
  "$.time": "<aws.scheduler.scheduled-time>",
  "$.id": "<aws.scheduler.execution-id>",
  "$.schedule": "<aws.scheduler.schedule-arn>",
};
const INPUT: Template = { time: "$.time", id: "$.id", schedule: "$.schedule" };

/** Points in time, by EventBridge Scheduler. */
export const schedule: Glue<"Ticks", ScheduleSink["kind"], "transform"> = {
  name: "EventBridge Scheduler schedule",
  can: ["transform"],
  build(join, { schedule: when }, sink, { transform = INPUT }) {
    const deadLetters = sink.kind === "Function" ? catchAsyncFailures(join, sink) : join.createDeadLetters();
    const role = join.createRole("scheduler.amazonaws.com");
    join.allow(["sqs:SendMessage"], [deadLetters.queueArn]);
    const { arn, ...parameters } = targetOf(join, sink);
    const made = new CfnSchedule(join, "Schedule", {
      description: join.node.path.slice(0, 512),
      scheduleExpression: when.expression,
      scheduleExpressionTimezone: when.timeZone ?? "UTC",
      flexibleTimeWindow:
        when.flexibleWindowMinutes === undefined
          ? { mode: "OFF" }
          : { mode: "FLEXIBLE", maximumWindowInMinutes: when.flexibleWindowMinutes },
      target: {
        arn,
        roleArn: role.roleArn,
        input: compile(transform, { placeholder, isText: true }),
        retryPolicy: { maximumRetryAttempts: 8, maximumEventAgeInSeconds: 7200 },
        deadLetterConfig: { arn: deadLetters.queueArn },
        ...parameters,
      },
    });
    made.node.addDependency(role);
  },
};

function placeholder({ path }: PlaceholderPath): string {
  const known = KNOWN[path];
  if (known === undefined)
    throw new Error(`transform has "${path}"; a point in time has only ${Object.keys(KNOWN).join(", ")}`);
  return known;
}

function targetOf(join: Join, sink: ScheduleSink): { arn: string } & Partial<CfnSchedule.TargetProperty> {
  switch (sink.kind) {
    case "Function":
      join.allow(["lambda:InvokeFunction"], [sink.function_.functionArn]);
      return { arn: sink.function_.functionArn };
    case "Queue":
      requireGroup(join, sink, "Ticks");
      join.allow(["sqs:SendMessage"], [sink.queue.queueArn]);
      sink.queue.encryptionMasterKey?.grantEncryptDecrypt(join.role!);
      return {
        arn: sink.queue.queueArn,
        ...(sink.messageGroup === undefined ? {} : { sqsParameters: { messageGroupId: sink.messageGroup } }),
      };
    case "Topic":
      refuseFifoTopic(join, sink);
      join.allow(["sns:Publish"], [sink.topic.topicArn]);
      return { arn: sink.topic.topicArn };
    case "Bus":
      join.allow(["events:PutEvents"], [sink.bus.eventBusArn]);
      return {
        arn: sink.bus.eventBusArn,
        eventBridgeParameters: { source: sink.event.source ?? "katachi", detailType: sink.event.detailType ?? "Ticks" },
      };
    case "Workflow":
      join.allow(["states:StartExecution"], [sink.stateMachine.stateMachineArn]);
      return { arn: sink.stateMachine.stateMachineArn };
    case "Table":
    case "Bucket": {
      const writer = writerFor(join, sink, join.deadLetters!);
      join.allow(["states:StartExecution"], [writer.stateMachineArn]);
      return { arn: writer.stateMachineArn };
    }
  }
}
