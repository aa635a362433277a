import { reversed } from "../../deploy/graph.ts";
import { runGraph } from "./graph-run.ts";
import { isRetained, leftoverAsRecord } from "./records.ts";
import type { CloudFormationState, LeftoverRecord, OperationRecord, ResourceRecord, StackRecord } from "./state.ts";
import type { Deletion } from "./deletion.ts";

const ROUNDS_MAX = 3;

interface Node {
  readonly record: ResourceRecord;
  readonly leftover?: LeftoverRecord;
  readonly retained: boolean;
  readonly snapshot: boolean;
}

export interface RemovalOptions {
  /** Whether records stay with DELETE_COMPLETE (the stack is going) or are removed. */
  readonly keepsRecords: boolean;
  /** Whether an operation that made the resources is rolled back. */
  readonly rollsBack: boolean;
}

/**
 * Deletes resources, and what replacements have left: what needs others goes first. What fails is tried again once
 * others are gone.
 * @returns logical ids of what could not be deleted
 */
export async function removeAll(
  state: CloudFormationState,
  stack: StackRecord,
  operation: OperationRecord,
  deletion: Deletion,
  records: readonly ResourceRecord[],
  options: RemovalOptions,
): Promise<string[]> {
  const nodes = nodesOf(state, stack, operation, records, options);
  const left = new Map(reversed(needsOf(nodes)));
  let failed: string[] = [];
  for (let round = 0; round < ROUNDS_MAX && left.size > 0; round++) {
    const before = left.size;
    const gives = operation.forceDelete && round > 0;
    const attempt = async (key: string): Promise<boolean> => {
      const { record, leftover, retained, snapshot } = nodes.get(key)!;
      const done = await deletion.remove(record, {
        retained: retained || gives,
        snapshot,
        hasRecord: !leftover,
        keepsRecord: options.keepsRecords,
      });
      if (done) left.delete(key);
      return done;
    };
    failed = await runGraph(new Map(left), attempt, { goOn: true });
    if (left.size === before && !operation.forceDelete) break;
  }
  // AWS: what a replacement has left and cannot be deleted is no longer the stack's.
  for (const { leftover } of nodes.values())
    if (leftover) state.leftovers.remove([stack.stackId, leftover.logicalId, leftover.physicalId]);
  return failed.map((key) => nodes.get(key)!.record.logicalId);
}

function nodesOf(
  state: CloudFormationState,
  stack: StackRecord,
  operation: OperationRecord,
  records: readonly ResourceRecord[],
  options: RemovalOptions,
): Map<string, Node> {
  const nodes = new Map<string, Node>();
  for (const leftover of state.leftovers.values({ prefix: [stack.stackId] }))
    nodes.set(`${leftover.logicalId} ${leftover.physicalId}`, {
      record: leftoverAsRecord(leftover),
      leftover,
      retained: leftover.retained,
      snapshot: leftover.snapshot,
    });
  for (const record of records) {
    const goesWithRollback = options.rollsBack && operation.retainExceptOnCreate === true;
    const byPolicy = !goesWithRollback && isRetained(record.deletionPolicy, options.rollsBack);
    const retained = byPolicy || operation.retain.includes(record.logicalId);
    const snapshot = record.deletionPolicy === "Snapshot" && !options.rollsBack;
    nodes.set(record.logicalId, { record, retained, snapshot });
  }
  return nodes;
}

/** By node, the nodes of the resources that it needs. */
function needsOf(nodes: ReadonlyMap<string, Node>): Map<string, Set<string>> {
  const byLogicalId = new Map<string, string[]>();
  for (const [key, { record }] of nodes)
    byLogicalId.set(record.logicalId, [...(byLogicalId.get(record.logicalId) ?? []), key]);
  return new Map(
    [...nodes].map(([key, { record }]) => [key, new Set(record.needs.flatMap((need) => byLogicalId.get(need) ?? []))]),
  );
}
