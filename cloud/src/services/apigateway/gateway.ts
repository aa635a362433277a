import { KeySets } from "../../gateway/key-sets.ts";
import { LogWriter } from "../../gateway/log-writer.ts";
import { RoleSessions } from "../../gateway/role-session.ts";
import { Buckets } from "../../gateway/throttle.ts";
import { Verdicts } from "../../gateway/verdicts.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { CallContext } from "../../service.ts";
import { compileStages } from "./execute/compile.ts";
import type { CompiledStage } from "./execute/exchange.ts";
import { RestApis, type ApiKeyRecord } from "./state.ts";

/** The service's state: what is kept, and what is compiled, cached and counted while the cloud runs. */
export class Gateway {
  readonly apis: RestApis;
  readonly keySets: KeySets;
  readonly verdicts: Verdicts;
  readonly roleSessions: RoleSessions;
  readonly logs: LogWriter;
  readonly buckets: Buckets;
  readonly #compiled = new Map<string, ReadonlyMap<string, CompiledStage>>();

  constructor(readonly kernel: Kernel) {
    this.apis = new RestApis(kernel);
    this.keySets = new KeySets(kernel.clock);
    this.verdicts = new Verdicts(kernel.clock);
    this.roleSessions = new RoleSessions(kernel.clock);
    this.logs = new LogWriter(kernel.activity);
    this.buckets = new Buckets(kernel.clock);
  }

  /** The stages of an API by name, compiled once per change; undefined where there is no such API. */
  stagesOf(apiId: string): ReadonlyMap<string, CompiledStage> | undefined {
    const known = this.#compiled.get(apiId);
    if (known) return known;
    const api = this.apis.apis.get([apiId]);
    if (!api) return undefined;
    const stages = compileStages(this.apis, api, this.buckets);
    this.#compiled.set(apiId, stages);
    return stages;
  }

  #keyIds: Map<string, string> | undefined;
  /** The API key of a value, in an account and Region. */
  keyOf({ account, region }: Scope, value: string): ApiKeyRecord | undefined {
    this.#keyIds ??= new Map(
      Array.from(this.apis.keys.values()).map(({ id, scope, value: own }) => [
        `${scope.account}/${scope.region}/${own}`,
        id,
      ]),
    );
    const id = this.#keyIds.get(`${account}/${region}/${value}`);
    return id === undefined ? undefined : this.apis.keys.get([id]);
  }

  /** Must be called after every change to API keys. */
  keysChanged(): void {
    this.#keyIds = undefined;
  }

  /** Must be called after every change to an API or what is in it. */
  changed(apiId: string): void {
    this.#compiled.delete(apiId);
  }

  /** Called once an API is gone. */
  forget(apiId: string): void {
    this.#compiled.delete(apiId);
    this.buckets.forget(apiId);
    this.verdicts.forget(`${apiId}/`);
  }
}

export type Cx = CallContext<Gateway>;
