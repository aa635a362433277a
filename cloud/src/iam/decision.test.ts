import { describe, expect, it } from "vitest";
import { decide, type NamedPolicy, type PolicySet } from "./decision.ts";
import { decodeDenial, denialMessage, explain } from "./denial.ts";
import { compilePolicy } from "./policy.ts";
import type { Principal } from "./principal.ts";
import { CallContextKeys, type CallerFacts, type ContextValue } from "./request-context.ts";

const ACCOUNT = "111122223333";
const OTHER = "444455556666";
const TABLE = `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/Orders`;

const user: Principal = { kind: "user", account: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/ann`, userId: "AIDAANN" };
const role: Principal = {
  kind: "role",
  account: ACCOUNT,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/worker/s1`,
  roleArn: `arn:aws:iam::${ACCOUNT}:role/app/worker`,
  userId: "AROAWORKER:s1",
};
const root: Principal = { kind: "root", account: ACCOUNT };
const stranger: Principal = { kind: "user", account: OTHER, arn: `arn:aws:iam::${OTHER}:user/bob`, userId: "AIDABOB" };
const anonymous: Principal = { kind: "anonymous" };
const s3: Principal = {
  kind: "service",
  service: "s3.amazonaws.com",
  sourceArn: "arn:aws:s3:::photos",
  sourceAccount: ACCOUNT,
};

type StatementJson = Record<string, unknown>;

function policy(...statements: StatementJson[]): NamedPolicy {
  const Statement = statements.map((one) => ({ Effect: "Allow", Action: "*", Resource: "*", ...one }));
  return { name: "p", source: "role", compiled: compilePolicy(JSON.stringify({ Version: "2012-10-17", Statement })) };
}

interface Case {
  by?: Principal;
  action?: string;
  resource?: string;
  resourceAccount?: string;
  given?: Record<string, ContextValue>;
  facts?: CallerFacts;
  policies: Partial<PolicySet>;
  resourcePolicyDecides?: boolean;
}

function ask({ by = role, action = "dynamodb:PutItem", resource = TABLE, resourceAccount = ACCOUNT, ...rest }: Case) {
  const { given = {}, facts = {}, policies, resourcePolicyDecides = false } = rest;
  const context = new CallContextKeys({ principal: by, facts, given, resourceAccount });
  const set = { identity: [], ...policies };
  return decide({ principal: by, action, resource, resourceAccount, context, policies: set, resourcePolicyDecides });
}

const outcome = (given: Case) => {
  const { outcome: result, deniedBy } = ask(given);
  return deniedBy === undefined ? result : `${result} ${deniedBy}`;
};

const ALL = policy({});
const NONE = policy({ Action: "none:None" });
const naming = (principal: unknown, more: StatementJson = {}) => policy({ Principal: principal, ...more });

describe("policy types within one account", () => {
  it.each<[string, Case, string]>([
    ["nothing attached", { policies: {} }, "implicitDeny identity"],
    ["identity allows", { policies: { identity: [ALL] } }, "allowed"],
    ["another policy denies", { policies: { identity: [ALL, policy({ Effect: "Deny" })] } }, "explicitDeny identity"],
    ["boundary does not allow", { policies: { identity: [ALL], boundary: [NONE] } }, "implicitDeny boundary"],
    ["boundary grants nothing", { policies: { boundary: [ALL] } }, "implicitDeny identity"],
    [
      "boundary denies",
      { policies: { identity: [ALL], boundary: [policy({ Effect: "Deny" })] } },
      "explicitDeny boundary",
    ],
    ["session does not allow", { policies: { identity: [ALL], session: [NONE] } }, "implicitDeny session"],
    ["one of two session policies allows", { policies: { identity: [ALL], session: [NONE, ALL] } }, "allowed"],
    [
      "session denies",
      { policies: { identity: [ALL], session: [policy({ Effect: "Deny" })] } },
      "explicitDeny session",
    ],
    [
      "resource denies",
      { policies: { identity: [ALL], resource: naming("*", { Effect: "Deny" }) } },
      "explicitDeny resource",
    ],
    ["root needs nothing", { by: root, policies: {} }, "allowed"],
    [
      "root and a resource's deny",
      { by: root, policies: { resource: naming("*", { Effect: "Deny" }) } },
      "explicitDeny resource",
    ],
  ])("%s", (_name, given, expected) => expect(outcome(given)).toBe(expected));
});

describe("resource policies and implicit denies elsewhere (AWS: the table of the same name)", () => {
  const roleArn = naming({ AWS: `arn:aws:iam::${ACCOUNT}:role/app/worker` });
  const sessionArn = naming({ AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/worker/s1` });
  const userArn = naming({ AWS: `arn:aws:iam::${ACCOUNT}:user/ann` });
  const account = naming({ AWS: `arn:aws:iam::${ACCOUNT}:root` });
  it.each<[string, Case, string]>([
    ["role ARN", { policies: { resource: roleArn } }, "allowed"],
    ["role ARN, boundary", { policies: { resource: roleArn, boundary: [NONE] } }, "implicitDeny boundary"],
    ["role ARN, session policy", { policies: { resource: roleArn, session: [NONE] } }, "implicitDeny session"],
    [
      "session ARN, boundary and session policy",
      { policies: { resource: sessionArn, boundary: [NONE], session: [NONE] } },
      "allowed",
    ],
    [
      "another session's ARN",
      { policies: { resource: naming({ AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/worker/s2` }) } },
      "implicitDeny identity",
    ],
    ["user ARN, boundary", { by: user, policies: { resource: userArn, boundary: [NONE] } }, "allowed"],
    ["everybody", { by: user, policies: { resource: naming("*"), boundary: [NONE] } }, "allowed"],
    ["the account only delegates", { by: user, policies: { resource: account } }, "implicitDeny identity"],
    [
      "the account by number",
      { by: user, policies: { resource: naming({ AWS: ACCOUNT }), identity: [ALL] } },
      "allowed",
    ],
    ["role by unique id", { policies: { resource: naming({ AWS: "AROAWORKER" }) } }, "allowed"],
    [
      "a deny for the role reaches its sessions",
      {
        policies: {
          identity: [ALL],
          resource: naming({ AWS: `arn:aws:iam::${ACCOUNT}:role/app/worker` }, { Effect: "Deny" }),
        },
      },
      "explicitDeny resource",
    ],
    [
      "a deny for the account reaches everyone in it",
      { by: user, policies: { identity: [ALL], resource: naming({ AWS: ACCOUNT }, { Effect: "Deny" }) } },
      "explicitDeny resource",
    ],
  ])("%s", (_name, given, expected) => expect(outcome(given)).toBe(expected));
});

describe("trust and key policies decide in any case", () => {
  const decides = { resourcePolicyDecides: true };
  const account = naming({ AWS: ACCOUNT });
  it.each<[string, Case, string]>([
    ["identity alone is not enough", { by: user, ...decides, policies: { identity: [ALL] } }, "implicitDeny resource"],
    ["the user is named", { by: user, ...decides, policies: { resource: naming({ AWS: user.arn }) } }, "allowed"],
    ["the account is named", { by: user, ...decides, policies: { resource: account } }, "implicitDeny identity"],
    [
      "the account is named and the user allowed",
      { by: user, ...decides, policies: { resource: account, identity: [ALL] } },
      "allowed",
    ],
    ["root is no exception", { by: root, ...decides, policies: {} }, "implicitDeny resource"],
    ["root by its account", { by: root, ...decides, policies: { resource: account } }, "allowed"],
  ])("%s", (_name, given, expected) => expect(outcome(given)).toBe(expected));
});

describe("across accounts both sides must allow", () => {
  const bobs = naming({ AWS: stranger.kind === "user" ? stranger.arn : "" });
  it.each<[string, Case, string]>([
    ["neither", { by: stranger, policies: {} }, "implicitDeny identity"],
    ["identity only", { by: stranger, policies: { identity: [ALL] } }, "implicitDeny resource"],
    ["resource only", { by: stranger, policies: { resource: bobs } }, "implicitDeny identity"],
    ["both", { by: stranger, policies: { identity: [ALL], resource: bobs } }, "allowed"],
    ["the account", { by: stranger, policies: { identity: [ALL], resource: naming({ AWS: OTHER }) } }, "allowed"],
    ["everybody", { by: stranger, policies: { identity: [ALL], resource: naming("*") } }, "allowed"],
    [
      "both, but a boundary",
      { by: stranger, policies: { identity: [ALL], boundary: [NONE], resource: bobs } },
      "implicitDeny boundary",
    ],
    ["the other root", { by: { kind: "root", account: OTHER }, policies: {} }, "implicitDeny resource"],
    [
      "the other root, named",
      { by: { kind: "root", account: OTHER }, policies: { resource: naming({ AWS: OTHER }) } },
      "allowed",
    ],
  ])("%s", (_name, given, expected) => expect(outcome(given)).toBe(expected));
});

describe("services and the unsigned", () => {
  const fromBucket = {
    Condition: { ArnLike: { "aws:SourceArn": "arn:aws:s3:::photos" }, StringEquals: { "aws:SourceAccount": ACCOUNT } },
  };
  it.each<[string, Case, string]>([
    ["no policy", { by: s3, policies: {} }, "implicitDeny resource"],
    ["named", { by: s3, policies: { resource: naming({ Service: "s3.amazonaws.com" }, fromBucket) } }, "allowed"],
    [
      "another bucket",
      {
        by: { ...s3, sourceArn: "arn:aws:s3:::other" } as Principal,
        policies: { resource: naming({ Service: "s3.amazonaws.com" }, fromBucket) },
      },
      "implicitDeny resource",
    ],
    [
      "another service",
      { by: s3, policies: { resource: naming({ Service: "sns.amazonaws.com" }) } },
      "implicitDeny resource",
    ],
    ["everybody includes services", { by: s3, policies: { resource: naming({ AWS: "*" }, fromBucket) } }, "allowed"],
    [
      "a service is not the account",
      { by: s3, policies: { resource: naming({ AWS: ACCOUNT }) } },
      "implicitDeny resource",
    ],
    ["anonymous", { by: anonymous, policies: { resource: naming({ AWS: ACCOUNT }) } }, "implicitDeny resource"],
    ["anonymous where everybody may", { by: anonymous, policies: { resource: naming("*") } }, "allowed"],
    [
      "not services",
      {
        by: s3,
        policies: { resource: naming("*", { Condition: { Bool: { "aws:PrincipalIsAWSService": "false" } } }) },
      },
      "implicitDeny resource",
    ],
  ])("%s", (_name, given, expected) => expect(outcome(given)).toBe(expected));
});

describe("NotPrincipal, NotAction, NotResource", () => {
  const denyAllBut = (...names: string[]) => policy({ Effect: "Deny", NotPrincipal: { AWS: names } });
  it.each<[string, Case, string]>([
    [
      "NotPrincipal spares who is listed with its account",
      { by: user, policies: { identity: [ALL], resource: denyAllBut(`arn:aws:iam::${ACCOUNT}:user/ann`, ACCOUNT) } },
      "allowed",
    ],
    [
      "not without its account",
      { by: user, policies: { identity: [ALL], resource: denyAllBut(`arn:aws:iam::${ACCOUNT}:user/ann`) } },
      "explicitDeny resource",
    ],
    [
      "a session needs account, role and session",
      {
        policies: {
          identity: [ALL],
          resource: denyAllBut(ACCOUNT, role.kind === "role" ? role.roleArn : "", role.kind === "role" ? role.arn : ""),
        },
      },
      "allowed",
    ],
    [
      "a role's ARN alone spares no session",
      { policies: { identity: [ALL], resource: denyAllBut(ACCOUNT, role.kind === "role" ? role.roleArn : "") } },
      "explicitDeny resource",
    ],
    [
      "NotAction",
      { action: "iam:CreateUser", policies: { identity: [policy({ Action: undefined, NotAction: "iam:*" })] } },
      "implicitDeny identity",
    ],
    [
      "NotAction, others",
      { policies: { identity: [policy({ Action: undefined, NotAction: ["iam:*", "sts:*"] })] } },
      "allowed",
    ],
    [
      "NotResource",
      { policies: { identity: [policy({ Resource: undefined, NotResource: "arn:aws:dynamodb:*:*:table/Orders" })] } },
      "implicitDeny identity",
    ],
    [
      "NotResource, others",
      { policies: { identity: [policy({ Resource: undefined, NotResource: ["arn:aws:s3:::*"] })] } },
      "allowed",
    ],
  ])("%s", (_name, given, expected) => expect(outcome(given)).toBe(expected));
});

describe("actions and resources", () => {
  const covers = (Action: string, Resource = "*") =>
    outcome({ policies: { identity: [policy({ Action, Resource })] } }) === "allowed";
  it.each([
    ["dynamodb:PutItem", TABLE, true],
    ["DynamoDB:putitem", TABLE, true],
    ["dynamodb:Put*", TABLE, true],
    ["dynamodb:*Item", TABLE, true],
    ["dynamodb:PutIte?", TABLE, true],
    ["dynamodb:?utItem*", TABLE, true],
    ["dynamodb:Get*", TABLE, false],
    ["s3:*", TABLE, false],
    ["*:*", TABLE, true],
    ["*", "arn:aws:dynamodb:us-east-1:111122223333:table/orders", false],
    ["*", "arn:aws:dynamodb:*:*:table/O?ders", true],
    ["*", "arn:aws:dynamodb:*:table/Orders", true],
    ["*", "arn:aws:dynamodb:us-east-1:111122223333:table/Orders/*", false],
    ["*", "arn:*", true],
    ["*", "arn:aws:dynamodb:us-east-1:111122223333:table/${aws:username}", false],
  ])("%s on %s: %s", (action, resource, expected) => expect(covers(action, resource)).toBe(expected));

  it("does not blow up on many stars", () => {
    const resource = `arn:aws:s3:::${"a".repeat(5000)}`;
    const pattern = `arn:aws:s3:::${"a*".repeat(200)}b`;
    expect(outcome({ resource, policies: { identity: [policy({ Resource: pattern })] } })).toBe(
      "implicitDeny identity",
    );
  });
});

describe("policy variables", () => {
  const home = "arn:aws:s3:::home/${aws:username}/*";
  const onHome = (by: Principal, resource: string) =>
    outcome({ by, resource, policies: { identity: [policy({ Resource: home })] } });
  it("stand for the caller's values", () => {
    expect(onHome(user, "arn:aws:s3:::home/ann/a.txt")).toBe("allowed");
    expect(onHome(user, "arn:aws:s3:::home/bob/a.txt")).toBe("implicitDeny identity");
    expect(onHome(role, "arn:aws:s3:::home/ann/a.txt")).toBe("implicitDeny identity");
  });
  it.each<[string, string, CallerFacts, boolean]>([
    ["${aws:PrincipalTag/Team}", "blue", { tags: { team: "blue" } }, true],
    ["${aws:PrincipalTag/Team}", "blue", {}, false],
    ["${aws:PrincipalTag/Team, 'blue'}", "blue", {}, true],
    ["${aws:PrincipalTag/Team, 'red'}", "blue", {}, false],
    ["${aws:PrincipalTag/Team}", "blue", { tags: { Team: "*" } }, false],
    ["a${*}b", "a*b", {}, true],
    ["a${*}b", "aXb", {}, false],
    ["a${?}${$}b", "a?$b", {}, true],
    ["${AWS:PrincipalAccount}-x", `${ACCOUNT}-x`, {}, true],
  ])("%s and %s (%o): %s", (pattern, name, facts, expected) => {
    const identity = [policy({ Resource: `arn:aws:s3:::${pattern}` })];
    expect(ask({ resource: `arn:aws:s3:::${name}`, facts, policies: { identity } }).outcome === "allowed").toBe(
      expected,
    );
  });
  it("are plain text in policies of 2008", () => {
    const text = JSON.stringify({
      Statement: { Effect: "Allow", Action: "*", Resource: "arn:aws:s3:::${aws:username}" },
    });
    const identity = [{ name: "old", source: "user", compiled: compilePolicy(text) }];
    expect(outcome({ by: user, resource: "arn:aws:s3:::ann", policies: { identity } })).toBe("implicitDeny identity");
    expect(outcome({ by: user, resource: "arn:aws:s3:::${aws:username}", policies: { identity } })).toBe("allowed");
  });
});

describe("words", () => {
  const say = (given: Case) => {
    const decision = ask(given);
    const { by: principal = role, action = "dynamodb:PutItem", resource = TABLE } = given;
    return denialMessage({ principal, action, resource }, decision);
  };
  const session = `User: arn:aws:sts::${ACCOUNT}:assumed-role/worker/s1 is not authorized to perform:`;
  it.each<[Case, string]>([
    [
      { policies: {} },
      `${session} dynamodb:PutItem on resource: ${TABLE} because no identity-based policy allows the dynamodb:PutItem action`,
    ],
    [
      { policies: { identity: [policy({ Effect: "Deny" })] } },
      `${session} dynamodb:PutItem on resource: ${TABLE} with an explicit deny in an identity-based policy`,
    ],
    [
      { policies: { identity: [ALL], boundary: [NONE] } },
      `${session} dynamodb:PutItem on resource: ${TABLE} because no permissions boundary allows the dynamodb:PutItem action`,
    ],
    [
      { policies: { identity: [ALL], session: [NONE] } },
      `${session} dynamodb:PutItem on resource: ${TABLE} because no session policy allows the dynamodb:PutItem action`,
    ],
    [
      { policies: { resource: naming("*", { Effect: "Deny" }) } },
      `${session} dynamodb:PutItem on resource: ${TABLE} with an explicit deny in a resource-based policy`,
    ],
    [
      { action: "sqs:SendMessage", resource: "arn:q", policies: {} },
      `${session} sqs:sendmessage on resource: arn:q because no identity-based policy allows the sqs:sendmessage action`,
    ],
    [
      { action: "sns:Publish", resource: "arn:t", policies: {} },
      `${session} SNS:Publish on resource: arn:t because no identity-based policy allows the SNS:Publish action`,
    ],
    [
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", policies: {} },
      `${session} s3:GetObject on resource: "arn:aws:s3:::b/k" because no identity-based policy allows the s3:GetObject action`,
    ],
    [
      { action: "sts:AssumeRole", resource: "arn:r", policies: {}, resourcePolicyDecides: true },
      `${session} sts:AssumeRole on resource: arn:r`,
    ],
  ])("%#", (given, expected) => expect(say(given)).toBe(expected));

  it("carries EC2's decision in the message, for whoever may decode it", () => {
    const message = say({
      action: "ec2:RunInstances",
      resource: "arn:i",
      policies: { identity: [policy({ Effect: "Deny", Sid: "No" })] },
    });
    const [, words, encoded = ""] = /^(.*) Encoded authorization failure message: (\S+)$/.exec(message) ?? [];
    expect(words).toBe(
      `You are not authorized to perform this operation. ${session} ec2:RunInstances on resource: arn:i with an explicit deny in an identity-based policy.`,
    );
    expect(JSON.parse(decodeDenial(encoded)!)).toMatchObject({
      allowed: false,
      explicitDeny: true,
      matchedStatements: { items: [{ statementId: "No", effect: "DENY" }] },
      context: { action: "ec2:RunInstances", resource: "arn:i" },
    });
    expect(decodeDenial("nonsense")).toBeUndefined();
  });

  it("explains", () => {
    expect(explain(ask({ policies: { identity: [policy({ Sid: "Write" })] } }))).toBe(
      'allowed by statement "Write" of identity-based policy p',
    );
    expect(explain(ask({ policies: { identity: [ALL, policy({}, { Effect: "Deny" })] } }))).toBe(
      "denied by statement 2 of identity-based policy p",
    );
    expect(explain(ask({ policies: {} }))).toBe("denied: no identity-based policy allows it (there is none)");
    expect(explain(ask({ policies: { identity: [NONE] } }))).toBe(
      "denied: no identity-based policy allows it (examined: p)",
    );
    expect(explain(ask({ by: root, policies: {} }))).toBe("allowed: the root of the account");
  });
});
