import type { ParameterTier, ParameterType, PutParameterCommandInput, Tag } from "@aws-sdk/client-ssm";
import { NotEmulatedError } from "../../../aws/error.ts";
import { nameOf } from "../../../iam/principal.ts";
import type { Operations } from "../../../service.ts";
import {
  alreadyExists,
  invalidPattern,
  maxVersions,
  notFound,
  patternMismatch,
  tooManyTags,
  typeMismatch,
  validation,
} from "../errors.ts";
import { checkName, parameterArn } from "../name.ts";
import { readPolicies } from "../policies.ts";
import { seal } from "../secret.ts";
import {
  findParameter,
  findVersion,
  putParameter,
  putVersion,
  removeParameter,
  removeVersion,
  versionsOf,
  type Cx,
  type ParameterRecord,
  type SsmState,
  type VersionRecord,
} from "../state.ts";

const STANDARD_CHARACTERS_MAX = 4_096;
const ADVANCED_CHARACTERS_MAX = 8_192;
const VERSIONS_MAX = 100;
const TAGS_MAX = 50;
const DEFAULT_KEY = "alias/aws/ssm";
const TIERS_PAGE =
  "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html";

/** The tier that a value ends up in. @throws AwsError ValidationException */
function tierOf(input: PutParameterCommandInput, former: VersionRecord | undefined): ParameterTier {
  const asked = input.Tier ?? former?.tier ?? "Standard";
  const value = input.Value ?? "";
  const needsAdvanced =
    value.length > STANDARD_CHARACTERS_MAX || (input.Policies !== undefined && input.Policies !== "[]");
  const tier =
    asked === "Intelligent-Tiering" ? (needsAdvanced || former?.tier === "Advanced" ? "Advanced" : "Standard") : asked;
  if (former?.tier === "Advanced" && tier === "Standard")
    throw validation(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the " +
        "standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.",
    );
  if (tier === "Standard" && value.length > STANDARD_CHARACTERS_MAX)
    throw validation(
      `Standard tier parameters support a maximum parameter value of ${STANDARD_CHARACTERS_MAX} characters. To create a larger ` +
        `parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see ${TIERS_PAGE}`,
    );
  if (value.length > ADVANCED_CHARACTERS_MAX)
    throw validation(
      `Advanced tier parameters support a maximum parameter value of ${ADVANCED_CHARACTERS_MAX} characters. For more information, see ${TIERS_PAGE}`,
    );
  if (tier === "Standard" && needsAdvanced)
    throw validation(
      `Standard tier parameters do not support parameter policies. To use parameter policies, upgrade the parameter to use the ` +
        `advanced-parameter tier. For more information, see ${TIERS_PAGE}`,
    );
  return tier;
}

function checkType(type: ParameterType, input: PutParameterCommandInput): void {
  const { KeyId, DataType = "text" } = input;
  if (KeyId !== undefined && type !== "SecureString")
    throw validation("KeyId is required for SecureString type parameter only.");
  if (KeyId !== undefined && KeyId !== DEFAULT_KEY)
    throw new NotEmulatedError(`KMS keys of Parameter Store other than ${DEFAULT_KEY} (${KeyId})`);
  if (DataType === "aws:ec2:image" || DataType === "aws:ssm:integration")
    throw new NotEmulatedError(`parameters of data type ${DataType}`);
  if (DataType !== "text")
    throw validation(`The following data type is not supported: ${DataType} (Data type names are all lowercase.)`);
}

function checkPattern(pattern: string | undefined, value: string): void {
  if (pattern === undefined) return;
  let allowed: RegExp;
  try {
    allowed = new RegExp(`^(?:${pattern})$`);
  } catch {
    throw invalidPattern(`The regular expression is not valid: ${pattern}`);
  }
  if (!allowed.test(value))
    throw patternMismatch(`Parameter value, cannot be validated against allowedPattern: ${pattern}`);
}

/** AWS: the oldest of a hundred versions makes room for the next, unless it has a label. */
function makeRoom(cx: Cx, record: ParameterRecord): void {
  const versions = versionsOf(cx, record.name);
  const oldest = versions[0];
  if (versions.length < VERSIONS_MAX || !oldest) return;
  if (Object.values(record.labels).includes(oldest.version))
    throw maxVersions(
      `You attempted to create a new version of ${record.name} by calling the PutParameter API with the overwrite flag. ` +
        `Version ${oldest.version}, the oldest version, can't be deleted because it has a label associated with it. ` +
        "Move the label to another version of the parameter, and try again.",
    );
  removeVersion(cx, record.name, oldest.version);
}

export function addTags(former: Readonly<Record<string, string>>, given: readonly Tag[]): Record<string, string> {
  const tags = { ...former };
  for (const { Key = "", Value = "" } of given) tags[Key] = Value;
  if (Object.keys(tags).length > TAGS_MAX)
    throw tooManyTags(
      "The Targets parameter includes too many tags. Remove one or more tags and try the command again.",
    );
  return tags;
}

export const write = {
  PutParameter(cx, input) {
    const { Name: name = "", Value: value = "", Overwrite = false, Tags = [] } = input;
    if (Overwrite && Tags.length > 0)
      throw validation(
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite " +
          "flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
      );
    checkName(cx.scope, name);
    const existing = findParameter(cx, name);
    const type = input.Type ?? existing?.type;
    if (type === undefined) throw validation("A parameter type is required when you create a parameter.");
    checkType(type, input);
    if (existing && !Overwrite) throw alreadyExists();
    if (existing && existing.type !== type)
      throw typeMismatch(
        "Parameter Store does not support changing a parameter type in a hierarchy. For example, you can't change a parameter " +
          "from a String type to a SecureString type. You must create a new, unique parameter.",
      );
    const former = existing && findVersion(cx, name, existing.version);
    const allowedPattern = input.AllowedPattern ?? former?.allowedPattern;
    checkPattern(allowedPattern, value);
    const tier = tierOf(input, former);
    const policies = input.Policies ?? former?.policies;
    const expiresMs = policies === undefined ? undefined : readPolicies(policies);
    // What is left of an expired namesake goes now.
    if (existing) makeRoom(cx, existing);
    else removeParameter(cx, name);
    const version = (existing?.version ?? 0) + 1;
    putVersion(cx, name, {
      version,
      value: type === "SecureString" ? seal(cx, parameterArn(cx.scope, name), value) : value,
      tier,
      dataType: input.DataType ?? former?.dataType ?? "text",
      modifiedMs: cx.kernel.clock.now(),
      modifiedBy: nameOf(cx.principal),
      description: input.Description ?? former?.description,
      allowedPattern,
      keyId: type === "SecureString" ? DEFAULT_KEY : undefined,
      policies,
    });
    putParameter(cx, {
      name,
      type,
      version,
      expiresMs,
      tags: existing?.tags ?? addTags({}, Tags),
      labels: existing?.labels ?? {},
    });
    return { Version: version, Tier: tier };
  },

  DeleteParameter(cx, { Name = "" }) {
    if (!findParameter(cx, Name)) throw notFound();
    removeParameter(cx, Name);
    return {};
  },

  DeleteParameters(cx, { Names = [] }) {
    const DeletedParameters = Names.filter((name) => findParameter(cx, name));
    for (const name of DeletedParameters) removeParameter(cx, name);
    return { DeletedParameters, InvalidParameters: Names.filter((name) => !DeletedParameters.includes(name)) };
  },
} satisfies Operations<"ssm", SsmState>;
