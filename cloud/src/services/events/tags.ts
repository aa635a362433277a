import type { Tag } from "@aws-sdk/client-eventbridge";
import { findArn } from "../../aws/arn.ts";
import { DEFAULT_BUS, getBus } from "./bus.ts";
import { validation } from "./errors.ts";
import { getRule } from "./rule.ts";
import type { EventsState } from "./state.ts";

export function mapOf(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key!, Value!]));
}

export function listOf(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Rules and buses have tags. @throws AwsError ResourceNotFoundException, ValidationException */
export function checkTagged(state: EventsState, arn: string): void {
  const found = findArn(arn);
  const [kind, ...names] = found?.resource.split("/") ?? [];
  if (kind === "event-bus") getBus(state, { ...found!, bus: names.join("/") });
  else if (kind === "rule")
    getRule(state, { ...found!, bus: names.slice(0, -1).join("/") || DEFAULT_BUS, rule: names.at(-1)! });
  else throw validation(`Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`);
}
