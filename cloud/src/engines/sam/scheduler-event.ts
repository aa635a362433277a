import type { Made } from "./context.ts";
import { EventError } from "./error.ts";
import type { EventInput, FunctionEvent } from "./event-input.ts";
import { getAtt, isTruthy, type Json } from "./json.ts";
import { destinationPolicy, inlinePolicy, trustOf } from "./policies.ts";
import { makeDeadLetters, targetMembers } from "./rule-event.ts";

/** `ScheduleV2` of a function. */
export function schedulerEvent(event: FunctionEvent): Made[] {
  const policy = inlinePolicy(`${event.logicalId}LambdaPolicy`, "lambda:InvokeFunction", event.target.arn);
  return makeSchedule(event, event.target.arn, policy, event.target.passed);
}

/** A schedule of EventBridge Scheduler, with the role that it takes to call its target. */
export function makeSchedule(event: EventInput, arn: unknown, policy: Json, attributes: Json): Made[] {
  const { logicalId, properties: p } = event;
  if (p["OmitName"] && p["Name"]) throw new EventError(logicalId, "Name cannot be set when OmitName is True");
  const deadLetters = makeDeadLetters(event, attributes, { withPolicy: false });
  const schedule: Made = {
    logicalId,
    type: "AWS::Scheduler::Schedule",
    properties: {
      ScheduleExpression: p["ScheduleExpression"],
      State: p["State"] || undefined,
      Name: p["OmitName"] ? undefined : p["Name"] || logicalId,
      Description: p["Description"],
      FlexibleTimeWindow: isTruthy(p["FlexibleTimeWindow"]) ? p["FlexibleTimeWindow"] : { Mode: "OFF" },
      StartDate: p["StartDate"],
      EndDate: p["EndDate"],
      ScheduleExpressionTimezone: p["ScheduleExpressionTimezone"],
      GroupName: p["GroupName"],
      KmsKeyArn: p["KmsKeyArn"],
    },
    attributes,
  };
  const made = [schedule, ...deadLetters.made];
  let roleArn = p["RoleArn"];
  if (!roleArn) {
    const roleId = `${logicalId}Role`;
    const more = deadLetters.arn ? [destinationPolicy("SQS", deadLetters.arn, logicalId)] : [];
    made.push({
      logicalId: roleId,
      type: "AWS::IAM::Role",
      properties: {
        AssumeRolePolicyDocument: trustOf("scheduler.amazonaws.com"),
        Policies: [policy, ...more],
        PermissionsBoundary: p["PermissionsBoundary"] || undefined,
      },
      attributes,
    });
    roleArn = getAtt(roleId, "Arn");
  }
  schedule.properties["Target"] = { Arn: arn, RoleArn: roleArn, ...targetMembers(p, deadLetters.arn, ["Input"]) };
  return made;
}
