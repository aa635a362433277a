import type { ContextEntry, EvaluationResult } from "@aws-sdk/client-iam";
import type { Operations } from "../../../service.ts";
import { decide, type Decision, type NamedPolicy } from "../../../iam/decision.ts";
import { parsePolicy } from "../../../iam/document.ts";
import { managedPolicy, policiesOf } from "../../../iam/identity-policies.ts";
import { compilePolicy } from "../../../iam/policy.ts";
import type { Principal } from "../../../iam/principal.ts";
import { CallContextKeys, type CallerFacts, type ContextValue } from "../../../iam/request-context.ts";
import {
  entityArn,
  findGroup,
  type EntityRecord,
  type IamState,
  type RoleRecord,
  type UserRecord,
} from "../../../iam/state.ts";
import { findPolicyFault, type PolicyUse } from "../../../iam/validation.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { getEntity, type Cx } from "../entity.ts";
import { invalidInput, noSuchEntity } from "../errors.ts";
import { page, type PageRequest } from "../page.ts";

/** What the simulator's two calls have in common. */
interface Simulation extends PageRequest {
  readonly ActionNames?: string[] | undefined;
  readonly ResourceArns?: string[] | undefined;
  readonly ResourcePolicy?: string | undefined;
  readonly ResourceOwner?: string | undefined;
  readonly ResourceHandlingOption?: string | undefined;
  readonly ContextEntries?: ContextEntry[] | undefined;
}

interface Subject {
  readonly principal: Principal;
  readonly facts: CallerFacts;
  readonly identity: readonly NamedPolicy[];
  readonly boundary: readonly NamedPolicy[] | undefined;
}

/** AWS: the simulator names given policies by their place in the request. */
function givenPolicies(texts: readonly string[], as: string, use: PolicyUse = "inline"): NamedPolicy[] {
  return texts.map((text, index) => {
    const fault = findPolicyFault(text, use);
    if (fault !== undefined) throw invalidInput(fault);
    return { name: `${as}.${index + 1}`, source: "none", compiled: compilePolicy(text) };
  });
}

function simulate(cx: Cx, subject: Subject, input: Simulation) {
  if (input.ResourceHandlingOption !== undefined)
    throw new NotEmulatedError("ResourceHandlingOption of the policy simulator");
  const resources = input.ResourceArns ?? ["*"];
  const resource =
    input.ResourcePolicy === undefined
      ? undefined
      : givenPolicies([input.ResourcePolicy], "ResourcePolicy", "resource")[0];
  const given = contextOf(input.ContextEntries);
  const results = (input.ActionNames ?? []).flatMap((action) =>
    resources.map((arn): EvaluationResult => {
      const owner = accountOf(input.ResourceOwner) ?? accountOf(arn) ?? cx.scope.account;
      const decision = decide({
        principal: subject.principal,
        action,
        resource: arn,
        resourceAccount: owner,
        context: new CallContextKeys({
          principal: subject.principal,
          facts: subject.facts,
          given,
          resourceAccount: owner,
        }),
        policies: { identity: subject.identity, boundary: subject.boundary, resource },
      });
      return resultOf(decision, action, arn, missingKeys(subject, resource, given));
    }),
  );
  const keys = new Map(results.map((result, index) => [result, String(index).padStart(8, "0")]));
  const { shown, ...paging } = page(results, (result) => keys.get(result)!, input);
  return { EvaluationResults: shown, ...paging };
}

function resultOf(decision: Decision, action: string, resource: string, missing: string[]): EvaluationResult {
  const allowed = decision.outcome === "allowed";
  const { boundary } = decision.policies;
  return {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision: decision.outcome,
    MatchedStatements: decision.matches
      // AWS: a decision is told with the statements that made it.
      .filter(({ statement }) => decision.outcome !== "explicitDeny" || statement.effect === "Deny")
      .map(({ policy, statement }) => ({
        SourcePolicyId: policy.name,
        SourcePolicyType: SOURCE_TYPES[policy.source] ?? ("none" as const),
        ...positionsOf(policy.compiled.text, statement.index),
      })),
    MissingContextValues: missing,
    ...(boundary
      ? {
          PermissionsBoundaryDecisionDetail: {
            AllowedByPermissionsBoundary:
              allowed ||
              decision.matches.some(({ type, statement }) => type === "boundary" && statement.effect === "Allow"),
          },
        }
      : {}),
  };
}

const SOURCE_TYPES: Record<string, "user" | "group" | "role" | "aws-managed" | "user-managed" | "resource" | "none"> = {
  user: "user",
  group: "group",
  role: "role",
  "aws-managed": "aws-managed",
  "user-managed": "user-managed",
  resource: "resource",
};

/** Where a statement stands in the text of its policy: lines and columns from 1, the end behind its last character. */
function positionsOf(text: string, index: number) {
  const [start, end] = statementRange(text, index);
  const position = (offset: number) => {
    const before = text.slice(0, offset).split("\n");
    return { Line: before.length, Column: before.at(-1)!.length + 1 };
  };
  return { StartPosition: position(start), EndPosition: position(end) };
}

/** Finds the nth statement: the nth object directly inside `Statement`, be it a list or the one statement itself. */
function statementRange(text: string, index: number): [start: number, end: number] {
  let depth = 0;
  let seen = -1;
  let start = -1;
  const from = text.indexOf('"Statement"');
  const opening = text.slice(from + 11).search(/[[{]/) + from + 11;
  const statementDepth = text[opening] === "[" ? 1 : 0;
  for (let at = opening; at < text.length; at++) {
    const character = text[at];
    if (character === '"') for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === "\\") at++;
    if (character === "[" || character === "{") {
      if (character === "{" && depth === statementDepth && ++seen === index) start = at;
      depth++;
    } else if (character === "]" || character === "}") {
      depth--;
      if (start !== -1 && depth === statementDepth) return [start, at + 1];
    }
  }
  return [0, text.length];
}

function contextOf(entries: readonly ContextEntry[] | undefined): Record<string, ContextValue> {
  return Object.fromEntries(
    (entries ?? []).map(({ ContextKeyName = "", ContextKeyValues = [], ContextKeyType = "string" }) => [
      ContextKeyName,
      ContextKeyType.endsWith("List") ? ContextKeyValues : (ContextKeyValues[0] ?? ""),
    ]),
  );
}

/** Every condition key that the texts name, as written, without repeats. */
function keysIn(texts: readonly string[]): string[] {
  const keys = new Map<string, string>();
  for (const text of texts) {
    for (const { conditions } of parsePolicy(text).statements)
      for (const named of conditions.values()) for (const key of named.keys()) keys.set(key.toLowerCase(), key);
    for (const [, key = ""] of text.matchAll(/\$\{([\w:/.-]+)[^}]*\}/g))
      if (key.includes(":")) keys.set(key.toLowerCase(), key);
  }
  return [...keys.values()];
}

function missingKeys(
  subject: Subject,
  resource: NamedPolicy | undefined,
  given: Record<string, ContextValue>,
): string[] {
  const policies = [...subject.identity, ...(subject.boundary ?? []), ...(resource ? [resource] : [])];
  const context = new CallContextKeys({
    principal: subject.principal,
    facts: subject.facts,
    given,
    resourceAccount: "",
  });
  return keysIn(policies.map(({ compiled }) => compiled.text)).filter(
    (key) => context.find(key.toLowerCase()) === undefined,
  );
}

function accountOf(arn: string | undefined): string | undefined {
  return /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(arn ?? "")?.[1];
}

/** The user, group or role of an ARN with all its policies. @throws AwsError NoSuchEntity, InvalidInput */
function subjectOf(cx: Cx, arn: string): Subject {
  const [, account, kind, name = ""] = /^arn:aws:iam::(\d{12}):(user|group|role)\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (kind === undefined || account !== cx.scope.account) throw invalidInput(`Invalid Entity Arn: ${arn}`);
  const entity = getEntity(cx, kind as "user" | "group" | "role", name);
  if (entityArn(kind as "user" | "group" | "role", entity) !== arn)
    throw noSuchEntity(`The ${kind} with name ${name} cannot be found.`);
  const { boundary, tags = {} } = entity as Partial<UserRecord & RoleRecord>;
  const inGroups = kind === "user" ? (entity as UserRecord).groups : [];
  const groups = inGroups.flatMap((group) => findGroup(cx.state, account, group) ?? []);
  return {
    principal: principalOf(kind, account, arn, entity),
    facts: { tags },
    identity: [
      ...policiesOf(cx.state, entity, kind),
      ...groups.flatMap((group) => policiesOf(cx.state, group, "group")),
    ],
    boundary: boundary === undefined ? undefined : managedPolicy(cx.state, boundary),
  };
}

/** AWS: a group and a role are simulated as if one in it, or a session of it, asked. */
function principalOf(kind: string, account: string, arn: string, entity: EntityRecord): Principal {
  if (kind !== "role") return { kind: "user", account, arn, userId: entity.id };
  const session = `arn:aws:sts::${account}:assumed-role/${entity.name}/simulation`;
  return { kind: "role", account, arn: session, roleArn: arn, userId: `${entity.id}:simulation` };
}

/** Who asks in SimulateCustomPolicy: the CallerArn, else somebody of the account. */
function customCaller(cx: Cx, arn: string | undefined): Principal {
  const { account } = cx.scope;
  if (arn === undefined)
    return { kind: "user", account, arn: `arn:aws:iam::${account}:user/simulation`, userId: "AIDASIMULATION" };
  const [, callerAccount = account, kind, name = ""] =
    /^arn:aws:iam::(\d{12}):(user|role)\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (kind === undefined) throw invalidInput(`Invalid caller ARN: ${arn}`);
  if (kind === "user") return { kind: "user", account: callerAccount, arn, userId: "AIDASIMULATION" };
  const session = `arn:aws:sts::${callerAccount}:assumed-role/${name}/simulation`;
  return { kind: "role", account: callerAccount, arn: session, roleArn: arn, userId: "AROASIMULATION:simulation" };
}

export const simulation = {
  SimulateCustomPolicy(cx, { PolicyInputList = [], PermissionsBoundaryPolicyInputList, CallerArn, ...input }) {
    const subject = {
      principal: customCaller(cx, CallerArn),
      facts: {},
      identity: givenPolicies(PolicyInputList, "PolicyInputList"),
      boundary:
        PermissionsBoundaryPolicyInputList &&
        givenPolicies(PermissionsBoundaryPolicyInputList, "PermissionsBoundaryPolicyInputList"),
    };
    return simulate(cx, subject, input);
  },

  SimulatePrincipalPolicy(cx, input) {
    const {
      PolicySourceArn = "",
      PolicyInputList = [],
      PermissionsBoundaryPolicyInputList,
      CallerArn,
      ...rest
    } = input;
    if (CallerArn !== undefined && CallerArn !== PolicySourceArn)
      throw new NotEmulatedError("CallerArn of SimulatePrincipalPolicy");
    const subject = subjectOf(cx, PolicySourceArn);
    const boundary = PermissionsBoundaryPolicyInputList
      ? givenPolicies(PermissionsBoundaryPolicyInputList, "PermissionsBoundaryPolicyInputList")
      : subject.boundary;
    const identity = [...subject.identity, ...givenPolicies(PolicyInputList, "PolicyInputList")];
    return simulate(cx, { ...subject, identity, boundary }, rest);
  },

  GetContextKeysForCustomPolicy(_cx, { PolicyInputList = [] }) {
    return {
      ContextKeyNames: keysIn(givenPolicies(PolicyInputList, "PolicyInputList").map(({ compiled }) => compiled.text)),
    };
  },

  GetContextKeysForPrincipalPolicy(cx, { PolicySourceArn = "", PolicyInputList = [] }) {
    const policies = [...subjectOf(cx, PolicySourceArn).identity, ...givenPolicies(PolicyInputList, "PolicyInputList")];
    return { ContextKeyNames: keysIn(policies.map(({ compiled }) => compiled.text)) };
  },
} satisfies Operations<"iam", IamState>;
