/**
 * What SAM's own transform (1.115) made of these templates, told once: every logical id, and the hash of the whole
 * result with sorted members; or its error. The templates are our own.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseTemplateText } from "../../deploy/template-text.ts";
import { sortedJson, type Json } from "./json.ts";
import { transformSam } from "./transform.ts";

const read = (name: string) => readFileSync(new URL(`templates/${name}`, import.meta.url), "utf8");
const EXPECTED = JSON.parse(read("expected.json")) as Record<string, { ids?: string[]; sha1?: string; error?: string }>;
const input = {
  parameters: {},
  region: "us-east-1",
  nowSeconds: 1,
  managedPolicies: {
    AmazonS3ReadOnlyAccess: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
    AWSLambda_FullAccess: "arn:aws:iam::aws:policy/AWSLambda_FullAccess",
    AWSLambdaBasicExecutionRole: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
  },
};

function transform(template: Json, parameters: Json = {}): Record<string, Json> {
  const result = transformSam({ Transform: "AWS::Serverless-2016-10-31", ...template }, { ...input, parameters });
  return result["Resources"] as Record<string, Json>;
}

describe.each(Object.entries(EXPECTED))("%s", (name, { ids, sha1, error }) => {
  const template = parseTemplateText(read(name));
  if (error !== undefined)
    test("is refused in SAM's words", () => {
      expect(() => transformSam(template, input)).toThrow(error);
    });
  else
    test("becomes what SAM makes of it", () => {
      const given = structuredClone(template);
      const result = transformSam(template, input);
      expect(Object.keys(result["Resources"] as Json).sort()).toEqual(ids);
      expect(createHash("sha1").update(sortedJson(result)).digest("hex")).toBe(sha1);
      expect(template).toEqual(given);
    });
});

const CODE = { Handler: "a.b", Runtime: "nodejs20.x" };
const fn = (properties: Json, more: Json = {}) => ({
  Type: "AWS::Serverless::Function",
  ...more,
  Properties: { ...CODE, InlineCode: "x", ...properties },
});

test("values of parameters take part where a name or a hash needs them", () => {
  const F = {
    Type: "AWS::Serverless::Function",
    Properties: { ...CODE, CodeUri: { Bucket: "b", Key: { Ref: "Key" } }, AutoPublishAlias: { Ref: "Alias" } },
  };
  const ids = (Key: string, Alias: string) => Object.keys(transform({ Resources: { F } }, { Key, Alias }));
  expect(ids("one", "live")).toContain("FAliaslive");
  expect(ids("one", "a-b")).toContain("FAliasaDb");
  expect(ids("one", "live")).not.toEqual(ids("two", "live"));
});

test.each<[string, Json]>([
  ["AWS::Serverless::GraphQLApi (X)", { X: { Type: "AWS::Serverless::GraphQLApi", Properties: {} } }],
  ["AWS::Serverless::WebSocketApi (X)", { X: { Type: "AWS::Serverless::WebSocketApi", Properties: {} } }],
  ["DeploymentPreference (CodeDeploy) of the function X", { X: fn({ DeploymentPreference: { Type: "Linear" } }) }],
  ["events of type AlexaSkill (X.Ask)", { X: fn({ Events: { Ask: { Type: "AlexaSkill" } } }) }],
  [
    "applications of the AWS Serverless Application Repository (Location of X)",
    { X: { Type: "AWS::Serverless::Application", Properties: { Location: { ApplicationId: "a" } } } },
  ],
  [
    "Domain (custom domain names) of the API X",
    { X: { Type: "AWS::Serverless::Api", Properties: { StageName: "p", Domain: { DomainName: "d" } } } },
  ],
])("what is not emulated is named: %s", (name, Resources) => {
  expect(() => transform({ Resources })).toThrow(name);
});

test("a resource that SAM would make may not stand in the template already", () => {
  const Resources = { F: fn({}), FRole: { Type: "AWS::IAM::Role" } };
  expect(() => transform({ Resources })).toThrow(
    'Transforming resource with id [F] attempts to create a new resource with id [FRole] and type "AWS::IAM::Role". ' +
      "A resource with that id already exists within this template. Please use a different id for that resource.",
  );
});
