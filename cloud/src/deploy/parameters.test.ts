import { expect, test } from "vitest";
import { parameterRef, resolveParameters, type GivenParameter, type ParameterValues } from "./parameters.ts";
import type { ParameterDeclaration } from "./template.ts";

const STORE = new Map([
  ["/size", "large"],
  ["/subnets", "a, b"],
]);
const resolve = (
  declaration: Partial<ParameterDeclaration>,
  given?: string,
  more: { previous?: ParameterValues; parameters?: GivenParameter[] } = {},
) =>
  resolveParameters(
    { parameters: { P: { Type: "String", ...declaration } } },
    more.parameters ?? (given === undefined ? [] : [{ ParameterKey: "P", ParameterValue: given }]),
    more.previous ?? {},
    async (names) => new Map(names.filter((name) => STORE.has(name)).map((name) => [name, STORE.get(name)!])),
  );
const message = (promise: Promise<unknown>) =>
  promise.then(
    () => "accepted",
    (error: Error) => error.message,
  );

test.each<[Partial<ParameterDeclaration>, string, string]>([
  [{ AllowedValues: ["a", "b"] }, "c", "Parameter 'P' must be one of AllowedValues"],
  [{ AllowedPattern: "[a-z]+" }, "ab1", "Parameter 'P' must match pattern [a-z]+"],
  [
    { AllowedPattern: "[a-z]+", ConstraintDescription: "letters only" },
    "1",
    "Parameter 'P' failed to satisfy constraint: letters only",
  ],
  [{ MinLength: 3 }, "ab", "Parameter 'P' must contain at least 3 characters"],
  [{ MaxLength: 3 }, "abcd", "Parameter 'P' must contain at most 3 characters"],
  [{ Type: "Number" }, "ten", "Parameter 'P' must be a number"],
  [{ Type: "Number", MinValue: 5 }, "4", "Parameter 'P' must be a number not less than 5"],
  [{ Type: "Number", MaxValue: 5 }, "6", "Parameter 'P' must be a number not greater than 5"],
  [{ Type: "List<Number>" }, "1, x", "Parameter 'P' must be a number"],
  [{ Type: "CommaDelimitedList", AllowedValues: ["a", "b"] }, "a,c", "Parameter 'P' must be one of AllowedValues"],
  [{ Type: "Colour" }, "red", "Template format error: Unrecognized parameter type: Colour"],
  [
    { Type: "AWS::SSM::Parameter::Value<String>" },
    "/none",
    "Unable to fetch parameters [/none] from parameter store for this account.",
  ],
])("%j refuses %j", async (declaration, given, expected) => {
  expect(await message(resolve(declaration, given))).toBe(expected);
});

test("values come from the caller, the stack before, or the default", async () => {
  expect(await resolve({ Default: "d" })).toEqual({ P: { value: "d" } });
  expect(await resolve({ Default: "d" }, "g")).toEqual({ P: { value: "g" } });
  expect(await resolve({ NoEcho: true }, "secret")).toEqual({ P: { value: "secret", noEcho: true } });
  const previous = { P: { value: "before" } };
  expect(
    await resolve({ Default: "d" }, undefined, {
      previous,
      parameters: [{ ParameterKey: "P", UsePreviousValue: true }],
    }),
  ).toEqual({ P: { value: "before" } });
  expect(await message(resolve({}))).toBe("Parameters: [P] must have values");
  expect(
    await message(
      resolve({}, "x", {
        parameters: [
          { ParameterKey: "P", ParameterValue: "x" },
          { ParameterKey: "Q", ParameterValue: "y" },
        ],
      }),
    ),
  ).toBe("Parameters: [Q] do not exist in the template");
});

test("Ref gives texts, and lists for list types, also out of the parameter store", async () => {
  const ref = async (Type: string, given: string) => parameterRef({ Type }, (await resolve({ Type }, given))["P"]!);
  expect(await ref("Number", "3")).toBe("3");
  expect(await ref("CommaDelimitedList", "a, b ,c")).toEqual(["a", "b", "c"]);
  expect(await ref("List<AWS::EC2::Subnet::Id>", "s-1,s-2")).toEqual(["s-1", "s-2"]);
  expect(await ref("AWS::SSM::Parameter::Value<String>", "/size")).toBe("large");
  expect(await ref("AWS::SSM::Parameter::Value<List<String>>", "/subnets")).toEqual(["a", "b"]);
  expect(await ref("AWS::SSM::Parameter::Name", "/size")).toBe("/size");
});
