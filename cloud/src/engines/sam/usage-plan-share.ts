import type { Json } from "./json.ts";

/** What the APIs of a template share in one usage plan (`CreateUsagePlan: SHARED`). */
export class UsagePlanShare {
  readonly dependsOn: string[] = [];
  readonly apiStages: Json[] = [];
  readonly stageKeys: Json[] = [];
  #conditions: string[] = [];
  #hasUnconditional = false;
  #deletionPolicy: unknown;
  #updateReplacePolicy: unknown;

  /** The attributes of the shared plan once another API has joined it. */
  join(attributes: Json, conditions: Json): Json {
    this.#deletionPolicy = stronger(this.#deletionPolicy, attributes["DeletionPolicy"]);
    this.#updateReplacePolicy = stronger(this.#updateReplacePolicy, attributes["UpdateReplacePolicy"]);
    this.#addCondition(attributes["Condition"] as string | undefined, conditions);
    return {
      ...(this.#deletionPolicy ? { DeletionPolicy: this.#deletionPolicy } : {}),
      ...(this.#updateReplacePolicy ? { UpdateReplacePolicy: this.#updateReplacePolicy } : {}),
      ...(this.#conditions.length > 0 && !this.#hasUnconditional ? { Condition: SHARED_CONDITION } : {}),
    };
  }

  #addCondition(condition: string | undefined, conditions: Json): void {
    if (this.#hasUnconditional) return;
    if (condition === undefined) {
      this.#hasUnconditional = true;
      delete conditions[SHARED_CONDITION];
    } else if (!this.#conditions.includes(condition)) {
      this.#conditions.push(condition);
      const each = this.#conditions.map((one) => ({ Condition: one }));
      conditions[SHARED_CONDITION] = each.length === 1 ? condition : { "Fn::Or": each };
    }
  }
}

const SHARED_CONDITION = "SharedUsagePlanCondition";
const STRENGTH: readonly unknown[] = ["Delete", "Snapshot", "Retain"];

function stronger(held: unknown, given: unknown): unknown {
  if (!given || !held) return given || held;
  return STRENGTH.indexOf(given) > STRENGTH.indexOf(held) ? given : held;
}
