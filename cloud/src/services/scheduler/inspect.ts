/** What the console may see of schedules beyond what the API tells. */
import { findArn } from "../../aws/arn.ts";
import type { View } from "../../service.ts";
import { nextOccurrenceOf } from "./occurrence.ts";
import type { SchedulerState } from "./state.ts";

/** `{ atMs }`: when the schedule of an ARN runs next; absent where it is disabled, over or not there. */
export const nextRun: View<SchedulerState> = ({ kernel }, scheduleArn) => {
  const parts = findArn(scheduleArn);
  const [, group = "", name = ""] = parts?.resource.split("/") ?? [];
  return { atMs: parts && nextOccurrenceOf(kernel, parts, { group, name }) };
};
