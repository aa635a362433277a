import type { ChangeSetSummary } from "@aws-sdk/client-cloudformation";
import { arn } from "../../../aws/arn.ts";
import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import { changesOf, withoutValues } from "../../../deploy/changes.ts";
import type { ParameterValues } from "../../../deploy/parameters.ts";
import type { Plan } from "../../../deploy/plan.ts";
import { checkTemplate, type Template } from "../../../deploy/template.ts";
import { TransformFailure } from "../../../deploy/transforms.ts";
import { prepareDefinition, readTemplateText } from "../definition.ts";
import { changeSetNotFound, changeSetStatus, notUpdatable, stackNotFound, validationError } from "../errors.ts";
import { History, masked } from "../history.ts";
import { deployingPrincipal } from "../operation.ts";
import { page } from "../page.ts";
import { findStack, getStack, isUpdatable, type Cx } from "../stacks.ts";
import type { ChangeSetRecord, StackDefinition, StackRecord } from "../state.ts";
import { describeParameters } from "./descriptions.ts";
import { beginCreate, beginUpdate, changesStack, checkTypesKept, newStack, planFor } from "./stacks.ts";

const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";
const PAGE = 100;

export async function createChangeSet(
  cx: Cx,
  input: Input<"cloudformation", "CreateChangeSet">,
): Promise<Output<"cloudformation", "CreateChangeSet">> {
  const type = input.ChangeSetType ?? "UPDATE";
  refuse(input, type);
  const existing = stackFor(cx, input, type);
  const stack = existing ?? newStack(cx, input.StackName!);
  const prepared = await prepareForReview(cx, input, stack);
  return cx.kernel.store.transaction(() => {
    const known = cx.state.changeSetNames.get([stack.stackId, input.ChangeSetName!]);
    if (known !== undefined)
      throw new AwsError(
        "AlreadyExistsException",
        `ChangeSet ${input.ChangeSetName} cannot be created due to a mismatch with existing attribute ClientToken`,
      );
    if (!existing) {
      cx.state.names.put([stack.account, stack.region, stack.stackName], stack.stackId);
      new History(cx.state).stack(stack, "REVIEW_IN_PROGRESS", "User Initiated");
    }
    const { definition } = prepared;
    const { changes, problems, failure } = review(cx, stack, prepared, type);
    const record: ChangeSetRecord = {
      changeSetId: arn("cloudformation", cx.scope, `changeSet/${input.ChangeSetName}/${cx.kernel.random.uuid()}`),
      name: input.ChangeSetName!,
      stackId: stack.stackId,
      stackName: stack.stackName,
      type,
      ...(input.Description === undefined ? {} : { description: input.Description }),
      createdMs: cx.kernel.clock.now(),
      definition,
      ...(input.OnStackFailure === undefined ? {} : { onFailure: input.OnStackFailure }),
      includeNested: input.IncludeNestedStacks ?? false,
      changes,
      problems,
      status: failure === undefined ? "CREATE_COMPLETE" : "FAILED",
      ...(failure === undefined ? {} : { statusReason: failure }),
      executionStatus: failure === undefined ? "AVAILABLE" : "UNAVAILABLE",
    };
    cx.state.changeSets.put([record.changeSetId], record);
    cx.state.changeSetNames.put([stack.stackId, record.name], record.changeSetId);
    return { Id: record.changeSetId, StackId: stack.stackId };
  });
}

interface Prepared {
  readonly definition: StackDefinition;
  readonly template?: Template;
  /** Why the template could not be expanded. */
  readonly failure?: string;
}

/** AWS: a transform that fails makes a failed change set; all else that is wrong with a template refuses it. */
async function prepareForReview(
  cx: Cx,
  input: Input<"cloudformation", "CreateChangeSet">,
  stack: StackRecord,
): Promise<Prepared> {
  const previous = stack.definition;
  try {
    return await prepareDefinition(cx, input, stack, previous, { expandsForReview: true });
  } catch (error) {
    if (!(error instanceof TransformFailure)) throw error;
    const templateText = await readTemplateText(cx, input, previous);
    return {
      definition: {
        templateText,
        processedText: templateText,
        parameters: {},
        tags: [],
        capabilities: input.Capabilities ?? [],
        notificationArns: input.NotificationARNs ?? [],
      },
      failure: error.message,
    };
  }
}

type Review = Pick<ChangeSetRecord, "changes" | "problems"> & { readonly failure?: string | undefined };

/** What executing the change set would change, or why it cannot be executed. */
function review(cx: Cx, stack: StackRecord, { definition, template, failure }: Prepared, type: string): Review {
  if (!template) return { changes: [], problems: [], failure };
  checkTypesKept(cx, stack, template);
  const plan = planFor(cx, stack, definition, template);
  const problems = problemsOf(plan);
  const told = problems.map(({ logicalId, problem }) => `${problem} [${logicalId}]`).join("; ");
  if (told !== "") return { changes: [], problems, failure: told };
  if (type === "UPDATE" && !changesStack(cx, stack, definition, template))
    return { changes: [], problems, failure: NO_CHANGES };
  const previous = previousOf(stack);
  const { parameters } = definition;
  const changes = changesOf({ plan, template, parameters, previous });
  return { changes: masked(changes, parameters, previous.parameters), problems };
}

function refuse(input: Input<"cloudformation", "CreateChangeSet">, type: string): asserts type is "CREATE" | "UPDATE" {
  if (type === "IMPORT" || (input.ResourcesToImport?.length ?? 0) > 0)
    throw new NotEmulatedError("change sets of type IMPORT");
  if (input.ImportExistingResources) throw new NotEmulatedError("parameter ImportExistingResources of CreateChangeSet");
  if (input.DeploymentMode !== undefined) throw new NotEmulatedError(`the deployment mode ${input.DeploymentMode}`);
  if (input.DeploymentConfig?.Mode === "EXPRESS") throw new NotEmulatedError("the deployment mode EXPRESS");
}

/** The stack that a change set is for; undefined where it is to be made. */
function stackFor(
  cx: Cx,
  input: Input<"cloudformation", "CreateChangeSet">,
  type: "CREATE" | "UPDATE",
): StackRecord | undefined {
  const found = findStack(cx.state, cx.scope, input.StackName!);
  const stack = found?.status === "DELETE_COMPLETE" ? undefined : found;
  if (type === "CREATE") {
    if (stack && stack.status !== "REVIEW_IN_PROGRESS")
      throw validationError(
        `Stack [${stack.stackName}] already exists and cannot be created again with the changeSet [${input.ChangeSetName}].`,
      );
    if (!stack && input.StackName!.startsWith("arn:")) throw stackNotFound(input.StackName!);
    return stack;
  }
  if (!stack) throw stackNotFound(input.StackName!);
  if (!isUpdatable(stack)) throw notUpdatable(stack.stackId, stack.status);
  return stack;
}

/** Everything that would make the deployment fail, found when it is reviewed and before anything is touched. */
function problemsOf(plan: Plan): ChangeSetRecord["problems"] {
  return [...plan.problems].flatMap(([logicalId, problems]) =>
    problems.map((problem) => ({ logicalId, type: plan.resources.get(logicalId)!.type, problem })),
  );
}

function previousOf(stack: StackRecord): { template: Template | undefined; parameters: ParameterValues } {
  const { definition } = stack;
  if (!definition) return { template: undefined, parameters: {} };
  return {
    template: checkTemplate(JSON.parse(definition.processedText) as Record<string, unknown>),
    parameters: definition.parameters,
  };
}

/** @throws AwsError ChangeSetNotFound; ValidationError where the stack is not there or not named */
export function findChangeSet(cx: Cx, name: string, stackName: string | undefined): ChangeSetRecord {
  if (name.startsWith("arn:")) {
    const record = cx.state.changeSets.get([name]);
    if (!record) throw changeSetNotFound(name);
    return record;
  }
  if (stackName === undefined)
    throw validationError("StackName must be specified if ChangeSetName is not specified as an ARN.");
  const stack = getStack(cx, stackName);
  const id = cx.state.changeSetNames.get([stack.stackId, name]);
  if (id === undefined) throw changeSetNotFound(name);
  return cx.state.changeSets.get([id])!;
}

export function describeChangeSet(
  cx: Cx,
  input: Input<"cloudformation", "DescribeChangeSet">,
): Output<"cloudformation", "DescribeChangeSet"> {
  const record = findChangeSet(cx, input.ChangeSetName!, input.StackName);
  const { definition } = record;
  const { items, NextToken } = page(record.changes, PAGE, input.NextToken);
  const parameters = describeParameters(definition.parameters);
  return {
    ...summary(record),
    ...(parameters.length > 0 && { Parameters: parameters }),
    NotificationARNs: [...definition.notificationArns],
    RollbackConfiguration: {},
    Capabilities: [...definition.capabilities] as Output<"cloudformation", "DescribeChangeSet">["Capabilities"],
    ...(definition.tags.length > 0 && { Tags: [...definition.tags] }),
    Changes: items.map((change) => (input.IncludePropertyValues ? change : withoutValues(change))),
    ...(NextToken && { NextToken }),
    ...(record.onFailure !== undefined && { OnStackFailure: record.onFailure }),
  };
}

function summary(record: ChangeSetRecord): ChangeSetSummary {
  return {
    StackId: record.stackId,
    StackName: record.stackName,
    ChangeSetId: record.changeSetId,
    ChangeSetName: record.name,
    ExecutionStatus: record.executionStatus,
    Status: record.status,
    ...(record.statusReason !== undefined && { StatusReason: record.statusReason }),
    CreationTime: new Date(record.createdMs),
    ...(record.description !== undefined && { Description: record.description }),
    IncludeNestedStacks: record.includeNested,
  };
}

export function listChangeSets(
  cx: Cx,
  input: Input<"cloudformation", "ListChangeSets">,
): Output<"cloudformation", "ListChangeSets"> {
  const stack = getStack(cx, input.StackName);
  const records = [...cx.state.changeSetNames.values({ prefix: [stack.stackId] })].map((id) =>
    cx.state.changeSets.get([id])!,
  );
  const { items, NextToken } = page(
    records.filter((record) => record.executionStatus !== "EXECUTE_COMPLETE"),
    PAGE,
    input.NextToken,
  );
  return { Summaries: items.map(summary), ...(NextToken && { NextToken }) };
}

export function deleteChangeSet(
  cx: Cx,
  input: Input<"cloudformation", "DeleteChangeSet">,
): Output<"cloudformation", "DeleteChangeSet"> {
  const name = input.ChangeSetName!;
  if (name.startsWith("arn:") && !cx.state.changeSets.has([name])) return {};
  if (!name.startsWith("arn:")) {
    if (input.StackName === undefined)
      throw validationError("StackName must be specified if ChangeSetName is not specified as an ARN.");
    // AWS: a change set that is not there is deleted without complaint, in a stack that is there.
    if (!cx.state.changeSetNames.has([getStack(cx, input.StackName).stackId, name])) return {};
  }
  removeChangeSet(cx, findChangeSet(cx, name, input.StackName));
  return {};
}

function removeChangeSet(cx: Cx, record: ChangeSetRecord): void {
  cx.state.changeSets.remove([record.changeSetId]);
  cx.state.changeSetNames.remove([record.stackId, record.name]);
}

export async function executeChangeSet(
  cx: Cx,
  input: Input<"cloudformation", "ExecuteChangeSet">,
): Promise<Output<"cloudformation", "ExecuteChangeSet">> {
  const record = findChangeSet(cx, input.ChangeSetName!, input.StackName);
  checkExecutable(record);
  const principal = await deployingPrincipal(cx, record.definition.roleArn);
  cx.kernel.store.transaction(() => {
    const current = cx.state.changeSets.get([record.changeSetId]);
    if (!current) throw changeSetNotFound(record.name);
    checkExecutable(current);
    const stack = getStack(cx, current.stackId);
    const isNew = stack.status === "REVIEW_IN_PROGRESS";
    if (!isNew && !isUpdatable(stack)) throw notUpdatable(stack.stackId, stack.status);
    cx.state.changeSets.put([current.changeSetId], { ...current, executionStatus: "EXECUTE_COMPLETE" });
    // AWS: executing a change set deletes the stack's others.
    for (const id of Array.from(cx.state.changeSetNames.values({ prefix: [stack.stackId] })))
      if (id !== current.changeSetId) removeChangeSet(cx, cx.state.changeSets.get([id])!);
    cx.state.changeSetNames.remove([stack.stackId, current.name]);
    stack.changeSetId = current.changeSetId;
    stack.disableRollback = input.DisableRollback ?? false;
    const onFailure = current.onFailure ?? (input.DisableRollback ? "DO_NOTHING" : "ROLLBACK");
    const options = {
      principal,
      onFailure,
      token: input.ClientRequestToken,
      retainExceptOnCreate: input.RetainExceptOnCreate ?? false,
    };
    if (isNew) {
      stack.definition = current.definition;
      // AWS: a stack made by a change set says when the change set was executed as its last update.
      stack.updatedMs = cx.kernel.clock.now();
      beginCreate(cx, stack, options);
    } else beginUpdate(cx, stack, current.definition, options);
  });
  return {};
}

function checkExecutable(record: ChangeSetRecord): void {
  if (record.executionStatus === "AVAILABLE") return;
  const status = record.status === "FAILED" ? record.status : record.executionStatus;
  throw changeSetStatus(`ChangeSet [${record.changeSetId}] cannot be executed in its current status of [${status}]`);
}
