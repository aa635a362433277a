import { useState } from "react";
import { call, get, type GraphNode } from "../../api.ts";
import { Badge, Empty, Failure, Field, Json, Section, Show } from "../../components/parts.tsx";
import { formatDuration, formatTime } from "../../format.ts";
import { useAction, useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";
import { toneOf, type Machine, type Outcome, type Summary } from "./execution.ts";
import { ExecutionView } from "./execution-view.tsx";
import { MachineView } from "./machine.tsx";

const REFRESH_MS = 2000;
const NOTHING_CAME: ReadonlyMap<string, Outcome> = new Map();

export function WorkflowPane({ node }: { node: GraphNode }) {
  const query = `arn=${encodeURIComponent(node.id)}`;
  const loaded = useLoaded(() => get<Machine>(`/api/machine?${query}`), node.id);
  return (
    <Show loaded={loaded}>
      {(machine) =>
        machine.type === "EXPRESS" ? (
          <Express node={node} machine={machine} />
        ) : (
          <Standard node={node} machine={machine} />
        )
      }
    </Show>
  );
}

function Standard({ node, machine }: { node: GraphNode; machine: Machine }) {
  const words = useWords();
  const [chosen, setChosen] = useState<string>();
  const executions = useLoaded(
    async () =>
      (await get<{ executions: Summary[] }>(`/api/executions?machine=${encodeURIComponent(node.id)}&limit=50`))
        .executions,
    node.id,
    REFRESH_MS,
  );
  const shown = chosen ?? executions.value?.[0]?.arn;
  const start = async (input: string) => {
    const { executionArn } = await call<{ executionArn: string }>("stepfunctions", "StartExecution", {
      stateMachineArn: node.id,
      input,
    });
    setChosen(executionArn);
    executions.reload();
  };
  return (
    <>
      <div className="columns">
        <Start onStart={start} />
        <Section title={words.workflow.executions}>
          <Show loaded={executions}>
            {(all) =>
              all.length === 0 ? (
                <Empty title={words.workflow.none}>{words.workflow.noneHow}</Empty>
              ) : (
                <Executions executions={all} shown={shown} onChoose={setChosen} />
              )
            }
          </Show>
        </Section>
      </div>
      {shown === undefined ? (
        <Section title={words.workflow.graph}>
          <MachineView graph={machine.graph} outcomes={NOTHING_CAME} current={undefined} />
        </Section>
      ) : (
        <ExecutionView key={shown} arn={shown} onChanged={executions.reload} />
      )}
    </>
  );
}

interface ExecutionsProps {
  executions: readonly Summary[];
  shown: string | undefined;
  onChoose: (arn: string) => void;
}

function Executions({ executions, shown, onChoose }: ExecutionsProps) {
  const words = useWords();
  return (
    <div className="scroll tall" tabIndex={0} role="region" aria-label={words.workflow.executions}>
      <table>
        <thead>
          <tr>
            <th>{words.trace.started}</th>
            <th>{words.resources.name}</th>
            <th>{words.workflow.status}</th>
            <th className="number">{words.trace.duration}</th>
          </tr>
        </thead>
        <tbody>
          {executions.map(({ arn, name, status, startMs, stopMs }) => (
            <tr key={arn} className={arn === shown ? "chosen" : ""}>
              <td className="fit mono">{formatTime(startMs)}</td>
              <td>
                <button className="link" aria-pressed={arn === shown} onClick={() => onChoose(arn)}>
                  {name}
                </button>
              </td>
              <td>
                <Badge tone={toneOf(status)}>{status}</Badge>
              </td>
              <td className="number">{stopMs === undefined ? "…" : formatDuration(stopMs - startMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Start({ onStart }: { onStart: (input: string) => Promise<unknown> }) {
  const words = useWords();
  const [input, setInput] = useState("{}");
  const start = useAction(() => onStart(input));
  return (
    <Section title={words.workflow.start}>
      <Field label={words.workflow.input}>
        <textarea value={input} spellCheck={false} onChange={({ target }) => setInput(target.value)} />
      </Field>
      <button className="primary" disabled={start.isRunning} onClick={() => void start.run()}>
        {words.workflow.start}
      </button>
      {start.error && <Failure error={start.error} />}
    </Section>
  );
}

interface Answer {
  status: string;
  output?: string;
  error?: string;
  cause?: string;
}

/** Of express workflows no history is kept: they are run and answer at once. */
function Express({ node, machine }: { node: GraphNode; machine: Machine }) {
  const words = useWords();
  const [answer, setAnswer] = useState<Answer>();
  const start = async (input: string) =>
    setAnswer(await call<Answer>("stepfunctions", "StartSyncExecution", { stateMachineArn: node.id, input }));
  return (
    <>
      <div className="columns">
        <Start onStart={start} />
        <Section title={words.fn.result}>
          {answer === undefined ? (
            <p className="muted">{words.workflow.express}</p>
          ) : (
            <div role="status">
              <Badge tone={toneOf(answer.status)}>{answer.status}</Badge>
              {answer.error !== undefined && (
                <div className="failure">
                  <b>{answer.error}</b>
                  <p>{answer.cause}</p>
                </div>
              )}
              {answer.output !== undefined && <Json value={answer.output} label={words.workflow.output} />}
            </div>
          )}
        </Section>
      </div>
      <Section title={words.workflow.graph}>
        <MachineView graph={machine.graph} outcomes={NOTHING_CAME} current={undefined} />
      </Section>
    </>
  );
}
