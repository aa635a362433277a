/** A machine as a picture: its states and where they lead to. */
import { isDistributed, processorOf, type ChoiceRule, type Machine, type StateDefinition } from "./definition.ts";

export interface GraphNode {
  /** Name of the state: unique in a machine, however deep it lies. */
  readonly id: string;
  readonly type: StateDefinition["Type"];
  /** What a Task calls. */
  readonly resource?: string;
  readonly comment?: string;
  /** The Parallel or Map state that it lies in. */
  readonly parent?: string;
  /** Number of the branch, where the parent is a Parallel. */
  readonly branch?: number;
  /** The first one of its machine, branch or iteration. */
  readonly isStart: boolean;
  readonly isEnd: boolean;
  /** A Map whose items are executions of their own. */
  readonly isDistributed?: true;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "next" | "choice" | "default" | "catch";
  /** The condition, or the names of the errors. */
  readonly label?: string;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export function graphOf(machine: Machine): Graph {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const add = (inner: Machine, place: Pick<GraphNode, "parent" | "branch">): void => {
    for (const [id, state] of Object.entries(inner.States)) {
      const { Type, Resource, Comment, End } = state;
      nodes.push({
        id,
        type: Type,
        ...place,
        ...(Resource === undefined ? {} : { resource: Resource }),
        ...(Comment === undefined ? {} : { comment: Comment }),
        isStart: inner.StartAt === id,
        isEnd: End === true || Type === "Succeed" || Type === "Fail",
        ...(Type === "Map" && isDistributed(state) ? { isDistributed: true } : {}),
      });
      edges.push(...edgesOf(id, state));
      state.Branches?.forEach((branch, index) => add(branch, { parent: id, branch: index }));
      if (Type === "Map") add(processorOf(state), { parent: id });
    }
  };
  add(machine, {});
  return { nodes, edges };
}

function edgesOf(from: string, { Next, Choices = [], Default, Catch = [] }: StateDefinition): GraphEdge[] {
  return [
    ...(Next === undefined ? [] : [{ from, to: Next, kind: "next" as const }]),
    ...Choices.flatMap((rule): GraphEdge[] =>
      rule.Next === undefined ? [] : [{ from, to: rule.Next, kind: "choice", label: conditionOf(rule) }],
    ),
    ...(Default === undefined ? [] : [{ from, to: Default, kind: "default" as const }]),
    ...Catch.map(({ ErrorEquals, Next: to }) => ({ from, to, kind: "catch" as const, label: ErrorEquals.join(", ") })),
  ];
}

function conditionOf(rule: ChoiceRule): string {
  const { Condition, Variable, And, Or, Not, Next: _, Assign: __, Output: ___, ...operators } = rule;
  if (Condition !== undefined) return String(Condition);
  if (And) return And.map(conditionOf).join(" and ");
  if (Or) return Or.map(conditionOf).join(" or ");
  if (Not) return `not (${conditionOf(Not)})`;
  const comparisons = Object.entries(operators).filter(([name]) => name !== "Comment");
  return comparisons.map(([operator, value]) => `${Variable} ${operator} ${JSON.stringify(value)}`).join(" ");
}
