import type { Environment } from "./environment.ts";
import type { FunctionSpecification, Invocation, InvocationResult } from "./specification.ts";

/** A request that no environment has taken yet. */
export interface Waiting {
  readonly sinceMs: number;
  readonly invocation: Invocation;
  readonly settle: (result: InvocationResult) => void;
  readonly fail: (error: unknown) => void;
}

/** The environments of one version of a function. */
export interface Fleet {
  specification: FunctionSpecification;
  /** The most recently used one last. */
  idle: Environment[];
  all: Set<Environment>;
  starting: number;
  waiting: Waiting[];
  /** How many environments are kept ready, used or not (provisioned concurrency). */
  provisioned: number;
  /** It will be looked at whether it needs more environments. */
  growing: boolean;
}

/** @param waiting requests that an older version has left */
export function newFleet(specification: FunctionSpecification, waiting: Waiting[] = []): Fleet {
  return { specification, idle: [], all: new Set(), starting: 0, waiting, provisioned: 0, growing: false };
}

export function countProvisioned(fleet: Fleet): number {
  let count = 0;
  for (const environment of fleet.all) if (environment.provisioned && !environment.retired) count++;
  return count;
}

/** The environments that nobody uses and that need not be there. */
export function idleOf(fleets: Iterable<Fleet>): Environment[] {
  return [...fleets].flatMap((fleet) => fleet.idle.filter((environment) => !environment.provisioned));
}
