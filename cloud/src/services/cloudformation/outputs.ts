import { hasDynamicReference, resolveDynamicReferences, type SecretReader } from "../../deploy/dynamic-references.ts";
import { dependencyGraph } from "../../deploy/graph.ts";
import { evaluate, NO_VALUE, type Environment } from "../../deploy/intrinsics.ts";
import { validationError } from "../../deploy/template-error.ts";
import type { OutputDeclaration, Template } from "../../deploy/template.ts";
import type { CloudFormationState, OutputRecord, StackRecord } from "./state.ts";

/** What a deployment that has succeeded gives. */
export interface NewOutputs {
  readonly outputs: readonly OutputRecord[];
  /** Names of the exports of other stacks that the template takes. */
  readonly imports: readonly string[];
  /** The resources that the stack is to have. */
  readonly logicalIds: readonly string[];
}

/**
 * Evaluates a template's outputs and checks that its exports can be published.
 * @param env where resources answer as they stand
 * @throws AwsError ValidationError in CloudFormation's words
 */
export async function resolveOutputs(
  state: CloudFormationState,
  stack: StackRecord,
  template: Template,
  env: Environment,
  secrets: SecretReader,
): Promise<NewOutputs> {
  const outputs: OutputRecord[] = [];
  for (const [key, declaration] of Object.entries(template.outputs)) {
    if (declaration.Condition !== undefined && !env.condition(declaration.Condition)) continue;
    outputs.push(await resolveOutput(key, declaration, env, secrets));
  }
  checkExports(state, stack, outputs);
  return {
    outputs,
    imports: importsOf(template, env),
    logicalIds: [...dependencyGraph(template, env.condition).keys()],
  };
}

async function resolveOutput(
  key: string,
  declaration: OutputDeclaration,
  env: Environment,
  secrets: SecretReader,
): Promise<OutputRecord> {
  const malformed = () =>
    validationError(
      `Template format error: Output ${key} is malformed. The Value field of every Outputs member must evaluate to a String`,
    );
  const evaluated = evaluate(declaration.Value, env);
  const { Value: value } = hasDynamicReference(evaluated)
    ? await resolveDynamicReferences({ Value: evaluated }, "AWS::CloudFormation::Stack", secrets)
    : { Value: evaluated };
  if (typeof value === "object" || value === undefined || value === NO_VALUE) throw malformed();
  const exported = declaration.Export && evaluate(declaration.Export.Name, env);
  if (typeof exported === "object")
    throw validationError(
      `Template format error: Output ${key} is malformed. The Name field of Export must evaluate to a String`,
    );
  return {
    key,
    value: String(value),
    ...(declaration.Description === undefined ? {} : { description: declaration.Description }),
    ...(exported === undefined ? {} : { exportName: String(exported) }),
  };
}

/** Every export that any expression of the template takes, found by evaluating them all. */
function importsOf(template: Template, env: Environment): string[] {
  const imports = new Set<string>();
  const noting: Environment = {
    ...env,
    importValue(name) {
      imports.add(name);
      return env.importValue(name);
    },
  };
  if (!JSON.stringify([template.resources, template.outputs]).includes("Fn::ImportValue")) return [];
  for (const logicalId of dependencyGraph(template, env.condition).keys())
    evaluate(template.resources[logicalId]!.Properties ?? {}, noting);
  for (const output of Object.values(template.outputs))
    if (output.Condition === undefined || env.condition(output.Condition)) evaluate(output.Value, noting);
  return [...imports];
}

function checkExports(state: CloudFormationState, stack: StackRecord, outputs: readonly OutputRecord[]): void {
  const { account, region, stackId } = stack;
  const names = outputs.flatMap((output) => (output.exportName === undefined ? [] : [output.exportName]));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw validationError(`Duplicate Export names: ${twice}`);
  for (const { exportName, value } of outputs) {
    if (exportName === undefined) continue;
    const existing = state.exports.get([account, region, exportName]);
    if (existing && existing.stackId !== stackId)
      throw validationError(`Export with name ${exportName} is already exported by stack ${existing.stackName}`);
    const users = importersOf(state, stack, exportName);
    if (existing && existing.value !== value && users.length > 0)
      throw validationError(`Export ${exportName} cannot be updated as it is in use by ${users.join(", ")}`);
  }
  for (const name of exportsOf(state, stack)) {
    const users = names.includes(name) ? [] : importersOf(state, stack, name);
    if (users.length > 0)
      throw validationError(`Export ${name} cannot be deleted as it is in use by ${users.join(", ")}`);
  }
}

/** Names that a stack exports. */
export function exportsOf(state: CloudFormationState, { account, region, stackId }: StackRecord): string[] {
  const names: string[] = [];
  for (const [key, record] of state.exports.entries({ prefix: [account, region] }))
    if (record.stackId === stackId) names.push(key[2] as string);
  return names;
}

/** Names of the stacks that import an export. */
export function importersOf(
  state: CloudFormationState,
  { account, region }: Pick<StackRecord, "account" | "region">,
  exportName: string,
): string[] {
  return [...state.imports.keys({ prefix: [account, region, exportName] })].map(
    (key) => state.stacks.get([key[3] as string])?.stackName ?? String(key[3]),
  );
}

/** Puts a stack's outputs, exports and imports in force. */
export function publishOutputs(state: CloudFormationState, stack: StackRecord, { outputs, imports }: NewOutputs): void {
  const { account, region, stackId, stackName } = stack;
  withdrawExports(state, stack);
  stack.outputs = outputs;
  for (const { exportName, value } of outputs)
    if (exportName !== undefined) state.exports.put([account, region, exportName], { stackId, stackName, value });
  for (const name of imports) state.imports.put([account, region, name, stackId], true);
}

/** Takes back what a stack exports, and what it holds of others. */
export function withdrawExports(state: CloudFormationState, stack: StackRecord): void {
  const { account, region, stackId } = stack;
  for (const name of exportsOf(state, stack)) state.exports.remove([account, region, name]);
  for (const key of Array.from(state.imports.keys({ prefix: [account, region] })))
    if (key[3] === stackId) state.imports.remove(key);
}
