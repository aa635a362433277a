import type { CreateScheduleInput } from "@aws-sdk/client-scheduler";
import { arn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import { findSchedule, isTimeZone } from "../../aws/schedule.ts";
import type { Scope } from "../../aws/scope.ts";
import { invalid, invalidExpression, invalidTimeZone, scheduleNotFound, startAfterEnd, startIsPast } from "./errors.ts";
import { scopeKey, type ScheduleRecord, type SchedulerState, type ScheduleSettings } from "./state.ts";
import { readTarget } from "./target.ts";

export const DEFAULT_GROUP = "default";
/** AWS: a start may lie this far back. */
const START_GRACE_MS = 5 * 60_000;

export function scheduleArn(scope: Scope, group: string, name: string): string {
  return arn("scheduler", scope, `schedule/${group}/${name}`);
}

/** @throws AwsError where there is none */
export function getSchedule(state: SchedulerState, scope: Scope, group: string, name: string): ScheduleRecord {
  const record = state.schedules.get([...scopeKey(scope), group, name]);
  if (!record) throw scheduleNotFound(name);
  return record;
}

/**
 * Reads what a caller says of a schedule, and fills in AWS's defaults.
 * @throws AwsError ValidationException; NotEmulatedError for what is not here
 */
export function readSettings(input: CreateScheduleInput, nowMs: number): ScheduleSettings {
  const { ScheduleExpression: expression = "", ScheduleExpressionTimezone: timeZone = "UTC" } = input;
  if (!findSchedule(expression)) throw invalidExpression(expression);
  if (!isTimeZone(timeZone)) throw invalidTimeZone(timeZone);
  if (input.KmsKeyArn !== undefined) throw new NotEmulatedError("KmsKeyArn of schedules");
  const startMs = input.StartDate?.getTime();
  const endMs = input.EndDate?.getTime();
  if (!expression.startsWith("at(")) checkDates(startMs, endMs, nowMs);
  return {
    expression,
    timeZone,
    ...(input.Description === undefined ? {} : { description: input.Description }),
    state: input.State ?? "ENABLED",
    ...(startMs === undefined ? {} : { startMs }),
    ...(endMs === undefined ? {} : { endMs }),
    target: readTarget(input.Target!),
    window: readWindow(input.FlexibleTimeWindow!),
    actionAfterCompletion: input.ActionAfterCompletion ?? "NONE",
  };
}

function checkDates(startMs: number | undefined, endMs: number | undefined, nowMs: number): void {
  if (startMs !== undefined && startMs < nowMs - START_GRACE_MS) throw startIsPast();
  if (startMs !== undefined && endMs !== undefined && startMs >= endMs) throw startAfterEnd();
}

function readWindow(window: NonNullable<CreateScheduleInput["FlexibleTimeWindow"]>): ScheduleSettings["window"] {
  const { Mode, MaximumWindowInMinutes: minutes } = window;
  if (Mode === "FLEXIBLE" && minutes === undefined)
    throw invalid("MaximumWindowInMinutes must be provided when FlexibleTimeWindow Mode is FLEXIBLE.");
  if (Mode === "OFF" && minutes !== undefined)
    throw invalid("MaximumWindowInMinutes must not be provided when FlexibleTimeWindow Mode is OFF.");
  return { Mode, ...(minutes === undefined ? {} : { MaximumWindowInMinutes: minutes }) };
}
