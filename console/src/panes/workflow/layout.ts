import dagre from "@dagrejs/dagre";
import type { MachineGraph, StateEdge, StateNode } from "./execution.ts";

export interface PlacedState extends StateNode {
  x: number;
  y: number;
  width: number;
  height: number;
  /** Has states of its own: drawn as a frame around them. */
  isFrame: boolean;
}

export interface PlacedWay extends StateEdge {
  path: string;
  /** Where its label stands. */
  x: number;
  y: number;
}

export interface MachinePicture {
  states: PlacedState[];
  ways: PlacedWay[];
  width: number;
  height: number;
}

const STATE_HEIGHT = 38;
const STATE_WIDTH_MIN = 120;
const CHARACTER_WIDTH = 7.6;
const FRAME_HEAD = 26;
const FRAME_PADDING = 14;

/**
 * Lays a machine out from top to bottom. What lies within a Parallel or a Map is laid out first, by itself: its size is
 * then that of one state of the machine around it.
 */
export function layOutMachine({ nodes, edges }: MachineGraph): MachinePicture {
  return levelOf(undefined, nodes, edges);
}

function levelOf(parent: string | undefined, nodes: readonly StateNode[], edges: readonly StateEdge[]): MachinePicture {
  const here = nodes.filter((node) => node.parent === parent);
  const names = new Set(here.map(({ id }) => id));
  const inner = new Map<string, MachinePicture>();
  const layout = new dagre.graphlib.Graph({ multigraph: true });
  layout.setGraph({ rankdir: "TB", nodesep: 26, ranksep: 40, edgesep: 14, marginx: 8, marginy: 8 });
  for (const { id } of here) {
    if (nodes.some((node) => node.parent === id)) inner.set(id, levelOf(id, nodes, edges));
    layout.setNode(id, sizeOf(id, inner.get(id)));
  }
  const ways = edges.filter(({ from, to }) => names.has(from) && names.has(to));
  ways.forEach((way, index) => {
    const label = labelOf(way);
    const width = label === "" ? 0 : label.length * 6.2 + 10;
    layout.setEdge(way.from, way.to, { width, height: label === "" ? 0 : 16, labelpos: "c" }, String(index));
  });
  dagre.layout(layout);
  const states: PlacedState[] = [];
  const placedWays: PlacedWay[] = [];
  for (const node of here) {
    const { x, y, width, height } = layout.node(node.id) as { x: number; y: number; width: number; height: number };
    const left = x - width / 2;
    const top = y - height / 2;
    const within = inner.get(node.id);
    states.push({ ...node, x: left, y: top, width, height, isFrame: within !== undefined });
    if (!within) continue;
    const dx = left + (width - within.width) / 2;
    const dy = top + FRAME_HEAD;
    states.push(...within.states.map((state) => ({ ...state, x: state.x + dx, y: state.y + dy })));
    placedWays.push(...within.ways.map((way) => ({ ...way, ...moved(way, dx, dy) })));
  }
  ways.forEach((way, index) => {
    const edge = layout.edge({ v: way.from, w: way.to, name: String(index) }) as unknown as {
      points: { x: number; y: number }[];
      x?: number;
      y?: number;
    };
    const middle = edge.points[Math.floor(edge.points.length / 2)]!;
    const path = pathOf(edge.points);
    placedWays.push({ ...way, label: labelOf(way), path, x: edge.x ?? middle.x, y: edge.y ?? middle.y });
  });
  const { width = 0, height = 0 } = layout.graph();
  return { states, ways: placedWays, width: Math.max(width, STATE_WIDTH_MIN), height: Math.max(height, STATE_HEIGHT) };
}

function sizeOf(name: string, inner: MachinePicture | undefined): { width: number; height: number } {
  const width = Math.max(STATE_WIDTH_MIN, wideness(name) * CHARACTER_WIDTH + 28);
  if (!inner) return { width, height: STATE_HEIGHT };
  return { width: Math.max(width, inner.width + FRAME_PADDING), height: inner.height + FRAME_HEAD + 6 };
}

/** Characters, the wide ones twice. */
function wideness(text: string): number {
  return [...text].reduce((sum, character) => sum + (character.codePointAt(0)! > 0x2e7f ? 2 : 1), 0);
}

const LABEL_MAX = 34;

function labelOf({ kind, label = "" }: StateEdge): string {
  if (kind === "next") return "";
  const text = kind === "default" ? "default" : label;
  return text.length > LABEL_MAX ? `${text.slice(0, LABEL_MAX - 1)}…` : text;
}

type Point = { x: number; y: number };

/** Smooth through the middles between the layout's points. */
function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1)!;
  let path = `M${at(first!)}`;
  rest.slice(0, -1).forEach((control, index) => {
    const next = rest[index + 1]!;
    const end = next === last ? last : { x: (control.x + next.x) / 2, y: (control.y + next.y) / 2 };
    path += `Q${at(control)} ${at(end)}`;
  });
  return rest.length === 1 ? `${path}L${at(last)}` : path;
}

function at({ x, y }: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

/** A way of an inner machine, in the coordinates of the one around it. */
function moved({ path, x, y }: PlacedWay, dx: number, dy: number): Pick<PlacedWay, "path" | "x" | "y"> {
  const shifted = path.replace(/(-?[\d.]+) (-?[\d.]+)/g, (_, px: string, py: string) =>
    at({ x: Number(px) + dx, y: Number(py) + dy }),
  );
  return { path: shifted, x: x + dx, y: y + dy };
}
