import { InvalidInput } from "./invalid-input.ts";
import { attributeOf, setAttribute, type AttributeValue, type Item } from "./attribute-value.ts";
import { checkDisjoint } from "./path.ts";
import type { ResolvedPath, Substitutions } from "./substitutions.ts";
import { type Parsed, type Path } from "./syntax.ts";

/** Paths as a tree of steps; a step without branches below it takes all that stands there. */
type Branches = ReadonlyMap<string | number, Branches | undefined>;

/** What of an item is wanted. */
export interface Projection {
  readonly paths: readonly ResolvedPath[];
  readonly branches: Branches;
}

/**
 * Puts names into a projection expression.
 * @throws InvalidInput for a name that is not defined, or paths that overlap
 */
export function bindProjection(parsed: Parsed<readonly Path[]>, substitutions: Substitutions): Projection {
  if (parsed.problem !== undefined) throw new InvalidInput(parsed.problem);
  const paths = parsed.tree.map((path) => substitutions.path(path));
  checkDisjoint(paths);
  return projectionOf(paths);
}

/** The projection on paths that are known to be disjoint. */
export function projectionOf(paths: readonly ResolvedPath[]): Projection {
  const branches = new Map<string | number, Branches | undefined>();
  for (const path of paths) {
    let level = branches as Map<string | number, Branches | undefined>;
    for (const [i, step] of path.entries()) {
      if (i === path.length - 1) level.set(step, undefined);
      else {
        const below = level.get(step) ?? new Map<string | number, Branches | undefined>();
        level.set(step, below);
        level = below as Map<string | number, Branches | undefined>;
      }
    }
  }
  return { paths, branches };
}

/** The item cut down to what is wanted. Elements of a list move together, in order of their indexes. */
export function project(item: Item, projection: Projection): Item {
  return projectMap(item, projection.branches) ?? {};
}

function projectValue(value: AttributeValue, branches: Branches | undefined): AttributeValue | undefined {
  if (branches === undefined) return value;
  if (value.M) {
    const map = projectMap(value.M, branches);
    return map && { M: map };
  }
  const list = value.L && projectList(value.L, branches);
  return list && { L: list };
}

function projectMap(map: Item, branches: Branches): Item | undefined {
  let projected: Item | undefined;
  for (const [step, below] of branches) {
    const value = typeof step === "string" ? attributeOf(map, step) : undefined;
    const kept = value && projectValue(value, below);
    if (kept) setAttribute((projected ??= {}), step as string, kept);
  }
  return projected;
}

function projectList(list: readonly AttributeValue[], branches: Branches): AttributeValue[] | undefined {
  const indexes = [...branches.keys()].filter((step) => typeof step === "number").sort((a, b) => a - b);
  const kept = indexes.flatMap((index) => {
    const value = list[index] && projectValue(list[index], branches.get(index));
    return value ? [value] : [];
  });
  return kept.length > 0 ? kept : undefined;
}
