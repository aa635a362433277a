import { compileCondition, type Test } from "./condition.ts";
import { parsePolicy, type Statement } from "./document.ts";
import { compilePattern, type Matcher } from "./pattern.ts";
import { compileNotPrincipal, compilePrincipal, type Naming } from "./principal-element.ts";
import type { Principal } from "./principal.ts";
import type { RequestContext } from "./request-context.ts";

/** What a statement is held against. */
export interface StatementRequest {
  readonly action: string;
  /** The action in lower case: actions are compared without regard to case. */
  readonly lowerAction: string;
  readonly resource: string;
  readonly principal: Principal;
  readonly context: RequestContext;
}

export interface CompiledStatement {
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: "Allow" | "Deny";
  /** How the statement names the caller where it applies to the request; undefined where it does not apply. */
  applies(request: StatementRequest): Naming | undefined;
}

/** A policy ready to be asked. Made once for each text. */
export interface CompiledPolicy {
  readonly text: string;
  readonly statements: readonly CompiledStatement[];
}

const CACHED_MAX = 2_000;
const ACTIONS_REMEMBERED_MAX = 500;
/** From so many action patterns on, a statement remembers which actions it covers (ReadOnlyAccess has thousands). */
const PATTERNS_MANY = 8;
const cache = new Map<string, CompiledPolicy>();

/**
 * Compiles a policy, or takes it from the cache by its text.
 * @throws PolicySyntaxError
 */
export function compilePolicy(text: string): CompiledPolicy {
  const known = cache.get(text);
  if (known) return known;
  const document = parsePolicy(text);
  const variables = document.version === "2012-10-17";
  const statements = document.statements.map((statement, index) => compileStatement(statement, index, variables));
  const compiled = { text, statements };
  if (cache.size >= CACHED_MAX) cache.delete(cache.keys().next().value!);
  cache.set(text, compiled);
  return compiled;
}

function compileStatement(statement: Statement, index: number, variables: boolean): CompiledStatement {
  const action = compileActions(statement);
  const resource = compileResources(statement, variables);
  const naming = compileNaming(statement);
  const conditions = compileConditions(statement, variables);
  return {
    index,
    sid: statement.sid,
    effect: statement.effect,
    applies(request) {
      if (!action(request.lowerAction) || !resource(request.resource, request.context)) return undefined;
      const named = naming(request.principal);
      if (named === undefined) return undefined;
      for (const holds of conditions) if (!holds(request.context)) return undefined;
      return named;
    },
  };
}

function compileActions({ actions, notActions }: Statement): (lowerAction: string) => boolean {
  const patterns = actions ?? notActions ?? [];
  const inverted = actions === undefined;
  const nothing: RequestContext = { find: () => undefined };
  const matchers = patterns.map((pattern) =>
    compilePattern(pattern === "*:*" ? "*" : pattern.toLowerCase(), { variables: false, wildcards: true }),
  );
  const covers = (lowerAction: string) => matchers.some((matcher) => matcher(lowerAction, nothing)) !== inverted;
  return patterns.length < PATTERNS_MANY ? covers : remembering(covers);
}

function remembering(covers: (lowerAction: string) => boolean): (lowerAction: string) => boolean {
  const known = new Map<string, boolean>();
  return (lowerAction) => {
    let covered = known.get(lowerAction);
    if (covered === undefined) {
      covered = covers(lowerAction);
      if (known.size < ACTIONS_REMEMBERED_MAX) known.set(lowerAction, covered);
    }
    return covered;
  };
}

/**
 * A statement without Resource (a role's trust policy) is about the resource that it is attached to.
 * AWS lets a star reach over colons ("IAM JSON policy elements: Resource"), so ARNs are compared as plain texts here.
 */
function compileResources({ resources, notResources }: Statement, variables: boolean): Matcher {
  const patterns = resources ?? notResources;
  if (patterns === undefined) return () => true;
  const inverted = resources === undefined;
  const matchers = patterns.map((pattern) => compilePattern(pattern, { variables, wildcards: true }));
  if (matchers.length === 1 && !inverted) return matchers[0]!;
  return (resource, context) => {
    for (const matcher of matchers) if (matcher(resource, context)) return !inverted;
    return inverted;
  };
}

function compileNaming({ principal, notPrincipal }: Statement): (principal: Principal) => Naming | undefined {
  if (principal) return compilePrincipal(principal);
  if (notPrincipal) return compileNotPrincipal(notPrincipal);
  // An identity's policy is about the identity that it is attached to.
  return () => "direct";
}

function compileConditions({ conditions }: Statement, variables: boolean): Test[] {
  return [...conditions].flatMap(([operator, keys]) =>
    [...keys].map(([key, values]) => compileCondition(operator, key, values, variables)),
  );
}
