/** What the console may see of rules beyond what the API tells. */
import { findArn } from "../../aws/arn.ts";
import type { View } from "../../service.ts";
import { DEFAULT_BUS } from "./bus.ts";
import { nextScheduledMs } from "./schedule.ts";
import type { EventsState } from "./state.ts";

/** `{ atMs }`: when the rule of an ARN runs next by its schedule; absent where it has none or is disabled. */
export const nextRun: View<EventsState> = ({ kernel }, ruleArn) => {
  const parts = findArn(ruleArn);
  const [, ...names] = parts?.resource.split("/") ?? [];
  const rule = names.pop() ?? "";
  const bus = names.length === 0 ? DEFAULT_BUS : names.join("/");
  return { atMs: parts && nextScheduledMs(kernel, { account: parts.account, region: parts.region, bus, rule }) };
};
