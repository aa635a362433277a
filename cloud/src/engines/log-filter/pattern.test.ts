import { describe, expect, test } from "vitest";
import { compilePattern, FilterPatternError, isReference } from "./pattern.ts";

function matches(pattern: string, message: string): boolean {
  return compilePattern(pattern).match(message) !== undefined;
}

function refusal(pattern: string): { message: string; specific: boolean } {
  try {
    compilePattern(pattern);
  } catch (error) {
    if (error instanceof FilterPatternError) return { message: error.message, specific: error.specific };
    throw error;
  }
  throw new Error(`${pattern} was accepted`);
}

describe("terms", () => {
  const BAD_REQUEST = "[ERROR 400] BAD REQUEST";
  const UNAUTHORIZED = "[ERROR 401] UNAUTHORIZED REQUEST";
  const MISSING = "[ERROR 419] MISSING ARGUMENTS";
  const INFO = "[INFO] REQUEST FAILED";

  test.each([
    ["", INFO, true],
    ['" "', INFO, true],
    ["ERROR", BAD_REQUEST, true],
    ["ERROR", "Exiting with ERRORCODE: -1", true],
    ["error", BAD_REQUEST, false],
    ["ERROR ARGUMENTS", MISSING, true],
    ["ERROR ARGUMENTS", UNAUTHORIZED, false],
    ["?ERROR ?ARGUMENTS", BAD_REQUEST, true],
    ["?ERROR ?ARGUMENTS", INFO, false],
    ['?"BAD REQUEST" ?FAILED', INFO, true],
    // The question marks are ignored beside other terms.
    ["?ERROR ?ARGUMENTS REQUEST", INFO, true],
    ["?ERROR -REQUEST", "all quiet", true],
    ['"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", true],
    ['"INTERNAL SERVER ERROR"', "INTERNAL ERROR of the SERVER", false],
    ["ERROR -ARGUMENTS", BAD_REQUEST, true],
    ["ERROR -ARGUMENTS", MISSING, false],
    ['-"BAD REQUEST"', BAD_REQUEST, false],
    ["-ERROR", INFO, true],
    ['"say \\"hi\\""', 'they say "hi" again', true],
    ['"注文"', "注文を受けました", true],
  ])("%s on %s: %s", (pattern, message, expected) => {
    expect(matches(pattern, message)).toBe(expected);
  });

  test.each(["foo-bar", "user@example.com", "注文", 'a:"b"', "a/b"])("%s needs quotation marks", (pattern) => {
    expect(refusal(pattern)).toMatchObject({
      specific: true,
      message: expect.stringMatching(/^Invalid character\(s\) in term '/),
    });
  });

  test("an empty phrase, a lone sign, an open quotation mark are refused", () => {
    expect(refusal('""').message).toBe(`Invalid character(s) in term '""'`);
    expect(refusal("ERROR -").specific).toBe(false);
    expect(refusal('"open').specific).toBe(false);
  });
});

describe("standalone regular expressions", () => {
  test.each([
    ["%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", true],
    ["%^[hc]at%", "hat", true],
    ["%^[hc]at%", "a hat", false],
    ["%[hc]at$%", "a cat", true],
    ["%colou?r%", "color", true],
    ["%ba{3,5}d%", "baaad", true],
    ["%ba{,2}d%", "bd", true],
    ["%ba{,2}d%", "baaad", false],
    ["%ba{2,}d%", "baaaaad", true],
    ["%^starting|^initializing|^shutting down%", "shutting down now", true],
    ["%^starting|^initializing|^shutting down%", "skipping initializing", false],
    ["%\\[.\\]%", "[7]", true],
    ["%10\\.10\\.0\\.1%", "10010,051", false],
    ["%\\d\\D\\s\\S\\w\\W%", "1a b_-", true],
    ["%\\x28ok\\x29%", "all (ok)", true],
  ])("%s on %s: %s", (pattern, message, expected) => {
    expect(matches(pattern, message)).toBe(expected);
  });

  test.each(["%something!%", "%(a)%", "%é%", "%[%", "%*a%"])("%s is refused by name", (pattern) => {
    expect(refusal(pattern)).toEqual({ specific: true, message: `Invalid character(s) in term '${pattern}'` });
  });

  test("nothing stands beside it", () => {
    expect(refusal("%a% ERROR").specific).toBe(false);
    expect(refusal("%a").specific).toBe(false);
  });
});

describe("JSON", () => {
  const EVENT = JSON.stringify({
    eventType: "UpdateTrail",
    sourceIPAddress: "111.111.111.111",
    arrayKey: ["value", "another value"],
    objectList: [
      { name: "a", id: 1 },
      { name: "b", id: 2 },
    ],
    SomeObject: null,
    ThisFlag: true,
    "cluster.name": "c",
    someInt: 123,
    someFloat: 12.34,
    status: "404",
    nested: { "a-b": { c_d: -3 } },
  });

  test.each([
    ['{ $.eventType = "UpdateTrail" }', true],
    ["{ $.eventType = UpdateTrail }", true],
    ["{$.eventType=UpdateTrail}", true],
    ['{ $.eventType = "Update" }', false],
    ["{ $.sourceIPAddress != 123.123.* }", true],
    ["{ $.sourceIPAddress = 111.* }", true],
    ["{ $.sourceIPAddress = *.111.111 }", true],
    ["{ $.eventType = *date* }", true],
    ["{ $.eventType = Update*l }", false],
    ['{ $.arrayKey[0] = "value" }', true],
    ['{ $.arrayKey[1] = "value" }', false],
    ['{ $.arrayKey = "value" }', false],
    ['{ $.arrayKey != "value" }', false],
    ["{ $.objectList[1].id = 2 }", true],
    ['{ $.objectList[*].name = "b" }', true],
    ['{ $.objectList[*].name = "z" }', false],
    ["{ $.eventType = %Trail% }", true],
    ["{ $.arrayKey[*] = %val.{2}% }", true],
    ["{ $.* = %111\\.111\\.111\\.1[0-9]{1,2}% }", true],
    [`{ $.['cluster.name'] = "c" }`, true],
    ["{ $.nested.a-b.c_d = -3 }", true],
    ["{ $.SomeObject IS NULL }", true],
    ["{ $.eventType IS NULL }", false],
    ["{ $.missing IS NULL }", false],
    ["{ $.ThisFlag IS TRUE }", true],
    ["{ $.ThisFlag IS FALSE }", false],
    ["{ $.SomeOtherObject NOT EXISTS }", true],
    ["{ $.SomeObject NOT EXISTS }", false],
    ["{ $.missing != 5 }", false],
    ["{ $.someInt = 123.0 }", true],
    ['{ $.someInt = "123.0" }', false],
    ['{ $.someInt = "123" }', true],
    ["{ $.someInt = 1* }", true],
    ["{ $.someInt = * }", true],
    ["{ $.someInt > 122.9 }", true],
    ["{ $.someInt >= 123 }", true],
    ["{ $.someInt < 1.23e2 }", false],
    ["{ $.someInt <= +123 }", true],
    ["{ $.someFloat > 1e-3 }", true],
    ["{ $.eventType >= 1 }", false],
    ["{ $.status = 404 }", true],
    ["{ $.status = 4* }", true],
    ["{ $.someInt != abc }", true],
    ["{ ($.someInt = 123) && ($.eventType = UpdateTrail) }", true],
    ["{ $.someInt = 123 || $.missing = x && $.missing = y }", true],
    ["{ ($.someInt = 123 || $.missing = x) && $.missing = y }", false],
  ])("%s: %s", (pattern, expected) => {
    expect(matches(pattern, EVENT)).toBe(expected);
  });

  test("what is no JSON object never matches", () => {
    expect(matches("{ $.a NOT EXISTS }", "plain text")).toBe(false);
    expect(matches("{ $.a NOT EXISTS }", "{ broken")).toBe(false);
    expect(matches("{ $.a NOT EXISTS }", "{}")).toBe(true);
  });

  test("the selected values are extracted", () => {
    const match = compilePattern('{ $.latency > 1 && $.path = "/a*" }').match(
      '{"latency":12.5,"path":"/abc","n":{"m":3}}',
    );
    expect(match?.extracted()).toEqual({ "$.latency": "12.5", "$.path": "/abc" });
    expect(match?.value("$.n.m")).toBe("3");
    expect(match?.value("$.nothing")).toBeUndefined();
  });

  test("an own property is asked for, not the prototype's", () => {
    expect(matches("{ $.constructor NOT EXISTS }", "{}")).toBe(true);
    expect(matches("{ $.arrayKey.length = 2 }", EVENT)).toBe(false);
  });

  test.each([
    ["{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'"],
    ['{ $.a > "x" }', `Invalid character(s) in term '"x"'`],
    ["{ $.a >= text }", `Invalid character(s) in term '"text"'`],
    ["{ $.a = user@example.com }", "Invalid character(s) in term 'user@example.com'"],
  ])("%s: %s", (pattern, message) => {
    expect(refusal(pattern)).toEqual({ specific: true, message });
  });

  test.each([
    "{ }",
    "{ a = 1 }",
    "{ $.a }",
    "{ $.a EXISTS }",
    "{ $.a IS NOT NULL }",
    "{ $.a = }",
    "{ $.a = 1 && }",
    "{ ($.a = 1 }",
    "{ $.a = 1 } }",
    "{ $.a[*][*] = 1 }",
    "{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.d[*] = 1 }",
    "{ $.a = %1% || $.b = %2% || $.c = %3% }",
    "{ $.a. b = 1 }",
  ])("%s is refused", (pattern) => {
    expect(refusal(pattern).specific).toBe(false);
  });
});

describe("space-delimited", () => {
  const ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534';

  test.each([
    ["[ip=%127\\.0\\.0\\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", ACCESS, true],
    ["[ip, user, username, timestamp, request, status_code, bytes > 1000]", ACCESS, true],
    ["[ip, user, username, timestamp, request, status_code, bytes > 2000]", ACCESS, false],
    ["[..., request =*.html*, status_code = 4*, bytes]", ACCESS, true],
    ["[ip, user, ...]", ACCESS, true],
    ["[ip, ..., bytes = 1534]", ACCESS, true],
    ["[..., status_code = 404 || status_code = 410, bytes]", ACCESS, true],
    ["[..., status_code = 4* && status_code != 404, bytes]", ACCESS, false],
    ["[ip, user, username, timestamp, request, status_code, bytes, more]", ACCESS, false],
    ["[w1=ERROR, w2]", "ERROR 09/25/2014 12:00:02 Failed to process request", true],
    ["[w1=ERROR || w1=WARNING, w2]", "WARNING 09/25/2014 12:00:02 Invalid user request", true],
    ["[w1!=ERROR && w1!=WARNING, w2]", "INFO 09/25/2014 12:00:00 GET /service/resource/67 1200", true],
    [
      "[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]",
      "INFO 09/25/2014 12:00:00 GET /service/resource/67 1200",
      true,
    ],
    [
      "[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]",
      "INFO 09/25/2014 12:00:01 POST /service/resource/67/part/111 1310",
      false,
    ],
    ['[timestamp=*Z, request_id="*-*", event]', "2024-01-01T00:00:00.000Z\t11-22\tINFO hello\n", true],
    ["[n = 1e3]", "1000", true],
    ["[n != 5]", "text", true],
  ])("%s on %s: %s", (pattern, message, expected) => {
    expect(matches(pattern, message)).toBe(expected);
  });

  test("fields are extracted by name, unnamed ones by number", () => {
    const match = compilePattern("[..., request=*.html*, status_code=4*,]").match(ACCESS);
    expect(match?.extracted()).toEqual({
      $1: "127.0.0.1",
      $2: "Prod",
      $3: "frank",
      $4: "10/Oct/2000:13:25:15 -0700",
      $request: "GET /index.html HTTP/1.0",
      $status_code: "404",
      $7: "1534",
    });
    expect(match?.value("$status_code")).toBe("404");
  });

  test("the last field takes what is left", () => {
    const match = compilePattern("[level, rest]").match('WARN the "quoted thing" stays\n');
    expect(match?.extracted()).toEqual({ $level: "WARN", $rest: 'the "quoted thing" stays' });
  });

  test("refusals", () => {
    expect(refusal("[a, b").message).toBe("If a filter pattern starts with '[' it must end with ']'");
    expect(refusal("[a = 1 && b = 2]").specific).toBe(false);
    expect(refusal("[..., a, ...]").specific).toBe(false);
    expect(refusal("[a > b]").message).toBe(`Invalid character(s) in term '"b"'`);
  });
});

test("references fit the kind of pattern", () => {
  expect(isReference(compilePattern("{ $.a = 1 }"), "$.latency")).toBe(true);
  expect(isReference(compilePattern("{ $.a = 1 }"), "$latency")).toBe(false);
  expect(isReference(compilePattern("[a, b]"), "$b")).toBe(true);
  expect(isReference(compilePattern("ERROR"), "$.latency")).toBe(false);
});
