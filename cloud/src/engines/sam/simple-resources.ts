import { ownAttributes, passedAttributes, type Context, type Made, type Source } from "./context.ts";
import { resourceError, SamGap } from "./error.ts";
import { expectGiven } from "./expect.ts";
import { hashedId, isIntrinsic, isObject, isTruthy, type Json } from "./json.ts";
import { codeLocation } from "./location.ts";
import { samTags, tagList } from "./tags.ts";

const ATTRIBUTE_TYPES: Readonly<Record<string, string>> = { String: "S", Number: "N", Binary: "B" };

/** `AWS::Serverless::SimpleTable`. */
export function transformSimpleTable(_context: Context, { logicalId, properties: p, resource }: Source): Made[] {
  const key = primaryKey(logicalId, p["PrimaryKey"] as Json | undefined);
  const properties: Json = {
    AttributeDefinitions: [key],
    KeySchema: [{ AttributeName: key["AttributeName"], KeyType: "HASH" }],
    ...(isTruthy(p["ProvisionedThroughput"])
      ? { ProvisionedThroughput: p["ProvisionedThroughput"] }
      : { BillingMode: "PAY_PER_REQUEST" }),
    Tags: isTruthy(p["Tags"]) ? tagList(p["Tags"]) : undefined,
  };
  for (const name of ["PointInTimeRecoverySpecification", "SSESpecification", "TableName"])
    if (isTruthy(p[name])) properties[name] = p[name];
  const attributes = ownAttributes(resource);
  return [{ logicalId, type: "AWS::DynamoDB::Table", properties, dependsOn: resource["DependsOn"], attributes }];
}

function primaryKey(logicalId: string, given: Json | undefined): Json {
  if (!isTruthy(given)) return { AttributeName: "id", AttributeType: "S" };
  const name = expectGiven(given!["Name"], logicalId, "PrimaryKey.Name");
  const type = expectGiven(given!["Type"], logicalId, "PrimaryKey.Type") as string;
  if (!Object.hasOwn(ATTRIBUTE_TYPES, type)) throw resourceError(logicalId, `Invalid 'Type' "${type}".`);
  return { AttributeName: name, AttributeType: ATTRIBUTE_TYPES[type] };
}

/** `AWS::Serverless::Application`: a nested stack. Its template has been uploaded before; an application's id names one of AWS's. */
export function transformApplication(_context: Context, { logicalId, properties: p, resource }: Source): Made[] {
  const location = p["Location"];
  if (isObject(location))
    throw new SamGap(`applications of the AWS Serverless Application Repository (Location of ${logicalId})`);
  const properties = {
    TemplateURL: location,
    Parameters: p["Parameters"],
    NotificationARNs: p["NotificationARNs"],
    Tags: samTags(logicalId, p["Tags"]),
    TimeoutInMinutes: p["TimeoutInMinutes"],
  };
  const attributes = passedAttributes(resource);
  return [{ logicalId, type: "AWS::CloudFormation::Stack", properties, dependsOn: resource["DependsOn"], attributes }];
}

/** `AWS::Serverless::LayerVersion`: its logical id changes with its properties, so that a new version is made. */
export function transformLayer(context: Context, { logicalId, properties: given, resource }: Source): Made[] {
  const p = { ...given };
  for (const name of ["LayerName", "LicenseInfo", "Description", "RetentionPolicy"])
    if (p[name] !== undefined) p[name] = resolvedText(context, logicalId, name, p[name]);
  const attributes: Json = { ...passedAttributes(resource) };
  const retention = retentionOf(logicalId, p["RetentionPolicy"]);
  attributes["DeletionPolicy"] = retention ?? attributes["DeletionPolicy"] ?? "Retain";
  const { DependsOn, Condition, UpdatePolicy } = resource;
  const hashed: Json = { Type: "AWS::Serverless::LayerVersion", Properties: p };
  for (const [name, value] of Object.entries({ DependsOn, Condition, UpdatePolicy }))
    if (value !== undefined) hashed[name] = value;
  checkArchitectures(logicalId, p["CompatibleArchitectures"]);
  const made: Made = {
    logicalId: hashedId(logicalId, { [logicalId]: hashed }),
    type: "AWS::Lambda::LayerVersion",
    properties: {
      LayerName: p["LayerName"] || logicalId,
      Description: p["Description"],
      Content: codeLocation(p["ContentUri"], logicalId, "ContentUri"),
      CompatibleArchitectures: p["CompatibleArchitectures"],
      CompatibleRuntimes: p["CompatibleRuntimes"],
      LicenseInfo: p["LicenseInfo"],
    },
    dependsOn: DependsOn,
    attributes,
  };
  return [made];
}

function resolvedText(context: Context, logicalId: string, name: string, value: unknown): unknown {
  if (!value) return value;
  const resolved = context.parameters.resolve(value);
  if (typeof resolved !== "string" && !isIntrinsic(resolved))
    throw resourceError(logicalId, `Could not resolve parameter for '${name}' or parameter is not a String.`);
  return resolved;
}

function retentionOf(logicalId: string, given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined;
  const options = "['Retain', 'Delete']";
  if (isIntrinsic(given))
    throw resourceError(
      logicalId,
      `'RetentionPolicy' does not accept intrinsic functions, please use one of the following options: ${options}`,
    );
  const found = ["Retain", "Delete"].find((one) => one.toLowerCase() === String(given).toLowerCase());
  if (!found) throw resourceError(logicalId, `'RetentionPolicy' must be one of the following options: ${options}.`);
  return found;
}

function checkArchitectures(logicalId: string, given: unknown): void {
  if (!Array.isArray(given)) return;
  if (given.some((one) => !isIntrinsic(one) && one !== "arm64" && one !== "x86_64"))
    throw resourceError(logicalId, "CompatibleArchitectures needs to be a list of 'x86_64' or 'arm64'");
}
