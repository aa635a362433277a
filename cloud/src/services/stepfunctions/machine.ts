/** State machines: their names, ARNs and definitions. */
import { arn, findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import { isDistributed, processorOf, type Machine } from "../../engines/asl/definition.ts";
import { readResource } from "../../engines/asl/task.ts";
import { validateDefinition } from "../../engines/asl/validation.ts";
import { invalidArn, invalidDefinition, invalidName, machineDoesNotExist } from "./errors.ts";
import type { AliasRecord, ExecutionRecord, MachineRecord, SfnState, VersionRecord } from "./state.ts";
import { refusalOf } from "./task.ts";

/** AWS: "Name" of CreateStateMachine. */
// oxlint-disable-next-line no-control-regex
const BAD_NAME = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;

export function checkName(name: string): void {
  if (name.length < 1 || name.length > 80 || BAD_NAME.test(name)) throw invalidName(name);
}

export function machineArn(scope: Scope, name: string): string {
  return arn("states", scope, `stateMachine:${name}`);
}

export function scopeKey({ account, region }: Scope): [account: string, region: string] {
  return [account, region];
}

/** @throws AwsError InvalidDefinition; NotEmulatedError naming what cannot run here */
export function checkDefinition(text: string, type: "STANDARD" | "EXPRESS"): void {
  const found = validateDefinition(text).filter(({ severity }) => severity === "ERROR");
  if (found.length > 0)
    throw invalidDefinition(
      found.map(({ code, message, location }) => `${code}: ${message} at ${location}`).join(", "),
    );
  checkStates(JSON.parse(text) as Machine, type, "");
}

function checkStates(machine: Machine, type: "STANDARD" | "EXPRESS", at: string): void {
  for (const [name, state] of Object.entries(machine.States)) {
    const here = `${at}/States/${name}`;
    if (state.Type === "Task") {
      const resource = state.Resource!;
      const refused = refusalOf(resource);
      if (refused !== undefined) throw new NotEmulatedError(refused);
      const { pattern } = readResource(resource);
      if (type === "EXPRESS" && pattern !== "call")
        throw invalidDefinition(
          `SCHEMA_VALIDATION_FAILED: Express state machine does not support '${resource}' at ${here}/Resource`,
        );
    }
    if (state.Type === "Parallel")
      state.Branches!.forEach((branch, index) => checkStates(branch, type, `${here}/Branches[${index}]`));
    if (state.Type === "Map") {
      const processor = processorOf(state);
      const distributed = isDistributed(state);
      if (type === "EXPRESS" && distributed)
        throw invalidDefinition(
          `SCHEMA_VALIDATION_FAILED: Express state machine does not support a Map state in DISTRIBUTED mode at ${here}`,
        );
      const inner = distributed && processor.ProcessorConfig?.ExecutionType === "EXPRESS" ? "EXPRESS" : type;
      checkStates(processor, inner, `${here}/ItemProcessor`);
    }
  }
}

/** What the ARN of a machine, a version or an alias names. */
export interface Named {
  readonly machine: MachineRecord;
  readonly version?: VersionRecord;
  readonly alias?: AliasRecord;
}

/** @throws AwsError InvalidArn, StateMachineDoesNotExist */
export function getNamed(state: SfnState, text: string): Named {
  const parsed = findArn(text);
  const [kind, name, qualifier] = parsed?.resource.split(":") ?? [];
  if (parsed?.service !== "states" || kind !== "stateMachine" || !name) throw invalidArn(text);
  const key = [...scopeKey(parsed), name];
  const machine = state.machines.get(key);
  if (!machine) throw machineDoesNotExist(text);
  if (qualifier === undefined) return { machine };
  if (/^\d+$/.test(qualifier)) {
    const version = state.versions.get([...key, Number(qualifier)]);
    if (!version) throw machineDoesNotExist(text);
    return { machine: version.machine, version };
  }
  const alias = state.aliases.get([...key, qualifier]);
  if (!alias) throw machineDoesNotExist(text);
  return { machine, alias };
}

/** The version that an alias routes to. @param fraction chance, from 0 up to, not including, 1 */
export function route(state: SfnState, alias: AliasRecord, fraction: number): VersionRecord {
  let left = fraction * 100;
  const chosen = alias.routes.find(({ weight }) => (left -= weight) < 0) ?? alias.routes[0]!;
  return getNamed(state, chosen.versionArn).version!;
}

export function executionArn(machine: MachineRecord, name: string): string {
  return arn("states", machine.scope, `execution:${machine.name}:${name}`);
}

export function* executionsOf(state: SfnState, machineArnText: string): Iterable<ExecutionRecord> {
  for (const [, , executionArnText] of state.started.keys({ prefix: [machineArnText], reverse: true })) {
    const found = state.executions.get([executionArnText as string]);
    if (found) yield found;
  }
}
