import { expect, test } from "vitest";
import { dependencyGraph } from "./graph.ts";
import { checkReferences } from "./references.ts";
import { parseTemplateText } from "./template-text.ts";
import { readTemplate } from "./template.ts";

const message = (work: () => unknown): string => {
  try {
    work();
    return "accepted";
  } catch (error) {
    return (error as Error).message;
  }
};
const R = { A: { Type: "T" } };
const template = (parts: Record<string, unknown>) => readTemplate(JSON.stringify({ Resources: R, ...parts }));

test("YAML with short forms reads as its long forms", () => {
  const text = `
AWSTemplateFormatVersion: 2010-09-09
Ref: !Ref B
Att: !GetAtt X.Y.Z
AttList: !GetAtt [X, Y]
Sub: !Sub "a\${B}"
SubMap: !Sub ["a\${B}", { B: !Ref X }]
Nested: !Join ["", [!Ref A, !Select [0, !Split [",", "a,b"]]]]
Deep: !Base64
  Fn::Sub: hi
If: !If [C, !Ref "AWS::NoValue", 5]
Not: !Not [!Condition X]
AZs: !GetAZs ""
Include: !Transform { Name: AWS::Include, Parameters: { Location: x } }
Alias: &anchor { a: 1 }
Same: *anchor
`;
  expect(parseTemplateText(text)).toEqual({
    AWSTemplateFormatVersion: "2010-09-09",
    Ref: { Ref: "B" },
    Att: { "Fn::GetAtt": ["X", "Y.Z"] },
    AttList: { "Fn::GetAtt": ["X", "Y"] },
    Sub: { "Fn::Sub": "a${B}" },
    SubMap: { "Fn::Sub": ["a${B}", { B: { Ref: "X" } }] },
    Nested: { "Fn::Join": ["", [{ Ref: "A" }, { "Fn::Select": [0, { "Fn::Split": [",", "a,b"] }] }]] },
    Deep: { "Fn::Base64": { "Fn::Sub": "hi" } },
    If: { "Fn::If": ["C", { Ref: "AWS::NoValue" }, 5] },
    Not: { "Fn::Not": [{ Condition: "X" }] },
    AZs: { "Fn::GetAZs": "" },
    Include: { "Fn::Transform": { Name: "AWS::Include", Parameters: { Location: "x" } } },
    Alias: { a: 1 },
    Same: { a: 1 },
  });
});

test("numbers, dates and truths stay what CloudFormation takes them for", () => {
  const text =
    "Version: 2.0\nCount: 300\nAccount: 012345678901\nOctal: 0777\nDate: 2012-10-17\nYes: yes\nY: y\nN: n\nOff: off\n";
  expect(parseTemplateText(text)).toEqual({
    Version: "2.0",
    Count: 300,
    Account: "012345678901",
    Octal: "0777",
    Date: "2012-10-17",
    Yes: true,
    Y: "y",
    N: "n",
    Off: false,
  });
});

test.each([
  ['{\n "a": ]}', "Template format error: JSON not well-formed. (line 2, column 7)"],
  ["a: [", "Template format error: YAML not well-formed. (line 1, column 5)"],
  ["a: 1\na: 2", "Template format error: YAML not well-formed. (line 2, column 1)"],
  ["a: !Unknown x", "Template format error: YAML not well-formed. (line 1, column 4)"],
  ["[]", "Template format error: unsupported structure."],
  ["just text", "Template format error: unsupported structure."],
  [" ".repeat(1_000_001), "Template may not exceed 1000000 bytes in size."],
])("a text that is no template: %j", (text, expected) => {
  expect(message(() => parseTemplateText(text))).toContain(
    expected.replace(/column \d+/, "column").split("column")[0]!,
  );
});

test.each<[Record<string, unknown>, string]>([
  [{ Extra: 1, More: 2 }, "Invalid template property or properties [Extra, More]"],
  [{ Resources: {} }, "Template format error: At least one Resources member must be defined."],
  [{ Resources: undefined }, "Template format error: At least one Resources member must be defined."],
  [{ Resources: { A: "x" } }, "Template format error: Any Resources member must be an object."],
  [
    { Resources: { A: {} } },
    "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
  ],
  [{ Resources: { A: { Type: "T", Invalid: 1 } } }, "Invalid template resource property 'Invalid'"],
  [{ Resources: { "A-B": { Type: "T" } } }, "Template format error: Resource name A-B is non alphanumeric."],
  [{ Outputs: { O: { Value: null } } }, "[/Outputs/O/Value] 'null' values are not allowed in templates"],
  [{ Outputs: { O: {} } }, "Template format error: Every Outputs member must contain a Value object"],
  [{ Parameters: { P: {} } }, "Template format error: Every Parameters object must contain a Type member."],
  [
    { Parameters: { P: { Type: "String", Default: {} } } },
    "Template format error: Every Default member must be a string.",
  ],
  [
    { AWSTemplateFormatVersion: "2020-01-01" },
    "Template format error: unsupported value for AWSTemplateFormatVersion.",
  ],
  [
    { Resources: Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`R${i}`, { Type: "T" }])) },
    "Template format error: Number of resources, 501, is greater than maximum allowed, 500",
  ],
])("a template whose form is wrong: %#", (parts, expected) => {
  expect(message(() => template(parts))).toBe(expected);
});

const refer = (expression: unknown) => ({ A: { Type: "AWS::SQS::Queue", Properties: { X: expression } } });
test.each<[Record<string, unknown>, string]>([
  [
    { Resources: refer({ Ref: "Nowhere" }) },
    "Template format error: Unresolved resource dependencies [Nowhere] in the Resources block of the template",
  ],
  [
    { Resources: refer({ "Fn::Sub": "${Nowhere} ${!Not} ${AWS::Region}" }) },
    "Template format error: Unresolved resource dependencies [Nowhere] in the Resources block of the template",
  ],
  [
    { Resources: { A: { Type: "T", DependsOn: ["X", "Y"] } } },
    "Template format error: Unresolved resource dependencies [X, Y] in the Resources block of the template",
  ],
  [
    { Outputs: { O: { Value: { Ref: "Nowhere" } } } },
    "Template format error: Unresolved resource dependencies [Nowhere] in the Outputs block of the template",
  ],
  [
    { Resources: refer({ "Fn::GetAtt": ["Nowhere", "Arn"] }) },
    "Template error: instance of Fn::GetAtt references undefined resource Nowhere",
  ],
  [
    { Resources: { ...refer({ "Fn::GetAtt": "A.Colour" }) } },
    "Template error: resource A does not support attribute type Colour in Fn::GetAtt",
  ],
  [
    { Resources: refer({ "Fn::If": ["Nowhere", 1, 2] }) },
    "Template error: unresolved condition dependency Nowhere in Fn::If",
  ],
  [
    { Conditions: { C: { Condition: "Nowhere" } } },
    "Template format error: Unresolved condition dependency Nowhere in the Conditions block of the template",
  ],
  [
    { Conditions: { C: { "Fn::Equals": [{ Ref: "A" }, "x"] } } },
    "Template format error: Unresolved dependencies [A]. Cannot reference resources in the Conditions block of the template",
  ],
])("a template that refers to what is not there: %#", (parts, expected) => {
  expect(message(() => checkReferences(template(parts)))).toBe(expected);
});

test("the order of creation, and what has none", () => {
  const ordered = template({
    Conditions: { Yes: { "Fn::Equals": [1, 1] }, No: { "Fn::Equals": [1, 2] } },
    Resources: {
      A: { Type: "T", Properties: { X: { "Fn::If": ["Yes", { Ref: "B" }, { Ref: "C" }] } } },
      B: { Type: "T", DependsOn: ["C", "Absent"] },
      C: { Type: "T" },
      Absent: { Type: "T", Condition: "No" },
    },
  });
  const holds = (condition: string) => condition === "Yes";
  expect([...dependencyGraph(ordered, holds)]).toEqual([
    ["A", new Set(["B"])],
    ["B", new Set(["C"])],
    ["C", new Set()],
  ]);
  const circle = template({
    Resources: {
      A: { Type: "T", DependsOn: "B" },
      B: { Type: "T", Properties: { X: { Ref: "C" } } },
      C: { Type: "T", DependsOn: ["A"] },
      D: { Type: "T", DependsOn: "A" },
    },
  });
  expect(message(() => dependencyGraph(circle, holds))).toBe("Circular dependency between resources: [A, B, C]");
  const absent = template({
    Resources: { A: { Type: "T", Properties: { X: { Ref: "B" } } }, B: { Type: "T", Condition: "No" } },
  });
  expect(message(() => dependencyGraph(absent, holds))).toBe(
    "Template format error: Unresolved resource dependencies [B] in the Resources block of the template",
  );
});
