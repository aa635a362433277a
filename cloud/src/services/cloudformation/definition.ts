import { NotEmulatedError } from "../../aws/error.ts";
import { missingCapabilities, neededCapabilities } from "../../deploy/capabilities.ts";
import { checkRules } from "../../deploy/environment.ts";
import { dependencyGraph } from "../../deploy/graph.ts";
import { UNKNOWN } from "../../deploy/intrinsics.ts";
import { resolveParameters, type GivenParameter, type ParameterValues, type ReadSsm } from "../../deploy/parameters.ts";
import { checkReferences } from "../../deploy/references.ts";
import { parseTemplateText, TEMPLATE_BODY_BYTES_MAX } from "../../deploy/template-text.ts";
import { checkTemplate, readParameters, type Template } from "../../deploy/template.ts";
import { applyTransforms, transformNames } from "../../deploy/transforms.ts";
import { insufficientCapabilities, validationError } from "./errors.ts";
import { callMacro } from "./macro.ts";
import { environmentIn, type StackIdentity } from "./stack-environment.ts";
import type { Cx } from "./stacks.ts";
import type { StackDefinition } from "./state.ts";
import { readS3Uri, readUrl } from "./template-source.ts";

/** What CreateStack, UpdateStack and CreateChangeSet have in common. */
export interface DefinitionInput {
  readonly TemplateBody?: string | undefined;
  readonly TemplateURL?: string | undefined;
  readonly UsePreviousTemplate?: boolean | undefined;
  readonly Parameters?: readonly GivenParameter[] | undefined;
  readonly Tags?: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined;
  readonly Capabilities?: readonly string[] | undefined;
  readonly NotificationARNs?: readonly string[] | undefined;
  readonly RoleARN?: string | undefined;
  readonly ResourceTypes?: readonly string[] | undefined;
  readonly RollbackConfiguration?: { readonly RollbackTriggers?: readonly unknown[] | undefined } | undefined;
}

export interface PreparedDefinition {
  readonly definition: StackDefinition;
  readonly template: Template;
}

const TAGS_MAX = 50;

/**
 * Reads everything that is given for a stack, and checks it in the order in which CloudFormation does: template, its
 * transforms, parameters, references, types, capabilities.
 * @param previous what the stack has now, where it is updated
 * @param identity the stack as its template sees it
 * @throws AwsError ValidationError, InsufficientCapabilitiesException; NotEmulatedError for a transform
 */
export async function prepareDefinition(
  cx: Cx,
  input: DefinitionInput,
  identity: StackIdentity,
  previous: StackDefinition | undefined,
  options: { expandsForReview?: boolean } = {},
): Promise<PreparedDefinition> {
  if ((input.RollbackConfiguration?.RollbackTriggers?.length ?? 0) > 0)
    throw new NotEmulatedError("RollbackConfiguration.RollbackTriggers");
  const templateText = await readTemplateText(cx, input, previous);
  const source = parseTemplateText(templateText);
  const transforms = transformNames(source);
  const parameters = await resolveParameters(
    { parameters: readParameters(source) },
    input.Parameters ?? [],
    previous?.parameters ?? {},
    ssmReader(cx),
  );
  const given = input.Capabilities ?? [];
  // AWS: without the acknowledgement nothing is expanded, so that nothing else that is missing can be told.
  if (transforms.length > 0 && !options.expandsForReview && !given.includes("CAPABILITY_AUTO_EXPAND"))
    throw insufficientCapabilities(["CAPABILITY_AUTO_EXPAND"]);
  const processed = transforms.length > 0 ? await expand(cx, source, parameters) : source;
  const template = checkTemplate(processed);
  const notificationArns = input.NotificationARNs ?? previous?.notificationArns ?? [];
  checkWhole(cx, template, identity, parameters, notificationArns, input.ResourceTypes);
  const needed = neededCapabilities(template).capabilities;
  const missing = missingCapabilities(needed, given);
  if (missing.length > 0) throw insufficientCapabilities(missing);
  const roleArn = input.RoleARN ?? previous?.roleArn;
  const definition: StackDefinition = {
    templateText,
    processedText: JSON.stringify(processed),
    parameters,
    tags: input.Tags ? readTags(input.Tags) : (previous?.tags ?? []),
    capabilities: given,
    notificationArns,
    ...(roleArn === undefined ? {} : { roleArn }),
    ...(template.description === undefined ? {} : { description: template.description }),
  };
  return { definition, template };
}

/** Runs the transforms of a template, as the caller. */
export function expand(
  cx: Cx,
  source: Record<string, unknown>,
  parameters: ParameterValues,
): Promise<Record<string, unknown>> {
  return applyTransforms(source, {
    parameters,
    scope: cx.scope,
    nowSeconds: Math.floor(cx.kernel.clock.now() / 1000),
    readS3: (uri) => readS3Uri(cx, uri),
    callMacro: (name, call) => callMacro(cx, name, call),
  });
}

/** The template of a deployment: the one given, or the one that the stack has. */
export async function readTemplateText(
  cx: Cx,
  input: DefinitionInput,
  previous: StackDefinition | undefined,
): Promise<string> {
  const { TemplateBody, TemplateURL, UsePreviousTemplate } = input;
  if (UsePreviousTemplate && previous && TemplateBody === undefined && TemplateURL === undefined)
    return previous.templateText;
  return readGivenTemplate(cx, input);
}

/** The template given by body or URL. @throws AwsError ValidationError where none or both are given */
export async function readGivenTemplate(
  cx: Cx,
  { TemplateBody, TemplateURL }: Pick<DefinitionInput, "TemplateBody" | "TemplateURL">,
): Promise<string> {
  if (TemplateBody !== undefined && TemplateURL !== undefined)
    throw validationError("You must specify only one of TemplateBody and TemplateURL.");
  if (TemplateBody !== undefined && TemplateBody.length > TEMPLATE_BODY_BYTES_MAX)
    throw validationError(
      `1 validation error detected: Value '${TemplateBody}' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${TEMPLATE_BODY_BYTES_MAX}`,
    );
  if (TemplateBody !== undefined) return TemplateBody;
  if (TemplateURL !== undefined) return readUrl(cx, TemplateURL);
  throw validationError("Either Template URL or Template Body must be specified.");
}

/** Checks what holds for the template as a whole, with values as far as they are known. */
export function checkWhole(
  cx: Cx,
  template: Template,
  identity: StackIdentity,
  parameters: ParameterValues,
  notificationArns: readonly string[],
  resourceTypes: readonly string[] | undefined,
): void {
  checkReferences(template);
  cx.state.engine!.types.checkKnown(template);
  checkResourceTypes(template, resourceTypes);
  const unknown = { ref: () => UNKNOWN, attribute: () => UNKNOWN };
  const env = environmentIn(cx.state, identity, template, { parameters, notificationArns }, unknown);
  checkRules(template, env);
  dependencyGraph(template, env.condition);
}

function checkResourceTypes(template: Template, allowed: readonly string[] | undefined): void {
  if (!allowed || allowed.length === 0) return;
  for (const { Type } of Object.values(template.resources)) {
    const fits = allowed.some(
      (pattern) => pattern === Type || (pattern.endsWith("*") && Type.startsWith(pattern.slice(0, -1))),
    );
    if (!fits)
      throw validationError(`Resource type ${Type} is not allowed by parameter ResourceTypes [${allowed.join(", ")}]`);
  }
}

function readTags(tags: NonNullable<DefinitionInput["Tags"]>) {
  if (tags.length > TAGS_MAX)
    throw validationError(`Number of tags, ${tags.length}, is greater than maximum allowed, ${TAGS_MAX}`);
  const keys = tags.map((tag) => tag.Key ?? "");
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined)
    throw validationError(`Duplicate tag keys found. Please note that Tag keys are case insensitive.`);
  const reserved = keys.find((key) => key.toLowerCase().startsWith("aws:"));
  if (reserved !== undefined) throw validationError(`Tag keys must not start with aws: (${reserved})`);
  return tags.map(({ Key, Value }) => ({ Key: Key ?? "", Value: Value ?? "" }));
}

const SSM_NAMES_MAX = 10;

/** Reads SSM parameters for parameter types, as the caller. */
export function ssmReader(cx: Cx): ReadSsm {
  return async (names) => {
    const held = new Map<string, string>();
    for (let at = 0; at < names.length; at += SSM_NAMES_MAX) {
      const { Parameters } = await cx.call("ssm", "GetParameters", { Names: names.slice(at, at + SSM_NAMES_MAX) });
      for (const { Name = "", Selector = "", Value = "" } of Parameters ?? []) held.set(Name + Selector, Value);
    }
    return held;
  };
}
