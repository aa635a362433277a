import { AwsError } from "../../aws/error.ts";

/** The policy of a browser's form upload. AWS: "POST policy". */

/** Fields of a form by their names in lower case. */
export type FormFields = ReadonlyMap<string, string>;

export interface PostPolicy {
  /** What the file may measure, where the policy says so. */
  readonly bytes?: { readonly min: number; readonly max: number };
}

type Condition =
  | { readonly kind: "eq" | "starts-with"; readonly field: string; readonly value: string; readonly told: string }
  | { readonly kind: "length"; readonly min: number; readonly max: number };

const IGNORED = new Set(["x-amz-signature", "signature", "awsaccesskeyid", "file", "policy"]);

function denied(message: string): AwsError {
  return new AwsError("AccessDenied", `Invalid according to Policy: ${message}`, { status: 403 });
}

function invalidPolicy(message: string): AwsError {
  return new AwsError("InvalidPolicyDocument", `Invalid Policy: ${message}`, { status: 400 });
}

/**
 * Checks the fields of a form against its policy.
 * @param encoded the policy field: JSON in base64
 * @param bucket of the request, which counts as a field
 * @throws AwsError AccessDenied where the policy is expired or broken, InvalidPolicyDocument where it is none
 */
export function checkPostPolicy(encoded: string, fields: FormFields, bucket: string, nowMs: number): PostPolicy {
  const policy = readPolicy(encoded);
  if (policy.expirationMs <= nowMs) throw denied("Policy expired.");
  const given = new Map([...fields, ["bucket", bucket]]);
  const covered = new Set<string>();
  let bytes: PostPolicy["bytes"];
  for (const condition of policy.conditions) {
    if (condition.kind === "length") {
      bytes = { min: condition.min, max: condition.max };
      continue;
    }
    covered.add(condition.field);
    const value = given.get(condition.field) ?? "";
    const holds =
      condition.kind === "eq" ? value === condition.value : startsWith(condition.field, value, condition.value);
    if (!holds) throw denied(`Policy Condition failed: ${condition.told}`);
  }
  const extra = [...fields.keys()].filter(
    (name) => !covered.has(name) && !IGNORED.has(name) && !name.startsWith("x-ignore-") && name !== "bucket",
  );
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(", ")}`);
  return bytes ? { bytes } : {};
}

/** AWS: of a Content-Type with several values each must begin so. */
function startsWith(field: string, value: string, prefix: string): boolean {
  return field === "content-type"
    ? value.split(",").every((one) => one.trim().startsWith(prefix))
    : value.startsWith(prefix);
}

function readPolicy(encoded: string): { expirationMs: number; conditions: Condition[] } {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
  } catch {
    throw invalidPolicy("Invalid JSON.");
  }
  const { expiration, conditions } = (document ?? {}) as { expiration?: unknown; conditions?: unknown };
  if (typeof expiration !== "string") throw invalidPolicy("Policy missing expiration.");
  const expirationMs = Date.parse(expiration);
  if (Number.isNaN(expirationMs)) throw invalidPolicy(`Invalid 'expiration' value: '${expiration}'`);
  if (!Array.isArray(conditions)) throw invalidPolicy("Policy missing conditions.");
  return { expirationMs, conditions: conditions.map(readCondition) };
}

function readCondition(condition: unknown): Condition {
  if (Array.isArray(condition)) return readList(condition);
  if (typeof condition !== "object" || condition === null) throw invalidPolicy("Invalid condition.");
  const [only, ...more] = Object.entries(condition);
  if (!only || more.length > 0)
    throw invalidPolicy("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");
  const [field, value] = only;
  return {
    kind: "eq",
    field: field.toLowerCase(),
    value: String(value),
    told: `["eq", "$${field}", "${String(value)}"]`,
  };
}

function readList(condition: unknown[]): Condition {
  const [operator, first, second] = condition;
  const kind = String(operator).toLowerCase();
  const range = kind === "content-length-range" && condition.length === 3 && [Number(first), Number(second)];
  if (range && range.every((bytes) => Number.isInteger(bytes) && bytes >= 0))
    return { kind: "length", min: Number(first), max: Number(second) };
  if ((kind === "eq" || kind === "starts-with") && condition.length === 3 && String(first).startsWith("$"))
    return {
      kind,
      field: String(first).slice(1).toLowerCase(),
      value: String(second),
      told: `["${kind}", "${String(first)}", "${String(second)}"]`,
    };
  throw invalidPolicy(`Invalid condition: ${JSON.stringify(condition)}`);
}
