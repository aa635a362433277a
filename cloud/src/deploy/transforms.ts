import { NotEmulatedError } from "../aws/error.ts";
import { parameterRef, type ParameterValues } from "./parameters.ts";
import { parseTemplateText } from "./template-text.ts";
import { validationError } from "./template-error.ts";
import { isObject, type ParameterDeclaration } from "./template.ts";

type Json = Record<string, unknown>;

/** What transforms need beside the template. */
export interface TransformInput {
  readonly parameters: ParameterValues;
  /** Reads an `s3://bucket/key` for `AWS::Include`. */
  readonly readS3: (location: string) => Promise<string>;
}

const LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions";
const INCLUDE = "AWS::Include";

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
 * Applies the transforms of a template. Inner ones (`Fn::Transform`) come first, as on AWS.
 * @returns the processed template
 * @throws NotEmulatedError naming a transform that is not here; AwsError ValidationError where one fails
 */
export async function applyTransforms(source: Json, input: TransformInput): Promise<Json> {
  for (const name of transformNames(source))
    if (name !== LANGUAGE_EXTENSIONS && name !== INCLUDE) throw new NotEmulatedError(`the transform ${name}`);
  let processed = (await includeInside(source, input)) as Json;
  for (const transform of topTransforms(source)) {
    if (nameOf(transform) === INCLUDE) processed = { ...processed, ...(await include(transform, input)) };
    else processed = expandLoops(processed, input.parameters);
  }
  return processed;
}

function topTransforms(source: Json): unknown[] {
  return source["Transform"] === undefined ? [] : [source["Transform"]].flat();
}

function nameOf(transform: unknown): string {
  const name = isObject(transform) ? transform["Name"] : transform;
  if (typeof name !== "string") throw validationError("Key Name of transform definition must be a string.");
  return name;
}

async function includeInside(value: unknown, input: TransformInput): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => includeInside(item, input)));
  if (!isObject(value)) return value;
  const result: Json = {};
  for (const [name, member] of Object.entries(value)) {
    if (name === "Fn::Transform")
      for (const transform of [member].flat()) Object.assign(result, await include(transform, input));
    else result[name] = await includeInside(member, input);
  }
  return result;
}

/** `AWS::Include`: the members of a snippet in S3 take the place of the transform. */
async function include(transform: unknown, input: TransformInput): Promise<Json> {
  const parameters = isObject(transform) && isObject(transform["Parameters"]) ? transform["Parameters"] : {};
  const written = parameters["Location"];
  const location =
    isObject(written) && typeof written["Ref"] === "string" ? input.parameters[written["Ref"]]?.value : written;
  if (typeof location !== "string")
    throw validationError(`Transform ${INCLUDE} failed with: The location parameter is not a valid S3 uri.`);
  const snippet = parseTemplateText(await input.readS3(location));
  if ("Fn::Transform" in snippet)
    throw validationError(`Transform ${INCLUDE} failed with: nested transforms are not supported.`);
  return snippet;
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
