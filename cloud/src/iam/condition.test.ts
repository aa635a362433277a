import { describe, expect, it } from "vitest";
import { compileCondition } from "./condition.ts";
import { GivenContext, type ContextValue } from "./request-context.ts";

type Values = string | string[];

/** Whether `{ operator: { "k:x": values } }` holds for a request whose key `k:x` has the given value. */
function holds(
  operator: string,
  values: Values,
  given: ContextValue | undefined,
  more: Record<string, ContextValue> = {},
) {
  const context = new GivenContext({ ...(given === undefined ? {} : { "K:X": given }), ...more });
  return compileCondition(operator, "k:x", [values].flat(), true)(context);
}

const MISSING = undefined;

describe("operators, one value against one", () => {
  it.each<[string, Values, ContextValue | undefined, boolean]>([
    ["StringEquals", "a", "a", true],
    ["StringEquals", "a", "A", false],
    ["StringEquals", "a*", "ab", false],
    ["StringEquals", ["x", "a"], "a", true],
    ["StringEquals", "a", MISSING, false],
    ["StringEquals", "", "", true],
    ["StringNotEquals", "a", "b", true],
    ["StringNotEquals", ["a", "b"], "b", false],
    ["StringNotEquals", "a", MISSING, true],
    ["StringEqualsIgnoreCase", "ABC", "abc", true],
    ["StringNotEqualsIgnoreCase", "ABC", "abc", false],
    ["StringLike", "home/*/x?", "home/a/b/x1", true],
    ["StringLike", "home/*", "Home/a", false],
    ["StringNotLike", "home/*", "other", true],
    ["StringNotLike", "home/*", "home/a", false],
    ["NumericEquals", "10", "10.0", true],
    ["NumericNotEquals", "10", "11", true],
    ["NumericLessThan", "10", "9", true],
    ["NumericLessThan", "10", "10", false],
    ["NumericLessThanEquals", "10", "10", true],
    ["NumericGreaterThan", "10", "11", true],
    ["NumericGreaterThanEquals", "10", "9.5", false],
    ["NumericEquals", "10", "ten", false],
    ["NumericEquals", "10", MISSING, false],
    ["DateEquals", "2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00", true],
    ["DateLessThan", "2020-01-01", "2019-12-31T23:59:59Z", true],
    ["DateGreaterThan", "2020-01-01T00:00:00Z", "2020-01-01T00:00:01Z", true],
    ["DateGreaterThanEquals", "1577836800", "2020-01-01T00:00:00Z", true],
    ["DateNotEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", false],
    ["DateLessThanEquals", "2020-01-01T00:00:00Z", "1577836800", true],
    ["Bool", "true", "true", true],
    ["Bool", "True", "true", true],
    ["Bool", "false", "true", false],
    ["Bool", "false", MISSING, false],
    ["BoolIfExists", "false", MISSING, true],
    ["BinaryEquals", "QmluYXJ5", "QmluYXJ5", true],
    ["BinaryEquals", "QmluYXJ5", "QmluYXJ6", false],
    ["IpAddress", "203.0.113.0/24", "203.0.113.9", true],
    ["IpAddress", "203.0.113.0/24", "203.0.114.9", false],
    ["IpAddress", "203.0.113.9", "203.0.113.9", true],
    ["IpAddress", "2001:db8::/32", "2001:db8:1::1", true],
    ["IpAddress", "2001:db8::/32", "203.0.113.9", false],
    ["IpAddress", "0.0.0.0/0", "10.1.2.3", true],
    ["IpAddress", "10.0.0.0/8", "not an address", false],
    ["NotIpAddress", "203.0.113.0/24", "10.0.0.1", true],
    ["NotIpAddress", "203.0.113.0/24", MISSING, true],
    ["ArnLike", "arn:aws:s3:::b*", "arn:aws:s3:::bucket", true],
    ["ArnEquals", "arn:aws:sns:*:1111:topic-?", "arn:aws:sns:eu-west-1:1111:topic-a", true],
    ["ArnLike", "arn:aws:sns:*:topic", "arn:aws:sns:eu-west-1:1111:topic", false],
    ["ArnLike", "arn:aws:lambda:*:*:function:*", "arn:aws:lambda:eu-west-1:1111:function:f:live", true],
    ["ArnLike", "arn:aws:sns:*:*:*", "no arn", false],
    ["ArnNotLike", "arn:aws:s3:::b*", "arn:aws:s3:::x", true],
    ["ArnNotEquals", "arn:aws:s3:::b", MISSING, true],
    ["Null", "true", MISSING, true],
    ["Null", "true", "x", false],
    ["Null", "false", "x", true],
    ["Null", "false", MISSING, false],
    ["StringEqualsIfExists", "a", MISSING, true],
    ["StringEqualsIfExists", "a", "b", false],
    ["StringNotEqualsIfExists", "a", "a", false],
    ["NoSuchOperator", "a", "a", false],
  ])("%s %j given %j: %s", (operator, values, given, expected) =>
    expect(holds(operator, values, given)).toBe(expected),
  );
});

describe("keys with several values", () => {
  it.each<[string, Values, ContextValue | undefined, boolean]>([
    ["ForAllValues:StringLike", ["PostDateTime", "Message", "Tags"], ["PostDateTime", "Message"], true],
    ["ForAllValues:StringLike", ["PostDateTime", "Message", "Tags"], ["PostDateTime", "UserName"], false],
    ["ForAllValues:StringEquals", ["a"], [], true],
    ["ForAllValues:StringEquals", ["a"], MISSING, true],
    ["ForAllValues:StringEquals", ["a"], "", true],
    ["ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], true],
    ["ForAllValues:StringNotEquals", ["a", "b"], ["c", "b"], false],
    ["ForAnyValue:StringLike", ["ID", "PostDateTime"], ["UserName", "Message", "PostDateTime"], true],
    ["ForAnyValue:StringLike", ["ID", "PostDateTime"], ["UserName"], false],
    ["ForAnyValue:StringEquals", ["a"], MISSING, false],
    ["ForAnyValue:StringEquals", ["a"], [], false],
    ["ForAnyValue:StringEquals", ["a"], "", false],
    ["ForAnyValue:StringNotEquals", ["a"], ["a", "b"], true],
    ["ForAnyValue:StringNotEquals", ["a"], ["a"], false],
    ["ForAnyValue:StringEqualsIfExists", ["a"], MISSING, true],
    ["StringEquals", ["a"], ["b", "a"], true],
    ["StringNotEquals", ["a"], ["b", "a"], false],
    ["StringNotEquals", ["a"], [], true],
    ["Null", ["true"], [], true],
  ])("%s %j given %j: %s", (operator, values, given, expected) =>
    expect(holds(operator, values, given)).toBe(expected),
  );
});

describe("variables in values", () => {
  const caller = { "aws:username": "Ann", "aws:PrincipalArn": "arn:aws:iam::111122223333:role/app/Worker" };
  it.each<[string, string, string, boolean]>([
    ["StringEquals", "${aws:username}", "Ann", true],
    ["StringEquals", "${aws:username}", "Bob", false],
    ["StringEqualsIgnoreCase", "X-${aws:username}", "x-ann", true],
    ["StringLike", "${aws:username}/*", "Ann/x", true],
    ["StringLike", "${aws:nothing}/*", "Ann/x", false],
    ["StringLike", "${aws:nothing, 'Ann'}/*", "Ann/x", true],
    ["StringNotLike", "${aws:nothing}/*", "Ann/x", true],
    ["ArnEquals", "${aws:PrincipalArn}", "arn:aws:iam::111122223333:role/app/Worker", true],
    ["ArnLike", "arn:aws:iam::*:role/app/${aws:username}", "arn:aws:iam::111122223333:role/app/Ann", true],
    ["NumericEquals", "${aws:username}", "1", false],
  ])("%s %s given %s: %s", (operator, values, given, expected) =>
    expect(holds(operator, values, given, caller)).toBe(expected),
  );
});
