/** A policy as it is written (AWS: "Grammar of the IAM JSON policy language"), after the shapes of its elements were checked. */
export interface PolicyDocument {
  readonly version: string;
  readonly id: string | undefined;
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly sid: string | undefined;
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[] | undefined;
  readonly notActions: readonly string[] | undefined;
  readonly resources: readonly string[] | undefined;
  readonly notResources: readonly string[] | undefined;
  readonly principal: PrincipalElement | undefined;
  readonly notPrincipal: PrincipalElement | undefined;
  /** Operator → key → values. */
  readonly conditions: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
}

/** Kind → names; `"Principal": "*"` is `{ "*": ["*"] }`. */
export type PrincipalElement = ReadonlyMap<PrincipalKind, readonly string[]>;
export type PrincipalKind = "AWS" | "Service" | "Federated" | "CanonicalUser" | "*";

export const VERSION_DEFAULT = "2008-10-17";
const VERSIONS = ["2008-10-17", "2012-10-17"];
const PRINCIPAL_KINDS = ["AWS", "Service", "Federated", "CanonicalUser"];
const STATEMENT_ELEMENTS = new Set([
  "Sid",
  "Effect",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Principal",
  "NotPrincipal",
  "Condition",
]);

/** The text is no policy. `detail` says where, for people; callers of AWS read "Syntax errors in policy." */
export class PolicySyntaxError extends Error {
  override name = "PolicySyntaxError";
}

type Json = Readonly<Record<string, unknown>>;

/** @throws PolicySyntaxError naming the element that is wrong */
export function parsePolicy(text: string): PolicyDocument {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (cause) {
    throw new PolicySyntaxError(`The policy is not JSON: ${(cause as Error).message}`);
  }
  const policy = object(root, "The policy");
  for (const element of Object.keys(policy))
    if (!["Version", "Id", "Statement"].includes(element)) throw new PolicySyntaxError(`Unknown element ${element}.`);
  const version = policy["Version"] === undefined ? VERSION_DEFAULT : string(policy["Version"], "Version");
  if (!VERSIONS.includes(version)) throw new PolicySyntaxError(`Version must be one of ${VERSIONS.join(", ")}.`);
  const given = policy["Statement"];
  const statements = Array.isArray(given) ? given : [given];
  if (statements.length === 0) throw new PolicySyntaxError("Statement must not be empty.");
  return {
    version,
    id: policy["Id"] === undefined ? undefined : string(policy["Id"], "Id"),
    statements: statements.map((statement) => parseStatement(object(statement, "Statement"))),
  };
}

function parseStatement(given: Json): Statement {
  for (const element of Object.keys(given))
    if (!STATEMENT_ELEMENTS.has(element)) throw new PolicySyntaxError(`Unknown statement element ${element}.`);
  exclusive(given, "Action", "NotAction");
  exclusive(given, "Resource", "NotResource");
  exclusive(given, "Principal", "NotPrincipal");
  const effect = given["Effect"];
  if (effect !== "Allow" && effect !== "Deny") throw new PolicySyntaxError("Effect must be Allow or Deny.");
  return {
    effect,
    conditions: parseConditions(given["Condition"]),
    sid: given["Sid"] === undefined ? undefined : string(given["Sid"], "Sid"),
    actions: strings(given, "Action"),
    notActions: strings(given, "NotAction"),
    resources: strings(given, "Resource"),
    notResources: strings(given, "NotResource"),
    principal: principals(given, "Principal"),
    notPrincipal: principals(given, "NotPrincipal"),
  };
}

function parseConditions(given: unknown): Statement["conditions"] {
  if (given === undefined) return new Map();
  return new Map(
    Object.entries(object(given, "Condition")).map(([operator, keys]) => [
      operator,
      new Map(
        Object.entries(object(keys, `Condition ${operator}`)).map(([key, values]) => [
          key,
          conditionValues(key, values),
        ]),
      ),
    ]),
  );
}

function conditionValues(key: string, given: unknown): string[] {
  return (Array.isArray(given) ? given : [given]).map((value: unknown) => {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
    throw new PolicySyntaxError(`The values of condition key ${key} must be texts, numbers or true and false.`);
  });
}

function principals(given: Json, element: string): PrincipalElement | undefined {
  const value = given[element];
  if (value === undefined) return undefined;
  if (value === "*") return new Map([["*", ["*"]]]);
  const entries = Object.entries(object(value, element)).map(([kind, names]): [PrincipalKind, string[]] => {
    if (!PRINCIPAL_KINDS.includes(kind)) throw new PolicySyntaxError(`${element} knows no ${kind}.`);
    return [kind as PrincipalKind, stringList(names, `${element} ${kind}`)];
  });
  return new Map(entries);
}

function strings(given: Json, element: string): string[] | undefined {
  return given[element] === undefined ? undefined : stringList(given[element], element);
}

function stringList(given: unknown, element: string): string[] {
  return (Array.isArray(given) ? given : [given]).map((value) => string(value, element));
}

function exclusive(given: Json, one: string, other: string): void {
  if (given[one] !== undefined && given[other] !== undefined)
    throw new PolicySyntaxError(`A statement has ${one} or ${other}, not both.`);
}

function object(given: unknown, element: string): Json {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return given as Json;
  throw new PolicySyntaxError(`${element} must be an object.`);
}

function string(given: unknown, element: string): string {
  if (typeof given === "string") return given;
  throw new PolicySyntaxError(`${element} must be a text.`);
}
