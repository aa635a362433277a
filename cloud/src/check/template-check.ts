import { NotEmulatedError } from "../aws/error.ts";
import type { Scope } from "../aws/scope.ts";
import { environmentOf } from "../deploy/environment.ts";
import { UNKNOWN, type Environment } from "../deploy/intrinsics.ts";
import { resolveParameters, type ParameterValues } from "../deploy/parameters.ts";
import { planDeployment } from "../deploy/plan.ts";
import { checkReferences } from "../deploy/references.ts";
import type { ResourceTypes } from "../deploy/resource-types.ts";
import { parseTemplateText } from "../deploy/template-text.ts";
import { checkTemplate, isObject, readParameters, type Template } from "../deploy/template.ts";
import { applyTransforms } from "../deploy/transforms.ts";
import { differencesOf } from "./differences.ts";
import { RULES, type CheckedStack, type Finding, type Rule } from "./finding.ts";
import { deprecationOf } from "./lambda-runtimes.ts";
import { findBroadPermissions } from "./permissions.ts";
import { TemplatePlaces } from "./template-places.ts";

export interface TemplateToCheck {
  /** Name of the stack, or path of logical ids that leads to a nested one. */
  readonly stack: string;
  /** Path of the file, for the findings. */
  readonly file: string;
  /** As it is in the file: where findings are located. */
  readonly text: string;
  /** As it would be deployed, once what it names on this machine has a place in S3. */
  readonly packaged: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface CheckContext {
  readonly types: ResourceTypes;
  readonly scope: Scope;
  readonly nowMs: number;
  /** Reads what packaging has put into a bucket: snippets of `AWS::Include`. */
  readonly readArtifact: (location: string) => string | undefined;
}

export interface CheckedTemplate {
  readonly stack: CheckedStack;
  readonly findings: readonly Finding[];
  /** Nested stacks, by logical id: what their TemplateURL says and the parameters that are known. */
  readonly nested: readonly { readonly logicalId: string; readonly url: unknown; readonly parameters: unknown }[];
}

/** Says of one template what a deployment would say of it, and what there is to advise, without deploying anything. */
export async function checkTemplateText(given: TemplateToCheck, cx: CheckContext): Promise<CheckedTemplate> {
  const findings = new Findings(given);
  try {
    const { template, parameters } = await read(given, cx);
    return inspect(given, template, parameters, cx, findings);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    findings.add(ruleOf(error), error.message, ["Transform"]);
    return { stack: { name: given.stack, file: given.file, resources: [] }, findings: findings.list, nested: [] };
  }
}

/** Something that only a deployment can tell. */
class Unseen extends Error {
  override name = "Unseen";
}

function ruleOf(error: Error): Rule {
  if (error instanceof Unseen) return "not-checked";
  return error instanceof NotEmulatedError ? "not-emulated" : "invalid-template";
}

/** Adds findings with the places where they are. */
class Findings {
  readonly list: Finding[] = [];
  readonly #places: TemplatePlaces;

  constructor(private readonly given: TemplateToCheck) {
    this.#places = new TemplatePlaces(given.text);
  }

  add(rule: Rule, message: string, path: readonly string[] = []): void {
    const { file, stack } = this.given;
    this.list.push({ rule, level: RULES[rule].level, message, file, stack, ...this.#places.find(path) });
  }

  /** @param inside path into the resource's properties */
  addTo(
    resource: { logicalId: string; type: string },
    rule: Rule,
    message: string,
    inside: readonly string[] = [],
  ): void {
    const { file, stack } = this.given;
    const { logicalId, type } = resource;
    const origin = this.#places.origin(logicalId) ?? logicalId;
    const path = ["Resources", origin, ...(origin === logicalId && inside.length > 0 ? ["Properties", ...inside] : [])];
    const level = RULES[rule].level;
    this.list.push({ rule, level, message, file, stack, logicalId, type, ...this.#places.find(path) });
  }
}

async function read(given: TemplateToCheck, cx: CheckContext) {
  const source = parseTemplateText(given.packaged);
  const declared = readParameters(source);
  const values = await readValues(declared, given.parameters);
  const processed = await applyTransforms(source, {
    parameters: values,
    scope: cx.scope,
    nowSeconds: Math.floor(cx.nowMs / 1000),
    readS3: (location) => {
      const text = cx.readArtifact(location);
      if (text === undefined) throw new Unseen(`${location} is not on this machine: it is read at the deployment.`);
      return Promise.resolve(text);
    },
    callMacro: (name) => {
      throw new Unseen(`The macro ${name} runs at the deployment: what it makes of the template is not seen before.`);
    },
  });
  const template = checkTemplate(processed);
  checkReferences(template);
  return { template, parameters: values };
}

/** What can be told of a parameter's value before a deployment: not what it is given there, nor what SSM holds. */
async function readValues(declared: Template["parameters"], given: Readonly<Record<string, string>>) {
  const known = new Set(
    Object.entries(declared)
      .filter(
        ([name, { Type, Default }]) =>
          (given[name] ?? Default) !== undefined && !Type.startsWith("AWS::SSM::Parameter::Value"),
      )
      .map(([name]) => name),
  );
  const parameters = Object.fromEntries(Object.entries(declared).filter(([name]) => known.has(name)));
  const chosen = Object.entries(given).filter(([name]) => known.has(name));
  const values = await resolveParameters(
    { parameters },
    chosen.map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
    {},
    () => Promise.resolve(new Map()),
  );
  return values;
}

function inspect(
  given: TemplateToCheck,
  template: Template,
  parameters: ParameterValues,
  cx: CheckContext,
  findings: Findings,
): CheckedTemplate {
  cx.types.checkKnown(template);
  const plan = planDeployment({
    template,
    types: cx.types,
    existing: new Map(),
    scope: cx.scope,
    tagsChanged: false,
    environment: (resources) => unknowing(given, template, parameters, cx, resources),
  });
  const nested: CheckedTemplate["nested"][number][] = [];
  for (const resource of plan.resources.values()) {
    const { logicalId, type, properties } = resource;
    for (const problem of plan.problems.get(logicalId) ?? []) tellProblem(findings, resource, problem);
    for (const text of [...harmlessOf(plan.warnings, type), ...differencesOf(type, properties)])
      findings.addTo(resource, "runs-differently", text);
    for (const { rule, message, path } of findBroadPermissions(type, properties))
      findings.addTo(resource, rule, message, path);
    const runtime = type === "AWS::Lambda::Function" ? properties["Runtime"] : undefined;
    const deprecation = typeof runtime === "string" ? deprecationOf(runtime, cx.nowMs) : undefined;
    if (deprecation !== undefined) findings.addTo(resource, "deprecated-runtime", deprecation, ["Runtime"]);
    if (type === "AWS::CloudFormation::Stack")
      nested.push({ logicalId, url: properties["TemplateURL"], parameters: properties["Parameters"] });
  }
  const resources = [...plan.resources.values()].map(({ logicalId, type }) => ({ logicalId, type }));
  return { stack: { name: given.stack, file: given.file, resources }, findings: findings.list, nested };
}

/** What a template is evaluated in before anything is there: what is not known stays so, and conditions on it hold. */
function unknowing(
  given: TemplateToCheck,
  template: Template,
  parameters: ParameterValues,
  { scope }: CheckContext,
  resources: { ref(logicalId: string): unknown; attribute(logicalId: string, name: string): unknown },
): Environment {
  const env = environmentOf({
    template,
    parameters,
    scope,
    stackName: given.stack,
    stackId: `arn:aws:cloudformation:${scope.region}:${scope.account}:stack/${given.stack}/00000000-0000-0000-0000-000000000000`,
    notificationArns: [],
    resourceRef: (logicalId) => resources.ref(logicalId),
    resourceAttribute: (logicalId, name) => resources.attribute(logicalId, name),
    importValue: () => UNKNOWN,
  });
  const ref = env.ref.bind(env);
  const condition = env.condition.bind(env);
  const dependsOnUnknown = (name: string): boolean =>
    refersTo(template.conditions[name], template, (parameter) => !Object.hasOwn(parameters, parameter));
  // The environment evaluates conditions in itself, so it is changed in place.
  return Object.assign(env, {
    ref: (name: string) =>
      Object.hasOwn(template.parameters, name) && !Object.hasOwn(parameters, name) ? UNKNOWN : ref(name),
    condition: (name: string) => dependsOnUnknown(name) || condition(name),
  });
}

function refersTo(expression: unknown, template: Template, isUnknown: (parameter: string) => boolean): boolean {
  if (Array.isArray(expression)) return expression.some((item) => refersTo(item, template, isUnknown));
  if (!isObject(expression)) return false;
  const { Ref, Condition } = expression;
  if (typeof Ref === "string") return Object.hasOwn(template.parameters, Ref) && isUnknown(Ref);
  if (typeof Condition === "string") return refersTo(template.conditions[Condition], template, isUnknown);
  return Object.values(expression).some((member) => refersTo(member, template, isUnknown));
}

/** The plan tells what has no effect by type: `Property X of TYPE has no effect here: why`. */
function harmlessOf(warnings: readonly string[], type: string): string[] {
  return [...new Set(warnings.filter((warning) => warning.includes(` of ${type} has no effect here: `)))];
}

function tellProblem(findings: Findings, resource: { logicalId: string; type: string }, problem: string): void {
  const [, property] = /^Katachi does not emulate (?:property )?([\w.]+) of /.exec(problem) ?? [];
  if (!problem.startsWith("Properties validation failed"))
    return findings.addTo(resource, "not-emulated", problem, property?.split(".") ?? runtimeOf(problem));
  for (const line of problem.split("\n").slice(1)) {
    const [, pointer = ""] = /^#(\/[^:]*)?:/.exec(line) ?? [];
    const [, extra] = /extraneous key \[(.+)\]/.exec(line) ?? [];
    const inside = [...pointer.split("/").slice(1), ...(extra === undefined ? [] : [extra])];
    findings.addTo(resource, "invalid-properties", line, inside);
  }
}

function runtimeOf(problem: string): string[] {
  return problem.startsWith("Katachi does not emulate Runtime ") ? ["Runtime"] : [];
}
