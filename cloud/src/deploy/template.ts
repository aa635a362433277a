import { NotEmulatedError } from "../aws/error.ts";
import { parseTemplateText } from "./template-text.ts";
import { validationError } from "./template-error.ts";

export interface ParameterDeclaration {
  readonly Type: string;
  readonly Default?: string;
  readonly Description?: string;
  readonly NoEcho?: boolean;
  readonly AllowedValues?: readonly string[];
  readonly AllowedPattern?: string;
  readonly ConstraintDescription?: string;
  readonly MinLength?: number;
  readonly MaxLength?: number;
  readonly MinValue?: number;
  readonly MaxValue?: number;
}

export interface ResourceDeclaration {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn: readonly string[];
  readonly Condition?: string;
  /** May be a function under `AWS::LanguageExtensions`. */
  readonly DeletionPolicy?: unknown;
  readonly UpdateReplacePolicy?: unknown;
  readonly UpdatePolicy?: unknown;
  readonly CreationPolicy?: unknown;
  readonly Metadata?: Readonly<Record<string, unknown>>;
  readonly Version?: unknown;
}

export interface OutputDeclaration {
  readonly Value: unknown;
  readonly Description?: string;
  readonly Condition?: string;
  readonly Export?: { readonly Name: unknown };
}

export interface RuleDeclaration {
  readonly RuleCondition?: unknown;
  readonly Assertions: readonly { readonly Assert: unknown; readonly AssertDescription?: string }[];
}

/** A template whose form is right; what its expressions refer to is checked by `checkReferences`. */
export interface Template {
  readonly description: string | undefined;
  readonly metadata: unknown;
  readonly transforms: readonly unknown[];
  readonly parameters: Readonly<Record<string, ParameterDeclaration>>;
  readonly mappings: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly rules: Readonly<Record<string, RuleDeclaration>>;
  readonly resources: Readonly<Record<string, ResourceDeclaration>>;
  readonly outputs: Readonly<Record<string, OutputDeclaration>>;
}

type Json = Readonly<Record<string, unknown>>;

const SECTIONS = new Set([
  "AWSTemplateFormatVersion",
  "Description",
  "Metadata",
  "Parameters",
  "Rules",
  "Mappings",
  "Conditions",
  "Transform",
  "Hooks",
  "Resources",
  "Outputs",
]);
const RESOURCE_MEMBERS = new Set([
  "Type",
  "Properties",
  "DependsOn",
  "Condition",
  "DeletionPolicy",
  "UpdateReplacePolicy",
  "UpdatePolicy",
  "CreationPolicy",
  "Metadata",
  "Version",
]);
/** AWS CloudFormation quotas. */
const COUNTS_MAX = { Parameters: 200, Mappings: 200, Resources: 500, Outputs: 200 };
const DESCRIPTION_BYTES_MAX = 1024;

/** Reads and checks a template text. @throws AwsError ValidationError in CloudFormation's words */
export function readTemplate(text: string): Template {
  return checkTemplate(parseTemplateText(text));
}

/** Checks the form of a template: sections, members, names, counts. @throws AwsError ValidationError */
export function checkTemplate(source: Json): Template {
  const unknown = Object.keys(source).filter((name) => !SECTIONS.has(name));
  if (unknown.length > 0) throw validationError(`Invalid template property or properties [${unknown.join(", ")}]`);
  refuseNulls(source, "");
  checkVersionAndDescription(source);
  if (source["Hooks"] !== undefined) throw new NotEmulatedError("the Hooks section of templates");
  const resources = section(source, "Resources");
  if (Object.keys(resources).length === 0)
    throw validationError("Template format error: At least one Resources member must be defined.");
  return {
    description: source["Description"] as string | undefined,
    metadata: source["Metadata"],
    transforms: source["Transform"] === undefined ? [] : [source["Transform"]].flat(),
    parameters: readParameters(source),
    mappings: mapSection(source, "Mappings", "Mapping", readMapping),
    conditions: section(source, "Conditions"),
    rules: mapSection(source, "Rules", "Rule", readRule),
    resources: mapSection(source, "Resources", "Resource", readResource),
    outputs: mapSection(source, "Outputs", "Output", readOutput),
  };
}

/** The parameters that a template declares, read before its transforms: those need their values. */
export function readParameters(source: Json): Template["parameters"] {
  return mapSection(source, "Parameters", "Parameter", readParameter);
}

function checkVersionAndDescription(source: Json): void {
  const version = source["AWSTemplateFormatVersion"];
  if (version !== undefined && version !== "2010-09-09")
    throw validationError(`Template format error: unsupported value for AWSTemplateFormatVersion.`);
  const description = source["Description"];
  if (description === undefined) return;
  if (typeof description !== "string") throw validationError("Template format error: Description must be a string.");
  if (Buffer.byteLength(description) > DESCRIPTION_BYTES_MAX)
    throw validationError(`Template format error: 'Description' length is greater than ${DESCRIPTION_BYTES_MAX}.`);
}

function section(source: Json, name: string): Json {
  const value = source[name];
  if (value === undefined) return {};
  if (!isObject(value)) throw validationError(`Template format error: ${name} must be an object.`);
  return value;
}

function mapSection<T>(
  source: Json,
  name: string,
  noun: string,
  read: (name: string, value: Json) => T,
): Readonly<Record<string, T>> {
  const members = section(source, name);
  const names = Object.keys(members);
  const max = COUNTS_MAX[name as keyof typeof COUNTS_MAX];
  if (max !== undefined && names.length > max)
    throw validationError(
      `Template format error: Number of ${name.toLowerCase()}, ${names.length}, is greater than maximum allowed, ${max}`,
    );
  const read_ = names.map((member) => {
    if (!/^[A-Za-z0-9]+$/.test(member))
      throw validationError(`Template format error: ${noun} name ${member} is non alphanumeric.`);
    const value = members[member];
    if (!isObject(value)) throw validationError(`Template format error: Any ${name} member must be an object.`);
    return [member, read(member, value)] as const;
  });
  return Object.fromEntries(read_);
}

const PARAMETER_MEMBERS = new Set([
  "Type",
  "Default",
  "Description",
  "NoEcho",
  "AllowedValues",
  "AllowedPattern",
  "ConstraintDescription",
  "MinLength",
  "MaxLength",
  "MinValue",
  "MaxValue",
]);

function readParameter(name: string, value: Json): ParameterDeclaration {
  const unknown = Object.keys(value).find((member) => !PARAMETER_MEMBERS.has(member));
  if (unknown !== undefined) throw validationError(`Invalid template parameter property '${unknown}'`);
  if (typeof value["Type"] !== "string")
    throw validationError("Template format error: Every Parameters object must contain a Type member.");
  const { Default: given, AllowedValues: allowed } = value;
  if (given !== undefined && typeof given === "object")
    throw validationError("Template format error: Every Default member must be a string.");
  if (allowed !== undefined && !Array.isArray(allowed))
    throw validationError(`Template format error: AllowedValues of parameter ${name} must be a list.`);
  return {
    ...(value as unknown as ParameterDeclaration),
    ...(given === undefined ? {} : { Default: String(given) }),
    ...(allowed === undefined ? {} : { AllowedValues: (allowed as unknown[]).map(String) }),
    ...(value["NoEcho"] === undefined ? {} : { NoEcho: String(value["NoEcho"]) === "true" }),
    ...numbers(value, ["MinLength", "MaxLength", "MinValue", "MaxValue"]),
  };
}

function numbers(value: Json, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    names.filter((name) => value[name] !== undefined).map((name) => [name, Number(value[name])]),
  );
}

function readMapping(name: string, value: Json): Record<string, Record<string, unknown>> {
  for (const [key, inner] of Object.entries(value)) {
    // `Fn::Transform` at any level is a macro's business.
    if (!isObject(inner) && key !== "Fn::Transform")
      throw validationError(`Template format error: Every Mappings member ${name} must be a map of maps.`);
  }
  return value as Record<string, Record<string, unknown>>;
}

function readRule(name: string, value: Json): RuleDeclaration {
  if (!Array.isArray(value["Assertions"]))
    throw validationError(`Template format error: Rule ${name} must contain an Assertions list.`);
  return value as unknown as RuleDeclaration;
}

function readResource(name: string, value: Json): ResourceDeclaration {
  const unknown = Object.keys(value).find((member) => !RESOURCE_MEMBERS.has(member));
  if (unknown !== undefined) throw validationError(`Invalid template resource property '${unknown}'`);
  if (typeof value["Type"] !== "string")
    throw validationError(
      `Template format error: [/Resources/${name}] Every Resources object must contain a Type member.`,
    );
  for (const member of ["Properties", "Metadata"])
    if (value[member] !== undefined && !isObject(value[member]))
      throw validationError(`Template format error: [/Resources/${name}/${member}] ${member} must be an object.`);
  if (value["Condition"] !== undefined && typeof value["Condition"] !== "string")
    throw validationError(
      `Template format error: [/Resources/${name}/Condition] Every Condition member must be a string.`,
    );
  checkPolicies(name, value);
  return { ...(value as unknown as ResourceDeclaration), DependsOn: readDependsOn(value["DependsOn"]) };
}

const POLICIES = {
  DeletionPolicy: ["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"],
  UpdateReplacePolicy: ["Delete", "Retain", "Snapshot"],
};

/** A policy that is a function (`AWS::LanguageExtensions`) is not looked into here. */
function checkPolicies(name: string, value: Json): void {
  for (const [policy, allowed] of Object.entries(POLICIES)) {
    const given = value[policy];
    if (given !== undefined && !isObject(given) && !allowed.includes(String(given)))
      throw validationError(`Template format error: Unrecognized ${policy} ${String(given)} for resource ${name}`);
  }
}

function readDependsOn(value: unknown): string[] {
  const names = value === undefined ? [] : [value].flat();
  if (names.some((name) => typeof name !== "string"))
    throw validationError("Template format error: DependsOn must be a string or list of strings.");
  return names as string[];
}

function readOutput(name: string, value: Json): OutputDeclaration {
  if (value["Value"] === undefined)
    throw validationError("Template format error: Every Outputs member must contain a Value object");
  const exported = value["Export"];
  if (exported !== undefined && (!isObject(exported) || exported["Name"] === undefined))
    throw validationError(`Template format error: Output ${name} is malformed. The Export field must contain a Name.`);
  return value as unknown as OutputDeclaration;
}

function refuseNulls(value: unknown, path: string): void {
  if (value === null) throw validationError(`[${path}] 'null' values are not allowed in templates`);
  if (typeof value !== "object") return;
  for (const [name, member] of Object.entries(value as Json)) refuseNulls(member, `${path}/${name}`);
}

/** Whether a value is a JSON object, neither list nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
