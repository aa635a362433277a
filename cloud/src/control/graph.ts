/** The running application as a graph: what is deployed, and how it is joined, read from the deployed templates. */
import type { Cloud } from "../cloud.ts";
import { joinsOf, type Join } from "./graph-joins.ts";
import { arnOf, KINDS } from "./graph-kinds.ts";
import { read } from "./quiet.ts";

export interface GraphNode {
  /** ARN: what spans name it by. */
  readonly id: string;
  /** `function`, `table`, `bucket`, `queue`, … */
  readonly kind: string;
  /** Short enough for a picture. */
  readonly label: string;
  readonly stack: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** `route`, `mapping`, `subscription`, `notification`, `target`, `task`, `grant`, `dead-letter` … */
  readonly kind: string;
  /** A route, a pattern, the actions granted. */
  readonly label?: string;
}

export interface ApplicationGraph {
  readonly stacks: readonly { readonly name: string; readonly status: string }[];
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** @returns the nodes and edges of every stack that stands */
export async function viewGraph(cloud: Cloud): Promise<ApplicationGraph> {
  const { Stacks = [] } = await read(cloud, "cloudformation", "DescribeStacks", {});
  const exported = await exportedValues(cloud);
  const stacks: ApplicationGraph["stacks"][number][] = [];
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  for (const { StackName: name = "", StackId: stackId = "", StackStatus: status = "" } of Stacks) {
    if (status.startsWith("DELETE_") || name === "CDKToolkit") continue;
    stacks.push({ name, status });
    const resources = await templateOf(cloud, name);
    const made = await nodesOf(cloud, { name, stackId }, resources);
    nodes.push(...made.values());
    const isFound = (id: string | undefined): id is string => id !== undefined;
    const find = (join: string) => made.get(join)?.id ?? exported.get(join);
    for (const join of joinsOf(resources)) {
      const [from, to] = [find(join.from), find(join.to)];
      if (isFound(from) && isFound(to) && from !== to) edges.push(edgeOf(join, from, to));
    }
  }
  const known = new Set(nodes.map(({ id }) => id));
  return { stacks, nodes, edges: merged(edges.filter(({ from, to }) => known.has(from) && known.has(to))) };
}

async function templateOf(cloud: Cloud, StackName: string): Promise<Record<string, TemplateResource>> {
  const { TemplateBody = "{}" } = await read(cloud, "cloudformation", "GetTemplate", {
    StackName,
    TemplateStage: "Processed",
  });
  try {
    return (JSON.parse(TemplateBody) as { Resources?: Record<string, TemplateResource> }).Resources ?? {};
  } catch {
    const { parse } = await import("yaml");
    const template = parse(TemplateBody, { logLevel: "silent" }) as { Resources?: Record<string, TemplateResource> };
    return template.Resources ?? {};
  }
}

async function nodesOf(
  cloud: Cloud,
  stack: { name: string; stackId: string },
  resources: Readonly<Record<string, TemplateResource>>,
): Promise<Map<string, GraphNode>> {
  const nodes = new Map<string, GraphNode>();
  let NextToken: string | undefined;
  do {
    const input = { StackName: stack.name, ...(NextToken === undefined ? {} : { NextToken }) };
    const page = await read(cloud, "cloudformation", "ListStackResources", input);
    for (const {
      LogicalResourceId: logicalId = "",
      PhysicalResourceId,
      ResourceType = "",
    } of page.StackResourceSummaries ?? []) {
      const kind = KINDS[ResourceType];
      if (kind === undefined || PhysicalResourceId === undefined) continue;
      const place = /^arn:[^:]+:cloudformation:([^:]+):([^:]+)/.exec(stack.stackId);
      const id = arnOf(kind, PhysicalResourceId, { region: place?.[1] ?? "us-east-1", account: place?.[2] ?? "" });
      const label = labelOf(logicalId, resources[logicalId]);
      nodes.set(logicalId, {
        id,
        kind,
        label,
        stack: stack.name,
        logicalId,
        physicalId: PhysicalResourceId,
        type: ResourceType,
      });
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return nodes;
}

const GENERIC = /^(Resource|Default|Function|Table|Queue|Topic|Bucket|Handler|Api|StateMachine|Rule)$/;

/** The construct's path without the stack and without words that say no more than the kind does. */
function labelOf(logicalId: string, resource: TemplateResource | undefined): string {
  const path = resource?.Metadata?.["aws:cdk:path"];
  if (typeof path !== "string") return wordsOf(logicalId);
  const parts = path.split("/").slice(1);
  while (parts.length > 1 && GENERIC.test(parts.at(-1)!)) parts.pop();
  return parts.join(" / ") || logicalId;
}

const GENERATED = /[0-9A-F]{8}$/;
const GENERIC_END =
  /(?<=.)(?:Resource|Default|Function|Table|Queue|Topic|Bucket|Handler|Api|StateMachine|Rule|Schedule|Pipe)$/;

/** A logical id that CDK made, without its hash and what the kind tells anyway; one that a person wrote stays as it is. */
function wordsOf(logicalId: string): string {
  if (!GENERATED.test(logicalId)) return logicalId;
  let name = logicalId.replace(GENERATED, "");
  while (GENERIC_END.test(name)) name = name.replace(GENERIC_END, "");
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ");
}

/** Name of each export → ARN it gives, so that joins across stacks are seen. */
async function exportedValues(cloud: Cloud): Promise<Map<string, string>> {
  const { Exports = [] } = await read(cloud, "cloudformation", "ListExports", {});
  return new Map(Exports.map(({ Name = "", Value = "" }) => [`import:${Name}`, Value]));
}

function edgeOf({ kind, label }: Join, from: string, to: string): GraphEdge {
  return { from, to, kind, ...(label ? { label } : {}) };
}

/** One edge for each pair and kind; a grant is left out where a stronger join says how the two meet. */
function merged(edges: readonly GraphEdge[]): GraphEdge[] {
  const joined = new Set(edges.filter(({ kind }) => kind !== "grant").map(({ from, to }) => `${from} ${to}`));
  const byKey = new Map<string, GraphEdge>();
  for (const edge of edges) {
    if (edge.kind === "grant" && joined.has(`${edge.from} ${edge.to}`)) continue;
    const key = `${edge.from} ${edge.to} ${edge.kind}`;
    const former = byKey.get(key);
    const labels = [...new Set([former?.label, edge.label].filter(Boolean))].join(" · ");
    byKey.set(key, { ...edge, ...(labels ? { label: labels } : {}) });
  }
  return [...byKey.values()];
}
