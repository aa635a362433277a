import { cpus, totalmem } from "node:os";
import type { Kernel } from "../kernel/kernel.ts";
import { afterRealMs, realMs } from "../kernel/real-time.ts";
import type { Environment } from "./environment.ts";
import { EnvironmentFactory, type FactoryOptions } from "./environment-factory.ts";
import type { InitFailure } from "./failures.ts";
import { countProvisioned, idleOf, newFleet, type Fleet } from "./fleet.ts";
import type { FunctionSpecification, Invocation, InvocationResult } from "./specification.ts";

export interface FunctionHostOptions extends FactoryOptions {
  /** Environments at one time, of all functions. Default: as many as half of the machine's memory holds. */
  readonly environmentsMax?: number;
}

/** An idle environment is kept this long. AWS does not say; minutes are observed. */
const IDLE_MS = 10 * 60_000;
const ENVIRONMENT_BYTES = 64 * 2 ** 20;
/** How often the memory of functions that run for long is looked at. */
const MEMORY_WATCH_MS = 100;

/**
 * A request that waited this long for a busy environment gets one of its own: soon while there are few, later where more
 * would only compete for the processors. So short requests are served by few processes, which is faster, and long ones
 * still run side by side.
 */
const GROW_AFTER_MS = 8;
const GROW_MANY_AFTER_MS = 50;

/**
 * Runs functions. Keeps their environments: takes an idle one or starts another, one request at a time each.
 *
 * A request waits for whichever comes first: a new environment, or one that has just become free. So a burst of short
 * requests is served by few processes, and long ones run side by side.
 *
 * Gap: an idle environment is not frozen: what a handler left running (timers, open requests) goes on after its answer.
 */
export class FunctionHost {
  readonly #fleets = new Map<string, Fleet>();
  readonly #environments = new Set<Environment>();
  readonly #environmentsMax: number;
  readonly #startsMax = Math.max(2, cpus().length);
  readonly #factory: EnvironmentFactory;
  #starting = 0;
  #cancelReaper: (() => void) | undefined;
  #cancelMemoryWatch: (() => void) | undefined;
  #closed = false;

  constructor(
    private readonly kernel: Kernel,
    options: FunctionHostOptions,
  ) {
    this.#factory = new EnvironmentFactory(kernel, options);
    this.#environmentsMax =
      options.environmentsMax ?? Math.max(8, Math.min(1000, Math.floor(totalmem() / 2 / ENVIRONMENT_BYTES)));
  }

  /**
   * Runs one event. What the function does wrong is a result; rejected is only what keeps it from being started (its role
   * cannot be assumed, its code cannot be unpacked).
   */
  invoke(specification: FunctionSpecification, invocation: Invocation): Promise<InvocationResult> {
    const fleet = this.#fleet(specification);
    const environment = this.#takeIdle(fleet);
    if (environment) return this.#run(fleet, environment, invocation);
    return new Promise((settle, fail) => {
      fleet.waiting.push({ sinceMs: realMs(), invocation, settle, fail });
      this.#grow(fleet);
    });
  }

  /** Has spare processes ready for a function that is going to be used. */
  prepare(specification: FunctionSpecification): void {
    this.#factory.prepare(specification);
  }

  /**
   * Keeps a number of initialized environments ready (provisioned concurrency); 0 ends it.
   * @returns when they are ready, or when they failed to become so
   */
  async provision(
    specification: FunctionSpecification,
    count: number,
  ): Promise<{ ready: number; failure?: InitFailure }> {
    const fleet = this.#fleet(specification);
    fleet.provisioned = count;
    const missing = Math.max(0, count - countProvisioned(fleet));
    const failures = await Promise.all(Array.from({ length: missing }, () => this.#start(fleet, true)));
    const failure = failures.find((found) => found !== undefined);
    return { ready: count - failures.filter(Boolean).length, ...(failure ? { failure } : {}) };
  }

  /** Ends the environments of a version of a function that is no more; running requests are let finish. */
  forget(arn: string): void {
    const fleet = this.#fleets.get(arn);
    if (!fleet) return;
    this.#fleets.delete(arn);
    this.#retire(fleet);
    for (const { fail } of fleet.waiting.splice(0)) fail(new Error(`${arn} is no more`));
  }

  /** How many environments there are, for the console and tests. */
  counts(arn: string): { idle: number; all: number } {
    const fleet = this.#fleets.get(arn);
    return { idle: fleet?.idle.length ?? 0, all: fleet?.all.size ?? 0 };
  }

  close(): void {
    this.#closed = true;
    this.#cancelReaper?.();
    this.#cancelMemoryWatch?.();
    for (const environment of this.#environments) environment.kill();
    for (const fleet of this.#fleets.values())
      for (const { fail } of fleet.waiting.splice(0)) fail(new Error("The cloud is closing"));
    this.#factory.close();
  }

  /** The fleet of a function; one that has changed since gets a new one. */
  #fleet(specification: FunctionSpecification): Fleet {
    const known = this.#fleets.get(specification.arn);
    if (known?.specification.revision === specification.revision) return known;
    const fleet = newFleet(specification, known?.waiting.splice(0));
    this.#fleets.set(specification.arn, fleet);
    if (known) this.#retire(known);
    return fleet;
  }

  #takeIdle(fleet: Fleet): Environment | undefined {
    for (let environment = fleet.idle.pop(); environment; environment = fleet.idle.pop()) {
      if (!environment.retired && this.#current(fleet, environment)) return environment;
      environment.kill();
    }
    return undefined;
  }

  /** Whether an environment runs the code that is there now, with credentials that still hold. */
  #current(fleet: Fleet, environment: Environment): boolean {
    return (
      environment.codeVersion === this.#factory.codeVersion(fleet.specification) &&
      environment.expiresMs > this.kernel.clock.now()
    );
  }

  async #run(fleet: Fleet, environment: Environment, invocation: Invocation): Promise<InvocationResult> {
    this.#watchMemory();
    const result = await environment.invoke(invocation);
    this.#release(fleet, environment);
    return result;
  }

  /** An environment has nothing to do: the next request, or idle. */
  #release(fleet: Fleet, environment: Environment): void {
    if (environment.gone) return;
    if (environment.retired || !this.#current(fleet, environment)) {
      environment.kill();
      this.#grow(fleet);
      return;
    }
    const next = fleet.waiting.shift();
    if (next) {
      this.#run(fleet, environment, next.invocation).then(next.settle, next.fail);
      return;
    }
    fleet.idle.push(environment);
    this.#reapLater();
    this.#growOthers(fleet);
  }

  /** Starts environments for requests that wait, a few at a time: they compete for the processors. */
  #grow(fleet: Fleet): void {
    while (fleet.waiting.length > fleet.starting && this.#starting < this.#startsMax) {
      const leftMs = this.#patienceMs(fleet) - (realMs() - fleet.waiting[fleet.starting]!.sinceMs);
      if (leftMs > 0) {
        this.#growLater(fleet, leftMs);
        return;
      }
      if (!this.#makeRoom()) return;
      void this.#start(fleet, false);
    }
  }

  #patienceMs({ all, starting }: Fleet): number {
    const there = Math.max(all.size, starting);
    if (there === 0) return 0;
    return there < 2 * this.#startsMax ? GROW_AFTER_MS : GROW_MANY_AFTER_MS;
  }

  #growLater(fleet: Fleet, ms: number): void {
    if (fleet.growing) return;
    fleet.growing = true;
    afterRealMs(ms, () => {
      fleet.growing = false;
      if (!this.#closed) this.#grow(fleet);
    });
  }

  #growOthers(done: Fleet): void {
    if (this.#starting >= this.#startsMax) return;
    for (const fleet of this.#fleets.values())
      if (fleet !== done && fleet.waiting.length > fleet.starting) this.#grow(fleet);
  }

  /** Ends the environment that was idle for longest where there are as many as may be. */
  #makeRoom(): boolean {
    if (this.#environments.size + this.#starting < this.#environmentsMax) return true;
    const idle = idleOf(this.#fleets.values());
    const oldest = idle.reduce<Environment | undefined>(
      (found, environment) => (found && found.lastUsedMs <= environment.lastUsedMs ? found : environment),
      undefined,
    );
    if (!oldest) return false;
    this.#drop(oldest);
    return true;
  }

  #drop(environment: Environment): void {
    const fleet = this.#fleets.get(environment.specification.arn);
    if (fleet) fleet.idle = fleet.idle.filter((other) => other !== environment);
    environment.kill();
  }

  /** Starts one environment; it takes the first request that still waits, or becomes idle. */
  async #start(fleet: Fleet, provisioned: boolean): Promise<InitFailure | undefined> {
    fleet.starting++;
    this.#starting++;
    let started: { environment: Environment; failure: InitFailure | undefined } | undefined;
    let problem: unknown;
    try {
      started = await this.#initialize(fleet, provisioned);
    } catch (error) {
      problem = error;
    }
    fleet.starting--;
    this.#starting--;
    if (!started) {
      for (const { fail } of fleet.waiting.splice(0, 1)) fail(problem);
    } else if (started.failure) {
      const { environment, failure } = started;
      for (const { invocation, settle } of fleet.waiting.splice(0, 1)) settle(environment.reject(invocation, failure));
    } else this.#release(fleet, started.environment);
    this.#grow(fleet);
    this.#growOthers(fleet);
    return started?.failure;
  }

  /** AWS: a failed initialization is tried once more, as part of the request that waits for it and in its time. */
  async #initialize(fleet: Fleet, provisioned: boolean) {
    const environment = await this.#create(fleet, provisioned);
    const failure = await environment.initialize("init", this.#limit(fleet.specification, undefined));
    if (!failure || fleet.waiting.length === 0) return { environment, failure };
    const again = await this.#create(fleet, provisioned);
    const { timeoutMs } = fleet.specification;
    return {
      environment: again,
      failure: await again.initialize("invoke", this.#limit(fleet.specification, timeoutMs)),
    };
  }

  #limit({ inspectPort }: FunctionSpecification, limitMs: number | undefined): number | undefined {
    return inspectPort === undefined ? limitMs : -1;
  }

  async #create(fleet: Fleet, provisioned: boolean): Promise<Environment> {
    const environment = await this.#factory.create(fleet.specification, provisioned, (gone) => this.#gone(fleet, gone));
    this.#environments.add(environment);
    fleet.all.add(environment);
    return environment;
  }

  #gone(fleet: Fleet, environment: Environment): void {
    this.#environments.delete(environment);
    fleet.all.delete(environment);
    fleet.idle = fleet.idle.filter((other) => other !== environment);
    if (this.#closed || this.#fleets.get(fleet.specification.arn) !== fleet) return;
    // One that never came up would not the next time either.
    if (environment.provisioned && environment.initialized && countProvisioned(fleet) < fleet.provisioned)
      void this.#start(fleet, true);
    this.#grow(fleet);
  }

  #retire(fleet: Fleet): void {
    fleet.provisioned = 0;
    for (const environment of fleet.all) {
      environment.retired = true;
      if (environment.busyMs === undefined && fleet.idle.includes(environment)) environment.kill();
    }
    fleet.idle = [];
  }

  /** Ends environments that were idle for long, by the cloud's clock. */
  #reapLater(): void {
    if (this.#cancelReaper || this.#closed) return;
    const idle = idleOf(this.#fleets.values());
    if (idle.length === 0) return;
    const dueMs = Math.min(...idle.map((environment) => environment.lastUsedMs)) + IDLE_MS;
    this.#cancelReaper = this.kernel.clock.at(dueMs, () => {
      this.#cancelReaper = undefined;
      const now = this.kernel.clock.now();
      for (const environment of idle)
        if (environment.lastUsedMs + IDLE_MS <= now && environment.busyMs === undefined) this.#drop(environment);
      this.#reapLater();
    });
  }

  /** While requests run for long, looks at what memory they have taken: only V8's own heap has a limit by itself. */
  #watchMemory(): void {
    if (this.#cancelMemoryWatch || process.platform !== "linux") return;
    this.#cancelMemoryWatch = afterRealMs(MEMORY_WATCH_MS, () => {
      this.#cancelMemoryWatch = undefined;
      let busy = false;
      for (const environment of this.#environments) {
        const busyMs = environment.busyMs;
        if (busyMs === undefined) continue;
        busy = true;
        const { process: running, specification } = environment;
        if (busyMs < MEMORY_WATCH_MS) continue;
        if ((running.memoryKib() ?? 0) > specification.memoryMb * 1024) running.killForMemory();
      }
      if (busy) this.#watchMemory();
    });
  }
}
