import type { ResourceType } from "../../deploy/resource.ts";
import { ResourceTypes } from "../../deploy/resource-types.ts";
import type { ServiceContext } from "../../service.ts";
import { Deployment } from "./deployment.ts";
import type { CloudFormationState, StackRecord } from "./state.ts";

/** Runs the operations of stacks, and takes up again what a crash cut short. */
export class Engine {
  readonly types: ResourceTypes;
  readonly #running = new Map<string, Deployment>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #signals = new Map<string, () => void>();
  #stopped = false;

  /**
   * @param own the types of CloudFormation itself
   * @param custom the type that stands for all custom resources
   */
  constructor(
    readonly service: ServiceContext<CloudFormationState>,
    own: (engine: Engine) => { types: readonly ResourceType[]; custom: ResourceType },
  ) {
    const { types, custom } = own(this);
    this.types = new ResourceTypes([...service.resourceTypes(), ...types], custom);
  }

  /** Begins every operation that stands in the store. */
  resume(): void {
    for (const stack of this.service.state.stacks.values()) if (stack.operation) this.start(stack.stackId);
  }

  /** Leaves every operation where it stands. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#running.values()].map((deployment) => deployment.halt()));
  }

  /** Runs a stack's operation, once what is on the stack now has ended (a transaction that fails leaves nothing running). */
  start(stackId: string): void {
    const end = this.service.kernel.activity.begin(`cloudformation:start`);
    queueMicrotask(() => {
      end();
      this.#run(stackId);
    });
  }

  #run(stackId: string): void {
    const stack = this.service.state.stacks.get([stackId]);
    if (!stack?.operation || this.#running.has(stackId) || this.#stopped) return;
    const deployment = new Deployment(this.service, this.types, stack);
    this.#running.set(stackId, deployment);
    void deployment
      .run()
      // A bug of ours must not leave the stack in progress unseen: it is told on standard error, and goes on at next start.
      .catch((error: unknown) => console.error(error))
      .finally(() => {
        this.#running.delete(stackId);
        const waiting = this.#waiting.get(stackId) ?? [];
        this.#waiting.delete(stackId);
        for (const wake of waiting) wake();
      });
  }

  /** Resolves when a signal has come, at the deadline, or when the wait is called off. */
  async awaitSignal(key: string, deadlineMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const stop = () => over.abort();
    signal.addEventListener("abort", stop);
    this.#signals.set(key, stop);
    await this.service.kernel.clock.wait(Math.max(0, deadlineMs - this.service.kernel.clock.now()), over.signal);
    signal.removeEventListener("abort", stop);
    this.#signals.delete(key);
  }

  /** Told when a signal has been kept. */
  signalled(key: string): void {
    this.#signals.get(key)?.();
  }

  /** The record that a running operation works on: whoever changes the stack meanwhile changes this one. */
  live(stackId: string): StackRecord | undefined {
    return this.#running.get(stackId)?.stack;
  }

  /** Calls a stack's operation off. */
  cancel(stackId: string, reason: string, thenDelete = false): void {
    this.#running.get(stackId)?.cancel(reason, thenDelete);
  }

  /** Resolves when a stack's operation has ended. */
  async ended(stackId: string): Promise<void> {
    if (!this.service.state.stacks.get([stackId])?.operation) return;
    await new Promise<void>((wake) => this.#waiting.set(stackId, [...(this.#waiting.get(stackId) ?? []), wake]));
  }
}
