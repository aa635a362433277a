import type { BeaconStackOperationStatus, OperationEvent, OperationType } from "@aws-sdk/client-cloudformation";
import type { Input, Output } from "../../../aws/api-types.ts";
import { stackNotFound, validationError } from "../errors.ts";
import { page } from "../page.ts";
import { findStack, type Cx } from "../stacks.ts";
import type { ChangeSetRecord, EventRecord, StackRecord } from "../state.ts";
import { findChangeSet } from "./change-sets.ts";

const PAGE = 100;

/** What happened in the operations of a stack, newest first; of a change set, what its validation found. */
export function describeEvents(
  cx: Cx,
  input: Input<"cloudformation", "DescribeEvents">,
): Output<"cloudformation", "DescribeEvents"> {
  const onlyFailed = input.Filters?.FailedEvents === true;
  const events = eventsOf(cx, input).filter((event) => !onlyFailed || isFailure(event));
  const { items, NextToken } = page(events, PAGE, input.NextToken);
  return { OperationEvents: [...items], ...(NextToken && { NextToken }) };
}

function eventsOf(
  cx: Cx,
  { ChangeSetName, StackName, OperationId }: Input<"cloudformation", "DescribeEvents">,
): OperationEvent[] {
  if (ChangeSetName !== undefined) return validationEvents(findChangeSet(cx, ChangeSetName, StackName));
  if (StackName === undefined)
    throw validationError("Either StackName, ChangeSetName or OperationId must be specified.");
  const stack = findStack(cx.state, cx.scope, StackName);
  if (!stack) throw stackNotFound(StackName);
  return Array.from(cx.state.events.values({ prefix: [stack.stackId], reverse: true }))
    .filter((event) => OperationId === undefined || event.operationId === OperationId)
    .map((event) => operationEvent(stack, event));
}

function isFailure(event: OperationEvent): boolean {
  return event.ResourceStatus?.endsWith("_FAILED") === true || event.ValidationStatus === "FAILED";
}

function operationEvent(stack: StackRecord, event: EventRecord): OperationEvent {
  const isStack = event.physicalId === stack.stackId;
  return {
    EventId: event.id,
    StackId: stack.stackId,
    ...(event.operationId !== undefined && { OperationId: event.operationId }),
    ...(isStack && { OperationType: operationType(event.status), OperationStatus: operationStatus(event.status) }),
    EventType: event.status.endsWith("_FAILED") ? "PROVISIONING_ERROR" : "STACK_EVENT",
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: new Date(event.atMs),
    ResourceStatus: event.status,
    ...(event.reason !== undefined && { ResourceStatusReason: event.reason }),
    ...(event.propertiesText !== undefined && { ResourceProperties: event.propertiesText }),
    ...(event.token !== undefined && { ClientRequestToken: event.token }),
  };
}

function operationType(status: string): OperationType {
  if (status.startsWith("DELETE")) return "DELETE_STACK";
  if (status.includes("ROLLBACK")) return "ROLLBACK";
  if (status.startsWith("UPDATE")) return "UPDATE_STACK";
  return status.startsWith("REVIEW") ? "CREATE_CHANGESET" : "CREATE_STACK";
}

function operationStatus(status: string): BeaconStackOperationStatus {
  if (status.endsWith("_FAILED")) return "FAILED";
  return status.endsWith("_IN_PROGRESS") ? "IN_PROGRESS" : "SUCCEEDED";
}

/** What cannot be deployed, resource by resource. */
function validationEvents(record: ChangeSetRecord): OperationEvent[] {
  return record.problems.map(({ logicalId, type, problem }, index) => ({
    EventId: `${record.changeSetId}/${index}`,
    StackId: record.stackId,
    OperationId: record.changeSetId,
    OperationType: "CREATE_CHANGESET",
    OperationStatus: "FAILED",
    EventType: "VALIDATION_ERROR",
    LogicalResourceId: logicalId,
    PhysicalResourceId: "",
    ResourceType: type,
    Timestamp: new Date(record.createdMs),
    ValidationFailureMode: "FAIL",
    ValidationName: problem.startsWith("Katachi") ? "KATACHI_EMULATION" : "PROPERTY_VALIDATION",
    ValidationStatus: "FAILED",
    ValidationStatusReason: problem,
    ValidationPath: `/Resources/${logicalId}`,
  }));
}

/** There are no hooks here, so none has anything to say. */
export function listHookResults(): Output<"cloudformation", "ListHookResults"> {
  return { HookResults: [] };
}
