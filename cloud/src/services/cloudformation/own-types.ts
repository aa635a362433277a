import { defineResource, type Properties, type ResourceType } from "../../deploy/resource.ts";
import { customResource } from "./custom-resource.ts";
import type { Engine } from "./engine.ts";
import { macroType } from "./macro.ts";
import { nestedStack } from "./nested-stack.ts";
import type { CloudFormationState } from "./state.ts";
import { waitCondition, waitConditionHandle } from "./wait-condition.ts";

/** `AWS::CDK::Metadata`: nothing is behind it, at AWS either. */
const cdkMetadata = defineResource<Properties>({
  type: "AWS::CDK::Metadata",
  honours: { Analytics: true },
  // oxlint-disable-next-line require-await
  async create(cx) {
    return { physicalId: cx.token };
  },
  async update() {
    // Nothing is behind it.
  },
  async delete() {
    // Nothing is behind it.
  },
});

/** The types of CloudFormation itself. They take part in the running of stacks, so they are made with the engine. */
export function ownTypes(
  state: CloudFormationState,
  engine: Engine,
): { types: readonly ResourceType[]; custom: ResourceType } {
  return {
    types: [
      cdkMetadata,
      nestedStack(state, engine),
      waitCondition(state),
      waitConditionHandle(state),
      macroType(state),
    ],
    custom: customResource(state),
  };
}
