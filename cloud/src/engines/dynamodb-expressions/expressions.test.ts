import { describe, expect, it } from "vitest";
import { importItem, importValue, type ApiItem, type ApiValue } from "./attribute-input.ts";
import { itemBytes } from "./attribute-value.ts";
import { matches } from "./condition.ts";
import { readCondition, readKeyConditions, readProjection, readUpdate } from "./expressions.ts";
import { project } from "./projection.ts";
import { isReserved, RESERVED_COUNT } from "./reserved-words.ts";
import { Substitutions } from "./substitutions.ts";
import { applyUpdate } from "./update.ts";

type Names = Record<string, string>;
type Values = Record<string, ApiValue>;

const ITEM: ApiItem = {
  id: { S: "a" },
  n: { N: "5" },
  txt: { S: "hello" },
  bytes: { B: Buffer.from("hi there") },
  flag: { BOOL: true },
  nothing: { NULL: true },
  tags: { SS: ["x", "y"] },
  primes: { NS: ["2", "3.0"] },
  doc: {
    M: {
      nested: { M: { leaf: { S: "deep" } } },
      elements: { L: [{ N: "1" }, { S: "two" }, { M: { k: { S: "v" } } }] },
    },
  },
};

function test(condition: string, values?: Values, names?: Names): boolean {
  return matches(readCondition("ConditionExpression", condition, new Substitutions(names, values)), importItem(ITEM));
}

function update(expression: string, values?: Values, names?: Names, item: ApiItem = ITEM) {
  return applyUpdate(readUpdate(expression, new Substitutions(names, values)), importItem(item));
}

/** What a complaint has to be, to the letter. */
function exactly(message: string) {
  return expect.objectContaining({ name: "InvalidInput", message });
}

describe("conditions", () => {
  const one = { ":v": { N: "1" } };

  it.each<[string, Values, boolean]>([
    ["n = :v", { ":v": { N: "5.0" } }, true],
    ["n = :v", { ":v": { S: "5" } }, false],
    ["n <> :v", { ":v": { S: "5" } }, true],
    ["absent <> :v", one, true],
    ["absent = elsewhere", {}, false],
    ["absent <> elsewhere", {}, true],
    ["n > :v AND txt < :w", { ":v": { N: "4.99" }, ":w": { S: "hellp" } }, true],
    ["n > :v", { ":v": { S: "1" } }, false],
    ["tags = :v", { ":v": { SS: ["y", "x"] } }, true],
    ["primes = :v", { ":v": { NS: ["3", "2"] } }, true],
    ["n BETWEEN :v AND :w", { ":v": { N: "5" }, ":w": { N: "6" } }, true],
    ["n IN (:v, :w)", { ":v": { S: "5" }, ":w": { N: "5" } }, true],
    ["attribute_exists(doc.nested.leaf)", {}, true],
    ["attribute_not_exists (doc.elements[7])", {}, true],
    ["attribute_type(doc, :v)", { ":v": { S: "M" } }, true],
    ["begins_with(txt, :v)", { ":v": { S: "hell" } }, true],
    ["begins_with(bytes, :v)", { ":v": { B: Buffer.from("hi") } }, true],
    ["contains(txt, :v)", { ":v": { S: "ell" } }, true],
    ["contains(bytes, :v)", { ":v": { B: Buffer.from("here") } }, true],
    ["contains(primes, :v)", { ":v": { N: "3" } }, true],
    ["contains(doc.elements, :v)", { ":v": { M: { k: { S: "v" } } } }, true],
    ["size(txt) = n", {}, true],
    ["size(doc.elements) >= :v", { ":v": { N: "3" } }, true],
    ["size(n) = :v", one, false],
    ["NOT n = :v", one, true],
    ["not (n = :v or flag = :f)", { ":v": { N: "5" }, ":f": { BOOL: true } }, false],
    ["n = :v OR n = :w AND flag = :f", { ":v": { N: "5" }, ":w": { N: "6" }, ":f": { BOOL: false } }, true],
    ["(n) = (:v)", { ":v": { N: "5" } }, true],
    ["((size(txt)) < doc.elements[0]) OR (n > :v)", one, true],
    ["doc.elements[1] = :v", { ":v": { S: "two" } }, true],
  ])("%s with %o is %s", (condition, values, wanted) => {
    expect(test(condition, Object.keys(values).length > 0 ? values : undefined)).toBe(wanted);
  });

  it.each<[string, Values | undefined, Names | undefined, string]>([
    ["", undefined, undefined, "The expression can not be empty;"],
    ["a-b", undefined, undefined, 'Syntax error; token: "-", near: "a-b"'],
    ["foo", undefined, undefined, 'Syntax error; token: "<EOF>", near: "foo"'],
    ["a IN ()", undefined, undefined, 'Syntax error; token: ")", near: "()"'],
    ["[object Object]", undefined, undefined, 'Syntax error; token: "[", near: "[object"'],
    [
      "#a attribute_not_exists :b",
      undefined,
      undefined,
      'Syntax error; token: "attribute_not_exists", near: "#a attribute_not_exists :b"',
    ],
    ["_a = :v", one, undefined, 'Syntax error; token: "_", near: "_a"'],
    ["((n = :v))", one, undefined, "The expression has redundant parentheses;"],
    ["((attribute_exists(n)))", undefined, undefined, "The expression has redundant parentheses;"],
    ["((n)) = :v", one, undefined, "The expression has redundant parentheses;"],
    ["dog(n) = :v", one, undefined, "Invalid function name; function: dog"],
    [
      "size(n)",
      undefined,
      undefined,
      "The function is not allowed to be used this way in an expression; function: size",
    ],
    [
      "if_not_exists(n, n) = :v",
      one,
      undefined,
      "The function is not allowed to be used this way in an expression; function: if_not_exists",
    ],
    [
      "attribute_exists(n) = :v",
      one,
      undefined,
      "The function is not allowed to be used this way in an expression; function: attribute_exists",
    ],
    ["status = :v", one, undefined, "Attribute name is a reserved keyword; reserved keyword: status"],
    ["n = :w", one, undefined, "An expression attribute value used in expression is not defined; attribute value: :w"],
    [
      "#n = :v",
      one,
      undefined,
      "An expression attribute name used in the document path is not defined; attribute name: #n",
    ],
    [
      "size(n, n) = :v",
      one,
      undefined,
      "Incorrect number of operands for operator or function; operator or function: size, number of operands: 2",
    ],
    [
      "contains(#a, #a)",
      undefined,
      { "#a": "data" },
      "The first operand must be distinct from the remaining operands for this operator or function; operator: contains, first operand: [data]",
    ],
    [
      "n = n",
      undefined,
      undefined,
      "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [n]",
    ],
    [
      "attribute_exists(:v)",
      one,
      undefined,
      "Operator or function requires a document path; operator or function: attribute_exists",
    ],
    [
      "begins_with(n, :v)",
      one,
      undefined,
      "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
    ],
    [
      "size(:v) = :v",
      one,
      undefined,
      "Incorrect operand type for operator or function; operator or function: size, operand type: N",
    ],
    [
      "n < :b",
      { ":b": { BOOL: true } },
      undefined,
      "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
    ],
    [
      "attribute_type(n, :d)",
      { ":d": { S: "DOG" } },
      undefined,
      "Invalid attribute type name found; type: DOG, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
    ],
    [
      "n BETWEEN :b AND :a",
      { ":a": { N: "1" }, ":b": { N: "2" } },
      undefined,
      "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}",
    ],
    [
      "n BETWEEN :a AND :b",
      { ":a": { N: "1" }, ":b": { S: "2" } },
      undefined,
      "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:2}",
    ],
    [
      `${"n = :v OR ".repeat(150)}n = :v`,
      one,
      undefined,
      "The expression contains too many operators; operator count: 301",
    ],
    [
      "x".repeat(4097),
      undefined,
      undefined,
      "Expression size has exceeded the maximum allowed size; expression size: 4097",
    ],
    ["(".repeat(2000), undefined, undefined, "The expression contains too many operators; operator count: 301"],
  ])("refuses %s", (condition, values, names, message) => {
    expect(() => test(condition, values, names)).toThrow(exactly(`Invalid ConditionExpression: ${message}`));
  });

  it("complains of what no expression uses", () => {
    const substitutions = new Substitutions({ "#a": "a", "#b": "b" }, { ":v": { N: "1" } });
    readCondition("FilterExpression", "#a = :v", substitutions);
    expect(() => substitutions.checkUsed()).toThrow(
      "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}",
    );
    expect(() => new Substitutions({ a: "a" }, undefined)).toThrow(
      'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"',
    );
    expect(() => new Substitutions(undefined, { ":v": { N: "x" } })).toThrow(
      "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :v",
    );
  });

  it("knows the 573 reserved words", () => {
    expect(RESERVED_COUNT).toBe(573);
    expect(isReserved("Zone")).toBe(true);
    expect(isReserved("orders")).toBe(false);
  });
});

describe("updates", () => {
  it.each<[string, Values | undefined, ApiItem, object]>([
    ["SET a = :v", { ":v": { S: "x" } }, {}, { a: { S: "x" } }],
    ["set b = a REMOVE a", undefined, { a: { S: "x" } }, { b: { S: "x" } }],
    ["SET a = b, b = a", undefined, { a: { N: "1" }, b: { N: "2" } }, { a: { N: "2" }, b: { N: "1" } }],
    ["SET n = n + :v", { ":v": { N: "0.1" } }, { n: { N: "0.2" } }, { n: { N: "0.3" } }],
    ["SET n = :v - n", { ":v": { N: "1" } }, { n: { N: "3" } }, { n: { N: "-2" } }],
    ["SET n = if_not_exists(n, :z) + :v", { ":v": { N: "1" }, ":z": { N: "0" } }, {}, { n: { N: "1" } }],
    [
      "SET l = list_append(if_not_exists(l, :e), :v)",
      { ":e": { L: [] }, ":v": { L: [{ N: "1" }] } },
      {},
      { l: { L: [{ N: "1" }] } },
    ],
    ["SET m.k = :v", { ":v": { S: "x" } }, { m: { M: {} } }, { m: { M: { k: { S: "x" } } } }],
    [
      "SET l[1] = :v, l[9] = :v, l[5] = :w",
      { ":v": { S: "x" }, ":w": { S: "y" } },
      { l: { L: [{ N: "0" }, { N: "1" }] } },
      { l: { L: [{ N: "0" }, { S: "x" }, { S: "y" }, { S: "x" }] } },
    ],
    [
      "REMOVE l[1] SET l[3] = :v",
      { ":v": { N: "17" } },
      { l: { L: ["2", "3", "4", "5", "6"].map((N) => ({ N })) } },
      { l: { L: ["2", "4", "17", "6"].map((N) => ({ N })) } },
    ],
    ["REMOVE l[9], gone", undefined, { l: { L: [{ N: "1" }] } }, { l: { L: [{ N: "1" }] } }],
    [
      "ADD n :v, s :w",
      { ":v": { N: "2" }, ":w": { SS: ["b", "c"] } },
      { n: { N: "1" }, s: { SS: ["a", "b"] } },
      { n: { N: "3" }, s: { SS: ["a", "b", "c"] } },
    ],
    ["ADD m.n :v", { ":v": { N: "2" } }, { m: { M: {} } }, { m: { M: { n: { N: "2" } } } }],
    ["DELETE s :w", { ":w": { SS: ["a", "b"] } }, { s: { SS: ["a", "b"] } }, {}],
    ["DELETE s :w", { ":w": { NS: ["1"] } }, { s: { NS: ["1", "2"] } }, { s: { NS: ["2"] } }],
    ["SET a = (b + :v)", { ":v": { N: "1" } }, { b: { N: "1" } }, { a: { N: "2" }, b: { N: "1" } }],
  ])("%s", (expression, values, item, wanted) => {
    expect(update(expression, values, undefined, item)).toEqual(wanted);
  });

  it("leaves the old item as it was", () => {
    const old = importItem(ITEM);
    const before = JSON.stringify(old);
    applyUpdate(
      readUpdate("SET doc.nested.leaf = :v REMOVE doc.elements[0]", new Substitutions(undefined, { ":v": { N: "1" } })),
      old,
    );
    expect(JSON.stringify(old)).toBe(before);
  });

  const v = { ":v": { N: "1" } };
  it.each<[string, Values | undefined, string]>([
    ["INVALID SYNTAX HERE", undefined, 'Syntax error; token: "INVALID", near: "INVALID SYNTAX"'],
    ["SET a = :v SET b = :v", v, 'The "SET" section can only be used once in an update expression;'],
    [
      "SET a = :v, a.b = :v",
      v,
      "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]",
    ],
    [
      "SET a.b = :v, a[1] = :v",
      v,
      "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]",
    ],
    [
      "SET a = list_append(list_append(:v, :v), :v)",
      v,
      "The function is not allowed to be used this way in an expression; function: list_append",
    ],
    ["SET a = LIST_APPEND(b, c)", undefined, "Invalid function name; function: LIST_APPEND"],
    [
      "SET a = list_append(b)",
      undefined,
      "Incorrect number of operands for operator or function; operator or function: list_append, number of operands: 1",
    ],
    [
      "SET a = if_not_exists(:v, :v)",
      v,
      "Operator or function requires a document path; operator or function: if_not_exists",
    ],
    [
      "SET a = :s + :v",
      { ...v, ":s": { S: "x" } },
      "Incorrect operand type for operator or function; operator or function: +, operand type: S",
    ],
    [
      "ADD a :s",
      { ":s": { S: "x" } },
      "Incorrect operand type for operator or function; operator: ADD, operand type: STRING",
    ],
    ["DELETE a :v", v, "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER"],
    ["SET a = :v + :v + :v", v, 'Syntax error; token: "+", near: ":v + :v"'],
    [
      "SET #x = :y",
      undefined,
      "An expression attribute name used in the document path is not defined; attribute name: #x",
    ],
  ])("refuses %s", (expression, values, message) => {
    expect(() => update(expression, values)).toThrow(exactly(`Invalid UpdateExpression: ${message}`));
  });

  it.each<[string, Values | undefined, string]>([
    ["SET x = y", undefined, "The provided expression refers to an attribute that does not exist in the item"],
    ["SET x.y = :v", v, "The document path provided in the update expression is invalid for update"],
    ["REMOVE txt.y", undefined, "The document path provided in the update expression is invalid for update"],
    ["SET x = txt + :v", v, "An operand in the update expression has an incorrect data type"],
    ["ADD txt :v", v, "An operand in the update expression has an incorrect data type"],
  ])("fails on the item with %s", (expression, values, message) => {
    expect(() => update(expression, values)).toThrow(exactly(message));
  });
});

describe("projections", () => {
  const read = (expression: string, names?: Names) => readProjection(expression, new Substitutions(names, undefined));

  it("cuts out nested values and closes lists up in order of their indexes", () => {
    expect(project(importItem(ITEM), read("n, doc.elements[2].k, doc.elements[0], doc.gone.x"))).toEqual({
      n: { N: "5" },
      doc: { M: { elements: { L: [{ N: "1" }, { M: { k: { S: "v" } } }] } } },
    });
    expect(project(importItem(ITEM), read("absent"))).toEqual({});
  });

  it("refuses overlaps and syntax errors", () => {
    expect(() => read("#a, #b", { "#a": "a", "#b": "a" })).toThrow(
      "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]",
    );
    expect(() => read("!!! INVALID !!!")).toThrow('Invalid ProjectionExpression: Syntax error; token: "!", near: "!!"');
  });
});

describe("key conditions", () => {
  const values: Values = { ":p": { S: "p" }, ":a": { S: "a" }, ":b": { S: "b" } };
  const read = (expression: string, names?: Names) =>
    Object.fromEntries(readKeyConditions(expression, new Substitutions(names, values)));

  it("reads them by attribute, values on either side, also in doubled parentheses", () => {
    expect(read("((pk = :p)) AND ((:a <= sk))")).toEqual({
      pk: { operator: "EQ", values: [{ S: "p" }] },
      sk: { operator: "GE", values: [{ S: "a" }] },
    });
    expect(read("sk BETWEEN :a AND :b AND pk = :p")).toMatchObject({ sk: { operator: "BETWEEN" } });
    expect(read("pk = :p AND begins_with(sk, :a)")).toMatchObject({ sk: { operator: "BEGINS_WITH" } });
  });

  it.each([
    ["pk = :p OR sk = :a", "Invalid operator used in KeyConditionExpression: OR"],
    ["NOT pk = :p", "Invalid operator used in KeyConditionExpression: NOT"],
    ["pk <> :p", "Invalid operator used in KeyConditionExpression: <>"],
    ["attribute_exists(pk)", "Invalid operator used in KeyConditionExpression: attribute_exists"],
    ["size(pk) = :p", "KeyConditionExpressions cannot contain nested operations"],
    ["pk = :p AND sk.foo = :a", "KeyConditionExpressions cannot have conditions on nested attributes"],
    ["pk = :p AND pk = :a", "KeyConditionExpressions must only contain one condition per key"],
    ["pk = sk", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"],
    [":p = :a", "Invalid condition in KeyConditionExpression: No key attribute specified"],
  ])("refuses %s", (expression, message) => expect(() => read(expression)).toThrow(exactly(message)));
});

describe("values", () => {
  it.each<[ApiValue, string]>([
    [{}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    [
      { S: "a", N: "1" },
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    ],
    [{ SS: [] }, "One or more parameter values were invalid: An string set  may not be empty"],
    [{ NS: [] }, "One or more parameter values were invalid: An number set  may not be empty"],
    [{ BS: [] }, "One or more parameter values were invalid: Binary sets should not be empty"],
    [{ SS: ["a", "a"] }, "One or more parameter values were invalid: Input collection [a, a] contains duplicates."],
    [{ NS: ["1", "1.0"] }, "Input collection contains duplicates"],
    [{ L: [{ M: { x: { SS: [] } } }] }, "One or more parameter values were invalid: An string set  may not be empty"],
  ])("refuses %o", (value, message) => expect(() => importValue(value)).toThrow(exactly(message)));

  it("nests 32 levels and no more", () => {
    const nested = (wraps: number) => {
      let value: ApiValue = { S: "leaf" };
      for (let i = 0; i < wraps; i++) value = { M: { n: value } };
      return value;
    };
    expect(importValue(nested(31))).toBeDefined();
    expect(() => importValue(nested(32))).toThrow("Nesting Levels have exceeded supported limits");
  });

  it("counts bytes as the service does", () => {
    const item = importItem({
      id: { S: "abc" },
      n: { N: "12345" },
      flag: { BOOL: true },
      l: { L: [{ S: "xy" }] },
      é: { B: Buffer.alloc(5) },
    });
    expect(itemBytes(item)).toBe(2 + 3 + (1 + 4) + (4 + 1) + (1 + 3 + 1 + 2) + (2 + 5));
  });
});
