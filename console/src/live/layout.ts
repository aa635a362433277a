import dagre from "@dagrejs/dagre";
import type { Graph, GraphEdge, GraphNode } from "../api.ts";

export const NODE_WIDTH = 218;
export const NODE_HEIGHT = 60;

export interface PlacedNode extends GraphNode {
  readonly x: number;
  readonly y: number;
}

export interface PlacedEdge extends GraphEdge {
  readonly key: string;
  /** SVG path data. */
  readonly path: string;
  /** Points along the path, evenly spaced, for what moves on it. */
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Picture {
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  readonly width: number;
  readonly height: number;
}

export function keyOf({ from, to }: { from: string; to: string }): string {
  return `${from} ${to}`;
}

/** Lays a graph out from left to right, as events flow. Several joins between the same two are drawn as one. */
export function layOut(graph: Graph): Picture {
  const layout = new dagre.graphlib.Graph();
  layout.setGraph({
    rankdir: "LR",
    nodesep: 26,
    ranksep: 58,
    edgesep: 12,
    marginx: 24,
    marginy: 24,
    ranker: "tight-tree",
  });
  layout.setDefaultEdgeLabel(() => ({}));
  for (const { id } of graph.nodes) layout.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  const edges = new Map<string, GraphEdge>();
  for (const edge of graph.edges) {
    const former = edges.get(keyOf(edge));
    edges.set(
      keyOf(edge),
      former ? { ...former, label: `${former.label ?? former.kind} · ${edge.label ?? edge.kind}` } : edge,
    );
    layout.setEdge(edge.from, edge.to);
  }
  dagre.layout(layout);
  const { width = 0, height = 0 } = layout.graph();
  return {
    nodes: graph.nodes.map((node) => ({ ...node, ...corner(layout.node(node.id)) })),
    edges: [...edges].map(([key, edge]) => ({ ...edge, key, ...curve(layout.edge(edge.from, edge.to).points) })),
    width: Math.max(width, NODE_WIDTH),
    height: Math.max(height, NODE_HEIGHT),
  };
}

function corner({ x, y }: Point): Point {
  return { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 };
}

const STEPS = 10;

/** A smooth line through the middles between the layout's points. */
function curve(points: readonly Point[]): { path: string; points: Point[] } {
  const first = points[0]!;
  const last = points.at(-1)!;
  let path = `M${round(first)}`;
  const along: Point[] = [first];
  let from = first;
  for (let index = 1; index < points.length - 1; index++) {
    const control = points[index]!;
    const next = points[index + 1]!;
    const end = index === points.length - 2 ? last : { x: (control.x + next.x) / 2, y: (control.y + next.y) / 2 };
    path += `Q${round(control)} ${round(end)}`;
    for (let step = 1; step <= STEPS; step++) along.push(quadratic(from, control, end, step / STEPS));
    from = end;
  }
  if (points.length === 2) {
    path += `L${round(last)}`;
    along.push(last);
  }
  return { path, points: evenly(along, 24) };
}

function quadratic(a: Point, b: Point, c: Point, t: number): Point {
  const mix = (p: number, q: number, r: number) => (1 - t) ** 2 * p + 2 * (1 - t) * t * q + t ** 2 * r;
  return { x: mix(a.x, b.x, c.x), y: mix(a.y, b.y, c.y) };
}

function evenly(points: readonly Point[], count: number): Point[] {
  const lengths = [0];
  for (let index = 1; index < points.length; index++)
    lengths.push(
      lengths[index - 1]! +
        Math.hypot(points[index]!.x - points[index - 1]!.x, points[index]!.y - points[index - 1]!.y),
    );
  const total = lengths.at(-1)!;
  let at = 0;
  return Array.from({ length: count }, (_, index) => {
    const wanted = (total * index) / (count - 1);
    while (at < lengths.length - 2 && lengths[at + 1]! < wanted) at++;
    const part = (wanted - lengths[at]!) / (lengths[at + 1]! - lengths[at]! || 1);
    const [a, b] = [points[at]!, points[at + 1] ?? points[at]!];
    return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
  });
}

function round({ x, y }: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
