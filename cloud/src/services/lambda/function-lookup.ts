import type { Scope } from "../../aws/scope.ts";
import type { Random } from "../../kernel/random.ts";
import { aliasNotFound, functionNotFound } from "./errors.ts";
import { functionArn, type FunctionReference } from "./function-name.ts";
import { scopeKey, type AliasRecord, type FunctionRecord, type LambdaState, type VersionRecord } from "./state.ts";

/** @throws AwsError ResourceNotFoundException */
export function getFunction(state: LambdaState, { scope, name, qualifier }: FunctionReference): FunctionRecord {
  const found = state.functions.get([...scopeKey(scope), name]);
  if (!found) throw functionNotFound(functionArn(scope, name, qualifier));
  return found;
}

/** The version that a name and qualifier mean, aliases followed to their first version. @throws AwsError ResourceNotFoundException */
export function getVersion(state: LambdaState, reference: FunctionReference): VersionRecord {
  const { scope, name, qualifier } = reference;
  const record = getFunction(state, reference);
  if (qualifier === undefined || qualifier === "$LATEST") return record.latest;
  const alias = isNumber(qualifier) ? undefined : findAlias(state, scope, name, qualifier);
  const number = alias ? alias.version : qualifier;
  if (number === "$LATEST") return record.latest;
  const version = isNumber(number) ? state.versions.get([...scopeKey(scope), name, Number(number)]) : undefined;
  if (!version) throw functionNotFound(functionArn(scope, name, qualifier));
  return version;
}

export function findAlias(state: LambdaState, scope: Scope, name: string, alias: string): AliasRecord | undefined {
  return state.aliases.get([...scopeKey(scope), name, alias]);
}

/** @throws AwsError ResourceNotFoundException */
export function getAlias(state: LambdaState, scope: Scope, name: string, alias: string): AliasRecord {
  const found = findAlias(state, scope, name, alias);
  if (!found) throw aliasNotFound(functionArn(scope, name, alias));
  return found;
}

/** What a request is served by: the alias's versions share the requests by their weights. */
export function chooseVersion(state: LambdaState, reference: FunctionReference, random: Random): VersionRecord {
  const { scope, name, qualifier } = reference;
  const alias =
    qualifier === undefined || qualifier === "$LATEST" || isNumber(qualifier)
      ? undefined
      : findAlias(state, scope, name, qualifier);
  const weights = alias ? Object.entries(alias.weights) : [];
  if (weights.length > 0) {
    let drawn = random.fraction();
    for (const [version, weight] of weights) {
      if (drawn < weight) return getVersion(state, { ...reference, qualifier: version });
      drawn -= weight;
    }
  }
  return getVersion(state, reference);
}

export function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/** The policy of a function, version or alias as JSON text; undefined for none. */
export function findPolicy(state: LambdaState, { scope, name, qualifier }: FunctionReference): string | undefined {
  const shown = qualifier === "$LATEST" ? undefined : qualifier;
  return state.remembered(scope, name, `policy ${shown ?? ""}`, () => {
    const record = state.policies.get([...scopeKey(scope), name, shown ?? ""]);
    return record && policyText(record.statements);
  });
}

export function policyText(statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Id: "default", Statement: statements });
}
