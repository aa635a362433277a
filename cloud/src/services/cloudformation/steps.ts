import type { ResourceStatus } from "@aws-sdk/client-cloudformation";
import { replacementOf, type Aspect } from "../../deploy/plan.ts";
import type { Created, Properties, ResourceType } from "../../deploy/resource.ts";
import { Cancelled, StepFailure } from "./failure.ts";
import { settled } from "./records.ts";
import type { ResourceRecord, StepRecord } from "./state.ts";
import { StepBase } from "./step-base.ts";
import type { OwnContext } from "./step-context.ts";

/** What the template wants a resource to be, evaluated. */
export interface Target {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Properties;
  readonly metadata: unknown;
  readonly creationPolicy?: Properties | undefined;
  readonly deletionPolicy: string | undefined;
  readonly updateReplacePolicy: string | undefined;
  readonly needs: readonly string[];
}

/**
 * What brings one resource forward, or back: create, update, replace, undo. Each writes down what it is about to do before
 * it calls a service, and what came of it after, so that a step cut short by a crash is done again with the same names
 * and tokens.
 */
export class Steps extends StepBase {
  /**
   * Brings a resource to its target. @returns whether it succeeded (events tell why not)
   * @param existing as it is before this operation; undefined where it is to be made
   * @param aspects what changes besides properties
   * @param resumed the record of this very step, where a crash cut it short
   */
  async reach(
    target: Target,
    existing: ResourceRecord | undefined,
    aspects: readonly Aspect[],
    resumed: ResourceRecord | undefined,
  ): Promise<boolean> {
    if (!existing) return this.#create(target, resumed);
    const changes = this.parts.types.changes(target.type, existing.properties, target.properties);
    if (changes.length === 0 && aspects.length === 0) {
      // Nothing to be done; what it needs may have changed all the same.
      this.#keep({ ...existing, needs: target.needs });
      return true;
    }
    // Whether a conditional change replaces is the type's to say; where it has no say, the change is made in place.
    return replacementOf(changes) === "True"
      ? this.#replace(target, existing, resumed)
      : this.#update(target, existing, changes.length > 0 || aspects.includes("Tags"), "update");
  }

  async #create(target: Target, resumed: ResourceRecord | undefined): Promise<boolean> {
    const record = resumed ?? this.#record(target, { status: "CREATE_IN_PROGRESS", step: "create" });
    if (!resumed) this.parts.history.resource(this.parts.stack, record);
    return this.#attempt(record, "CREATE_FAILED", "creation", async () => {
      const made = await this.#make(record, resumed !== undefined, (initiated) => ({
        ...initiated,
        statusReason: "Resource creation Initiated",
      }));
      this.#done(made, "CREATE_COMPLETE");
    });
  }

  async #replace(target: Target, existing: ResourceRecord, resumed: ResourceRecord | undefined): Promise<boolean> {
    const record: ResourceRecord = resumed ?? {
      ...this.#record(target, { status: "UPDATE_IN_PROGRESS", step: "replace" }),
      physicalId: existing.physicalId,
      statusReason: "Requested update requires the creation of a new physical resource; hence creating one.",
      former: settled(existing),
    };
    if (!resumed) this.parts.history.resource(this.parts.stack, record);
    return this.#attempt(record, "UPDATE_FAILED", "update", async () => {
      const made = await this.#make(record, resumed !== undefined, (initiated) => ({
        ...initiated,
        statusReason: "Resource creation Initiated",
      }));
      this.#done(made, "UPDATE_COMPLETE");
    });
  }

  /** Calls the type's create. A physical id is written down as soon as it is known. */
  async #make(
    record: ResourceRecord,
    resumed: boolean,
    initiated: (record: ResourceRecord) => ResourceRecord,
  ): Promise<ResourceRecord> {
    const type = this.type(record.type);
    let current = record;
    const tellInitiated = (physicalId: string) => {
      if (current.physicalId === physicalId && resumed) return;
      current = initiated({ ...current, physicalId });
      this.parts.history.resource(this.parts.stack, this.at(current));
    };
    const cx = this.context(record, { resumed, journaled: true, onInitiated: tellInitiated });
    const properties = await this.revealed(record);
    const created = await type.create(cx, properties);
    if (current.physicalId !== created.physicalId || !current.statusReason?.endsWith("Initiated"))
      tellInitiated(created.physicalId);
    return this.#withAnswers(current, type, cx, properties, created);
  }

  async #withAnswers(
    record: ResourceRecord,
    type: ResourceType,
    cx: OwnContext,
    properties: Properties,
    created: Created,
  ): Promise<ResourceRecord> {
    const asked = await type.attributes?.(cx, created.physicalId, properties);
    const attributes = { ...created.attributes, ...asked };
    const ref = type.ref?.(created.physicalId, properties, attributes) ?? created.physicalId;
    return { ...record, physicalId: created.physicalId, attributes, ref };
  }

  async #update(
    target: Target,
    existing: ResourceRecord,
    callsType: boolean,
    kind: "update" | "undo",
  ): Promise<boolean> {
    const record: ResourceRecord = {
      ...this.#record(target, { status: "UPDATE_IN_PROGRESS", step: kind }),
      physicalId: existing.physicalId,
      attributes: existing.attributes,
      ref: existing.ref,
      former: kind === "undo" ? existing.former : settled(existing),
    };
    this.parts.history.resource(this.parts.stack, record);
    return this.#attempt(record, "UPDATE_FAILED", "update", async () => {
      if (!callsType) return this.#done(record, "UPDATE_COMPLETE");
      const type = this.type(target.type);
      const cx = this.context(record, { resumed: false, journaled: false, onInitiated: () => undefined });
      const properties = await this.revealed(record);
      const previous = await this.revealed(existing);
      if (!type.update) throw new StepFailure(`Update of ${target.type} is not supported.`);
      const physicalId = existing.physicalId!;
      const answer = (await type.update(cx, { physicalId, props: properties, previous })) ?? {};
      const created: Created = {
        physicalId: answer.physicalId ?? physicalId,
        attributes: answer.attributes ?? { ...existing.attributes },
      };
      const updated = await this.#withAnswers(record, type, cx, properties, created);
      // A type that answers with another physical id has replaced the resource by itself; the old one is a leftover.
      const moved = created.physicalId !== physicalId && kind === "update";
      this.#done(moved ? { ...updated, step: { ...record.step!, kind: "replace" } } : updated, "UPDATE_COMPLETE");
    });
  }

  /** Puts a resource that this operation has updated back to what it was. */
  async undo(record: ResourceRecord): Promise<boolean> {
    const former = record.former!;
    const target: Target = { ...former };
    return this.#update(
      target,
      { ...record, former },
      !sameJson(former.properties, record.properties) || this.#tagsDiffer(record.type),
      "undo",
    );
  }

  /** Writes a resource down as failed before anything was called. */
  refuse(target: Target, existing: ResourceRecord | undefined, reason: string): void {
    const { stack, history } = this.parts;
    const status = existing ? "UPDATE_FAILED" : "CREATE_FAILED";
    const base = existing ?? this.#record(target, { status, step: "create" });
    if (!existing) history.tell(stack, { ...base, status: "CREATE_IN_PROGRESS" });
    history.resource(stack, {
      ...base,
      status,
      statusReason: reason,
      updatedMs: this.parts.service.kernel.clock.now(),
    });
  }

  async #attempt(
    record: ResourceRecord,
    failed: ResourceStatus,
    action: string,
    work: () => Promise<void>,
  ): Promise<boolean> {
    try {
      await this.parts.inFlight.step(work);
      return true;
    } catch (error) {
      const { stack, history, service, signal } = this.parts;
      const current = service.state.resources.get([stack.stackId, record.logicalId]) ?? record;
      const reason = this.reason(signal.aborted ? new Cancelled() : error, action, record);
      history.resource(stack, this.at({ ...current, status: failed, statusReason: reason }));
      return false;
    }
  }

  #done(record: ResourceRecord, status: ResourceStatus): void {
    const { stack, history, service } = this.parts;
    service.kernel.store.transaction(() => {
      history.resource(
        stack,
        this.at({ ...record, status, statusReason: undefined, step: { ...record.step!, done: true } }),
      );
      for (const key of Array.from(service.state.journal.keys({ prefix: [stack.stackId, record.logicalId] })))
        service.state.journal.remove(key);
    });
  }

  /** Keeps a record without telling anything. */
  #keep(record: ResourceRecord): void {
    const step: StepRecord = { operationId: this.parts.operationId, kind: "update", done: true };
    this.parts.service.state.putResource(this.parts.stack.stackId, { ...record, step, former: settled(record) });
  }

  #record(target: Target, { status, step }: { status: ResourceStatus; step: StepRecord["kind"] }): ResourceRecord {
    const { kernel } = this.parts.service;
    return {
      ...target,
      physicalId: undefined,
      ref: undefined,
      attributes: {},
      status,
      updatedMs: kernel.clock.now(),
      seed: kernel.random.hex(32),
      step: { operationId: this.parts.operationId, kind: step, done: false },
    };
  }

  #tagsDiffer(type: string): boolean {
    return (
      this.parts.types.takesTags(type) && !sameJson(this.parts.formerTags, this.parts.stack.definition?.tags ?? [])
    );
  }
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
