import { AwsError } from "../../aws/error.ts";
import { checkRules } from "../../deploy/environment.ts";
import { dependencyGraph, type Graph } from "../../deploy/graph.ts";
import { evaluate, type Environment } from "../../deploy/intrinsics.ts";
import { findAttribute, planDeployment, resolveProperties, type Aspect } from "../../deploy/plan.ts";
import { sameValue } from "../../deploy/properties.ts";
import type { Properties } from "../../deploy/resource.ts";
import type { ResourceTypes } from "../../deploy/resource-types.ts";
import { checkTemplate, type ResourceDeclaration, type Template } from "../../deploy/template.ts";
import { StepFailure } from "./failure.ts";
import { runGraph } from "./graph-run.ts";
import { failedResources, isLiving, livingResources } from "./records.ts";
import { environmentFor } from "./stack-environment.ts";
import { denialByPolicy } from "./stack-policy.ts";
import type { CloudFormationState, OperationRecord, ResourceRecord, StackRecord } from "./state.ts";
import type { Steps, Target } from "./steps.ts";

export interface ForwardParts {
  readonly state: CloudFormationState;
  readonly types: ResourceTypes;
  readonly stack: StackRecord;
  readonly operation: OperationRecord;
  readonly steps: Steps;
  readonly abort: AbortController;
  /** Told what is left out since that cannot change behaviour here. */
  readonly warn: (warnings: readonly string[]) => void;
}

/** The way forward: every resource of the template is brought to what the template says, along the dependency graph. */
export class Forward {
  readonly template: Template;
  /** Where resources answer as they stand. */
  readonly env: Environment;
  readonly graph: Graph;

  /** @throws AwsError ValidationError for what is wrong with the template as a whole */
  constructor(private readonly parts: ForwardParts) {
    const { state, stack } = parts;
    this.template = templateOf(stack);
    this.env = environmentFor(state, stack, this.template, {
      ref: (logicalId) => this.#living(logicalId).ref,
      attribute: (logicalId, name) => this.#attribute(logicalId, name),
    });
    this.graph = dependencyGraph(this.template, this.env.condition);
  }

  /**
   * @returns why it failed, or undefined
   * @throws AwsError for what is wrong with the template as a whole
   */
  async run(): Promise<string | undefined> {
    const { abort, operation } = this.parts;
    if (operation.cancelled) return "";
    // Gone on with after a crash: what could be refused beforehand was not.
    if (!this.#begun() && this.#refuseBeforehand()) return this.#failed();
    const failed = await runGraph(this.graph, async (id) => {
      if (abort.signal.aborted) return false;
      const succeeded = await this.#deploy(id, this.template.resources[id]!);
      if (!succeeded) abort.abort();
      return succeeded;
    });
    return failed.length > 0 || abort.signal.aborted ? this.#failed() : undefined;
  }

  #failed(): string {
    return failedResources(this.parts.state.resourcesOf(this.parts.stack.stackId)) ?? "";
  }

  #begun(): boolean {
    const { state, stack, operation } = this.parts;
    return state.resourcesOf(stack.stackId).some((record) => record.step?.operationId === operation.id);
  }

  /** Everything that cannot be deployed here is told at once, before anything is made. */
  #refuseBeforehand(): boolean {
    const { state, stack, types, steps } = this.parts;
    checkRules(this.template, this.env);
    const existing = livingResources(state, stack);
    const plan = planDeployment({
      template: this.template,
      types,
      existing,
      scope: { account: stack.account, region: stack.region },
      tagsChanged: this.#tagsChanged(),
      environment: (resources) => environmentFor(state, stack, this.template, resources),
    });
    if (plan.warnings.length > 0) this.parts.warn(plan.warnings);
    for (const [logicalId, problems] of plan.problems) {
      const declaration = this.template.resources[logicalId]!;
      steps.refuse(bareTarget(logicalId, declaration.Type), existing.get(logicalId), problems.join("; "));
    }
    return plan.problems.size > 0;
  }

  async #deploy(logicalId: string, declaration: ResourceDeclaration): Promise<boolean> {
    const { state, stack, operation, steps, types } = this.parts;
    const record = state.resources.get([stack.stackId, logicalId]);
    const isOwn = record?.step?.operationId === operation.id;
    if (isOwn && record.step?.done) return true;
    const existing = isOwn ? record.former : isLiving(record) ? record : undefined;
    const resumed = isOwn && record.step?.kind !== "update" ? record : undefined;
    const problems: string[] = [];
    try {
      const target = this.#target(logicalId, declaration, problems);
      const denied =
        existing &&
        denialByPolicy(stack.policyText, existing, types.changes(target.type, existing.properties, target.properties));
      if (denied) problems.push(denied);
      if (problems.length === 0)
        return await steps.reach(target, existing, existing ? this.#aspects(target, existing) : [], resumed);
    } catch (error) {
      if (!(error instanceof AwsError || error instanceof StepFailure)) throw error;
      problems.push(error.message);
    }
    steps.refuse(bareTarget(logicalId, declaration.Type), existing, problems.join("; "));
    return false;
  }

  #target(logicalId: string, declaration: ResourceDeclaration, problems: string[]): Target {
    const policy = (value: unknown) => (value === undefined ? undefined : String(evaluate(value, this.env)));
    return {
      logicalId,
      type: declaration.Type,
      properties: resolveProperties(declaration, this.env, this.parts.types, logicalId, problems),
      metadata: declaration.Metadata === undefined ? undefined : evaluate(declaration.Metadata, this.env),
      creationPolicy:
        declaration.CreationPolicy === undefined
          ? undefined
          : (evaluate(declaration.CreationPolicy, this.env) as Properties),
      needs: [...(this.graph.get(logicalId) ?? [])],
      deletionPolicy: policy(declaration.DeletionPolicy),
      updateReplacePolicy: policy(declaration.UpdateReplacePolicy),
    };
  }

  #aspects(target: Target, existing: ResourceRecord): Aspect[] {
    const aspects: Aspect[] = [];
    if (!sameValue(existing.metadata ?? {}, target.metadata ?? {})) aspects.push("Metadata");
    if (existing.deletionPolicy !== target.deletionPolicy) aspects.push("DeletionPolicy");
    if (existing.updateReplacePolicy !== target.updateReplacePolicy) aspects.push("UpdateReplacePolicy");
    if (this.#tagsChanged() && this.parts.types.takesTags(target.type)) aspects.push("Tags");
    return aspects;
  }

  #tagsChanged(): boolean {
    const { operation, stack } = this.parts;
    return operation.kind !== "create" && !sameValue(operation.formerTags, stack.definition?.tags ?? []);
  }

  #living(logicalId: string): ResourceRecord {
    const record = this.parts.state.resources.get([this.parts.stack.stackId, logicalId]);
    if (!record) throw new StepFailure(`${logicalId} is referred to before it is there`);
    return record;
  }

  #attribute(logicalId: string, name: string): unknown {
    const record = this.#living(logicalId);
    const value = findAttribute(record.attributes, name);
    if (value !== undefined) return value;
    if (this.parts.types.find(record.type)?.type === "AWS::CloudFormation::CustomResource")
      throw new StepFailure(
        `CustomResource attribute error: Vendor response doesn't contain ${name} attribute in object ${record.physicalId}`,
      );
    throw new StepFailure(`Attribute '${name}' does not exist`);
  }
}

/** The template that a stack is to be (or is), after its transforms. */
export function templateOf(stack: StackRecord): Template {
  return checkTemplate(JSON.parse(stack.definition!.processedText) as Record<string, unknown>);
}

function bareTarget(logicalId: string, type: string): Target {
  return {
    logicalId,
    type,
    properties: {},
    metadata: undefined,
    needs: [],
    deletionPolicy: undefined,
    updateReplacePolicy: undefined,
  };
}
