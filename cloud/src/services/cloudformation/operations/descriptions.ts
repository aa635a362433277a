import type { Stack, StackDriftStatus, StackEvent, StackResource, StackSummary } from "@aws-sdk/client-cloudformation";
import type { Input, Output } from "../../../aws/api-types.ts";
import { workingAddresses } from "../../../aws/addresses.ts";
import type { ParameterValues } from "../../../deploy/parameters.ts";
import { resourceNotFound, stackNotFound, stackWithIdNotFound, validationError } from "../errors.ts";
import { page } from "../page.ts";
import { findStack, type Cx } from "../stacks.ts";
import type { ResourceRecord, StackRecord } from "../state.ts";

/** AWS: DescribeStackEvents, ListStackResources and the lists of stacks answer 100 a page. */
const PAGE = 100;
const NO_DRIFT = { StackDriftStatus: "NOT_CHECKED" satisfies StackDriftStatus } as const;
const NO_RESOURCE_DRIFT = { StackResourceDriftStatus: "NOT_CHECKED" } as const;
const MASK = "****";

export function describeStacks(
  cx: Cx,
  input: Input<"cloudformation", "DescribeStacks">,
): Output<"cloudformation", "DescribeStacks"> {
  if (input.StackName !== undefined) {
    const stack = findStack(cx.state, cx.scope, input.StackName);
    if (!stack) throw stackWithIdNotFound(input.StackName);
    return { Stacks: [describeStack(cx, stack)] };
  }
  const living = stacksOf(cx).filter((stack) => stack.status !== "DELETE_COMPLETE");
  const { items, NextToken } = page(living, PAGE, input.NextToken);
  return { Stacks: items.map((stack) => describeStack(cx, stack)), ...(NextToken && { NextToken }) };
}

function stacksOf(cx: Cx): StackRecord[] {
  const { account, region } = cx.scope;
  return [...cx.state.stacks.values()]
    .filter((stack) => stack.account === account && stack.region === region)
    .toSorted((a, b) => b.createdMs - a.createdMs);
}

function describeStack(cx: Cx, stack: StackRecord): Stack {
  const { definition } = stack;
  const isDeleted = stack.status === "DELETE_COMPLETE";
  const parameters = describeParameters(definition?.parameters ?? {});
  return {
    StackId: stack.stackId,
    StackName: stack.stackName,
    ...(stack.changeSetId !== undefined && { ChangeSetId: stack.changeSetId }),
    ...(definition?.description !== undefined && { Description: definition.description }),
    ...(parameters.length > 0 && { Parameters: parameters }),
    CreationTime: new Date(stack.createdMs),
    ...(stack.deletedMs !== undefined && { DeletionTime: new Date(stack.deletedMs) }),
    ...(stack.updatedMs !== undefined && { LastUpdatedTime: new Date(stack.updatedMs) }),
    RollbackConfiguration: {},
    StackStatus: stack.status,
    ...(stack.statusReason !== undefined && { StackStatusReason: stack.statusReason }),
    DisableRollback: stack.disableRollback,
    NotificationARNs: [...(definition?.notificationArns ?? [])],
    ...(stack.timeoutMinutes !== undefined && { TimeoutInMinutes: stack.timeoutMinutes }),
    ...(definition &&
      definition.capabilities.length > 0 && { Capabilities: [...definition.capabilities] as Stack["Capabilities"] }),
    ...(stack.outputs.length > 0 && { Outputs: describeOutputs(cx, stack) }),
    ...(definition?.roleArn !== undefined && { RoleARN: definition.roleArn }),
    Tags: [...(definition?.tags ?? [])],
    ...(!isDeleted && { EnableTerminationProtection: stack.terminationProtection }),
    ...(stack.parentId !== undefined && { ParentId: stack.parentId, RootId: stack.rootId }),
    DriftInformation: NO_DRIFT,
  };
}

/** Outputs leave with addresses that work here. */
function describeOutputs(cx: Cx, stack: StackRecord) {
  return stack.outputs.map(({ key, value, description, exportName }) => ({
    OutputKey: key,
    OutputValue: workingAddresses(value, cx.endpoint()),
    ...(description !== undefined && { Description: description }),
    ...(exportName !== undefined && { ExportName: exportName }),
  }));
}

/** A stack's parameters as they may be shown. */
export function describeParameters(parameters: ParameterValues) {
  return Object.entries(parameters).map(([ParameterKey, { value, resolved, noEcho }]) => ({
    ParameterKey,
    ParameterValue: noEcho ? MASK : value,
    ...(resolved !== undefined && { ResolvedValue: resolved }),
  }));
}

export function listStacks(
  cx: Cx,
  input: Input<"cloudformation", "ListStacks">,
): Output<"cloudformation", "ListStacks"> {
  const wanted = input.StackStatusFilter ?? [];
  const stacks = stacksOf(cx).filter((stack) => wanted.length === 0 || wanted.includes(stack.status));
  const { items, NextToken } = page(stacks, PAGE, input.NextToken);
  return { StackSummaries: items.map(summarize), ...(NextToken && { NextToken }) };
}

function summarize(stack: StackRecord): StackSummary {
  return {
    StackId: stack.stackId,
    StackName: stack.stackName,
    ...(stack.definition?.description !== undefined && { TemplateDescription: stack.definition.description }),
    CreationTime: new Date(stack.createdMs),
    ...(stack.updatedMs !== undefined && { LastUpdatedTime: new Date(stack.updatedMs) }),
    ...(stack.deletedMs !== undefined && { DeletionTime: new Date(stack.deletedMs) }),
    StackStatus: stack.status,
    ...(stack.statusReason !== undefined && { StackStatusReason: stack.statusReason }),
    ...(stack.parentId !== undefined && { ParentId: stack.parentId, RootId: stack.rootId }),
    DriftInformation: NO_DRIFT,
  };
}

export function describeStackEvents(
  cx: Cx,
  input: Input<"cloudformation", "DescribeStackEvents">,
): Output<"cloudformation", "DescribeStackEvents"> {
  const stack = findStack(cx.state, cx.scope, input.StackName ?? "");
  if (!stack) throw stackNotFound(input.StackName ?? "");
  const events = [...cx.state.events.values({ prefix: [stack.stackId], reverse: true })];
  const { items, NextToken } = page(events, PAGE, input.NextToken);
  const told = items.map((event): StackEvent => ({
    StackId: stack.stackId,
    EventId: event.id,
    StackName: stack.stackName,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: new Date(event.atMs),
    ResourceStatus: event.status,
    ...(event.reason !== undefined && { ResourceStatusReason: event.reason }),
    ...(event.propertiesText !== undefined && { ResourceProperties: event.propertiesText }),
    ...(event.token !== undefined && { ClientRequestToken: event.token }),
  }));
  return { StackEvents: told, ...(NextToken && { NextToken }) };
}

export function describeStackResource(
  cx: Cx,
  input: Input<"cloudformation", "DescribeStackResource">,
): Output<"cloudformation", "DescribeStackResource"> {
  const stack = findStack(cx.state, cx.scope, input.StackName!);
  if (!stack) throw validationError(`Stack '${input.StackName}' does not exist`);
  const record = cx.state.resources.get([stack.stackId, input.LogicalResourceId!]);
  if (!record) throw resourceNotFound(input.LogicalResourceId!, stack.stackName);
  const { Timestamp, ...resource } = describeResource(stack, record);
  return {
    StackResourceDetail: {
      ...resource,
      LastUpdatedTimestamp: Timestamp,
      Metadata: JSON.stringify(record.metadata ?? {}),
    },
  };
}

export function describeStackResources(
  cx: Cx,
  input: Input<"cloudformation", "DescribeStackResources">,
): Output<"cloudformation", "DescribeStackResources"> {
  if (input.StackName !== undefined && input.PhysicalResourceId !== undefined)
    throw validationError("Cannot specify both StackName and PhysicalResourceId");
  const stack =
    input.StackName === undefined
      ? findByPhysicalId(cx, input.PhysicalResourceId)
      : findStack(cx.state, cx.scope, input.StackName);
  if (!stack) {
    if (input.StackName === undefined)
      throw validationError(`Stack for ${input.PhysicalResourceId ?? "null"} does not exist`);
    throw stackWithIdNotFound(input.StackName);
  }
  const records = cx.state
    .resourcesOf(stack.stackId)
    .filter((record) => input.LogicalResourceId === undefined || record.logicalId === input.LogicalResourceId);
  return {
    StackResources: records.map((record) => ({
      ...describeResource(stack, record),
      DriftInformation: NO_RESOURCE_DRIFT,
    })),
  };
}

function findByPhysicalId(cx: Cx, physicalId: string | undefined): StackRecord | undefined {
  if (physicalId === undefined) throw validationError("Either StackName or PhysicalResourceId must be specified");
  return stacksOf(cx).find((stack) =>
    cx.state.resourcesOf(stack.stackId).some((record) => record.physicalId === physicalId),
  );
}

function describeResource(stack: StackRecord, record: ResourceRecord): StackResource {
  return {
    StackName: stack.stackName,
    StackId: stack.stackId,
    LogicalResourceId: record.logicalId,
    ...(record.physicalId !== undefined && { PhysicalResourceId: record.physicalId }),
    ResourceType: record.type,
    Timestamp: new Date(record.updatedMs),
    ResourceStatus: record.status,
    ...(record.statusReason !== undefined && { ResourceStatusReason: record.statusReason }),
    DriftInformation: NO_RESOURCE_DRIFT,
  };
}

export function listStackResources(
  cx: Cx,
  input: Input<"cloudformation", "ListStackResources">,
): Output<"cloudformation", "ListStackResources"> {
  const stack = findStack(cx.state, cx.scope, input.StackName!);
  if (!stack) throw stackWithIdNotFound(input.StackName!);
  const { items, NextToken } = page(cx.state.resourcesOf(stack.stackId), PAGE, input.NextToken);
  const summaries = items.map((record) => {
    const { StackName: _name, StackId: _id, Timestamp, ...resource } = describeResource(stack, record);
    return { ...resource, LastUpdatedTimestamp: Timestamp, DriftInformation: NO_RESOURCE_DRIFT };
  });
  return { StackResourceSummaries: summaries, ...(NextToken && { NextToken }) };
}
