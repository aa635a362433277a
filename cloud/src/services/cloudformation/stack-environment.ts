import { environmentOf } from "../../deploy/environment.ts";
import type { Environment } from "../../deploy/intrinsics.ts";
import type { ParameterValues } from "../../deploy/parameters.ts";
import { validationError } from "../../deploy/template-error.ts";
import type { Template } from "../../deploy/template.ts";
import type { CloudFormationState, StackRecord } from "./state.ts";

/** How the resources of a template answer. */
export interface ResourceAnswers {
  ref(logicalId: string): unknown;
  attribute(logicalId: string, name: string): unknown;
}

/** What of a stack its expressions see. */
export type StackIdentity = Pick<StackRecord, "account" | "region" | "stackId" | "stackName">;

/**
 * Builds the environment of a template in a stack: its parameters, the exports of its account and Region.
 * @param imports is told each export that is asked for
 */
export function environmentIn(
  state: CloudFormationState,
  stack: StackIdentity,
  template: Template,
  given: { readonly parameters: ParameterValues; readonly notificationArns: readonly string[] },
  resources: ResourceAnswers,
  imports?: Set<string>,
): Environment {
  const { account, region, stackId, stackName } = stack;
  return environmentOf({
    template,
    parameters: given.parameters,
    scope: { account, region },
    stackId,
    stackName,
    notificationArns: given.notificationArns,
    resourceRef: (logicalId) => resources.ref(logicalId),
    resourceAttribute: (logicalId, name) => resources.attribute(logicalId, name),
    importValue(name) {
      const found = state.exports.get([account, region, name]);
      if (!found) throw validationError(`No export named ${name} found`);
      imports?.add(name);
      return found.value;
    },
  });
}

/** The same for a stack whose definition is in force. */
export function environmentFor(
  state: CloudFormationState,
  stack: StackRecord,
  template: Template,
  resources: ResourceAnswers,
  imports?: Set<string>,
): Environment {
  return environmentIn(state, stack, template, stack.definition!, resources, imports);
}
