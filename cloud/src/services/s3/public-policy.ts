/**
 * Whether a bucket policy is public, as Block Public Access understands it.
 * AWS: "Blocking public access to your Amazon S3 storage", "The meaning of 'public'": a policy is held to be public
 * unless every statement that allows something names fixed principals, or fixes one of a list of condition keys.
 */

/** AWS: the condition keys that make a statement non-public when their values are fixed. */
const FIXING_KEYS = new Set([
  "aws:sourceip",
  "aws:sourcearn",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:sourceowner",
  "aws:sourceaccount",
  "aws:userid",
  "aws:principalorgid",
  "aws:principalorgpaths",
  "aws:principalarn",
  "aws:principalaccount",
  "aws:principalservicename",
  "aws:sourceorgid",
  "aws:sourceorgpaths",
  "aws:vpcesourceaccount",
  "s3:x-amz-server-side-encryption-aws-kms-key-id",
  "s3:dataaccesspointarn",
  "s3:dataaccesspointaccount",
  "s3:accesspointnetworkorigin",
]);

/** Operators that let only listed values pass. */
const POSITIVE_OPERATOR =
  /^(?:ForAnyValue:)?(?:StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike|IpAddress)$/;

interface Statement {
  Effect?: unknown;
  Principal?: unknown;
  NotPrincipal?: unknown;
  Condition?: unknown;
}

/** @param policy a parsed policy document */
export function isPublicPolicy(policy: { Statement?: unknown }): boolean {
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  return statements.some((statement: Statement | undefined) => statement?.Effect === "Allow" && isPublic(statement));
}

function isPublic(statement: Statement): boolean {
  if (!namesEverybody(statement)) return false;
  return !fixes(statement.Condition);
}

function namesEverybody({ Principal, NotPrincipal }: Statement): boolean {
  if (NotPrincipal !== undefined) return true;
  if (Principal === "*") return true;
  if (typeof Principal !== "object" || Principal === null) return false;
  return Object.entries(Principal).some(([kind, named]) => kind === "AWS" && asList(named).includes("*"));
}

function fixes(condition: unknown): boolean {
  if (typeof condition !== "object" || condition === null) return false;
  return Object.entries(condition).some(
    ([operator, keys]) =>
      POSITIVE_OPERATOR.test(operator) &&
      Object.entries(keys as Record<string, unknown>).some(
        ([key, values]) => FIXING_KEYS.has(key.toLowerCase()) && asList(values).every((value) => isFixed(key, value)),
      ),
  );
}

/** AWS: a fixed value has no wildcard and no policy variable; an address range must be narrower than /8 (/32 in IPv6). */
function isFixed(key: string, value: string): boolean {
  if (value.includes("${")) return false;
  if (key.toLowerCase() === "aws:sourceip") {
    const bits = Number(value.split("/")[1] ?? 32);
    return bits >= (value.includes(":") ? 32 : 8);
  }
  // An ARN may leave the end open once the account is fixed.
  if (value.startsWith("arn:")) return /^arn:[^*?]*:[^:]*:[^:]*:\d{12}:/.test(value) || !/[*?]/.test(value);
  return !/[*?]/.test(value);
}

function asList(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}
