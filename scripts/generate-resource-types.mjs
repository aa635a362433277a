#!/usr/bin/env node
// Compiles the published CloudFormation resource specification (@aws-cdk/aws-service-spec, Apache-2.0) into
// cloud/api/resource-types.json, from which cloud/src/deploy checks, coerces and compares properties.
//
//   node scripts/generate-resource-types.mjs            writes the table
//   node scripts/generate-resource-types.mjs --check    exits 1 where the table is not what would be written
//
// A property is one short text: its type, then `!` where it is required, `^` where changing it replaces the resource,
// `~` where that depends. Types: string, number, integer, boolean, json, date-time, tag, `[T]` list, `{T}` map, `A|B`
// either, else the name of a definition of the same resource type.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { loadAwsServiceSpecSync } from "@aws-cdk/aws-service-spec";

const TABLE = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "cloud", "api", "resource-types.json");

/** Services whose types stand in the table in full. Of all others only the names: "not emulated" is not "no such type". */
const SERVICES = [
  "ApiGateway",
  "ApiGatewayV2",
  "ApplicationAutoScaling",
  "AppSync",
  "Athena",
  "Batch",
  "Bedrock",
  "CertificateManager",
  "CloudFormation",
  "CloudWatch",
  "Cognito",
  "DynamoDB",
  "ECS",
  "Events",
  "Glue",
  "IAM",
  "IoT",
  "KMS",
  "Kinesis",
  "KinesisFirehose",
  "Lambda",
  "Logs",
  "Pipes",
  "RDS",
  "Route53",
  "S3",
  "SES",
  "SNS",
  "SQS",
  "SSM",
  "Scheduler",
  "SecretsManager",
  "StepFunctions",
  "WAFv2",
  "XRay",
];

/** Of services that are large and hardly claimed, single types in full. */
const TYPES = [
  "AWS::CloudFront::Distribution",
  "AWS::EC2::EIP",
  "AWS::EC2::FlowLog",
  "AWS::EC2::InternetGateway",
  "AWS::EC2::NatGateway",
  "AWS::EC2::Route",
  "AWS::EC2::RouteTable",
  "AWS::EC2::SecurityGroup",
  "AWS::EC2::SecurityGroupEgress",
  "AWS::EC2::SecurityGroupIngress",
  "AWS::EC2::Subnet",
  "AWS::EC2::SubnetRouteTableAssociation",
  "AWS::EC2::VPC",
  "AWS::EC2::VPCEndpoint",
  "AWS::EC2::VPCGatewayAttachment",
  "AWS::SageMaker::Endpoint",
  "AWS::SageMaker::EndpointConfig",
  "AWS::SageMaker::Model",
  "AWS::SageMaker::ModelPackage",
  "AWS::SageMaker::ModelPackageGroup",
  "AWS::SageMaker::Pipeline",
];

const db = loadAwsServiceSpecSync();

/** @typedef {import("@aws-cdk/service-spec-types").Resource} Resource */
/** @typedef {import("@aws-cdk/service-spec-types").Property} Property */
/** @typedef {import("@aws-cdk/service-spec-types").PropertyType} PropertyType */

/** @param {PropertyType} type @returns {string} */
function typeText(type) {
  switch (type.type) {
    case "array":
      return `[${typeText(type.element)}]`;
    case "map":
      return `{${typeText(type.element)}}`;
    case "union":
      return [...new Set(type.types.map(typeText))].join("|");
    case "ref":
      return db.get("typeDefinition", type.reference).name;
    default:
      return type.type;
  }
}

/** @param {Property} property */
function propertyText(property) {
  const replaces = { yes: "^", maybe: "~", no: "" }[property.causesReplacement ?? "no"];
  return `${typeText(property.type)}${property.required ? "!" : ""}${replaces}`;
}

/** @template T @param {Record<string, T>} record @param {(value: T) => unknown} map */
function sorted(record, map) {
  return Object.fromEntries(
    Object.keys(record)
      .toSorted()
      .map((name) => [name, map(/** @type {T} */ (record[name]))]),
  );
}

/** @param {Resource} resource */
function row(resource) {
  const definitions = db.follow("usesType", resource).map((use) => use.entity);
  return {
    properties: sorted(resource.properties, propertyText),
    ...(definitions.length > 0 && {
      definitions: sorted(Object.fromEntries(definitions.map((d) => [d.name, d])), (d) =>
        sorted(d.properties, propertyText),
      ),
    }),
    ...(Object.keys(resource.attributes).length > 0 && {
      attributes: sorted(resource.attributes, (a) => typeText(a.type)),
    }),
    ...(resource.tagInformation && { tags: resource.tagInformation.tagPropertyName }),
    ...(resource.isStateful && { stateful: true }),
  };
}

/** @param {Resource} resource */
function isClaimed(resource) {
  const [vendor, service] = resource.cloudFormationType.split("::");
  if (resource.cloudFormationTransform) return false;
  return (vendor === "AWS" && SERVICES.includes(service ?? "")) || TYPES.includes(resource.cloudFormationType);
}

/** @returns {string} the table as text: one line a resource type, so that a newer specification reads as a diff */
export function generateResourceTypes() {
  const resources = db.all("resource").toSorted((a, b) => (a.cloudFormationType < b.cloudFormationType ? -1 : 1));
  const claimed = resources.filter(isClaimed);
  const others = resources.filter((resource) => !isClaimed(resource) && !resource.cloudFormationTransform);
  const rows = claimed.map(
    (resource) => `    ${JSON.stringify(resource.cloudFormationType)}: ${JSON.stringify(row(resource))}`,
  );
  const names = others.map((resource) => `    ${JSON.stringify(resource.cloudFormationType)}`);
  return `{\n  "types": {\n${rows.join(",\n")}\n  },\n  "others": [\n${names.join(",\n")}\n  ]\n}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const text = generateResourceTypes();
  if (!process.argv.includes("--check")) writeFileSync(TABLE, text);
  else if (readFileSync(TABLE, "utf8") !== text) {
    console.error(
      "cloud/api/resource-types.json is not what the installed specification gives: node scripts/generate-resource-types.mjs",
    );
    process.exitCode = 1;
  }
}
