import { NotEmulatedError } from "../../../aws/error.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import { changesAnything, planDeployment } from "../../../deploy/plan.ts";
import { sameValue } from "../../../deploy/properties.ts";
import { checkTemplate, type Template } from "../../../deploy/template.ts";
import { prepareDefinition } from "../definition.ts";
import { noUpdates, notUpdatable, stackExists, validationError } from "../errors.ts";
import { History } from "../history.ts";
import { beginOperation, deployingPrincipal } from "../operation.ts";
import { livingResources } from "../records.ts";
import { environmentIn } from "../stack-environment.ts";
import { checkStackPolicy } from "../stack-policy.ts";
import { findStack, getStack, isUpdatable, stackArn, type Cx } from "../stacks.ts";
import type { OperationRecord, StackDefinition, StackRecord } from "../state.ts";
import { readUrl } from "../template-source.ts";

const USER_INITIATED = "User Initiated";
const NAME_MAX = 128;

/** Makes a stack's record, in the status in which its first operation finds it. */
export function newStack(cx: Cx, name: string, settings: Partial<StackRecord> = {}): StackRecord {
  const { account, region } = cx.scope;
  checkName(name);
  return {
    stackId: stackArn(cx.scope, name, cx.kernel.random.uuid()),
    stackName: name,
    account,
    region,
    createdMs: cx.kernel.clock.now(),
    status: "REVIEW_IN_PROGRESS",
    disableRollback: false,
    terminationProtection: false,
    outputs: [],
    ...settings,
  };
}

/** AWS: the API model does not say it, the service does. */
function checkName(name: string): void {
  const failed = (constraint: string) =>
    validationError(
      `1 validation error detected: Value '${name}' at 'stackName' failed to satisfy constraint: ${constraint}`,
    );
  if (!/^[a-zA-Z][-a-zA-Z0-9]*$/.test(name))
    throw failed("Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*");
  if (name.length > NAME_MAX) throw failed(`Member must have length less than or equal to ${NAME_MAX}`);
}

/** Express deployments skip what CloudFormation waits for: nothing here takes part in that. */
function refuseDeploymentConfig(config: { Mode?: string | undefined } | undefined): void {
  if (config?.Mode === "EXPRESS") throw new NotEmulatedError("the deployment mode EXPRESS");
}

export async function createStack(
  cx: Cx,
  input: Input<"cloudformation", "CreateStack">,
): Promise<Output<"cloudformation", "CreateStack">> {
  const name = input.StackName!;
  refuseDeploymentConfig(input.DeploymentConfig);
  if (input.OnFailure !== undefined && input.DisableRollback !== undefined)
    throw validationError("You can specify either DisableRollback or OnFailure, but not both.");
  const repeated = repeatedCreate(cx, name, input.ClientRequestToken);
  if (repeated) return { StackId: repeated };
  const draft = findStack(cx.state, cx.scope, name) ?? newStack(cx, name);
  const { definition } = await prepareDefinition(cx, input, draft, undefined);
  const principal = await deployingPrincipal(cx, input.RoleARN);
  const policyText = await readPolicy(cx, input.StackPolicyBody, input.StackPolicyURL);
  return cx.kernel.store.transaction(() => {
    const existing = findStack(cx.state, cx.scope, name);
    if (existing && existing.status !== "REVIEW_IN_PROGRESS") throw stackExists(name);
    const stack = existing ?? draft;
    const onFailure = input.OnFailure ?? (input.DisableRollback ? "DO_NOTHING" : "ROLLBACK");
    stack.definition = definition;
    stack.disableRollback = onFailure === "DO_NOTHING";
    stack.terminationProtection = input.EnableTerminationProtection ?? false;
    if (policyText !== undefined) stack.policyText = policyText;
    if (input.TimeoutInMinutes !== undefined) stack.timeoutMinutes = input.TimeoutInMinutes;
    cx.state.names.put([cx.scope.account, cx.scope.region, name], stack.stackId);
    if (input.ClientRequestToken !== undefined)
      cx.state.tokens.put([stack.stackId, input.ClientRequestToken], "create");
    beginCreate(cx, stack, {
      principal,
      onFailure,
      token: input.ClientRequestToken,
      retainExceptOnCreate: input.RetainExceptOnCreate ?? false,
    });
    return { StackId: stack.stackId };
  });
}

function repeatedCreate(cx: Cx, name: string, token: string | undefined): string | undefined {
  const stack = findStack(cx.state, cx.scope, name);
  if (!stack || stack.status === "REVIEW_IN_PROGRESS") return undefined;
  if (token !== undefined && cx.state.tokens.has([stack.stackId, token])) return stack.stackId;
  throw stackExists(name);
}

/** Begins to create a stack whose definition is set. */
export function beginCreate(
  cx: Cx,
  stack: StackRecord,
  options: Pick<OperationRecord, "principal"> & Partial<OperationRecord>,
): void {
  const timeoutAtMs =
    stack.timeoutMinutes === undefined ? {} : { timeoutAtMs: cx.kernel.clock.now() + stack.timeoutMinutes * 60_000 };
  for (const changeSetId of Array.from(cx.state.changeSetNames.values({ prefix: [stack.stackId] })))
    makeObsolete(cx, changeSetId);
  beginOperation(cx, stack, { kind: "create", phase: "forward", ...timeoutAtMs, ...options, formerTags: [] });
  new History(cx.state).stack(stack, "CREATE_IN_PROGRESS", USER_INITIATED);
}

/** A change set that was made for what the stack is no longer. */
function makeObsolete(cx: Cx, changeSetId: string): void {
  const changeSet = cx.state.changeSets.get([changeSetId]);
  if (changeSet?.executionStatus === "AVAILABLE")
    cx.state.changeSets.put([changeSetId], { ...changeSet, executionStatus: "OBSOLETE" });
}

export async function updateStack(
  cx: Cx,
  input: Input<"cloudformation", "UpdateStack">,
): Promise<Output<"cloudformation", "UpdateStack">> {
  refuseDeploymentConfig(input.DeploymentConfig);
  if (input.StackPolicyDuringUpdateBody !== undefined || input.StackPolicyDuringUpdateURL !== undefined)
    throw new NotEmulatedError("parameter StackPolicyDuringUpdateBody of UpdateStack");
  const stack = getStack(cx, input.StackName);
  if (input.ClientRequestToken !== undefined && cx.state.tokens.has([stack.stackId, input.ClientRequestToken]))
    return { StackId: stack.stackId };
  if (!isUpdatable(stack)) throw notUpdatable(stack.stackId, stack.status);
  const { definition, template } = await prepareDefinition(cx, input, stack, stack.definition);
  const principal = await deployingPrincipal(cx, definition.roleArn);
  const policyText = await readPolicy(cx, input.StackPolicyBody, input.StackPolicyURL);
  return cx.kernel.store.transaction(() => {
    if (!isUpdatable(stack)) throw notUpdatable(stack.stackId, stack.status);
    checkTypesKept(cx, stack, template);
    if (!changesStack(cx, stack, definition, template)) throw noUpdates();
    if (input.ClientRequestToken !== undefined)
      cx.state.tokens.put([stack.stackId, input.ClientRequestToken], "update");
    if (policyText !== undefined) stack.policyText = policyText;
    const onFailure = input.DisableRollback ? "DO_NOTHING" : "ROLLBACK";
    beginUpdate(cx, stack, definition, {
      principal,
      onFailure,
      token: input.ClientRequestToken,
      retainExceptOnCreate: input.RetainExceptOnCreate ?? false,
    });
    return { StackId: stack.stackId };
  });
}

/** Begins to bring a stack to a new definition. */
export function beginUpdate(
  cx: Cx,
  stack: StackRecord,
  definition: StackDefinition,
  options: Pick<OperationRecord, "principal"> & Partial<OperationRecord>,
): void {
  const former = { definition: stack.definition!, outputs: stack.outputs };
  const formerTags = stack.definition!.tags;
  stack.definition = definition;
  stack.updatedMs = cx.kernel.clock.now();
  beginOperation(cx, stack, { kind: "update", phase: "forward", former, formerTags, ...options });
  new History(cx.state).stack(stack, "UPDATE_IN_PROGRESS", USER_INITIATED);
}

/** @throws AwsError ValidationError where the new template gives a resource another type */
export function checkTypesKept(cx: Cx, stack: StackRecord, template: Template): void {
  const changed = [...livingResources(cx.state, stack).values()].filter((record) => {
    const declaration = template.resources[record.logicalId];
    return declaration !== undefined && declaration.Type !== record.type;
  });
  if (changed.length > 0)
    throw validationError(
      `Update of resource type is not permitted. The new template modifies resource type of the following resources: [${changed.map((record) => record.logicalId).join(", ")}]`,
    );
}

/** Works out what a definition would do to a stack. */
export function planFor(cx: Cx, stack: StackRecord, definition: StackDefinition, template: Template) {
  return planDeployment({
    template,
    types: cx.state.engine!.types,
    existing: livingResources(cx.state, stack),
    scope: { account: stack.account, region: stack.region },
    tagsChanged: !sameValue(stack.definition?.tags ?? [], definition.tags),
    environment: (resources) => environmentIn(cx.state, stack, template, definition, resources),
  });
}

/** Whether there is anything to be done: resources, outputs, tags, or where notifications go. */
export function changesStack(cx: Cx, stack: StackRecord, definition: StackDefinition, template: Template): boolean {
  const former = stack.definition;
  if (!former || stack.stalled) return true;
  const formerTemplate = checkTemplate(JSON.parse(former.processedText) as Record<string, unknown>);
  if (!sameValue(formerTemplate.outputs, template.outputs) || !sameValue(former.tags, definition.tags)) return true;
  if (!sameValue(former.notificationArns, definition.notificationArns)) return true;
  if (changesAnything(planFor(cx, stack, definition, template))) return true;
  return outputsChange(former, definition, template);
}

/** A parameter that an output names changes the output, without any resource changing. */
function outputsChange(former: StackDefinition, definition: StackDefinition, template: Template): boolean {
  const text = JSON.stringify([template.outputs, template.conditions]);
  return Object.entries(definition.parameters).some(
    ([name, value]) => !sameValue(former.parameters[name], value) && text.includes(name),
  );
}

async function readPolicy(cx: Cx, body: string | undefined, url: string | undefined): Promise<string | undefined> {
  const text = body ?? (url === undefined ? undefined : await readUrl(cx, url));
  if (text !== undefined) checkStackPolicy(text);
  return text;
}

export async function deleteStack(
  cx: Cx,
  input: Input<"cloudformation", "DeleteStack">,
): Promise<Output<"cloudformation", "DeleteStack">> {
  const stack = findStack(cx.state, cx.scope, input.StackName!);
  // AWS: deleting what is not there succeeds.
  if (!stack || stack.status === "DELETE_COMPLETE") return {};
  if (stack.terminationProtection)
    throw validationError(`Stack [${stack.stackName}] cannot be deleted while TerminationProtection is enabled`);
  const retain = input.RetainResources ?? [];
  if (retain.length > 0 && stack.status !== "DELETE_FAILED")
    throw validationError(
      `Invalid operation on stack [${stack.stackId}]. Specify retainResources only when the stack is in a DELETE_FAILED state.`,
    );
  const principal = await deployingPrincipal(cx, input.RoleARN ?? stack.definition?.roleArn);
  cx.kernel.store.transaction(() =>
    beginDelete(cx, stack, {
      principal,
      retain,
      forceDelete: input.DeletionMode === "FORCE_DELETE_STACK",
      token: input.ClientRequestToken,
    }),
  );
  return {};
}

/** Begins to delete a stack, calling a running creation off. */
export function beginDelete(
  cx: Cx,
  stack: StackRecord,
  options: Pick<OperationRecord, "principal"> & Partial<OperationRecord>,
): void {
  if (stack.status === "DELETE_IN_PROGRESS") return;
  if (stack.operation) {
    if (stack.status !== "CREATE_IN_PROGRESS")
      throw validationError(`Stack [${stack.stackName}] cannot be deleted while in status ${stack.status}`);
    return cx.state.engine!.cancel(stack.stackId, USER_INITIATED, true);
  }
  for (const changeSetId of Array.from(cx.state.changeSetNames.values({ prefix: [stack.stackId] })))
    makeObsolete(cx, changeSetId);
  beginOperation(cx, stack, { kind: "delete", phase: "delete", ...options });
  new History(cx.state).stack(stack, "DELETE_IN_PROGRESS", USER_INITIATED);
}

export function cancelUpdateStack(
  cx: Cx,
  input: Input<"cloudformation", "CancelUpdateStack">,
): Output<"cloudformation", "CancelUpdateStack"> {
  const stack = getStack(cx, input.StackName);
  if (stack.status !== "UPDATE_IN_PROGRESS")
    throw validationError(`CancelUpdateStack cannot be called from current stack status`);
  cx.state.engine!.cancel(stack.stackId, USER_INITIATED);
  return {};
}

export async function continueUpdateRollback(
  cx: Cx,
  input: Input<"cloudformation", "ContinueUpdateRollback">,
): Promise<Output<"cloudformation", "ContinueUpdateRollback">> {
  const stack = getStack(cx, input.StackName);
  if (stack.status !== "UPDATE_ROLLBACK_FAILED" || !stack.stalled)
    throw validationError(`Stack:${stack.stackId} is in ${stack.status} state and can not continue update rollback.`);
  await resumeRollback(
    cx,
    stack,
    input.RoleARN,
    input.ResourcesToSkip ?? [],
    "UPDATE_ROLLBACK_IN_PROGRESS",
    input.ClientRequestToken,
  );
  return {};
}

export async function rollbackStack(
  cx: Cx,
  input: Input<"cloudformation", "RollbackStack">,
): Promise<Output<"cloudformation", "RollbackStack">> {
  refuseDeploymentConfig(input.DeploymentConfig);
  const stack = getStack(cx, input.StackName);
  if ((stack.status !== "CREATE_FAILED" && stack.status !== "UPDATE_FAILED") || !stack.stalled)
    throw validationError(`Stack:${stack.stackId} is in ${stack.status} state and can not be rolled back.`);
  const status = stack.status === "CREATE_FAILED" ? "ROLLBACK_IN_PROGRESS" : "UPDATE_ROLLBACK_IN_PROGRESS";
  await resumeRollback(cx, stack, input.RoleARN, [], status, input.ClientRequestToken);
  return { StackId: stack.stackId };
}

async function resumeRollback(
  cx: Cx,
  stack: StackRecord,
  roleArn: string | undefined,
  retain: readonly string[],
  status: "ROLLBACK_IN_PROGRESS" | "UPDATE_ROLLBACK_IN_PROGRESS",
  token: string | undefined,
): Promise<void> {
  const principal = await deployingPrincipal(cx, roleArn ?? stack.definition?.roleArn);
  cx.kernel.store.transaction(() => {
    beginOperation(cx, stack, { ...stack.stalled!, phase: "rollback", principal, retain, token, cancelled: false });
    new History(cx.state).stack(stack, status, USER_INITIATED);
  });
}

export function updateTerminationProtection(
  cx: Cx,
  input: Input<"cloudformation", "UpdateTerminationProtection">,
): Output<"cloudformation", "UpdateTerminationProtection"> {
  const stack = getStack(cx, input.StackName);
  stack.terminationProtection = input.EnableTerminationProtection!;
  cx.state.stacks.put([stack.stackId], stack);
  return { StackId: stack.stackId };
}

export async function setStackPolicy(
  cx: Cx,
  input: Input<"cloudformation", "SetStackPolicy">,
): Promise<Output<"cloudformation", "SetStackPolicy">> {
  const stack = getStack(cx, input.StackName);
  const text = await readPolicy(cx, input.StackPolicyBody, input.StackPolicyURL);
  if (text === undefined) throw validationError("You must specify either StackPolicyBody or StackPolicyURL.");
  stack.policyText = text;
  cx.kernel.store.transaction(() => cx.state.stacks.put([stack.stackId], stack));
  return {};
}

export function getStackPolicy(
  cx: Cx,
  input: Input<"cloudformation", "GetStackPolicy">,
): Output<"cloudformation", "GetStackPolicy"> {
  const { policyText } = getStack(cx, input.StackName);
  return policyText === undefined ? {} : { StackPolicyBody: policyText };
}
