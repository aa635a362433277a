import { InvalidInput } from "./invalid-input.ts";
import { attributeOf, type AttributeValue, type Item } from "./attribute-value.ts";
import type { ResolvedPath } from "./substitutions.ts";

/** What stands at a path of an item; undefined where nothing does. */
export function lookUp(item: Item, path: ResolvedPath): AttributeValue | undefined {
  let value = attributeOf(item, path[0] as string);
  for (let i = 1; i < path.length && value !== undefined; i++) {
    const step = path[i]!;
    value = typeof step === "number" ? value.L?.[step] : value.M && attributeOf(value.M, step);
  }
  return value;
}

/** A path as AWS writes it in messages: `[a, b, [1]]`. */
export function pathText(path: ResolvedPath): string {
  return `[${path.map((step) => (typeof step === "number" ? `[${step}]` : step)).join(", ")}]`;
}

export function equalPaths(a: ResolvedPath, b: ResolvedPath): boolean {
  return a.length === b.length && a.every((step, i) => step === b[i]);
}

/**
 * Checks that no path lies within another and that none takes for a list what another takes for a map.
 * @throws InvalidInput that names the two
 */
export function checkDisjoint(paths: readonly ResolvedPath[]): void {
  let conflict: string | undefined;
  for (const [i, path] of paths.entries()) {
    for (const earlier of paths.slice(0, i)) {
      const relation = relate(earlier, path);
      if (relation === undefined) continue;
      const message =
        `Two document paths ${relation} with each other; must remove or rewrite one of these paths; ` +
        `path one: ${pathText(earlier)}, path two: ${pathText(path)}`;
      if (relation === "overlap") throw new InvalidInput(message);
      conflict ??= message;
    }
  }
  if (conflict !== undefined) throw new InvalidInput(conflict);
}

function relate(a: ResolvedPath, b: ResolvedPath): "overlap" | "conflict" | undefined {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (typeof a[i] !== typeof b[i]) return "conflict";
    if (a[i] !== b[i]) return undefined;
  }
  return "overlap";
}
