import type { FlexibleTimeWindow, Target } from "@aws-sdk/client-scheduler";
import type { Scope } from "../../aws/scope.ts";
import type { AcceptOptions } from "../../kernel/delivery.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import type { Invocation } from "./invocation.ts";

export interface GroupRecord {
  readonly name: string;
  readonly createdMs: number;
  modifiedMs: number;
  tags: Record<string, string>;
  /** What it was created with, to know the same call again. */
  readonly request?: CreateRequest;
}

/** The token of the call that created something, and its input as JSON. */
export interface CreateRequest {
  readonly token: string;
  readonly input: string;
}

/** What a caller says of a schedule, its defaults filled in. */
export interface ScheduleSettings {
  readonly expression: string;
  readonly timeZone: string;
  readonly description?: string;
  readonly state: "ENABLED" | "DISABLED";
  readonly startMs?: number;
  readonly endMs?: number;
  readonly target: Target;
  readonly window: FlexibleTimeWindow;
  readonly actionAfterCompletion: "NONE" | "DELETE";
}

export interface ScheduleRecord extends ScheduleSettings {
  /** Of this schedule as long as it lives: another one of its name has another. */
  readonly id: string;
  readonly group: string;
  readonly name: string;
  readonly createdMs: number;
  readonly modifiedMs: number;
  /** When a rate without StartDate began. */
  readonly anchorMs: number;
  readonly request?: CreateRequest;
}

export class SchedulerState {
  /** account, Region, group */
  readonly groups: Collection<GroupRecord>;
  /** account, Region, group, schedule */
  readonly schedules: Collection<ScheduleRecord>;
  /** Hands an invocation to delivery; set when the service starts. */
  invoke!: (invocation: Invocation, options?: AcceptOptions) => unknown;

  constructor(kernel: Kernel) {
    this.groups = kernel.store.collection("scheduler.groups");
    this.schedules = kernel.store.collection("scheduler.schedules");
  }
}

export function scopeKey(scope: Scope): [account: string, region: string] {
  return [scope.account, scope.region];
}
