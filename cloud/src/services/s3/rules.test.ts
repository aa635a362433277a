import type { LifecycleRule } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { checkBucketName } from "./bucket-name.ts";
import { checkReadConditions, checkWriteConditions, checkWriteHeaders } from "./conditions.ts";
import { checkCorsRules, corsHeaders, findCorsRule } from "./cors.ts";
import { dueAfterDays, expiryOf, readLifecycle, type LifecycleRules } from "./lifecycle-rule.ts";
import { isPublicPolicy } from "./public-policy.ts";
import { readCopyRange, readRange } from "./range.ts";
import type { StoredObject } from "./state.ts";
import { checkTags, readTagHeader } from "./tags.ts";

const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "none";
};

describe("bucket names", () => {
  it.each(["abc", "my-bucket", "my.bucket.1", "a".repeat(63), "1-2-3"])("%s is one", (name) => {
    expect(code(() => checkBucketName(name))).toBe("none");
  });
  it.each([
    "ab",
    "A-Bucket",
    "a_b",
    "-ab",
    "ab-",
    "a..b",
    "192.168.5.4",
    "xn--abc",
    "sthree-abc",
    "abc-s3alias",
    "abc--ol-s3",
    "a".repeat(64),
    "../etc",
    "",
  ])("%s is none", (name) => {
    expect(code(() => checkBucketName(name))).toBe("InvalidBucketName");
  });
});

describe("byte ranges", () => {
  it.each([
    ["bytes=0-8", 0, 8],
    ["bytes=1-", 1, 9],
    ["bytes=-2", 8, 9],
    ["bytes=-15", 0, 9],
    ["bytes=0-100", 0, 9],
  ])("%s of ten bytes", (header, start, end) => {
    expect(readRange(header, 10)).toEqual({ start, end });
  });
  it.each(["bytes=1-0", "bytes=-1-", "bytes=0--1", "bytes=0-1,3-4", "bytes=-", "0-8", "lines=0-1"])(
    "%s is ignored",
    (header) => expect(readRange(header, 10)).toBeUndefined(),
  );
  it.each(["bytes=-0", "bytes=100-200", "bytes=10-"])("%s lies outside", (header) => {
    expect(code(() => readRange(header, 10))).toBe("InvalidRange");
  });
  it("of an empty object lies outside", () => expect(code(() => readRange("bytes=0-", 0))).toBe("InvalidRange"));
  it("of a copy must be whole and inside", () => {
    expect(readCopyRange("bytes=0-9", 10)).toEqual({ start: 0, end: 9 });
    for (const header of ["0-8", "bytes=1-", "bytes=-2", "bytes=1-0", "bytes=0-10"])
      expect(code(() => readCopyRange(header, 10))).toBe("InvalidArgument");
    expect(code(() => readCopyRange("bytes=100-200", 10))).toBe("InvalidRequest");
  });
});

describe("conditions", () => {
  const object = { etag: "abc", modifiedMs: Date.parse("2026-01-01T00:00:00.500Z") } as StoredObject;
  const now = Date.parse("2026-02-01T00:00:00Z");
  const read = (conditions: Parameters<typeof checkReadConditions>[1]) =>
    code(() => checkReadConditions(object, conditions, now));

  it("on ETags", () => {
    expect(read({ IfMatch: '"abc"' })).toBe("none");
    expect(read({ IfMatch: "abc" })).toBe("none");
    expect(read({ IfMatch: "*" })).toBe("none");
    expect(read({ IfMatch: '"x"' })).toBe("PreconditionFailed");
    expect(read({ IfNoneMatch: '"abc"' })).toBe("NotModified");
    expect(read({ IfNoneMatch: '"x", "abc"' })).toBe("NotModified");
    expect(read({ IfNoneMatch: '"x"' })).toBe("none");
  });

  it("on dates, which are whole seconds", () => {
    expect(read({ IfModifiedSince: new Date("2026-01-01T00:00:00Z") })).toBe("NotModified");
    expect(read({ IfModifiedSince: new Date("2025-12-31T23:59:59Z") })).toBe("none");
    expect(read({ IfUnmodifiedSince: new Date("2025-12-31T23:59:59Z") })).toBe("PreconditionFailed");
    expect(read({ IfUnmodifiedSince: new Date("2026-01-01T00:00:00Z") })).toBe("none");
    expect(read({ IfModifiedSince: new Date("2027-01-01T00:00:00Z") })).toBe("none");
  });

  it("together: the ETag outweighs the date", () => {
    expect(read({ IfMatch: "abc", IfUnmodifiedSince: new Date(0) })).toBe("none");
    expect(read({ IfNoneMatch: "x", IfModifiedSince: new Date("2026-01-01T00:00:00Z") })).toBe("none");
  });

  it("on writes", () => {
    expect(code(() => checkWriteHeaders({ IfNoneMatch: "abc" }))).toBe("NotImplemented");
    expect(code(() => checkWriteHeaders({ IfMatch: "*" }))).toBe("NotImplemented");
    expect(code(() => checkWriteHeaders({ IfMatch: "a", IfNoneMatch: "*" }))).toBe("NotImplemented");
    const write = (
      current: StoredObject | undefined,
      conditions: object,
      since?: { sequence: number; deleted: boolean },
    ) => code(() => checkWriteConditions("k", current, conditions, since));
    expect(write(object, { IfNoneMatch: "*" })).toBe("PreconditionFailed");
    expect(write(undefined, { IfNoneMatch: "*" })).toBe("none");
    expect(write(undefined, { IfMatch: "abc" })).toBe("NoSuchKey");
    expect(write(object, { IfMatch: "x" })).toBe("PreconditionFailed");
    expect(write({ ...object, sequence: 5 }, { IfMatch: "abc" }, { sequence: 3, deleted: false })).toBe(
      "ConditionalRequestConflict",
    );
    expect(write(undefined, { IfNoneMatch: "*" }, { sequence: 3, deleted: true })).toBe("ConditionalRequestConflict");
  });
});

describe("public policies", () => {
  const policy = (statement: object) => isPublicPolicy({ Statement: [{ Effect: "Allow", ...statement }] });
  it("name everybody and fix nothing", () => {
    expect(policy({ Principal: "*" })).toBe(true);
    expect(policy({ Principal: { AWS: "*" } })).toBe(true);
    expect(policy({ Principal: { AWS: ["arn:aws:iam::111111111111:root", "*"] } })).toBe(true);
    expect(policy({ NotPrincipal: { AWS: "arn:aws:iam::111111111111:root" } })).toBe(true);
    expect(policy({ Principal: "*", Condition: { Bool: { "aws:SecureTransport": "true" } } })).toBe(true);
    expect(policy({ Principal: "*", Condition: { StringLike: { "aws:PrincipalArn": "*" } } })).toBe(true);
    expect(policy({ Principal: "*", Condition: { IpAddress: { "aws:SourceIp": "0.0.0.0/1" } } })).toBe(true);
  });
  it("are none where somebody is named or something is fixed", () => {
    expect(policy({ Principal: { AWS: "arn:aws:iam::111111111111:root" } })).toBe(false);
    expect(policy({ Principal: { Service: "cloudfront.amazonaws.com" } })).toBe(false);
    expect(policy({ Principal: "*", Condition: { StringEquals: { "aws:SourceVpc": "vpc-1" } } })).toBe(false);
    expect(policy({ Principal: "*", Condition: { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } } })).toBe(false);
    expect(isPublicPolicy({ Statement: { Effect: "Deny", Principal: "*" } })).toBe(false);
  });
});

describe("CORS rules", () => {
  const rules = checkCorsRules([
    {
      AllowedMethods: ["GET", "PUT"],
      AllowedOrigins: ["https://*.example.com"],
      AllowedHeaders: ["x-amz-*"],
      MaxAgeSeconds: 3000,
    },
    { AllowedMethods: ["GET"], AllowedOrigins: ["*"], ExposeHeaders: ["ETag"] },
  ]);
  it("are found by origin, method and headers, the first that fits", () => {
    const asked = { origin: "https://app.example.com", method: "PUT", headers: ["X-Amz-Acl"] };
    const rule = findCorsRule(rules, asked)!;
    expect(corsHeaders(rule, asked)).toEqual({
      "Access-Control-Allow-Origin": "https://app.example.com",
      "Access-Control-Allow-Methods": "GET, PUT",
      "Access-Control-Allow-Headers": "x-amz-acl",
      "Access-Control-Max-Age": "3000",
      "Access-Control-Allow-Credentials": "true",
      Vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    });
    expect(findCorsRule(rules, { ...asked, headers: ["content-type"] })).toBeUndefined();
    expect(findCorsRule(rules, { ...asked, origin: "https://other.org" })).toBeUndefined();
    const open = { origin: "https://other.org", method: "GET", headers: [] };
    expect(corsHeaders(findCorsRule(rules, open)!, open)).toMatchObject({
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Expose-Headers": "ETag",
    });
  });
  it("are checked", () => {
    expect(code(() => checkCorsRules([]))).toBe("MalformedXML");
    expect(code(() => checkCorsRules([{ AllowedMethods: ["PATCH"], AllowedOrigins: ["*"] }]))).toBe("InvalidRequest");
    expect(code(() => checkCorsRules([{ AllowedMethods: ["GET"], AllowedOrigins: ["*.a.*"] }]))).toBe("InvalidRequest");
  });
});

describe("tags", () => {
  it("are read from the header, in order of their keys", () => {
    expect(readTagHeader("b=2&a=%20x&c")).toEqual([
      { Key: "a", Value: " x" },
      { Key: "b", Value: "2" },
      { Key: "c", Value: "" },
    ]);
    expect(code(() => readTagHeader("a=1&a=2"))).toBe("InvalidArgument");
    expect(code(() => readTagHeader("a=1,b=2"))).toBe("InvalidArgument");
    expect(code(() => readTagHeader("a=%zz"))).toBe("InvalidArgument");
  });
  it("are checked", () => {
    const check = (...tags: [string, string][]) =>
      code(() =>
        checkTags(
          tags.map(([Key, Value]) => ({ Key, Value })),
          "object",
        ),
      );
    expect(check(["a", "1"], ["a", "2"])).toBe("InvalidTag");
    expect(check(["a,b", "1"])).toBe("InvalidTag");
    expect(check(["aws:x", "1"])).toBe("InvalidTag");
    expect(check(["a", "x".repeat(257)])).toBe("InvalidTag");
    expect(check(...Array.from({ length: 11 }, (_, i): [string, string] => [`k${i}`, ""]))).toBe("BadRequest");
    expect(code(() => checkTags([{ Key: "a" }], "object"))).toBe("MalformedXML");
  });
});

describe("lifecycle rules", () => {
  const read = (...rules: LifecycleRule[]) => code(() => readLifecycle(rules, () => "id"));
  const base = { Status: "Enabled", Filter: { Prefix: "" } } as const;
  it.each([
    ["no rules", []],
    ["no filter", [{ Status: "Enabled", Expiration: { Days: 1 } }]],
    ["filter and prefix", [{ ...base, Prefix: "a", Expiration: { Days: 1 } }]],
    [
      "two kinds of filter",
      [{ Status: "Enabled", Filter: { Prefix: "a", ObjectSizeLessThan: 1 }, Expiration: { Days: 1 } }],
    ],
    ["days and marker", [{ ...base, Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } }]],
    ["noncurrent without days", [{ ...base, NoncurrentVersionExpiration: {} }]],
  ] as [string, LifecycleRule[]][])("%s is malformed", (_, rules) => {
    expect(read(...rules)).toBe("MalformedXML");
  });
  it("are checked further", () => {
    expect(read({ ...base })).toBe("InvalidRequest");
    expect(read({ ...base, Expiration: { Days: 0 } })).toBe("InvalidArgument");
    expect(read({ ...base, Expiration: { Date: new Date("2026-01-01T10:00:00Z") } })).toBe("InvalidArgument");
    expect(read({ ...base, Transitions: [{ Days: 10, StorageClass: "STANDARD_IA" }] })).toBe("InvalidArgument");
    expect(read({ ...base, ID: "a", Expiration: { Days: 1 } }, { ...base, ID: "a", Expiration: { Days: 2 } })).toBe(
      "InvalidArgument",
    );
    expect(read({ ...base, Expiration: { Days: 1 } })).toBe("none");
  });
  it("fall due at the midnight after so many days", () => {
    const at = (text: string) => Date.parse(text);
    expect(dueAfterDays(at("2026-01-15T10:30:00Z"), 3)).toBe(at("2026-01-19T00:00:00Z"));
  });
  it("pick the one that expires first", () => {
    const lifecycle: LifecycleRules = {
      minimumSize: "all_storage_classes_128K",
      rules: readLifecycle(
        [
          { ID: "a", Status: "Enabled", Filter: { Prefix: "t" }, Expiration: { Days: 7 } },
          { ID: "b", Status: "Enabled", Filter: { Prefix: "test" }, Expiration: { Days: 5 } },
          { ID: "c", Status: "Disabled", Filter: { Prefix: "" }, Expiration: { Days: 1 } },
          {
            ID: "d",
            Status: "Enabled",
            Filter: { And: { Prefix: "x", ObjectSizeGreaterThan: 5 } },
            Expiration: { Days: 1 },
          },
        ],
        () => "id",
      ),
    };
    const modifiedMs = Date.parse("2026-01-01T12:00:00Z");
    expect(expiryOf(lifecycle, { key: "test1", bytes: 1, modifiedMs })?.ruleId).toBe("b");
    expect(expiryOf(lifecycle, { key: "to", bytes: 1, modifiedMs })?.ruleId).toBe("a");
    expect(expiryOf(lifecycle, { key: "x", bytes: 5, modifiedMs })).toBeUndefined();
    expect(expiryOf(lifecycle, { key: "x", bytes: 6, modifiedMs })?.ruleId).toBe("d");
  });
});
