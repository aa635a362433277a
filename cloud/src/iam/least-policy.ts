/** Something that was denied for want of an allow. */
export interface Denied {
  readonly action: string;
  /** ARN or `*`. */
  readonly resource: string;
}

export interface LeastPolicy {
  Version: "2012-10-17";
  Statement: { Effect: "Allow"; Action: string[]; Resource: string[] }[];
}

/**
 * The least identity policy that would have allowed what was denied: resources that need the same actions share a
 * statement. It grants no pair of action and resource that was not asked for.
 */
export function leastPolicy(denials: readonly Denied[]): LeastPolicy {
  const actionsOf = new Map<string, Set<string>>();
  for (const { action, resource } of denials) {
    const actions = actionsOf.get(resource) ?? new Set();
    actionsOf.set(resource, actions.add(action));
  }
  const resourcesOf = new Map<string, { actions: string[]; resources: string[] }>();
  for (const [resource, actions] of actionsOf) {
    const sorted = [...actions].toSorted();
    const group = resourcesOf.get(sorted.join()) ?? { actions: sorted, resources: [] };
    group.resources.push(resource);
    resourcesOf.set(sorted.join(), group);
  }
  return {
    Version: "2012-10-17",
    Statement: [...resourcesOf.values()].map(({ actions, resources }) => ({
      Effect: "Allow",
      Action: actions,
      Resource: resources.toSorted(),
    })),
  };
}
