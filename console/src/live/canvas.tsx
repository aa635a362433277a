import {
  memo,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
} from "react";
import { PATHS } from "../components/icon.tsx";
import { useWords } from "../preferences.ts";
import type { Passage } from "../traffic.ts";
import type { Figures } from "./counts.ts";
import { Dots } from "./dots.tsx";
import { NODE_HEIGHT, NODE_WIDTH, type Picture, type PlacedEdge, type PlacedNode } from "./layout.ts";

interface CanvasProps {
  picture: Picture;
  selected: string | undefined;
  onSelect: (id: string | undefined) => void;
  figures: ReadonlyMap<string, Figures>;
  backlog: ReadonlyMap<string, number>;
  subscribe: (listener: (passage: Passage) => void) => () => void;
}

const SCALE_MIN = 0.08;
const SCALE_MAX = 2;

/** The picture, to be moved and zoomed. */
export function Canvas({ picture, selected, onSelect, figures, backlog, subscribe }: CanvasProps) {
  const words = useWords();
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ x: 0, y: 0, scale: 1 });
  const fit = useCallback(() => setView(fitted(frame.current!, picture)), [picture]);
  useLayoutEffect(fit, [fit]);
  useEffect(() => {
    const element = frame.current!;
    addEventListener("resize", fit);
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      setView((former) =>
        zoomed(former, Math.exp(-event.deltaY / 500), event.clientX - box.left, event.clientY - box.top),
      );
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      removeEventListener("resize", fit);
      element.removeEventListener("wheel", wheel);
    };
  }, [fit]);
  const zoom = (factor: number) => {
    const { clientWidth, clientHeight } = frame.current!;
    setView((former) => zoomed(former, factor, clientWidth / 2, clientHeight / 2));
  };
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0 || (event.target as Element).closest("[data-id], button")) return;
    const start = { x: event.clientX - view.x, y: event.clientY - view.y };
    const element = event.currentTarget;
    element.setPointerCapture(event.pointerId);
    element.onpointermove = (moved) =>
      setView((former) => ({ ...former, x: moved.clientX - start.x, y: moved.clientY - start.y }));
    element.onpointerup = () => (element.onpointermove = element.onpointerup = null);
  };
  const select = useCallback((id: string) => onSelect(id), [onSelect]);
  return (
    <div className="canvas" ref={frame} onPointerDown={drag} role="group" aria-label={words.live.picture}>
      <svg width="100%" height="100%">
        <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0 0 8 4 0 8z" className="arrow" />
            </marker>
          </defs>
          {picture.edges.map((edge) => (
            <Edge
              key={edge.key}
              edge={edge}
              isSelected={selected === edge.key}
              isUsed={figures.has(edge.key)}
              hasErrors={(figures.get(edge.key)?.errors ?? 0) > 0}
              onSelect={select}
            />
          ))}
          {picture.nodes.map((node) => (
            <Node
              key={node.id}
              node={node}
              kind={words.kinds[node.kind] ?? node.kind}
              isSelected={selected === node.id}
              note={noteOf(words, figures.get(node.id), backlog.get(node.id))}
              hasErrors={(figures.get(node.id)?.errors ?? 0) > 0}
              onSelect={select}
            />
          ))}
        </g>
      </svg>
      <Dots picture={picture} view={view} subscribe={subscribe} />
      <div className="zoom">
        <button aria-label={words.live.zoomIn} onClick={() => zoom(1.3)}>
          +
        </button>
        <button aria-label={words.live.zoomOut} onClick={() => zoom(1 / 1.3)}>
          −
        </button>
        <button onClick={fit}>{words.live.fit}</button>
      </div>
    </div>
  );
}

function noteOf(words: ReturnType<typeof useWords>, figures: Figures | undefined, backlog: number | undefined): string {
  const notes: string[] = [];
  if (backlog) notes.push(words.live.backlog(backlog));
  if (figures?.errors) notes.push(words.live.errors(figures.errors));
  if (figures?.rate)
    notes.push(words.live.rate(figures.rate < 10 ? figures.rate.toFixed(1) : String(Math.round(figures.rate))));
  return notes.join(" · ");
}

function fitted(element: HTMLElement, { width, height }: Picture) {
  const scale = Math.max(SCALE_MIN, Math.min(1.15, element.clientWidth / width, element.clientHeight / height));
  return { scale, x: (element.clientWidth - width * scale) / 2, y: (element.clientHeight - height * scale) / 2 };
}

function zoomed(view: { x: number; y: number; scale: number }, factor: number, x: number, y: number) {
  const scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, view.scale * factor));
  const by = scale / view.scale;
  return { scale, x: x - (x - view.x) * by, y: y - (y - view.y) * by };
}

interface EdgeProps {
  edge: PlacedEdge;
  isSelected: boolean;
  isUsed: boolean;
  hasErrors: boolean;
  onSelect: (id: string) => void;
}

const Edge = memo(function Edge({ edge, isSelected, isUsed, hasErrors, onSelect }: EdgeProps) {
  const states = [isSelected && "selected", isUsed && "used", hasErrors && "failing"].filter(Boolean).join(" ");
  return (
    <g className={`edge ${edge.kind} ${states}`} data-id={edge.key} onClick={() => onSelect(edge.key)}>
      <title>{edge.label ?? edge.kind}</title>
      <path className="touch" d={edge.path} />
      <path className="line" d={edge.path} markerEnd="url(#arrow)" />
    </g>
  );
});

interface NodeProps {
  node: PlacedNode;
  kind: string;
  note: string;
  isSelected: boolean;
  hasErrors: boolean;
  onSelect: (id: string) => void;
}

const Node = memo(function Node({ node, kind, note, isSelected, hasErrors, onSelect }: NodeProps) {
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onSelect(node.id);
  };
  const name = shortened(lastPart(node.label), NODE_WIDTH - NAME_LEFT - 8);
  return (
    <g
      className={`node ${node.kind} ${isSelected ? "selected" : ""} ${hasErrors ? "failing" : ""}`}
      data-id={node.id}
      transform={`translate(${node.x} ${node.y})`}
      role="button"
      tabIndex={0}
      aria-pressed={isSelected}
      aria-label={`${name} ${note || kind}, ${kind} ${node.label}`}
      onClick={() => onSelect(node.id)}
      onKeyDown={press}
    >
      <title>{`${node.label}\n${node.physicalId}`}</title>
      <rect className="box" width={NODE_WIDTH} height={NODE_HEIGHT} rx="9" />
      <rect className="tile" x="9" y="12" width="36" height="36" rx="8" />
      <path className="glyph" transform="translate(16 19) scale(.92)" d={PATHS[node.kind] ?? ""} />
      <text className="name" x={NAME_LEFT} y="27">
        {name}
      </text>{" "}
      <text className="note" x={NAME_LEFT} y="44">
        {note || kind}
      </text>
    </g>
  );
});

function lastPart(label: string): string {
  return label.split(" / ").at(-1)!;
}

const NAME_LEFT = 55;
const pen = document.createElement("canvas").getContext("2d");

/** As much of a name as fits. The end of a path says more than its beginning. @param width in pixels */
function shortened(text: string, width: number): string {
  if (!pen) return text;
  pen.font = `600 13px ${getComputedStyle(document.documentElement).fontFamily}`;
  if (pen.measureText(text).width <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && pen.measureText(`…${characters.join("")}`).width > width) characters.shift();
  return `…${characters.join("")}`;
}
