/** The CloudFormation types of EventBridge Scheduler. */
import type { FlexibleTimeWindow, Target } from "@aws-sdk/client-scheduler";
import { defineResource, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";
import { groupArn } from "./group.ts";
import { DEFAULT_GROUP, scheduleArn } from "./schedule.ts";

interface ScheduleProps {
  Name?: string;
  GroupName?: string;
  Description?: string;
  ScheduleExpression: string;
  ScheduleExpressionTimezone?: string;
  StartDate?: string;
  EndDate?: string;
  State?: "ENABLED" | "DISABLED";
  FlexibleTimeWindow: FlexibleTimeWindow;
  Target: Target;
}

const NAME_MAX = 64;

function settingsOf({ StartDate, EndDate, ...plain }: ScheduleProps) {
  return {
    ...plain,
    ...(StartDate === undefined ? {} : { StartDate: new Date(StartDate) }),
    ...(EndDate === undefined ? {} : { EndDate: new Date(EndDate) }),
  };
}

const schedule = defineResource<ScheduleProps>({
  type: "AWS::Scheduler::Schedule",
  honours: {
    Name: true,
    GroupName: true,
    Description: true,
    ScheduleExpression: true,
    ScheduleExpressionTimezone: true,
    StartDate: true,
    EndDate: true,
    State: true,
    FlexibleTimeWindow: true,
    Target: {
      Arn: true,
      RoleArn: true,
      Input: true,
      RetryPolicy: true,
      DeadLetterConfig: true,
      SqsParameters: true,
      EventBridgeParameters: true,
      KinesisParameters: true,
    },
  },
  async create(cx, props) {
    const Name = props.Name ?? cx.physicalName(NAME_MAX);
    await cx.call("scheduler", "CreateSchedule", { ...settingsOf(props), Name, ClientToken: cx.token });
    return { physicalId: Name };
  },
  async update(cx, { physicalId, props, previous }) {
    const settings = { ...settingsOf(props), Name: physicalId };
    if (props.GroupName === previous.GroupName) {
      await cx.call("scheduler", "UpdateSchedule", settings);
      return;
    }
    // AWS: a schedule cannot change its group: made anew in the one, taken out of the other.
    await cx.call("scheduler", "CreateSchedule", { ...settings, ClientToken: cx.token });
    await cx.call("scheduler", "DeleteSchedule", { Name: physicalId, GroupName: previous.GroupName });
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("scheduler", "DeleteSchedule", { Name: physicalId, GroupName: props.GroupName });
  },
  async attributes(cx, physicalId, props) {
    return { Arn: scheduleArn(cx.scope, props.GroupName ?? DEFAULT_GROUP, physicalId) };
  },
});

interface ScheduleGroupProps {
  Name?: string;
  Tags?: ResourceTag[];
}

const scheduleGroup = defineResource<ScheduleGroupProps>({
  type: "AWS::Scheduler::ScheduleGroup",
  honours: { Name: true, Tags: true },
  async create(cx, props) {
    const Name = props.Name ?? cx.physicalName(NAME_MAX);
    const Tags = cx.mergedTags(props.Tags);
    await cx.call("scheduler", "CreateScheduleGroup", { Name, Tags, ClientToken: cx.token });
    return { physicalId: Name };
  },
  async update(cx, { physicalId, props, previous }) {
    const ResourceArn = groupArn(cx.scope, physicalId);
    const TagKeys = cx.removedTagKeys(previous.Tags, props.Tags);
    if (TagKeys.length > 0) await cx.call("scheduler", "UntagResource", { ResourceArn, TagKeys });
    await cx.call("scheduler", "TagResource", { ResourceArn, Tags: cx.mergedTags(props.Tags) });
  },
  async delete(cx, { physicalId }) {
    await cx.call("scheduler", "DeleteScheduleGroup", { Name: physicalId });
  },
  async attributes(cx, physicalId) {
    const group = await cx.call("scheduler", "GetScheduleGroup", { Name: physicalId });
    return {
      Arn: group.Arn,
      State: group.State,
      CreationDate: group.CreationDate?.toISOString(),
      LastModificationDate: group.LastModificationDate?.toISOString(),
    };
  },
});

export const resources: readonly ResourceType[] = [schedule, scheduleGroup];
