import { useState } from "react";
import { call, get } from "../../api.ts";
import { Badge, Failure, Json, Section, Show } from "../../components/parts.tsx";
import { formatClock, formatDuration, formatTime } from "../../format.ts";
import { useAction, useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";
import { outcomesOf, toneOf, type Execution } from "./execution.ts";
import { MachineView } from "./machine.tsx";
import { Steps } from "./steps.tsx";

const REFRESH_MS = 1000;
const EVENTS_SHOWN = 500;

export function ExecutionView({ arn, onChanged }: { arn: string; onChanged: () => void }) {
  const loaded = useLoaded(() => get<Execution>(`/api/execution?arn=${encodeURIComponent(arn)}`), arn, REFRESH_MS);
  return (
    <Show loaded={loaded}>
      {(execution) => (
        <OneExecution
          execution={execution}
          onChanged={() => {
            loaded.reload();
            onChanged();
          }}
        />
      )}
    </Show>
  );
}

function OneExecution({ execution, onChanged }: { execution: Execution; onChanged: () => void }) {
  const words = useWords();
  const { visits, graph } = execution;
  const [chosen, setChosen] = useState<number>();
  // Until somebody steps through it, what failed is what people look for, and else where it stands.
  const failed = visits.findLastIndex(({ status }) => status === "failed");
  const step = Math.min(chosen ?? (failed === -1 ? visits.length - 1 : failed), visits.length - 1);
  return (
    <>
      <Section title={execution.name} aside={<Actions execution={execution} onChanged={onChanged} />}>
        <p className="row">
          <Badge tone={toneOf(execution.status)}>{execution.status}</Badge>
          <span className="mono">{formatTime(execution.startMs)}</span>
          {execution.stopMs !== undefined && (
            <span className="muted">{formatDuration(execution.stopMs - execution.startMs)}</span>
          )}
          {execution.redriveCount > 0 && (
            <span className="muted">{words.workflow.redriven(execution.redriveCount)}</span>
          )}
        </p>
        {execution.error !== undefined && (
          <div className="failure">
            <b>{execution.error}</b>
            <p>{execution.cause}</p>
          </div>
        )}
        <div className="columns">
          <div>
            <h3>{words.workflow.input}</h3>
            <Json value={execution.input ?? "{}"} label={words.workflow.input} />
          </div>
          {execution.output !== undefined && (
            <div>
              <h3>{words.workflow.output}</h3>
              <Json value={execution.output} label={words.workflow.output} />
            </div>
          )}
        </div>
      </Section>
      <div className="columns workflow">
        <Section title={words.workflow.graph}>
          <MachineView
            graph={graph}
            outcomes={outcomesOf(visits)}
            current={visits[step]?.state}
            onChoose={(state) => setChosen(visits.findLastIndex((visit) => visit.state === state))}
          />
        </Section>
        <Steps visits={visits} step={step} onStep={setChosen} />
      </div>
      <Section title={words.workflow.history}>
        <ul className="events">
          {execution.history.slice(0, EVENTS_SHOWN).map(({ id, type, atMs, details }) => (
            <li key={id}>
              <details>
                <summary>
                  <span className="muted number">{id}</span>
                  <span className="mono">{formatClock(atMs)}</span>
                  <span className="break">{type}</span>
                </summary>
                <Json value={details} label={type} />
              </details>
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}

function Actions({ execution: { arn, status }, onChanged }: { execution: Execution; onChanged: () => void }) {
  const words = useWords();
  const act = useAction(async (operation: "RedriveExecution" | "StopExecution") => {
    await call("stepfunctions", operation, { executionArn: arn });
    onChanged();
  });
  return (
    <>
      {status === "RUNNING" && (
        <button disabled={act.isRunning} onClick={() => void act.run("StopExecution")}>
          {words.workflow.stop}
        </button>
      )}
      {/^(FAILED|ABORTED|TIMED_OUT)$/.test(status) && (
        <button className="primary" disabled={act.isRunning} onClick={() => void act.run("RedriveExecution")}>
          {words.workflow.redrive}
        </button>
      )}
      {act.error && <Failure error={act.error} />}
    </>
  );
}
