import { expect, it } from "vitest";
import { Random } from "../kernel/random.ts";
import { decide, type Decision, type NamedPolicy } from "./decision.ts";
import { compilePolicy } from "./policy.ts";
import type { Principal } from "./principal.ts";
import { CallContextKeys } from "./request-context.ts";

/**
 * The same question put to two evaluators: the compiled one, and this one, written down as the documentation reads,
 * with regular expressions and no cleverness.
 */
type Json = Record<string, unknown>;
interface Asked {
  principal: Extract<Principal, { kind: "user" | "role" }>;
  action: string;
  resource: string;
  resourceAccount: string;
  given: Record<string, string | string[]>;
  identity: Json[];
  boundary: Json[] | undefined;
  session: Json[] | undefined;
  resourcePolicy: Json[] | undefined;
}

const random = new Random("iam");
const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
const maybe = <T>(chance: number, make: () => T): T | undefined => (random.fraction() < chance ? make() : undefined);
const some = <T>(items: readonly T[]): T[] => Array.from({ length: 1 + random.integer(2) }, () => pick(items));

const ACTIONS = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "dynamodb:GetItem"];
const ACTION_PATTERNS = [...ACTIONS, "*", "s3:*", "S3:getobject", "s3:?etObject", "*:Get*", "dynamodb:*Item", "iam:*"];
const RESOURCES = ["arn:aws:s3:::a/b", "arn:aws:s3:::a/ann", "arn:aws:sqs:us-east-1:1:q", "arn:aws:s3:::aab/x*"];
const RESOURCE_PATTERNS = [
  ...RESOURCES,
  "*",
  "arn:aws:s3:::*",
  "arn:aws:s3:::a?b/*",
  "arn:*:q",
  "arn:aws:s3:::a/${aws:username}",
  "*a*b*",
];
const ACCOUNTS = ["111111111111", "222222222222"];
const NAMES = ["ann", "bob"];
const VALUES = ["a", "b", "ab", "A", ""];
const OPERATORS = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"];

function callerArns(): string[] {
  const account = pick(ACCOUNTS);
  const name = pick(NAMES);
  return [
    account,
    `arn:aws:iam::${account}:root`,
    `arn:aws:iam::${account}:user/${name}`,
    `arn:aws:iam::${account}:role/${name}`,
    `arn:aws:sts::${account}:assumed-role/${name}/s`,
    "*",
  ];
}

function makeStatement(forResource: boolean): Json {
  const quantifier = pick(["", "", "ForAllValues:", "ForAnyValue:"]);
  const operator = quantifier + pick(OPERATORS) + pick(["", "", "IfExists"]);
  const values = some(["a", "b", "a*", "?b", ""]);
  const key = pick(["k:one", "k:many", "k:none"]);
  const condition =
    random.fraction() < 0.1 ? { Null: { [key]: pick(["true", "false"]) } } : { [operator]: { [key]: values } };
  return {
    Effect: random.fraction() < 0.15 ? "Deny" : "Allow",
    [random.fraction() < 0.15 ? "NotAction" : "Action"]: some(ACTION_PATTERNS),
    [random.fraction() < 0.15 ? "NotResource" : "Resource"]: some(RESOURCE_PATTERNS),
    ...(random.fraction() < 0.4 ? { Condition: condition } : {}),
    ...(forResource ? { Principal: random.fraction() < 0.2 ? "*" : { AWS: some(callerArns()) } } : {}),
  };
}

const statements = (forResource = false) =>
  Array.from({ length: 1 + random.integer(3) }, () => makeStatement(forResource));

function makeRequest(): Asked {
  const account = pick(ACCOUNTS);
  const name = pick(NAMES);
  const principal: Asked["principal"] =
    random.fraction() < 0.5
      ? { kind: "user", account, arn: `arn:aws:iam::${account}:user/${name}`, userId: "AIDA" }
      : {
          kind: "role",
          account,
          arn: `arn:aws:sts::${account}:assumed-role/${name}/s`,
          roleArn: `arn:aws:iam::${account}:role/${name}`,
          userId: "AROA:s",
        };
  return {
    principal,
    action: pick(ACTIONS),
    resource: pick(RESOURCES),
    resourceAccount: pick([account, account, ...ACCOUNTS]),
    given: {
      ...(random.fraction() < 0.7 ? { "K:One": pick(VALUES) } : {}),
      ...(random.fraction() < 0.7 ? { "k:many": random.fraction() < 0.2 ? [] : some(VALUES) } : {}),
    },
    identity: statements(),
    boundary: maybe(0.3, statements),
    session: principal.kind === "role" ? maybe(0.3, statements) : undefined,
    resourcePolicy: maybe(0.6, () => statements(true)),
  };
}

const list = (value: unknown) => [value].flat() as string[];
const escape = (text: string) => text.replace(/[.+^${}()|[\]\\]/g, "\\$&");
const glob = (pattern: string, flags = "") =>
  new RegExp(`^${escape(pattern).replaceAll("*", ".*").replaceAll("?", ".")}$`, `s${flags}`);

function naiveApplies(statement: Json, asked: Asked): boolean {
  const username = asked.principal.kind === "user" ? asked.principal.arn.split("/").at(-1) : undefined;
  const action = list(statement["Action"] ?? statement["NotAction"]).some((pattern) =>
    glob(pattern, "i").test(asked.action),
  );
  if (action !== "Action" in statement) return false;
  const resource = list(statement["Resource"] ?? statement["NotResource"]).some((pattern) => {
    if (!pattern.includes("${aws:username}")) return glob(pattern).test(asked.resource);
    return username !== undefined && glob(pattern.replace("${aws:username}", username)).test(asked.resource);
  });
  if (resource !== "Resource" in statement) return false;
  for (const [operator, keys] of Object.entries(
    (statement["Condition"] ?? {}) as Record<string, Record<string, unknown>>,
  ))
    for (const [key, values] of Object.entries(keys))
      if (!naiveCondition(operator, key, list(values), asked)) return false;
  return true;
}

function naiveCondition(operator: string, key: string, values: string[], asked: Asked): boolean {
  const found = Object.entries(asked.given).find(([name]) => name.toLowerCase() === key)?.[1];
  const present = found === undefined || (Array.isArray(found) && found.length === 0) ? undefined : list(found);
  if (operator === "Null") return values.includes(String(present === undefined));
  const bare = operator.replace(/^.*:/, "").replace("IfExists", "");
  const not = bare.includes("Not");
  const matchesOne = (text: string) =>
    values.some((value) => {
      if (bare.includes("Like")) return glob(value).test(text);
      return bare.includes("IgnoreCase") ? value.toLowerCase() === text.toLowerCase() : value === text;
    });
  const quantified = operator.includes(":");
  if (found === undefined && operator.endsWith("IfExists")) return true;
  if (present === undefined || (quantified && found === "")) {
    if (operator.startsWith("ForAllValues:")) return true;
    return operator.startsWith("ForAnyValue:") ? false : not;
  }
  if (operator.startsWith("ForAllValues:")) return present.every((text) => matchesOne(text) !== not);
  if (operator.startsWith("ForAnyValue:")) return present.some((text) => matchesOne(text) !== not);
  return not ? !present.some(matchesOne) : present.some(matchesOne);
}

/** Which of a statement's principals stand for the caller, by kind. */
function naiveNaming(statement: Json, { principal }: Asked): { account: boolean; role: boolean; direct: boolean } {
  const names = statement["Principal"] === "*" ? ["*"] : list((statement["Principal"] as Json)["AWS"]);
  return {
    account: names.some((name) => name === principal.account || name === `arn:aws:iam::${principal.account}:root`),
    role: principal.kind === "role" && names.includes(principal.roleArn),
    direct: names.includes("*") || names.includes(principal.arn),
  };
}

function naive(asked: Asked): Decision["outcome"] {
  const applying = (policy: Json[] | undefined) => (policy ?? []).filter((statement) => naiveApplies(statement, asked));
  const named = applying(asked.resourcePolicy).filter((statement) =>
    Object.values(naiveNaming(statement, asked)).includes(true),
  );
  const all = [...applying(asked.identity), ...applying(asked.boundary), ...applying(asked.session), ...named];
  if (all.some((statement) => statement["Effect"] === "Deny")) return "explicitDeny";
  const identity = applying(asked.identity).length > 0;
  const boundary = asked.boundary === undefined || applying(asked.boundary).length > 0;
  const session = asked.session === undefined || applying(asked.session).length > 0;
  const limits = boundary && session;
  if (asked.principal.account !== asked.resourceAccount)
    return identity && limits && named.length > 0 ? "allowed" : "implicitDeny";
  const direct = named.some((statement) => naiveNaming(statement, asked).direct);
  const role = named.some((statement) => naiveNaming(statement, asked).role);
  return direct || ((identity || role) && limits) ? "allowed" : "implicitDeny";
}

const compile = (policy: Json[] | undefined): NamedPolicy[] | undefined =>
  policy && [
    {
      name: "p",
      source: "role",
      compiled: compilePolicy(JSON.stringify({ Version: "2012-10-17", Statement: policy })),
    },
  ];

it("decides as a naive evaluator does, 4,000 times", () => {
  const seen: Record<string, number> = {};
  for (let round = 0; round < 4_000; round++) {
    const asked = makeRequest();
    const { principal, action, resource, resourceAccount, given } = asked;
    const decision = decide({
      principal,
      action,
      resource,
      resourceAccount,
      context: new CallContextKeys({ principal, facts: {}, given, resourceAccount }),
      policies: {
        identity: compile(asked.identity)!,
        boundary: compile(asked.boundary),
        session: compile(asked.session),
        resource: compile(asked.resourcePolicy)?.[0],
      },
    });
    const expected = naive(asked);
    if (decision.outcome !== expected)
      expect({ ...asked, outcome: decision.outcome }).toEqual({ ...asked, outcome: expected });
    seen[expected] = (seen[expected] ?? 0) + 1;
  }
  for (const outcome of ["allowed", "explicitDeny", "implicitDeny"]) expect(seen[outcome]).toBeGreaterThan(200);
});
