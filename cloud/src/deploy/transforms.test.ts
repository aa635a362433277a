import { expect, test } from "vitest";
import { applyTransforms, transformNames } from "./transforms.ts";

const input = {
  parameters: { Names: { value: "orders,bills" } },
  scope: { account: "000000000000", region: "us-east-1" },
  nowSeconds: 0,
  callMacro: async (name: string, { fragment }: { fragment: unknown }) => {
    if (name !== "Mine") throw new Error(`no macro ${name}`);
    return { ...(fragment as object), Added: true };
  },
  readS3: async (uri: string) => (uri === "s3://b/snippet" ? "Extra: { Type: T }" : ""),
};

test("Fn::ForEach repeats its map, in keys and values, also nested", async () => {
  const template = {
    Transform: "AWS::LanguageExtensions",
    Parameters: { Names: { Type: "CommaDelimitedList" } },
    Resources: {
      Plain: { Type: "T" },
      "Fn::ForEach::Topics": [
        "Name",
        { Ref: "Names" },
        {
          "Topic${Name}": {
            Type: "T",
            Properties: { Name: { Ref: "Name" }, Text: { "Fn::Sub": "x-${Name}-${AWS::Region}" } },
          },
        },
      ],
      "Fn::ForEach::Outer": [
        "A",
        ["1", "2"],
        { "Fn::ForEach::Inner": ["B", ["x.y"], { "R${A}&{B}": { Type: "${B}" } }] },
      ],
    },
  };
  const { Resources } = await applyTransforms(template, input);
  expect(Resources).toEqual({
    Plain: { Type: "T" },
    Topicorders: { Type: "T", Properties: { Name: "orders", Text: { "Fn::Sub": "x-orders-${AWS::Region}" } } },
    Topicbills: { Type: "T", Properties: { Name: "bills", Text: { "Fn::Sub": "x-bills-${AWS::Region}" } } },
    R1xy: { Type: "x.y" },
    R2xy: { Type: "x.y" },
  });
});

test("AWS::Include puts a snippet in its place", async () => {
  const include = { Name: "AWS::Include", Parameters: { Location: "s3://b/snippet" } };
  expect(await applyTransforms({ Resources: { A: { Type: "T" }, "Fn::Transform": include } }, input)).toEqual({
    Resources: { A: { Type: "T" }, Extra: { Type: "T" } },
  });
});

test("a location of AWS::Include may refer to parameters", async () => {
  const include = (Location: unknown) => ({ "Fn::Transform": { Name: "AWS::Include", Parameters: { Location } } });
  const parameters = { Names: { value: "orders,bills" }, Where: { value: "s3://b/snippet" }, Bucket: { value: "b" } };
  for (const location of [{ Ref: "Where" }, { "Fn::Sub": "s3://${Bucket}/snippet" }])
    expect(await applyTransforms({ Resources: include(location) }, { ...input, parameters })).toEqual({
      Resources: { Extra: { Type: "T" } },
    });
  await expect(applyTransforms({ Resources: include(1) }, input)).rejects.toThrow(
    "Transform AWS::Include failed with: The location parameter is not a valid S3 uri.",
  );
});

test("macros of one's own are called with what stands beside them, inner ones first", async () => {
  const template = {
    Transform: ["Mine"],
    Resources: { A: { Type: "T", Properties: { Name: "x", "Fn::Transform": { Name: "Mine" } } } },
  };
  expect(transformNames(template)).toEqual(["Mine", "Mine"]);
  expect(await applyTransforms(template, input)).toEqual({
    Resources: { A: { Type: "T", Properties: { Name: "x", Added: true } } },
    Added: true,
  });
});

test("SAM comes after the loops that stand before it, and functions of the extensions stay for the deployment", async () => {
  const template = {
    Transform: ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"],
    Resources: {
      "Fn::ForEach::Tables": ["Name", ["A", "B"], { "Table${Name}": { Type: "AWS::Serverless::SimpleTable" } }],
    },
  };
  const { Transform, Resources } = await applyTransforms(template, input);
  expect(Transform).toBe("AWS::LanguageExtensions");
  expect(Object.keys(Resources as object)).toEqual(["TableA", "TableB"]);
});

test("transforms of AWS that are not here are refused by name, and those that fail tell why", async () => {
  const unknown = { Transform: "AWS::CodeDeployBlueGreen", Resources: { A: { Type: "T" } } };
  await expect(applyTransforms(unknown, input)).rejects.toThrow(
    "Katachi does not emulate the transform AWS::CodeDeployBlueGreen.",
  );
  await expect(applyTransforms({ Transform: { Name: {} } }, input)).rejects.toThrow(
    "Key Name of transform definition must be a string.",
  );
  const sam = (Type: string) => ({
    Transform: "AWS::Serverless-2016-10-31",
    Resources: { A: { Type, Properties: {} } },
  });
  await expect(applyTransforms(sam("AWS::Serverless::GraphQLApi"), input)).rejects.toThrow(
    "Katachi does not emulate AWS::Serverless::GraphQLApi (A).",
  );
  await expect(applyTransforms(sam("AWS::Serverless::Function"), input)).rejects.toThrow(
    "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. " +
      "Number of errors found: 1. Resource with id [A] is invalid. Only one of 'InlineCode' or 'CodeUri' can be set.",
  );
});
