import { arn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { AssumedRole } from "../../outbound/roles.ts";
import { pipeNotFound } from "./errors.ts";
import type { Context, PipeRecord, PipesState } from "./state.ts";

export function pipeArn(scope: Scope, name: string): string {
  return arn("pipes", scope, `pipe/${name}`);
}

export function pipeKey({ account, region }: Scope, name: string): string[] {
  return [account, region, name];
}

/** @throws AwsError NotFoundException */
export function getPipe(state: PipesState, scope: Scope, name: string): PipeRecord {
  const record = state.pipes.get(pipeKey(scope, name));
  if (!record) throw pipeNotFound(name);
  return record;
}

/** The pipe's role, assumed as its trust policy allows `pipes.amazonaws.com`. @throws AwsError where it may not be */
export function assumePipeRole({ state }: Context, pipe: PipeRecord): Promise<AssumedRole> {
  return state.roles.assume(pipe, pipe.settings.RoleArn, pipeArn(pipe, pipe.name));
}
