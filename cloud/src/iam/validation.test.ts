import { describe, expect, it } from "vitest";
import { findPolicyFault, type PolicyUse } from "./validation.ts";

type Json = Record<string, unknown>;
const statement = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
const policy = (...statements: Json[]) => ({ Version: "2012-10-17", Statement: statements });
const one = (more: Json) => policy({ ...statement, ...more });
const trust = (more: Json = {}) =>
  policy({ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" }, ...more });
const fault = (given: unknown, use: PolicyUse = "managed") =>
  findPolicyFault(typeof given === "string" ? given : JSON.stringify(given), use);

const SYNTAX = "Syntax errors in policy.";
const IAM_PATH =
  'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.';

describe("what IAM takes", () => {
  it.each<[string, unknown, PolicyUse]>([
    ["a single statement", { Version: "2012-10-17", Statement: statement }, "managed"],
    ["lists", one({ Action: ["s3:*", "*"], Resource: ["arn:aws:s3:::a", "arn:aws:s3:::a/*"] }), "managed"],
    ["the older version inline", { Version: "2008-10-17", Statement: [statement] }, "inline"],
    ["no version inline", { Statement: [statement] }, "inline"],
    [
      "conditions",
      one({
        Condition: {
          "ForAnyValue:StringLikeIfExists": { "aws:TagKeys": ["a"] },
          Bool: { "aws:SecureTransport": true },
        },
      }),
      "managed",
    ],
    ["dates", one({ Condition: { DateGreaterThan: { "aws:CurrentTime": "2020-07-01T00:00:00Z" } } }), "managed"],
    [
      "IAM resources",
      one({
        Action: "iam:*",
        Resource: ["arn:aws:iam::123456789012:role/*", "arn:aws:iam::*:*", "arn:aws:iam::123456789012:us*"],
      }),
      "managed",
    ],
    ["trust of a service", trust(), "trust"],
    ["trust of the older version", { ...trust(), Version: "2008-10-17" }, "trust"],
    [
      "trust of accounts",
      trust({ Principal: { AWS: ["123456789012", "arn:aws:iam::123456789012:root", "*"] } }),
      "trust",
    ],
    ["trust with tags", trust({ Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] }), "trust"],
    [
      "trust of a provider",
      trust({
        Action: "sts:AssumeRoleWithWebIdentity",
        Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" },
      }),
      "trust",
    ],
    ["a resource's policy", one({ Principal: "*" }), "resource"],
  ])("%s", (_name, given, use) => expect(fault(given, use)).toBeUndefined());
});

describe("what IAM refuses, in its words", () => {
  it.each<[unknown, PolicyUse, string]>([
    ["{", "managed", SYNTAX],
    ["[]", "managed", SYNTAX],
    [{ Version: "2012-10-17" }, "managed", SYNTAX],
    [{ ...policy(statement), Extra: 1 }, "managed", SYNTAX],
    [{ Version: "2012-10-18", Statement: statement }, "managed", SYNTAX],
    [policy(), "managed", SYNTAX],
    [one({ Effect: "allow" }), "managed", SYNTAX],
    [one({ Effect: undefined }), "managed", SYNTAX],
    [one({ NotAction: "s3:*" }), "managed", SYNTAX],
    [one({ NotResource: "*" }), "managed", SYNTAX],
    [one({ Action: 1 }), "managed", SYNTAX],
    [one({ Condition: "x" }), "managed", SYNTAX],
    [one({ Condition: { StringEquals: { "aws:x": {} } } }), "managed", SYNTAX],
    [one({ Unknown: 1 }), "managed", SYNTAX],
    [{ Statement: statement }, "managed", "Policy document must be version 2012-10-17 or greater."],
    [
      { Version: "2008-10-17", Statement: statement },
      "managed",
      "Policy document must be version 2012-10-17 or greater.",
    ],
    [
      policy({ ...statement, Sid: "a" }, { ...statement, Sid: "a" }),
      "managed",
      "Statement IDs (SID) in a single policy must be unique.",
    ],
    [one({ Principal: "*" }), "managed", "Policy document should not specify a principal."],
    [one({ Action: undefined }), "managed", "Policy statement must contain actions."],
    [one({ Action: [] }), "inline", "Policy statement must contain actions."],
    [one({ Resource: undefined }), "managed", "Policy statement must contain resources."],
    [
      one({ Action: "GetObject" }),
      "managed",
      "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    ],
    [one({ Action: "a:b:c" }), "managed", "Actions/Condition can contain only one colon."],
    [one({ Action: "s 3:x" }), "managed", "Vendor s 3 is not valid"],
    [one({ Resource: "bucket" }), "managed", 'Resource bucket must be in ARN format or "*".'],
    [
      one({ Resource: "arn:error:s3:::b" }),
      "managed",
      'Partition "error" is not valid for resource "arn:error:s3:::b".',
    ],
    [one({ Resource: "arn:aws" }), "managed", "Resource vendor must be fully qualified and cannot contain regexes."],
    [
      one({ Resource: "arn:aws:s3:us-east-1::b" }),
      "managed",
      "Resource arn:aws:s3:us-east-1::b can not contain region information.",
    ],
    [
      one({ Resource: "arn:aws:iam:us-east-1:1:role/x" }),
      "managed",
      "IAM resource arn:aws:iam:us-east-1:1:role/x cannot contain region information.",
    ],
    [one({ Resource: "arn:aws:iam::123456789012:x" }), "managed", IAM_PATH],
    [one({ Condition: { Equals: { "aws:x": "1" } } }), "managed", "Invalid Condition type : Equals."],
    [one({ Condition: { DateEquals: { "aws:CurrentTime": "soon" } } }), "managed", "The policy failed legacy parsing"],
    [trust({ Resource: "*" }), "trust", "Has prohibited field Resource"],
    [trust({ Principal: undefined }), "trust", "Missing required field Principal"],
    [trust({ Action: "s3:GetObject" }), "trust", "AssumeRole policy may only specify STS AssumeRole actions."],
    [trust({ Principal: { Service: "lambda" } }), "trust", 'Invalid principal in policy: "SERVICE":"lambda"'],
    [trust({ Principal: { AWS: "nobody" } }), "trust", 'Invalid principal in policy: "AWS":"nobody"'],
    [
      trust({ Principal: { AWS: "arn:aws:iam::123456789012:group/x" } }),
      "trust",
      'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:group/x"',
    ],
    [trust({ Principal: { Nobody: "x" } }), "trust", SYNTAX],
  ])("%j as %s: %s", (given, use, expected) => expect(fault(given, use)).toBe(expected));
});
