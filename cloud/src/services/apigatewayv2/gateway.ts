import type { Kernel } from "../../kernel/kernel.ts";
import type { CallContext } from "../../service.ts";
import { LogWriter } from "../../gateway/log-writer.ts";
import { compileStages } from "./execute/compile.ts";
import type { CompiledStage } from "./execute/exchange.ts";
import { Buckets } from "../../gateway/throttle.ts";
import { KeySets } from "../../gateway/key-sets.ts";
import { Verdicts } from "../../gateway/verdicts.ts";
import { RoleSessions } from "../../gateway/role-session.ts";
import { HttpApis } from "./state.ts";

/** The service's state: what is kept, and what is compiled, cached and counted while the cloud runs. */
export class Gateway {
  readonly apis: HttpApis;
  readonly keySets: KeySets;
  readonly verdicts: Verdicts;
  readonly roleSessions: RoleSessions;
  readonly accessLogs: LogWriter;
  /** Resolves when the last change of the account's log policy is made. */
  logPolicyAdded: Promise<unknown> = Promise.resolve();
  readonly #buckets: Buckets;
  readonly #compiled = new Map<string, ReadonlyMap<string, CompiledStage>>();

  constructor(readonly kernel: Kernel) {
    this.apis = new HttpApis(kernel);
    this.keySets = new KeySets(kernel.clock);
    this.verdicts = new Verdicts(kernel.clock);
    this.roleSessions = new RoleSessions(kernel.clock);
    this.accessLogs = new LogWriter(kernel.activity);
    this.#buckets = new Buckets(kernel.clock);
  }

  /** The stages of an API by name, compiled once per change; undefined where there is no such API. */
  stagesOf(apiId: string): ReadonlyMap<string, CompiledStage> | undefined {
    const known = this.#compiled.get(apiId);
    if (known) return known;
    const api = this.apis.apis.get([apiId]);
    if (!api) return undefined;
    const stages = compileStages(this.apis, api, this.#buckets);
    this.#compiled.set(apiId, stages);
    return stages;
  }

  /** Must be called after every change to an API or what is in it. */
  changed(apiId: string): void {
    this.#compiled.delete(apiId);
  }

  /** Called once an API is gone. */
  forget(apiId: string): void {
    this.#compiled.delete(apiId);
    this.#buckets.forget(apiId);
  }
}

export type Cx = CallContext<Gateway>;
