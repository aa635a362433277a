/** The route key of an HTTP API: `$default`, or a method and a path such as `GET /pets/{id}` or `ANY /{proxy+}`. */
export interface RouteKey {
  /** An HTTP method, or `ANY`. */
  readonly method: string;
  /** The path as written: `/pets/{id}`. */
  readonly path: string;
  readonly segments: readonly Segment[];
}

export type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "greedy"; readonly name: string };

export const DEFAULT_ROUTE = "$default";

const METHODS = new Set(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "ANY"]);
const KEY = /^(\S+) (\/\S*)$/;
const VARIABLE = /^\{([A-Za-z0-9._\-:]+)(\+?)\}$/;

/**
 * Reads a route key other than `$default`.
 * @returns undefined for what is none: an unknown method, a path that does not begin with `/`, a greedy variable that is
 *   not the last segment, two variables of one name
 */
export function findRouteKey(text: string): RouteKey | undefined {
  const match = KEY.exec(text);
  if (!match || !METHODS.has(match[1]!)) return undefined;
  const path = match[2]!;
  const segments: Segment[] = [];
  const names = new Set<string>();
  for (const part of path.slice(1).split("/")) {
    if (segments.at(-1)?.kind === "greedy") return undefined;
    const variable = VARIABLE.exec(part);
    if (!variable) {
      if (/[{}]/.test(part)) return undefined;
      segments.push({ kind: "literal", text: part });
      continue;
    }
    const name = variable[1]!;
    if (names.has(name)) return undefined;
    names.add(name);
    segments.push({ kind: variable[2] === "+" ? "greedy" : "variable", name });
  }
  return { method: match[1]!, path, segments };
}
