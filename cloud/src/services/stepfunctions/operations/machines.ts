import type {
  CreateStateMachineInput,
  CreateStateMachineOutput,
  DeleteStateMachineInput,
  DeleteStateMachineOutput,
  DescribeStateMachineForExecutionInput,
  DescribeStateMachineForExecutionOutput,
  DescribeStateMachineInput,
  DescribeStateMachineOutput,
  ListStateMachinesInput,
  ListStateMachinesOutput,
  UpdateStateMachineInput,
  UpdateStateMachineOutput,
  ValidateStateMachineDefinitionInput,
  ValidateStateMachineDefinitionOutput,
} from "@aws-sdk/client-sfn";
import { NotEmulatedError } from "../../../aws/error.ts";
import { passRole } from "../../../iam/pass-role.ts";
import { validateDefinition } from "../../../engines/asl/validation.ts";
import type { Cx } from "../engine.ts";
import { executionDoesNotExist, machineAlreadyExists, machineDoesNotExist, validation } from "../errors.ts";
import { checkDefinition, checkName, getNamed, machineArn, scopeKey } from "../machine.ts";
import { page } from "../page.ts";
import type { MachineRecord } from "../state.ts";
import { publish } from "./versions.ts";

function refuseKeys(configuration: { type?: string | undefined } | undefined): void {
  if (configuration?.type === "CUSTOMER_MANAGED_KMS_KEY")
    throw new NotEmulatedError("encryptionConfiguration with keys of one's own for state machines");
}

export function createStateMachine(cx: Cx, input: CreateStateMachineInput): CreateStateMachineOutput {
  const { name = "", definition = "", roleArn = "", type = "STANDARD" } = input;
  checkName(name);
  refuseKeys(input.encryptionConfiguration);
  checkDefinition(definition, type);
  cx.authorize(passRole(roleArn, "states.amazonaws.com"));
  const key = [...scopeKey(cx.scope), name];
  const known = cx.state.machines.get(key);
  const nowMs = cx.kernel.clock.now();
  const made: MachineRecord = {
    arn: machineArn(cx.scope, name),
    name,
    scope: cx.scope,
    type,
    definition,
    roleArn,
    logging: input.loggingConfiguration ?? { level: "OFF", includeExecutionData: false },
    tracing: input.tracingConfiguration ?? { enabled: false },
    createdMs: nowMs,
    updatedMs: nowMs,
    revisionId: cx.kernel.random.uuid(),
    tags: Object.fromEntries((input.tags ?? []).map(({ key: tag = "", value = "" }) => [tag, value])),
    nextVersion: 1,
  };
  // AWS: creating the same machine again is idempotent; role and tags are not looked at.
  const same = (a: MachineRecord): string => JSON.stringify([a.definition, a.type, a.logging, a.tracing]);
  if (known && same(known) !== same(made)) throw machineAlreadyExists(known.arn);
  const machine = known ?? made;
  if (!known) cx.state.machines.put(key, machine);
  const version = input.publish ? publish(cx, machine.arn, input.versionDescription) : undefined;
  return {
    stateMachineArn: machine.arn,
    creationDate: new Date(machine.createdMs),
    ...(version ? { stateMachineVersionArn: version.arn } : {}),
  };
}

export function updateStateMachine(cx: Cx, input: UpdateStateMachineInput): UpdateStateMachineOutput {
  const { machine } = getNamed(cx.state, input.stateMachineArn ?? "");
  const { definition, roleArn, loggingConfiguration, tracingConfiguration } = input;
  if (
    [definition, roleArn, loggingConfiguration, tracingConfiguration, input.encryptionConfiguration].every(
      (each) => each === undefined,
    )
  )
    throw validation(
      "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
    );
  refuseKeys(input.encryptionConfiguration);
  if (definition !== undefined) checkDefinition(definition, machine.type);
  if (roleArn !== undefined) cx.authorize(passRole(roleArn, "states.amazonaws.com"));
  const updated: MachineRecord = {
    ...machine,
    definition: definition ?? machine.definition,
    roleArn: roleArn ?? machine.roleArn,
    logging: loggingConfiguration ?? machine.logging,
    tracing: tracingConfiguration ?? machine.tracing,
    updatedMs: cx.kernel.clock.now(),
    revisionId: cx.kernel.random.uuid(),
  };
  cx.state.machines.put([...scopeKey(machine.scope), machine.name], updated);
  const version = input.publish ? publish(cx, machine.arn, input.versionDescription) : undefined;
  return {
    updateDate: new Date(updated.updatedMs),
    revisionId: updated.revisionId,
    ...(version ? { stateMachineVersionArn: version.arn } : {}),
  };
}

export function describeStateMachine(
  cx: Cx,
  { stateMachineArn = "" }: DescribeStateMachineInput,
): DescribeStateMachineOutput {
  const { machine, version } = getNamed(cx.state, stateMachineArn);
  return {
    stateMachineArn: version?.arn ?? machine.arn,
    name: machine.name,
    status: "ACTIVE",
    definition: machine.definition,
    roleArn: machine.roleArn,
    type: machine.type,
    creationDate: new Date(version?.createdMs ?? machine.createdMs),
    loggingConfiguration: machine.logging,
    tracingConfiguration: machine.tracing,
    encryptionConfiguration: { type: "AWS_OWNED_KEY" },
    revisionId: machine.revisionId,
    ...(version?.description === undefined ? {} : { description: version.description }),
  };
}

/** AWS: running executions go on to their end; here the machine as they started it is kept with them. */
export function deleteStateMachine(
  cx: Cx,
  { stateMachineArn = "" }: DeleteStateMachineInput,
): DeleteStateMachineOutput {
  try {
    const { machine } = getNamed(cx.state, stateMachineArn);
    const prefix = [...scopeKey(machine.scope), machine.name];
    cx.state.machines.remove(prefix);
    cx.state.versions.clear({ prefix });
    cx.state.aliases.clear({ prefix });
  } catch (error) {
    if ((error as { code?: string }).code !== machineDoesNotExist("").code) throw error;
  }
  return {};
}

export function listStateMachines(cx: Cx, input: ListStateMachinesInput): ListStateMachinesOutput {
  const all = [...cx.state.machines.values({ prefix: scopeKey(cx.scope) })];
  const { shown, nextToken } = page(all, input);
  return {
    stateMachines: shown.map(({ arn: stateMachineArn, name, type, createdMs }) => ({
      stateMachineArn,
      name,
      type,
      creationDate: new Date(createdMs),
    })),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

export function describeStateMachineForExecution(
  cx: Cx,
  { executionArn = "" }: DescribeStateMachineForExecutionInput,
): DescribeStateMachineForExecutionOutput {
  const record = cx.state.executions.get([executionArn]);
  if (!record) throw executionDoesNotExist(executionArn);
  const { machine } = record;
  const { mapRunArn } = machine;
  const around = mapRunArn === undefined ? machine : cx.state.mapTasks.get([mapRunArn])!.machine;
  return {
    stateMachineArn: machine.arn,
    name: machine.name,
    definition: around.definition,
    ...(mapRunArn === undefined ? {} : { mapRunArn, label: machine.name.split("/").at(-1)! }),
    roleArn: machine.roleArn,
    updateDate: new Date(machine.updatedMs),
    loggingConfiguration: machine.logging,
    tracingConfiguration: machine.tracing,
    encryptionConfiguration: { type: "AWS_OWNED_KEY" },
    revisionId: machine.revisionId,
  };
}

export function validateStateMachineDefinition(
  _: Cx,
  { definition = "", severity = "ERROR", maxResults = 100 }: ValidateStateMachineDefinitionInput,
): ValidateStateMachineDefinitionOutput {
  const found = validateDefinition(definition).filter((each) => severity === "WARNING" || each.severity === "ERROR");
  const diagnostics = found.slice(0, maxResults || 100);
  return {
    result: found.some((each) => each.severity === "ERROR") ? "FAIL" : "OK",
    diagnostics,
    truncated: diagnostics.length < found.length,
  };
}
