import type { ResourceStatus } from "@aws-sdk/client-cloudformation";
import { isNotFound } from "./failure.ts";
import type { ResourceRecord } from "./state.ts";
import { StepBase } from "./step-base.ts";

export interface RemoveOptions {
  /** Kept, and no longer the stack's. */
  readonly retained: boolean;
  /** Whether its policy wants a snapshot first. */
  readonly snapshot: boolean;
  /** Whether it is a resource of the stack, or a leftover without a record. */
  readonly hasRecord: boolean;
  /** Whether the record stays with DELETE_COMPLETE (the stack is going) or is removed. */
  readonly keepsRecord: boolean;
}

/** The steps that delete. */
export class Deletion extends StepBase {
  /** Deletes a resource, or what a replacement has left of it. @returns whether it is gone (events tell why not) */
  async remove(record: ResourceRecord, options: RemoveOptions): Promise<boolean> {
    const { stack, history } = this.parts;
    const { physicalId } = record;
    const told = (status: ResourceStatus, statusReason?: string): ResourceRecord => ({
      ...this.at(record),
      status,
      ...(statusReason === undefined ? { statusReason: undefined } : { statusReason }),
    });
    const write = (next: ResourceRecord) =>
      options.hasRecord ? history.resource(stack, next) : history.tell(stack, next);
    const gone = (status: ResourceStatus) =>
      this.parts.service.kernel.store.transaction(() => {
        write(told(status));
        if (options.hasRecord && !options.keepsRecord)
          this.parts.service.state.resources.remove([stack.stackId, record.logicalId]);
      });
    if (options.retained && physicalId !== undefined) {
      gone("DELETE_SKIPPED");
      return true;
    }
    if (physicalId === undefined) {
      gone("DELETE_COMPLETE");
      return true;
    }
    write(told("DELETE_IN_PROGRESS"));
    try {
      await this.parts.inFlight.step(() => this.#delete(record, physicalId, options.snapshot));
    } catch (error) {
      if (!isNotFound(error)) {
        write(told("DELETE_FAILED", this.reason(error, "deletion", record)));
        return false;
      }
    }
    gone("DELETE_COMPLETE");
    return true;
  }

  async #delete(record: ResourceRecord, physicalId: string, snapshot: boolean): Promise<void> {
    const type = this.type(record.type);
    const cx = this.context(record, { resumed: false, journaled: false, onInitiated: () => undefined });
    // What a dynamic reference leads to may be gone by now: that must not pass for the resource being gone.
    const props = await this.revealed(record).catch(() => record.properties);
    if (snapshot) await type.snapshot?.(cx, { physicalId, props });
    await type.delete(cx, { physicalId, props });
  }
}
