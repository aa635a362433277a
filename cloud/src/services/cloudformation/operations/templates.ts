import type { Capability, ParameterDeclaration as SummaryParameter } from "@aws-sdk/client-cloudformation";
import type { Input, Output } from "../../../aws/api-types.ts";
import { neededCapabilities } from "../../../deploy/capabilities.ts";
import { checkReferences } from "../../../deploy/references.ts";
import { parseTemplateText } from "../../../deploy/template-text.ts";
import { checkTemplate, type Template } from "../../../deploy/template.ts";
import { hidesResources, transformNames } from "../../../deploy/transforms.ts";
import { expand, readGivenTemplate } from "../definition.ts";
import { stackNotFound, validationError } from "../errors.ts";
import { findChangeSet } from "./change-sets.ts";
import { findStack, getStack, type Cx } from "../stacks.ts";
import type { StackDefinition } from "../state.ts";

export async function validateTemplate(
  cx: Cx,
  input: Input<"cloudformation", "ValidateTemplate">,
): Promise<Output<"cloudformation", "ValidateTemplate">> {
  const source = parseTemplateText(await readGivenTemplate(cx, input));
  const transforms = transformNames(source);
  const template = await readProcessed(cx, source, transforms);
  checkReferences(template);
  cx.state.engine!.types.checkKnown(template);
  const { capabilities, reason } = capabilitiesOf(template, transforms);
  return {
    Parameters: Object.entries(template.parameters).map(([ParameterKey, { Default, NoEcho, Description }]) => ({
      ParameterKey,
      ...(Default !== undefined && { DefaultValue: Default }),
      NoEcho: NoEcho ?? false,
      ...(Description !== undefined && { Description }),
    })),
    ...(template.description !== undefined && { Description: template.description }),
    ...(capabilities.length > 0 && { Capabilities: capabilities, CapabilitiesReason: reason }),
    ...(transforms.length > 0 && { DeclaredTransforms: transforms }),
  };
}

/**
 * A template given without parameters: transforms see the defaults.
 * AWS: macros (SAM's too) are not run for a summary, so that of their templates only the frame is known.
 */
async function readProcessed(
  cx: Cx,
  source: Record<string, unknown>,
  transforms: readonly string[],
): Promise<Template> {
  if (transforms.length === 0) return checkTemplate(source);
  const { AWSTemplateFormatVersion, Description, Metadata, Parameters } = source;
  const given = Object.entries({ AWSTemplateFormatVersion, Description, Metadata, Parameters });
  const frame = checkTemplate({
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    Resources: { Placeholder: { Type: "AWS::CDK::Metadata" } },
  });
  if (hidesResources(transforms)) return { ...frame, resources: {} };
  const defaults = Object.fromEntries(
    Object.entries(frame.parameters).map(([name, { Default }]) => [name, { value: Default ?? "" }]),
  );
  return checkTemplate(await expand(cx, source, defaults));
}

/** The types of resources that a template names, as it is written where macros are not run. */
function typesOf(source: Record<string, unknown>, template: Template, transforms: readonly string[]): string[] {
  const written = (source["Resources"] ?? {}) as Record<string, { Type?: unknown }>;
  const resources = hidesResources(transforms) ? Object.values(written) : Object.values(template.resources);
  return [...new Set(resources.map((resource) => String(resource?.Type)))];
}

function capabilitiesOf(
  template: Template,
  transforms: readonly string[],
): { capabilities: Capability[]; reason: string | undefined } {
  const { capabilities, reason } = neededCapabilities(template);
  if (transforms.length > 0) capabilities.push("CAPABILITY_AUTO_EXPAND");
  const transformReason = `The following transform(s) require capabilities: [${transforms.join(", ")}]`;
  return { capabilities: capabilities as Capability[], reason: reason ?? transformReason };
}

export function getTemplate(
  cx: Cx,
  input: Input<"cloudformation", "GetTemplate">,
): Output<"cloudformation", "GetTemplate"> {
  const definition = findDefinition(cx, input.StackName, input.ChangeSetName);
  if (!definition) return { TemplateBody: "{}", StagesAvailable: ["Original", "Processed"] };
  const text =
    input.TemplateStage === "Processed" && hasTransforms(definition)
      ? definition.processedText
      : definition.templateText;
  return { TemplateBody: text, StagesAvailable: ["Original", "Processed"] };
}

function hasTransforms(definition: StackDefinition): boolean {
  return transformNames(parseTemplateText(definition.templateText)).length > 0;
}

/** Undefined for a stack that so far is under review only. */
function findDefinition(
  cx: Cx,
  stackName: string | undefined,
  changeSetName: string | undefined,
): StackDefinition | undefined {
  if (changeSetName !== undefined) return findChangeSet(cx, changeSetName, stackName).definition;
  if (stackName === undefined) throw validationError("StackName is required if ChangeSetName is not specified.");
  const stack = findStack(cx.state, cx.scope, stackName);
  if (!stack) throw stackNotFound(stackName);
  return stack.definition;
}

export async function getTemplateSummary(
  cx: Cx,
  input: Input<"cloudformation", "GetTemplateSummary">,
): Promise<Output<"cloudformation", "GetTemplateSummary">> {
  const given = input.StackName === undefined ? await readGivenTemplate(cx, input) : stackTemplate(cx, input.StackName);
  const source = parseTemplateText(given);
  const transforms = transformNames(source);
  const template = await readProcessed(cx, source, transforms);
  const { capabilities, reason } = capabilitiesOf(template, transforms);
  return {
    Parameters: Object.entries(template.parameters).map(([ParameterKey, declaration]): SummaryParameter => ({
      ParameterKey,
      ...(declaration.Default !== undefined && { DefaultValue: declaration.Default }),
      ParameterType: declaration.Type,
      NoEcho: declaration.NoEcho ?? false,
      ...(declaration.Description !== undefined && { Description: declaration.Description }),
      ParameterConstraints: declaration.AllowedValues ? { AllowedValues: [...declaration.AllowedValues] } : {},
    })),
    ...(template.description !== undefined && { Description: template.description }),
    ...(capabilities.length > 0 && { Capabilities: capabilities, CapabilitiesReason: reason }),
    ResourceTypes: typesOf(source, template, transforms),
    ...(source["AWSTemplateFormatVersion"] !== undefined && { Version: String(source["AWSTemplateFormatVersion"]) }),
    ...(template.metadata !== undefined && { Metadata: JSON.stringify(template.metadata) }),
    ...(transforms.length > 0 && { DeclaredTransforms: transforms }),
  };
}

function stackTemplate(cx: Cx, name: string): string {
  const stack = getStack(cx, name);
  if (!stack.definition) throw validationError("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.");
  return stack.definition.templateText;
}
