/** Who an execution is: its ARN, and what stays the same about it. */
import { arn } from "../../aws/arn.ts";
import type { Machine } from "../../engines/asl/definition.ts";
import type { Json } from "../../engines/asl/json.ts";
import type { RunIdentity } from "../../engines/asl/state.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { executionArn } from "./machine.ts";
import type { MachineRecord } from "./state.ts";

/** AWS: "Service quotas": 25,000 events in the history of an execution. */
export const EVENTS_MAX = 25_000;
/** AWS: "Service quotas": five minutes. */
const EXPRESS_SECONDS_MAX = 300;

/** @param of its name and input; its ARN where it has one already */
export function newIdentity(
  kernel: Kernel,
  machine: MachineRecord,
  definition: Machine,
  of: { readonly name: string; readonly input: Json; readonly arn?: string | undefined },
): RunIdentity {
  const express = machine.type === "EXPRESS";
  const made = express
    ? arn("states", machine.scope, `express:${machine.name}:${of.name}:${kernel.random.uuid()}`)
    : executionArn(machine, of.name);
  const seconds = express
    ? Math.min(definition.TimeoutSeconds ?? Infinity, EXPRESS_SECONDS_MAX)
    : definition.TimeoutSeconds;
  return {
    executionArn: of.arn ?? made,
    executionName: of.name,
    roleArn: machine.roleArn,
    machineArn: machine.arn,
    machineName: machine.name,
    region: machine.scope.region,
    input: of.input,
    ...(seconds === undefined ? {} : { timeoutSeconds: seconds }),
    ...(express ? {} : { eventsMax: EVENTS_MAX }),
  };
}
