import { validationError } from "./template-error.ts";
import { isObject } from "./template.ts";

/** Where dynamic references are read. Each throws where there is nothing. */
export interface SecretReader {
  ssm(name: string, version: string | undefined, secure: boolean): Promise<string>;
  /** The secret string of a version. */
  secret(id: string, stage: string | undefined, version: string | undefined): Promise<string>;
}

const REFERENCE = /\{\{resolve:([^{}]+)\}\}/g;

/** AWS: the only properties that take `ssm-secure` ("Resources that support dynamic parameter patterns for secure strings"). */
const SECURE_PROPERTIES = new Set([
  "AWS::DirectoryService::MicrosoftAD/Password",
  "AWS::DirectoryService::SimpleAD/Password",
  "AWS::ElastiCache::ReplicationGroup/AuthToken",
  "AWS::IAM::User/LoginProfile",
  "AWS::KinesisFirehose::DeliveryStream/RedshiftDestinationConfiguration",
  "AWS::OpsWorks::App/AppSource",
  "AWS::OpsWorks::Stack/CustomCookbooksSource",
  "AWS::OpsWorks::Stack/RdsDbInstances",
  "AWS::RDS::DBCluster/MasterUserPassword",
  "AWS::RDS::DBInstance/MasterUserPassword",
  "AWS::Redshift::Cluster/MasterUserPassword",
]);

/** Whether a value holds a dynamic reference. */
export function hasDynamicReference(value: unknown): boolean {
  if (typeof value === "string") return value.includes("{{resolve:");
  return typeof value === "object" && value !== null && Object.values(value).some(hasDynamicReference);
}

/**
 * Puts in place of `{{resolve:ssm:…}}`, `{{resolve:ssm-secure:…}}` and `{{resolve:secretsmanager:…}}` what they stand for.
 * What comes back is for the service only: records, events and templates keep the reference.
 * @throws AwsError ValidationError in CloudFormation's words
 */
export async function resolveDynamicReferences(
  properties: Readonly<Record<string, unknown>>,
  type: string,
  reader: SecretReader,
): Promise<Record<string, unknown>> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(properties))
    result[name] = hasDynamicReference(value) ? await resolveIn(value, `${type}/${name}`, reader) : value;
  return result;
}

async function resolveIn(value: unknown, place: string, reader: SecretReader): Promise<unknown> {
  if (typeof value === "string") return resolveText(value, place, reader);
  if (Array.isArray(value)) return Promise.all(value.map((item) => resolveIn(item, place, reader)));
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(
    async ([name, member]) => [name, await resolveIn(member, place, reader)] as const,
  );
  return Object.fromEntries(await Promise.all(members));
}

async function resolveText(text: string, place: string, reader: SecretReader): Promise<string> {
  let result = "";
  let at = 0;
  for (const match of text.matchAll(REFERENCE)) {
    result += text.slice(at, match.index) + (await resolveOne(match[1]!, place, reader));
    at = match.index + match[0].length;
  }
  return result + text.slice(at);
}

async function resolveOne(reference: string, place: string, reader: SecretReader): Promise<string> {
  const [service = "", ...rest] = reference.split(":");
  if (service === "ssm" || service === "ssm-secure") {
    if (service === "ssm-secure" && !SECURE_PROPERTIES.has(place))
      throw validationError(`SSM Secure reference is not supported in: [${place.replace("/", "/Properties/")}]`);
    // A parameter may be named by its ARN, which has colons of its own; the version is the last part, digits only.
    const version = /^\d+$/.test(rest.at(-1) ?? "") ? rest.pop() : undefined;
    return reader.ssm(rest.join(":"), version, service === "ssm-secure");
  }
  if (service === "secretsmanager") return resolveSecret(rest, reader);
  throw validationError(`Dynamic references are not supported for service ${service}`);
}

/** `secret-id:SecretString:json-key:version-stage:version-id`; the id may be an ARN. */
async function resolveSecret(parts: string[], reader: SecretReader): Promise<string> {
  const idLength = parts[0] === "arn" ? 7 : 1;
  const id = parts.slice(0, idLength).join(":");
  const [kind = "SecretString", key = "", stage = "", version = ""] = parts.slice(idLength);
  if (kind !== "" && kind !== "SecretString")
    throw validationError(`Could not parse SecretString JSON: unsupported part ${kind}`);
  const text = await reader.secret(id, stage || undefined, version || undefined);
  if (key === "") return text;
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    throw validationError("Could not parse SecretString JSON");
  }
  if (!isObject(value) || value[key] === undefined)
    throw validationError(`Could not find a value associated with JSONKey in SecretString`);
  return String(value[key]);
}
