import { AwsError, NotEmulatedError } from "../aws/error.ts";
import { PARTITION, type Scope } from "../aws/scope.ts";
import { SamDocumentError, SamGap } from "../engines/sam/error.ts";
import { ParameterResolver } from "../engines/sam/parameters.ts";
import { transformSam } from "../engines/sam/transform.ts";
import { awsManagedPolicies } from "../iam/managed-policy.ts";
import { parameterRef, type ParameterValues } from "./parameters.ts";
import { parseTemplateText } from "./template-text.ts";
import { validationError } from "./template-error.ts";
import { isObject, type ParameterDeclaration } from "./template.ts";

type Json = Record<string, unknown>;

/** What transforms need beside the template. */
export interface TransformInput {
  readonly parameters: ParameterValues;
  readonly scope: Scope;
  readonly nowSeconds: number;
  /** Reads an `s3://bucket/key` for `AWS::Include`. */
  readonly readS3: (location: string) => Promise<string>;
  /** Has a macro of the account's own do its work. */
  readonly callMacro: (name: string, call: MacroCall) => Promise<unknown>;
}

/** What a macro's function is told of a template or a part of it. */
export interface MacroCall {
  readonly fragment: unknown;
  readonly params: Json;
  readonly templateParameterValues: Json;
}

const LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions";
const INCLUDE = "AWS::Include";
const SERVERLESS = "AWS::Serverless-2016-10-31";
const OWN = new Set([LANGUAGE_EXTENSIONS, INCLUDE, SERVERLESS]);

/** A transform that failed: CloudFormation tells it of the change set or the stack. */
export class TransformFailure extends AwsError {
  constructor(name: string, reason: string) {
    super("ValidationError", `Transform ${name} failed with: ${reason}`, { status: 400 });
  }
}

/** Whether a template can be read only once its macros have been run, which summaries do not do. */
export function hidesResources(transforms: readonly string[]): boolean {
  return transforms.some((name) => name !== LANGUAGE_EXTENSIONS && name !== INCLUDE);
}

/** The names of the transforms that a template asks for, at its top and inside. */
export function transformNames(source: Json): string[] {
  const names = topTransforms(source).map((transform) => nameOf(transform));
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (isObject(value)) {
      for (const [name, member] of Object.entries(value))
        if (name === "Fn::Transform") names.push(...[member].flat().map(nameOf));
        else visit(member);
    }
  };
  visit({ ...source, Transform: undefined });
  return names;
}

/**
 * Applies the transforms of a template. Inner ones (`Fn::Transform`) come first, as on AWS; those at the top in their
 * order.
 * @returns the processed template
 * @throws NotEmulatedError naming a transform that is not here; TransformFailure where one fails
 */
export async function applyTransforms(source: Json, input: TransformInput): Promise<Json> {
  for (const name of transformNames(source))
    if (name.startsWith("AWS::") && !OWN.has(name)) throw new NotEmulatedError(`the transform ${name}`);
  let processed = (await transformInside(source, input)) as Json;
  const { Transform: _, ...rest } = processed;
  processed = rest;
  for (const transform of topTransforms(source)) processed = await applyAtTop(processed, transform, input);
  // The functions of the extensions are evaluated with all others: the template goes on saying that it has them.
  const extended = topTransforms(source).some((transform) => nameOf(transform) === LANGUAGE_EXTENSIONS);
  return extended ? { ...processed, Transform: LANGUAGE_EXTENSIONS } : processed;
}

async function applyAtTop(template: Json, transform: unknown, input: TransformInput): Promise<Json> {
  const name = nameOf(transform);
  if (name === INCLUDE) return { ...template, ...(await include(transform, input)) };
  if (name === LANGUAGE_EXTENSIONS) return expandLoops(template, input.parameters);
  if (name === SERVERLESS) return serverless(template, input);
  const processed = await input.callMacro(name, macroCall(template, transform, input));
  if (!isObject(processed)) throw new TransformFailure(name, "the processed template is not an object.");
  return processed;
}

function serverless(template: Json, { parameters, scope, nowSeconds }: TransformInput): Json {
  try {
    return transformSam(template, {
      parameters: Object.fromEntries(Object.entries(parameters).map(([name, { value }]) => [name, value])),
      region: scope.region,
      managedPolicies: managedPolicyArns(),
      nowSeconds,
    });
  } catch (error) {
    if (error instanceof SamGap) throw new NotEmulatedError(error.message);
    if (error instanceof SamDocumentError) throw new TransformFailure(SERVERLESS, error.message);
    throw error;
  }
}

let policyArns: Readonly<Record<string, string>> | undefined;

function managedPolicyArns(): Readonly<Record<string, string>> {
  policyArns ??= Object.fromEntries(
    Object.entries(awsManagedPolicies()).map(([name, { path }]) => [
      name,
      `arn:${PARTITION}:iam::aws:policy${path}${name}`,
    ]),
  );
  return policyArns;
}

function macroCall(fragment: unknown, transform: unknown, { parameters }: TransformInput): MacroCall {
  const params = isObject(transform) && isObject(transform["Parameters"]) ? transform["Parameters"] : {};
  const values = Object.entries(parameters).map(([name, { value }]) => [name, value]);
  return { fragment, params, templateParameterValues: Object.fromEntries(values) as Json };
}

function topTransforms(source: Json): unknown[] {
  return source["Transform"] === undefined ? [] : [source["Transform"]].flat();
}

function nameOf(transform: unknown): string {
  const name = isObject(transform) ? transform["Name"] : transform;
  if (typeof name !== "string") throw validationError("Key Name of transform definition must be a string.");
  return name;
}

async function transformInside(value: unknown, input: TransformInput): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => transformInside(item, input)));
  if (!isObject(value)) return value;
  let result: Json = {};
  for (const [name, member] of Object.entries(value))
    if (name !== "Fn::Transform") result[name] = await transformInside(member, input);
  for (const transform of value["Fn::Transform"] === undefined ? [] : [value["Fn::Transform"]].flat()) {
    const name = nameOf(transform);
    if (name === INCLUDE) result = { ...result, ...(await include(transform, input)) };
    else if (OWN.has(name)) throw new TransformFailure(name, "it can stand at the top of a template only.");
    else {
      // AWS: a macro is given the siblings of its call, and what it answers takes their place, whatever it is.
      const processed = await input.callMacro(name, macroCall(result, transform, input));
      if (!isObject(processed)) return processed;
      result = processed;
    }
  }
  return result;
}

/** `AWS::Include`: the members of a snippet in S3 take the place of the transform. */
async function include(transform: unknown, input: TransformInput): Promise<Json> {
  const parameters = isObject(transform) && isObject(transform["Parameters"]) ? transform["Parameters"] : {};
  const location = locationOf(parameters["Location"], input);
  if (typeof location !== "string")
    throw new TransformFailure(INCLUDE, "The location parameter is not a valid S3 uri.");
  const snippet = parseTemplateText(await input.readS3(location));
  if ("Fn::Transform" in snippet) throw new TransformFailure(INCLUDE, "nested transforms are not supported.");
  return snippet;
}

/** A location may refer to parameters. */
function locationOf(written: unknown, { parameters, scope }: TransformInput): unknown {
  const values = Object.fromEntries(Object.entries(parameters).map(([name, { value }]) => [name, value]));
  const pseudo = { "AWS::Region": scope.region, "AWS::AccountId": scope.account, "AWS::Partition": PARTITION };
  const resolved = new ParameterResolver({ ...values, ...pseudo }).resolve(written);
  return isObject(resolved) && typeof resolved["Fn::Sub"] === "string" ? resolved["Fn::Sub"] : resolved;
}

/** `AWS::LanguageExtensions`: `Fn::ForEach` becomes what it stands for; its functions are evaluated with all others. */
function expandLoops(source: Json, parameters: ParameterValues): Json {
  const declarations = (source["Parameters"] ?? {}) as Record<string, ParameterDeclaration>;
  const list = (collection: unknown): string[] => {
    if (Array.isArray(collection)) return collection.flatMap((item) => list(item));
    if (isObject(collection) && typeof collection["Ref"] === "string") {
      const name = collection["Ref"];
      const declaration = declarations[name];
      if (!declaration || !parameters[name])
        throw validationError(`Template error: Fn::ForEach cannot resolve the parameter ${name}`);
      return [parameterRef(declaration, parameters[name])].flat();
    }
    if (typeof collection === "object")
      throw validationError(
        "Template error: the collection of Fn::ForEach must be a list of strings or a reference to a list parameter",
      );
    return [String(collection)];
  };
  const expand = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(expand);
    if (!isObject(value)) return value;
    const result: Json = {};
    for (const [name, member] of Object.entries(value)) {
      if (name.startsWith("Fn::ForEach::")) Object.assign(result, loop(name, member));
      else result[name] = expand(member);
    }
    return result;
  };
  const loop = (name: string, argument: unknown): Json => {
    if (!Array.isArray(argument) || argument.length !== 3 || typeof argument[0] !== "string" || !isObject(argument[2]))
      throw validationError(`Template error: ${name} requires an identifier, a collection and a map to be repeated`);
    const [identifier, collection, body] = argument as [string, unknown, Json];
    const result: Json = {};
    for (const item of list(collection)) {
      const round = expand(substitute(body, identifier, item)) as Json;
      for (const key of Object.keys(round))
        if (Object.hasOwn(result, key))
          throw validationError(`Template error: ${name} gives the key ${key} more than once`);
      Object.assign(result, round);
    }
    return result;
  };
  return expand(source) as Json;
}

/** Puts a loop's item in place of `${Identifier}`, `&{Identifier}` (letters and digits only) and `Ref: Identifier`. */
function substitute(value: unknown, identifier: string, item: string): unknown {
  const put = (text: string) =>
    text.replaceAll(`\${${identifier}}`, item).replaceAll(`&{${identifier}}`, item.replaceAll(/[^A-Za-z0-9]/g, ""));
  if (typeof value === "string") return put(value);
  if (Array.isArray(value)) return value.map((one) => substitute(one, identifier, item));
  if (!isObject(value)) return value;
  if (value["Ref"] === identifier && Object.keys(value).length === 1) return item;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [put(name), substitute(member, identifier, item)]),
  );
}
