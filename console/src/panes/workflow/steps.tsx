import { Badge, Facts, Json, Section } from "../../components/parts.tsx";
import { formatClock, formatDuration } from "../../format.ts";
import { useWords } from "../../preferences.ts";
import { toneOf, type Visit } from "./execution.ts";

interface StepsProps {
  visits: readonly Visit[];
  /** Index of the one shown. */
  step: number;
  onStep: (step: number) => void;
}

/** An execution step by step: what went into each state, what came out, and each attempt of its task. */
export function Steps({ visits, step, onStep }: StepsProps) {
  const words = useWords();
  const visit = visits[step];
  if (!visit) return null;
  return (
    <Section
      title={visit.state}
      aside={
        <span className="row">
          <button aria-label={words.workflow.previous} disabled={step === 0} onClick={() => onStep(step - 1)}>
            ←
          </button>
          <span className="muted" aria-live="polite">
            {words.workflow.step(step + 1, visits.length)}
          </span>
          <button
            aria-label={words.workflow.next}
            disabled={step === visits.length - 1}
            onClick={() => onStep(step + 1)}
          >
            →
          </button>
        </span>
      }
    >
      <p className="row">
        <Badge tone={toneOf(visit.status)}>{words.workflow.outcomes[visit.status]}</Badge>
        <span className="muted">{visit.type}</span>
        <span className="mono">{formatClock(visit.enteredMs)}</span>
        {visit.exitedMs !== undefined && (
          <span className="muted">{formatDuration(visit.exitedMs - visit.enteredMs)}</span>
        )}
        {visit.iteration !== undefined && (
          <span className="muted">{words.workflow.iteration(visit.iteration + 1)}</span>
        )}
      </p>
      {visit.error !== undefined && (
        <div className="failure">
          <b>{visit.error}</b>
          <p>{visit.cause}</p>
        </div>
      )}
      <h3>{words.workflow.input}</h3>
      <Json value={visit.input} label={words.workflow.input} />
      {visit.output !== undefined && (
        <>
          <h3>{words.workflow.output}</h3>
          <Json value={visit.output} label={words.workflow.output} />
        </>
      )}
      {visit.variables && (
        <>
          <h3>{words.workflow.variables}</h3>
          <Facts of={Object.entries(visit.variables).map(([name, value]) => [name, <code>{value}</code>] as const)} />
        </>
      )}
      {visit.attempts.length > 0 && <Attempts visit={visit} />}
    </Section>
  );
}

function Attempts({ visit }: { visit: Visit }) {
  const words = useWords();
  return (
    <>
      <h3>{words.workflow.attempts(visit.attempts.length)}</h3>
      <ul className="events">
        {visit.attempts.map(({ startedMs, endedMs, parameters, output, error, cause }, index) => (
          <li key={index}>
            <details>
              <summary>
                <span className="mono">{formatClock(startedMs)}</span>
                {error ? (
                  <Badge tone="bad">{error}</Badge>
                ) : (
                  <Badge tone={endedMs === undefined ? "busy" : "good"}>
                    {words.workflow.outcomes[endedMs === undefined ? "running" : "succeeded"]}
                  </Badge>
                )}
                {endedMs !== undefined && <span className="muted">{formatDuration(endedMs - startedMs)}</span>}
              </summary>
              {cause && <p className="break">{cause}</p>}
              {parameters !== undefined && <Json value={parameters} label={words.workflow.input} />}
              {output !== undefined && <Json value={output} label={words.workflow.output} />}
            </details>
          </li>
        ))}
      </ul>
    </>
  );
}
