import { expect, test } from "vitest";
import { applyTransforms, transformNames } from "./transforms.ts";

const input = {
  parameters: { Names: { value: "orders,bills" } },
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

test("other transforms are refused by name, wherever they stand", async () => {
  const template = {
    Transform: ["AWS::Serverless-2016-10-31"],
    Resources: { A: { Type: "T", Properties: { "Fn::Transform": { Name: "Mine" } } } },
  };
  expect(transformNames(template)).toEqual(["AWS::Serverless-2016-10-31", "Mine"]);
  await expect(applyTransforms(template, input)).rejects.toThrow(
    "Katachi does not emulate the transform AWS::Serverless-2016-10-31.",
  );
  await expect(applyTransforms({ Transform: { Name: {} } }, input)).rejects.toThrow(
    "Key Name of transform definition must be a string.",
  );
});
