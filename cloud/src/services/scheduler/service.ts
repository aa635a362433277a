/**
 * Amazon EventBridge Scheduler: schedules and schedule groups, templated targets and universal ones.
 *
 * Gap: templated targets of CodeBuild, CodePipeline, ECS, Firehose, Inspector and SageMaker are refused by name, as are
 * customer managed keys (KmsKeyArn) and the newer EventBridge parameters (PutEvents v2, raw events).
 * Gap: ClientToken makes creating idempotent; a repeated delete is told that there is nothing to delete.
 * Gap: quotas on the number of schedules and on invocations a second are not enforced.
 * Gap: a one-time schedule whose time is past when it is made does not run.
 * Quirk: targets are invoked at the exact second, where AWS takes up to 60 seconds.
 * Quirk: of the occurrences missed while the cloud was down, each schedule runs one when it starts, told by its own
 * scheduled time; the further ones are left out, so that a machine that slept a week does not wake into a storm.
 * Quirk: a deleted group is gone at once with its schedules; there is no state DELETING.
 */
import { defineService, suspends, type Ask, type CallContext } from "../../service.ts";
import { groupArn } from "./group.ts";
import { invocationPolicy } from "./invocation.ts";
import { handleOccurrences } from "./occurrence.ts";
import { nextRun } from "./inspect.ts";
import * as groups from "./operations/groups.ts";
import * as schedules from "./operations/schedules.ts";
import { resources } from "./resources.ts";
import { DEFAULT_GROUP, scheduleArn } from "./schedule.ts";
import { SchedulerState } from "./state.ts";

type Cx = CallContext<SchedulerState>;

const onSchedule = (input: { Name?: string | undefined; GroupName?: string | undefined }, cx: Cx): Ask => ({
  resource: scheduleArn(cx.scope, input.GroupName ?? DEFAULT_GROUP, input.Name ?? ""),
});
const onGroup = (input: { Name?: string | undefined }, cx: Cx): Ask => ({
  resource: groupArn(cx.scope, input.Name ?? ""),
});
const onTagged = (input: { ResourceArn?: string | undefined }): Ask => ({ resource: input.ResourceArn ?? "*" });
const onAll = (): Ask => ({ resource: "*" });

export const scheduler = defineService({
  api: "scheduler",
  iamPrefix: "scheduler",
  state: (kernel) => new SchedulerState(kernel),
  resources,
  views: { nextRun },
  start(cx) {
    cx.state.invoke = cx.kernel.deliveries.register(invocationPolicy(cx));
    handleOccurrences(cx);
  },
  operations: {
    CreateSchedule: suspends(schedules.createSchedule),
    UpdateSchedule: suspends(schedules.updateSchedule),
    GetSchedule: schedules.getScheduleDescription,
    DeleteSchedule: schedules.deleteSchedule,
    ListSchedules: schedules.listSchedules,
    CreateScheduleGroup: groups.createScheduleGroup,
    GetScheduleGroup: groups.getScheduleGroup,
    DeleteScheduleGroup: groups.deleteScheduleGroup,
    ListScheduleGroups: groups.listScheduleGroups,
    TagResource: groups.tagResource,
    UntagResource: groups.untagResource,
    ListTagsForResource: groups.listTagsForResource,
  },
  authorize: {
    CreateSchedule: onSchedule,
    UpdateSchedule: onSchedule,
    GetSchedule: onSchedule,
    DeleteSchedule: onSchedule,
    ListSchedules: onAll,
    CreateScheduleGroup: onGroup,
    GetScheduleGroup: onGroup,
    DeleteScheduleGroup: onGroup,
    ListScheduleGroups: onAll,
    TagResource: onTagged,
    UntagResource: onTagged,
    ListTagsForResource: onTagged,
  },
});
