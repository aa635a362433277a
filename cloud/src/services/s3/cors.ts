import type { CORSRule } from "@aws-sdk/client-s3";
import { invalidRequest, malformedXml } from "./errors.ts";

/** Cross-origin resource sharing. AWS: "Using cross-origin resource sharing (CORS)". */

const RULES_MAX = 100;
const METHODS = ["GET", "PUT", "POST", "DELETE", "HEAD"];

/** @throws AwsError MalformedXML, InvalidRequest */
export function checkCorsRules(rules: readonly CORSRule[] | undefined): readonly CORSRule[] {
  if (!rules || rules.length === 0) throw malformedXml();
  if (rules.length > RULES_MAX)
    throw invalidRequest("The number of CORS rules should not exceed allowed limit of 100 rules.");
  for (const { AllowedMethods, AllowedOrigins, AllowedHeaders, ExposeHeaders } of rules) {
    if (!AllowedMethods?.length || !AllowedOrigins?.length) throw malformedXml();
    for (const method of AllowedMethods)
      if (!METHODS.includes(method))
        throw invalidRequest(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
    for (const origin of AllowedOrigins) checkWildcards("AllowedOrigin", origin);
    for (const header of AllowedHeaders ?? []) checkWildcards("AllowedHeader", header);
    for (const header of ExposeHeaders ?? [])
      if (header.includes("*"))
        throw invalidRequest(
          `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
        );
  }
  return rules;
}

function checkWildcards(element: string, value: string): void {
  if (value.split("*").length > 2) throw invalidRequest(`${element} "${value}" can not have more than one wildcard.`);
}

export interface CrossOrigin {
  readonly origin: string;
  readonly method: string;
  /** Of a preflight. */
  readonly headers: readonly string[];
}

/** The rule that allows a cross-origin request, the first that does; undefined where none does. */
export function findCorsRule(rules: readonly CORSRule[], asked: CrossOrigin): CORSRule | undefined {
  return rules.find(
    (rule) =>
      rule.AllowedOrigins?.some((pattern) => matches(pattern, asked.origin)) &&
      rule.AllowedMethods?.includes(asked.method) &&
      asked.headers.every((header) =>
        rule.AllowedHeaders?.some((pattern) => matches(pattern.toLowerCase(), header.toLowerCase())),
      ),
  );
}

function matches(pattern: string, value: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === value;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return value.length >= before.length + after.length && value.startsWith(before) && value.endsWith(after);
}

/** The headers of a response to an allowed cross-origin request. */
export function corsHeaders(rule: CORSRule, asked: CrossOrigin): Record<string, string> {
  // AWS: a rule for every origin names none of them, and so lets no credentials through.
  const everybody = rule.AllowedOrigins?.includes("*") ?? false;
  return {
    "Access-Control-Allow-Origin": everybody ? "*" : asked.origin,
    "Access-Control-Allow-Methods": (rule.AllowedMethods ?? []).join(", "),
    ...(asked.headers.length > 0 ? { "Access-Control-Allow-Headers": asked.headers.join(", ").toLowerCase() } : {}),
    ...(rule.ExposeHeaders?.length ? { "Access-Control-Expose-Headers": rule.ExposeHeaders.join(", ") } : {}),
    ...(rule.MaxAgeSeconds === undefined ? {} : { "Access-Control-Max-Age": String(rule.MaxAgeSeconds) }),
    ...(everybody ? {} : { "Access-Control-Allow-Credentials": "true" }),
    Vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
  };
}
