/** What the control API tells of machines and their executions. */
export interface StateNode {
  id: string;
  type: string;
  resource?: string;
  parent?: string;
  branch?: number;
  isStart: boolean;
  isEnd: boolean;
}

export interface StateEdge {
  from: string;
  to: string;
  kind: "next" | "choice" | "default" | "catch";
  label?: string;
}

export interface MachineGraph {
  nodes: StateNode[];
  edges: StateEdge[];
}

export interface Machine {
  name: string;
  type: "STANDARD" | "EXPRESS";
  roleArn: string;
  graph: MachineGraph;
}

export interface Summary {
  arn: string;
  name: string;
  status: string;
  startMs: number;
  stopMs?: number;
}

export interface Attempt {
  startedMs: number;
  endedMs?: number;
  parameters?: string;
  output?: string;
  error?: string;
  cause?: string;
}

export type Outcome = "running" | "succeeded" | "caught" | "failed" | "aborted";

export interface Visit {
  id: number;
  state: string;
  type: string;
  iteration?: number;
  enteredMs: number;
  exitedMs?: number;
  status: Outcome;
  input: string;
  output?: string;
  variables?: Record<string, string>;
  error?: string;
  cause?: string;
  attempts: Attempt[];
}

export interface Execution extends Summary {
  input?: string;
  output?: string;
  error?: string;
  cause?: string;
  redriveCount: number;
  graph: MachineGraph;
  visits: Visit[];
  history: { id: number; type: string; atMs: number; details: Record<string, unknown> }[];
}

/** What a state came to in all its visits: one that failed outweighs those that did not. */
export function outcomesOf(visits: readonly Visit[]): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  const byState = Map.groupBy(visits, ({ state }) => state);
  for (const [state, all] of byState) {
    const statuses = new Set(all.map(({ status }) => status));
    // A state that is entered again, by a loop or a redrive, stands as it did the last time.
    const isIterated = all.some(({ iteration }) => iteration !== undefined);
    const worst = (["failed", "running", "aborted", "caught"] as const).find((status) => statuses.has(status));
    outcomes.set(state, isIterated ? (worst ?? "succeeded") : all.at(-1)!.status);
  }
  return outcomes;
}

export function toneOf(status: string): "good" | "bad" | "busy" | "plain" {
  if (/^(succeeded|caught)$/i.test(status)) return status.toLowerCase() === "caught" ? "busy" : "good";
  return /^running$/i.test(status) ? "busy" : /^aborted$/i.test(status) ? "plain" : "bad";
}
