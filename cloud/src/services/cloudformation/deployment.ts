import type { StackStatus } from "@aws-sdk/client-cloudformation";
import { AwsError } from "../../aws/error.ts";
import type { SecretReader } from "../../deploy/dynamic-references.ts";
import { sameValue } from "../../deploy/properties.ts";
import type { ResourceTypes } from "../../deploy/resource-types.ts";
import type { Span } from "../../kernel/trace.ts";
import type { ServiceContext } from "../../service.ts";
import { Deletion } from "./deletion.ts";
import { StepFailure } from "./failure.ts";
import { Forward } from "./forward.ts";
import { runGraph } from "./graph-run.ts";
import { History } from "./history.ts";
import { InFlight } from "./in-flight.ts";
import { exportsOf, importersOf, publishOutputs, resolveOutputs, withdrawExports, type NewOutputs } from "./outputs.ts";
import { failedTo, isGone, isLiving, isRetained, settled } from "./records.ts";
import { removeAll, type RemovalOptions } from "./removal.ts";
import { secretReader } from "./secrets.ts";
import type { CloudFormationState, OperationRecord, ResourceRecord, StackRecord } from "./state.ts";
import type { StepsParts } from "./step-base.ts";
import { Steps } from "./steps.ts";

/**
 * One operation on one stack, from the phase in which it stands to its end: forward, back, clean up, delete. Where it
 * stands is written down at each step, so that what a crash cut short goes on with a new object of this class.
 */
export class Deployment {
  readonly stack: StackRecord;
  readonly #state: CloudFormationState;
  readonly #history: History;
  readonly #inFlight: InFlight;
  readonly #span: Span;
  readonly #secrets: SecretReader;
  /** Of the phase that runs. */
  #abort = new AbortController();
  #steps: Steps;

  constructor(
    private readonly service: ServiceContext<CloudFormationState>,
    private readonly types: ResourceTypes,
    stack: StackRecord,
  ) {
    const { kernel, state } = service;
    this.#state = state;
    this.stack = stack;
    const { kind, principal } = this.#operation;
    this.#history = new History(state);
    this.#inFlight = new InFlight(kernel.activity, `cloudformation:${stack.stackName}:${kind}`);
    const { account, region, stackId } = stack;
    this.#span = kernel.trace.start({ name: `cloudformation:stack-${kind}`, account, region, resource: stackId });
    this.#secrets = secretReader(service, stack, principal, this.#span);
    this.#steps = new Steps(this.#stepParts());
  }

  get #operation(): OperationRecord {
    return this.stack.operation!;
  }

  /** Runs the operation to its end. What goes wrong is the stack's status; it rejects for a bug of ours only. */
  async run(): Promise<void> {
    try {
      while (this.stack.operation) {
        this.#abort = new AbortController();
        this.#steps = new Steps(this.#stepParts());
        await this.#phase(this.stack.operation);
      }
      this.service.kernel.trace.end(this.#span, {
        output: { status: this.stack.status, reason: this.stack.statusReason },
      });
    } finally {
      this.#inFlight.close();
    }
  }

  /** Calls the way forward off: what runs is waited for, then the stack goes back (or is deleted). */
  cancel(reason: string, thenDelete = false): void {
    const operation = this.#operation;
    operation.cancelled = true;
    operation.rollbackReason ??= reason;
    if (thenDelete) operation.thenDelete = true;
    this.#state.stacks.put([this.stack.stackId], this.stack);
    this.#abort.abort();
  }

  /** Leaves the operation where it stands; see `InFlight.halt`. */
  halt(): Promise<void> {
    return this.#inFlight.halt();
  }

  #stepParts(): StepsParts {
    return {
      service: this.service,
      types: this.types,
      history: this.#history,
      stack: this.stack,
      principal: this.#operation.principal,
      span: this.#span,
      signal: this.#abort.signal,
      inFlight: this.#inFlight,
      formerTags: this.#operation.formerTags,
      operationId: this.#operation.id,
      secrets: this.#secrets,
    };
  }

  #phase(operation: OperationRecord): Promise<void> {
    switch (operation.phase) {
      case "forward":
        return this.#forward();
      case "cleanup":
        return this.#cleanUp();
      case "rollback":
        return operation.former ? this.#rollBackUpdate(operation.former) : this.#rollBackCreate();
      case "rollback-cleanup":
        return this.#cleanUpRollback();
      case "delete":
        return this.#delete();
    }
  }

  async #forward(): Promise<void> {
    const { timeoutAtMs } = this.#operation;
    const { clock } = this.service.kernel;
    const timedOut = () => this.cancel("Stack creation time exceeded the specified timeout.");
    const disarm = timeoutAtMs === undefined ? () => undefined : clock.at(timeoutAtMs, timedOut);
    const outcome = await this.#deploy();
    disarm();
    const reason = this.#operation.cancelled ? this.#operation.rollbackReason : outcome.failure;
    if (reason === undefined) this.#succeed(outcome.outputs!);
    else this.#fail(reason);
  }

  async #deploy(): Promise<{ failure?: string; outputs?: NewOutputs }> {
    const { stack, types } = this;
    try {
      const forward = new Forward({
        state: this.#state,
        types,
        stack,
        operation: this.#operation,
        steps: this.#steps,
        abort: this.#abort,
        warn: (warnings) => (this.#span.attributes["warnings"] = warnings),
      });
      const failure = await forward.run();
      if (failure !== undefined) return { failure };
      return { outputs: await resolveOutputs(this.#state, stack, forward.template, forward.env, this.#secrets) };
    } catch (error) {
      if (error instanceof AwsError || error instanceof StepFailure) return { failure: `${error.message}. ` };
      throw error;
    }
  }

  #succeed(outputs: NewOutputs): void {
    const operation = this.#operation;
    this.service.kernel.store.transaction(() => {
      publishOutputs(this.#state, this.stack, outputs);
      delete this.stack.stalled;
      for (const record of this.#state.resourcesOf(this.stack.stackId))
        this.#settle(record, new Set(outputs.logicalIds));
      if (operation.kind === "create") return this.#finish("CREATE_COMPLETE");
      operation.phase = "cleanup";
      this.#history.stack(this.stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
    });
  }

  /** Forgets what a resource was before. What a replacement has left, and what the template has no longer, is to go. */
  #settle(record: ResourceRecord, wanted: ReadonlySet<string>): void {
    const { former, step } = record;
    const isDead = !isLiving(record);
    if (!wanted.has(record.logicalId)) {
      if (isDead) this.#state.resources.remove([this.stack.stackId, record.logicalId]);
      else this.#state.putResource(this.stack.stackId, { ...settled(record), unwanted: true });
      return;
    }
    this.#state.putResource(this.stack.stackId, settled(record));
    if (step?.kind === "replace" && former?.physicalId !== undefined && former.physicalId !== record.physicalId)
      this.#leave(former, former.updateReplacePolicy);
  }

  #leave({ logicalId, type, physicalId, properties, needs }: ResourceRecord, policy: string | undefined): void {
    const kept = { retained: isRetained(policy, false), snapshot: policy === "Snapshot" };
    const leftover = { logicalId, type, physicalId: physicalId!, properties, needs, ...kept };
    this.#state.leftovers.put([this.stack.stackId, logicalId, physicalId!], leftover);
  }

  #fail(reason: string): void {
    const operation = this.#operation;
    const { kind, onFailure } = operation;
    if (operation.thenDelete) return this.#enter("delete", "DELETE_IN_PROGRESS", reason);
    if (onFailure === "DO_NOTHING" && !operation.cancelled)
      return this.#stall(kind === "create" ? "CREATE_FAILED" : "UPDATE_FAILED", reason);
    if (kind !== "create") return this.#enter("rollback", "UPDATE_ROLLBACK_IN_PROGRESS", reason);
    if (onFailure === "DELETE")
      return this.#enter("delete", "DELETE_IN_PROGRESS", `${reason}Delete requested by user.`);
    const told = reason.endsWith(" ") ? reason : `${reason} `;
    this.#enter("rollback", "ROLLBACK_IN_PROGRESS", `${told}Rollback requested by user.`);
  }

  #enter(phase: OperationRecord["phase"], status: StackStatus, reason?: string): void {
    this.#operation.phase = phase;
    this.#history.stack(this.stack, status, reason);
  }

  /** Ends the operation half-way; RollbackStack or ContinueUpdateRollback take it up again. */
  #stall(status: StackStatus, reason: string): void {
    this.stack.stalled = this.#operation;
    this.#finish(status, reason);
  }

  #remove(records: readonly ResourceRecord[], options: RemovalOptions): Promise<string[]> {
    return removeAll(this.#state, this.stack, this.#operation, new Deletion(this.#stepParts()), records, options);
  }

  async #cleanUp(): Promise<void> {
    const unwanted = this.#state.resourcesOf(this.stack.stackId).filter((record) => record.unwanted);
    // AWS: what could not be deleted is left to the user; the update is complete all the same.
    const failed = await this.#remove(unwanted, { keepsRecords: false, rollsBack: false });
    for (const record of unwanted)
      if (failed.includes(record.logicalId)) this.#state.resources.remove([this.stack.stackId, record.logicalId]);
    this.#finish("UPDATE_COMPLETE");
  }

  async #rollBackCreate(): Promise<void> {
    const records = this.#state.resourcesOf(this.stack.stackId).filter((record) => !isGone(record));
    const failed = await this.#remove(records, { keepsRecords: true, rollsBack: true });
    delete this.stack.stalled;
    if (failed.length > 0) return this.#finish("ROLLBACK_FAILED", failedTo("delete", failed));
    this.#finish("ROLLBACK_COMPLETE");
  }

  async #rollBackUpdate(former: NonNullable<OperationRecord["former"]>): Promise<void> {
    this.stack.definition = former.definition;
    const changed = this.#own().filter((record) => record.former !== undefined);
    const graph = new Map(changed.map((record) => [record.logicalId, new Set(record.former!.needs)]));
    const byId = new Map(changed.map((record) => [record.logicalId, record]));
    const failed = await runGraph(graph, (id) => this.#undo(byId.get(id)!), { goOn: true });
    if (failed.length > 0) return this.#stall("UPDATE_ROLLBACK_FAILED", failedTo("update", failed));
    this.service.kernel.store.transaction(() => {
      for (const record of this.#state.resourcesOf(this.stack.stackId))
        if (record.status === "UPDATE_FAILED") this.#restore(record);
      this.stack.outputs = former.outputs;
      delete this.stack.stalled;
      this.#enter("rollback-cleanup", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS");
    });
  }

  async #undo(record: ResourceRecord): Promise<boolean> {
    const former = record.former!;
    const isSkipped = this.#operation.retain.includes(record.logicalId);
    const isReplaced = record.step?.kind === "replace";
    if (isSkipped || isReplaced) {
      this.service.kernel.store.transaction(() => {
        if (isReplaced && record.physicalId !== undefined && record.physicalId !== former.physicalId)
          this.#leave(record, undefined);
        this.#restore(former);
      });
      return true;
    }
    // Kept as it was: this operation has only looked at it.
    if (
      record.step?.kind === "update" &&
      sameValue({ ...record, former: 0, step: 0, needs: 0 }, { ...former, former: 0, step: 0, needs: 0 })
    ) {
      this.#state.putResource(this.stack.stackId, settled(former));
      return true;
    }
    const succeeded = await this.#steps.undo(record);
    if (succeeded)
      this.#state.putResource(
        this.stack.stackId,
        settled(this.#state.resources.get([this.stack.stackId, record.logicalId])!),
      );
    return succeeded;
  }

  #restore(former: ResourceRecord): void {
    const { statusReason: _reason, ...rest } = settled(former);
    this.#history.resource(this.stack, {
      ...rest,
      status: "UPDATE_COMPLETE",
      updatedMs: this.service.kernel.clock.now(),
    });
  }

  async #cleanUpRollback(): Promise<void> {
    const created = this.#own().filter((record) => record.step?.kind === "create");
    await this.#remove(created, { keepsRecords: false, rollsBack: true });
    this.#finish("UPDATE_ROLLBACK_COMPLETE");
  }

  async #delete(): Promise<void> {
    const inUse = this.#exportInUse();
    if (inUse !== undefined) return this.#finish("DELETE_FAILED", inUse);
    const records = this.#state.resourcesOf(this.stack.stackId).filter((record) => !isGone(record));
    const failed = await this.#remove(records, { keepsRecords: true, rollsBack: false });
    if (failed.length > 0) return this.#finish("DELETE_FAILED", failedTo("delete", failed));
    this.service.kernel.store.transaction(() => {
      withdrawExports(this.#state, this.stack);
      this.stack.deletedMs = this.service.kernel.clock.now();
      this.stack.outputs = [];
      delete this.stack.stalled;
      const name = [this.stack.account, this.stack.region, this.stack.stackName];
      if (this.#state.names.get(name) === this.stack.stackId) this.#state.names.remove(name);
      this.#finish("DELETE_COMPLETE");
    });
  }

  #exportInUse(): string | undefined {
    for (const name of exportsOf(this.#state, this.stack)) {
      const users = importersOf(this.#state, this.stack, name);
      if (users.length > 0)
        return `Delete canceled. Cannot delete export ${name} as it is in use by ${users.join(", ")}.`;
    }
    return undefined;
  }

  /** The resources that a step of this operation has touched. */
  #own(): ResourceRecord[] {
    return this.#state
      .resourcesOf(this.stack.stackId)
      .filter((record) => record.step?.operationId === this.#operation.id);
  }

  #finish(status: StackStatus, reason?: string): void {
    if (status.startsWith("UPDATE")) this.stack.updatedMs = this.service.kernel.clock.now();
    delete this.stack.operation;
    this.#history.stack(this.stack, status, reason);
  }
}
