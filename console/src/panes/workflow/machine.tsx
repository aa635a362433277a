import { useMemo, type KeyboardEvent } from "react";
import { useWords } from "../../preferences.ts";
import type { MachineGraph, Outcome } from "./execution.ts";
import { layOutMachine, type PlacedState } from "./layout.ts";

interface MachineProps {
  graph: MachineGraph;
  outcomes: ReadonlyMap<string, Outcome>;
  current: string | undefined;
  onChoose?: (state: string) => void;
}

/** The states of a machine as a picture, each in the colour of what it came to. */
export function MachineView({ graph, outcomes, current, onChoose }: MachineProps) {
  const words = useWords();
  const key = JSON.stringify(graph);
  const picture = useMemo(() => layOutMachine(graph), [key]);
  return (
    <div className="machine" tabIndex={0} role="region" aria-label={words.workflow.graph}>
      <svg
        width={picture.width}
        height={picture.height}
        viewBox={`0 0 ${picture.width} ${picture.height}`}
        role="group"
        aria-label={words.workflow.graph}
      >
        <defs>
          <marker id="way" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 8 4 0 8z" className="arrow" />
          </marker>
        </defs>
        {picture.states.map((state) => (
          <OneState
            key={state.id}
            state={state}
            outcome={outcomes.get(state.id)}
            isCurrent={state.id === current}
            onChoose={onChoose}
          />
        ))}
        {picture.ways.map((way, index) => (
          <g key={index}>
            <path className={`way ${way.kind}`} d={way.path} markerEnd="url(#way)" />
            {way.label && (
              <text className="way-label" x={way.x} y={way.y + 4} textAnchor="middle">
                {way.label}
              </text>
            )}
          </g>
        ))}
      </svg>
    </div>
  );
}

interface StateProps {
  state: PlacedState;
  outcome: Outcome | undefined;
  isCurrent: boolean;
  onChoose: ((state: string) => void) | undefined;
}

function OneState({
  state: { id, type, x, y, width, height, isFrame, resource },
  outcome,
  isCurrent,
  onChoose,
}: StateProps) {
  const words = useWords();
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onChoose?.(id);
  };
  const told = outcome === undefined ? "" : words.workflow.outcomes[outcome];
  // Only what was entered has something to show.
  const isChoosable = onChoose !== undefined && outcome !== undefined;
  const classes = ["state", outcome, isCurrent && "current", isFrame && "frame"].filter(Boolean).join(" ");
  return (
    <g
      className={classes}
      data-state={id}
      transform={`translate(${x} ${y})`}
      {...(isChoosable
        ? { role: "button", tabIndex: 0, "aria-pressed": isCurrent, "aria-label": `${type} ${id} ${told}` }
        : {})}
      onClick={() => isChoosable && onChoose(id)}
      onKeyDown={isChoosable ? press : undefined}
    >
      <title>{[`${type}: ${id}`, resource, told].filter(Boolean).join("\n")}</title>
      <rect width={width} height={height} rx={type === "Choice" ? 18 : 8} />
      <text x={width / 2} y={isFrame ? 17 : height / 2 + 4.5} textAnchor="middle">
        {id}
      </text>
    </g>
  );
}
