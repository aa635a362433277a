import type { ExistingResource } from "../../deploy/plan.ts";
import type { CloudFormationState, LeftoverRecord, ResourceRecord, StackRecord } from "./state.ts";

export type LivingRecord = ResourceRecord & { readonly physicalId: string };

/** Whether there is something physical behind a record. */
export function isLiving(record: ResourceRecord | undefined): record is LivingRecord {
  return record?.physicalId !== undefined && !isGone(record);
}

/** Whether the stack is done with a resource. */
export function isGone(record: ResourceRecord): boolean {
  return record.status === "DELETE_COMPLETE" || record.status === "DELETE_SKIPPED";
}

/** The resources of a stack that exist, by logical id. */
export function livingResources(state: CloudFormationState, stack: StackRecord): ReadonlyMap<string, LivingRecord> {
  const living = state.resourcesOf(stack.stackId).filter(isLiving);
  return new Map(living.map((record) => [record.logicalId, record]));
}

/** A record without what it keeps of the running operation. */
export function settled(record: ResourceRecord): ResourceRecord {
  const { former: _former, step: _step, ...rest } = record;
  return rest;
}

/** What a replacement or rollback has left, in the form of a resource of the stack. */
export function leftoverAsRecord(leftover: LeftoverRecord): ResourceRecord {
  return {
    ...leftover,
    ref: undefined,
    attributes: {},
    metadata: undefined,
    deletionPolicy: undefined,
    updateReplacePolicy: undefined,
    status: "DELETE_IN_PROGRESS",
    updatedMs: 0,
    seed: leftover.physicalId,
  };
}

/** AWS: `RetainExceptOnCreate` keeps a resource, except where the operation that made it is rolled back. */
export function isRetained(policy: string | undefined, rollsBack: boolean): boolean {
  return policy === "Retain" || (policy === "RetainExceptOnCreate" && !rollsBack);
}

/** "The following resource(s) failed to create: [A]. The following resource(s) failed to update: [B]. " */
export function failedResources(records: readonly ExistingResourceWithStatus[]): string | undefined {
  const told = (["create", "update"] as const).flatMap((verb) => {
    const ids = records
      .filter((record) => record.status === `${verb.toUpperCase()}_FAILED`)
      .map((record) => record.logicalId);
    return ids.length > 0 ? [failedTo(verb, ids)] : [];
  });
  return told.length > 0 ? told.join("") : undefined;
}

type ExistingResourceWithStatus = ExistingResource & { readonly status: string };

/** AWS: the sentence ends in a space. */
export function failedTo(verb: "create" | "update" | "delete", logicalIds: readonly string[]): string {
  return `The following resource(s) failed to ${verb}: [${logicalIds.join(", ")}]. `;
}
