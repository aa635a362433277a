import { validationError } from "./template-error.ts";
import type { ParameterDeclaration, Template } from "./template.ts";

/** A parameter's value in a stack. */
export interface ParameterValue {
  /** As given (of SSM types: the name of the SSM parameter). */
  readonly value: string;
  /** Of SSM types: what the SSM parameter holds. */
  readonly resolved?: string;
  readonly noEcho?: boolean;
}

export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** As CreateStack, UpdateStack and CreateChangeSet take it. */
export interface GivenParameter {
  readonly ParameterKey?: string | undefined;
  readonly ParameterValue?: string | undefined;
  readonly UsePreviousValue?: boolean | undefined;
}

/** Reads SSM parameters; undefined for one that does not exist. */
export type ReadSsm = (names: readonly string[]) => Promise<ReadonlyMap<string, string>>;

const SSM_VALUE = /^AWS::SSM::Parameter::Value<(.+)>$/;
const LIST = /^(?:List<.+>|CommaDelimitedList)$/;
const PLAIN_TYPES = new Set(["String", "Number", "List<Number>", "CommaDelimitedList", "AWS::SSM::Parameter::Name"]);
const AWS_TYPES = new Set([
  "AWS::EC2::AvailabilityZone::Name",
  "AWS::EC2::Image::Id",
  "AWS::EC2::Instance::Id",
  "AWS::EC2::KeyPair::KeyName",
  "AWS::EC2::SecurityGroup::GroupName",
  "AWS::EC2::SecurityGroup::Id",
  "AWS::EC2::Subnet::Id",
  "AWS::EC2::Volume::Id",
  "AWS::EC2::VPC::Id",
  "AWS::Route53::HostedZone::Id",
]);
const VALUE_BYTES_MAX = 4096;

/**
 * Gives every parameter of a template its value: the given one, the previous one, or the default.
 * @param previous the stack's values so far, for `UsePreviousValue`
 * @throws AwsError ValidationError in CloudFormation's words
 */
export async function resolveParameters(
  template: Pick<Template, "parameters">,
  given: readonly GivenParameter[],
  previous: ParameterValues,
  readSsm: ReadSsm,
): Promise<Record<string, ParameterValue>> {
  checkGiven(template, given);
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const [name, declaration] of Object.entries(template.parameters)) {
    checkType(declaration.Type);
    const entry = given.find((parameter) => parameter.ParameterKey === name);
    const value = entry?.UsePreviousValue ? previous[name]?.value : (entry?.ParameterValue ?? declaration.Default);
    if (value === undefined) missing.push(name);
    else values.set(name, value);
  }
  if (missing.length > 0) throw validationError(`Parameters: [${missing.join(", ")}] must have values`);
  const resolved = await resolveSsm(template, values, readSsm);
  return Object.fromEntries(
    [...values].map(([name, value]) => {
      const declaration = template.parameters[name]!;
      checkConstraints(name, value, declaration);
      const held = resolved.get(name);
      return [
        name,
        { value, ...(held === undefined ? {} : { resolved: held }), ...(declaration.NoEcho ? { noEcho: true } : {}) },
      ];
    }),
  );
}

/** What `Ref` of a parameter gives: a text, or for list types a list of texts. */
export function parameterRef(
  declaration: ParameterDeclaration,
  { value, resolved }: ParameterValue,
): string | string[] {
  const type = SSM_VALUE.exec(declaration.Type)?.[1] ?? declaration.Type;
  const text = resolved ?? value;
  if (!LIST.test(type)) return text;
  return text === "" ? [] : text.split(",").map((item) => item.trim());
}

function checkGiven(template: Pick<Template, "parameters">, given: readonly GivenParameter[]): void {
  const unknown = given
    .map((parameter) => parameter.ParameterKey ?? "")
    .filter((name) => !Object.hasOwn(template.parameters, name));
  if (unknown.length > 0) throw validationError(`Parameters: [${unknown.join(", ")}] do not exist in the template`);
  const names = given.map((parameter) => parameter.ParameterKey);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) throw validationError(`Duplicate input parameter key: ${twice[0]}`);
  for (const { ParameterKey, ParameterValue, UsePreviousValue } of given) {
    if (UsePreviousValue && ParameterValue !== undefined)
      throw validationError(
        `Invalid input for parameter key ${ParameterKey}. Cannot specify usePreviousValue as true and non empty value for a parameter`,
      );
  }
}

function checkType(type: string): void {
  const inner = SSM_VALUE.exec(type)?.[1] ?? type;
  const element = /^List<(.+)>$/.exec(inner)?.[1] ?? inner;
  const known =
    PLAIN_TYPES.has(inner) ||
    AWS_TYPES.has(element) ||
    (inner !== type && (element === "String" || PLAIN_TYPES.has(element)));
  if (!known) throw validationError(`Template format error: Unrecognized parameter type: ${type}`);
}

async function resolveSsm(
  template: Pick<Template, "parameters">,
  values: ReadonlyMap<string, string>,
  readSsm: ReadSsm,
): Promise<ReadonlyMap<string, string>> {
  const wanted = [...values].filter(([name]) => SSM_VALUE.test(template.parameters[name]!.Type));
  if (wanted.length === 0) return new Map();
  const held = await readSsm([...new Set(wanted.map(([, value]) => value))]);
  const absent = wanted.map(([, value]) => value).filter((value) => !held.has(value));
  if (absent.length > 0)
    throw validationError(
      `Unable to fetch parameters [${[...new Set(absent)].join(",")}] from parameter store for this account.`,
    );
  return new Map(wanted.map(([name, value]) => [name, held.get(value)!]));
}

function checkConstraints(name: string, value: string, declaration: ParameterDeclaration): void {
  const fail = (message: string) => {
    if (declaration.ConstraintDescription !== undefined)
      throw validationError(`Parameter '${name}' failed to satisfy constraint: ${declaration.ConstraintDescription}`);
    throw validationError(`Parameter '${name}' ${message}`);
  };
  if (Buffer.byteLength(value) > VALUE_BYTES_MAX)
    throw validationError(`Parameter '${name}' must not exceed ${VALUE_BYTES_MAX} bytes`);
  const { Type, AllowedValues, AllowedPattern, MinLength, MaxLength } = declaration;
  const items = LIST.test(Type) ? value.split(",").map((item) => item.trim()) : [value];
  if (Type === "Number" || Type === "List<Number>") for (const item of items) checkNumber(item, declaration, fail);
  if (AllowedValues && items.some((item) => !AllowedValues.includes(item))) fail("must be one of AllowedValues");
  if (AllowedPattern !== undefined && items.some((item) => !matches(item, AllowedPattern)))
    fail(`must match pattern ${AllowedPattern}`);
  if (MinLength !== undefined && value.length < MinLength) fail(`must contain at least ${MinLength} characters`);
  if (MaxLength !== undefined && value.length > MaxLength) fail(`must contain at most ${MaxLength} characters`);
}

function checkNumber(
  item: string,
  { MinValue, MaxValue }: ParameterDeclaration,
  fail: (message: string) => void,
): void {
  const number = item.trim() === "" ? Number.NaN : Number(item);
  if (Number.isNaN(number)) fail("must be a number");
  if (MinValue !== undefined && number < MinValue) fail(`must be a number not less than ${MinValue}`);
  if (MaxValue !== undefined && number > MaxValue) fail(`must be a number not greater than ${MaxValue}`);
}

/** AWS: the whole value has to match, as Java's `matches` does. */
function matches(value: string, pattern: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, "u").test(value);
  } catch {
    return new RegExp(`^(?:${pattern})$`).test(value);
  }
}
