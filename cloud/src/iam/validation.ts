import { findOperator, isConditionValue } from "./condition.ts";
import {
  parsePolicy,
  PolicySyntaxError,
  type PolicyDocument,
  type PrincipalElement,
  type Statement,
} from "./document.ts";

/**
 * - `managed`: a customer managed policy; `inline`: a policy inside a user, group or role, or a session policy;
 * - `trust`: the AssumeRolePolicyDocument of a role;
 * - `resource`: the policy on a bucket, queue, topic, …
 */
export type PolicyUse = "managed" | "inline" | "trust" | "resource";

const PARTITIONS = ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];
const IAM_PATHS = [
  "user/",
  "federated-user/",
  "role/",
  "group/",
  "instance-profile/",
  "mfa/",
  "server-certificate/",
  "policy/",
  "sms-mfa/",
  "saml-provider/",
  "oidc-provider/",
  "report/",
  "access-report/",
];
const TRUST_ACTIONS = new Set(
  [
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "SetContext",
    "SetSourceIdentity",
    "TagSession",
    "GetCallerIdentity",
    "GetSessionToken",
    "GetFederationToken",
    "*",
  ].map((action) => `sts:${action}`.toLowerCase()),
);

/**
 * Says what is wrong with a policy, in the words of IAM's MalformedPolicyDocument; undefined where nothing is.
 * IAM checks the same things in the same order for every call that takes a policy.
 */
export function findPolicyFault(text: string, use: PolicyUse): string | undefined {
  let policy: PolicyDocument;
  try {
    policy = parsePolicy(text);
  } catch (error) {
    if (error instanceof PolicySyntaxError) return "Syntax errors in policy.";
    throw error;
  }
  // AWS: inline and trust policies of the older version are still taken.
  if (use === "managed" && policy.version !== "2012-10-17")
    return "Policy document must be version 2012-10-17 or greater.";
  const sids = policy.statements.flatMap(({ sid }) => (sid === undefined || sid === "" ? [] : [sid]));
  if (new Set(sids).size < sids.length) return "Statement IDs (SID) in a single policy must be unique.";
  return firstFault(policy.statements, (statement) => statementFault(statement, use));
}

function statementFault(statement: Statement, use: PolicyUse): string | undefined {
  const actions = statement.actions ?? statement.notActions;
  const resources = statement.resources ?? statement.notResources;
  const principal = statement.principal ?? statement.notPrincipal;
  const takesPrincipal = use === "trust" || use === "resource";
  if (statement.sid !== undefined && !takesPrincipal && !/^[A-Za-z0-9]*$/.test(statement.sid))
    return "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*";
  return (
    conditionFault(statement.conditions) ??
    (principal && !takesPrincipal ? "Policy document should not specify a principal." : undefined) ??
    (principal === undefined && takesPrincipal ? "Missing required field Principal" : undefined) ??
    (actions === undefined || actions.length === 0 ? "Policy statement must contain actions." : undefined) ??
    firstFault(actions!, actionFault) ??
    (use === "trust" ? trustFault(statement, actions!) : resourcesFault(resources)) ??
    (principal ? principalFault(principal) : undefined)
  );
}

function conditionFault(conditions: Statement["conditions"]): string | undefined {
  return firstFault(conditions, ([operator, keys]) => {
    if (keys.size === 0) return undefined;
    const name = findOperator(operator);
    if (!name) return `Invalid Condition type : ${operator}.`;
    return firstFault(keys, ([key, values]) => {
      if (!key.includes(":")) return `Condition keys must contain a colon. Invalid condition key: ${key}`;
      return values.every((value) => isConditionValue(name.base, value))
        ? undefined
        : "The policy failed legacy parsing";
    });
  });
}

function actionFault(action: string): string | undefined {
  if (action === "*") return undefined;
  const [vendor = "", ...names] = action.split(":");
  if (names.length === 0) return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
  if (names.length > 1) return "Actions/Condition can contain only one colon.";
  return vendor === "*" || /^[a-zA-Z0-9\-.]+$/.test(vendor) ? undefined : `Vendor ${vendor} is not valid`;
}

function trustFault(statement: Statement, actions: readonly string[]): string | undefined {
  if (statement.resources ?? statement.notResources) return "Has prohibited field Resource";
  const areTrust = actions.every((action) => TRUST_ACTIONS.has(action.toLowerCase()));
  return areTrust ? undefined : "AssumeRole policy may only specify STS AssumeRole actions.";
}

function resourcesFault(resources: readonly string[] | undefined): string | undefined {
  if (resources === undefined || resources.length === 0) return "Policy statement must contain resources.";
  return firstFault(resources, resourceFault);
}

function resourceFault(resource: string): string | undefined {
  if (resource === "*") return undefined;
  const [prefix, partition = "", vendor, region, account, ...rest] = resource.split(":");
  if (!resource.includes(":") || (prefix !== "arn" && prefix !== "*"))
    return `Resource ${resource} must be in ARN format or "*".`;
  if (!/[*?$]/.test(partition) && !PARTITIONS.includes(partition)) {
    const parts = [vendor || "*", region ?? "*", account ?? "*", rest.length === 0 ? "*" : rest.join(":")];
    return `Partition "${partition}" is not valid for resource "arn:${partition}:${parts.join(":")}".`;
  }
  if (vendor === undefined || vendor === "")
    return "Resource vendor must be fully qualified and cannot contain regexes.";
  if (vendor === "iam" && region !== undefined && region !== "" && region !== "*")
    return `IAM resource ${resource} cannot contain region information.`;
  if (vendor === "iam" && account !== undefined) return iamResourceFault(rest.join(":"));
  if (vendor === "s3" && region && !/[*?]/.test(region) && !rest.join(":").startsWith("accesspoint/"))
    return `Resource ${resource} can not contain region information.`;
  return undefined;
}

function iamResourceFault(path: string): string | undefined {
  // A star or a variable may stand for the kind too.
  if (/^(\*|root$|\$\{)/.test(path) || IAM_PATHS.some((start) => path.startsWith(start) || couldBe(path, start)))
    return undefined;
  return `IAM resource path must either be "*" or start with ${IAM_PATHS.join(", ")}.`;
}

/** Whether a pattern such as `us*` can still become `user/…`. */
function couldBe(path: string, start: string): boolean {
  const wild = path.search(/[*?]/);
  return wild !== -1 && start.startsWith(path.slice(0, wild));
}

const SERVICE_PRINCIPAL = /^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|aws\.internal|amazon\.com|api\.aws)$/;
const AWS_PRINCIPAL =
  /^(\*|\d{12}|arn:aws[a-z-]*:(iam::\d{12}:(root|(user|role)\/[\w+=,.@/-]+)|sts::\d{12}:(assumed-role|federated-user)\/[\w+=,.@/-]+)|A(IDA|ROA)[A-Z0-9]{12,})$/;
const FEDERATED_PRINCIPAL =
  /^(arn:aws[a-z-]*:iam::\d{12}:(oidc|saml)-provider\/.+|cognito-identity\.amazonaws\.com|www\.amazon\.com|accounts\.google\.com|graph\.facebook\.com)$/;

/** AWS: a principal that is none is refused with its kind and name. */
function principalFault(principal: PrincipalElement): string | undefined {
  return firstFault(principal, ([kind, names]) =>
    firstFault(names, (name) => {
      const known =
        (kind === "*" && name === "*") ||
        (kind === "AWS" && AWS_PRINCIPAL.test(name)) ||
        (kind === "Service" && SERVICE_PRINCIPAL.test(name)) ||
        (kind === "Federated" && FEDERATED_PRINCIPAL.test(name)) ||
        (kind === "CanonicalUser" && /^[0-9a-f]{64}$/.test(name));
      return known ? undefined : invalidPrincipal(kind, name);
    }),
  );
}

/** IAM's words for a principal that is none or does not exist. */
export function invalidPrincipal(kind: string, name: string): string {
  return `Invalid principal in policy: "${kind === "AWS" ? kind : kind.toUpperCase()}":"${name}"`;
}

function firstFault<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const fault = find(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
