import { useState } from "react";
import { bytesOf, call, get, read, textOfBytes, type GraphNode, type Status } from "../../api.ts";
import { Badge, Empty, Facts, Failure, Field, Json, Section, Show } from "../../components/parts.tsx";
import { useAction, useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";
import { isError, linesOf, LogLines } from "../../trace/trace.tsx";
import { SAMPLES } from "./samples.ts";

interface Configuration {
  Runtime?: string;
  Handler?: string;
  Timeout?: number;
  MemorySize?: number;
  Role?: string;
  Environment?: { Variables?: Record<string, string> };
}

interface Answer {
  FunctionError?: string;
  Payload?: unknown;
}

const LOG_SPAN_MS = 60 * 60 * 1000;
const LINES_SHOWN = 300;

export function FunctionPane({ node }: { node: GraphNode }) {
  const words = useWords();
  const configuration = useLoaded(
    () => read<Configuration>("lambda", "GetFunctionConfiguration", { FunctionName: node.id }),
    node.id,
  );
  const logs = useLoaded(
    async () => {
      const now = Date.parse((await get<Status>("/api/status")).clock.now);
      return (await linesOf(node.id, now - LOG_SPAN_MS, now + 1000)).slice(-LINES_SHOWN);
    },
    node.id,
    1500,
  );
  const errors = logs.value?.filter(({ message }) => isError(message)) ?? [];
  return (
    <>
      <div className="columns">
        <Invoke node={node} onDone={logs.reload} />
        <Section title={words.fn.configuration}>
          <Show loaded={configuration}>
            {({ Runtime, Handler, Timeout, MemorySize, Role, Environment }) => (
              <>
                <Facts
                  of={[
                    [words.resources.name, node.physicalId],
                    ["Runtime", Runtime],
                    ["Handler", Handler],
                    ["Timeout", `${Timeout} s`],
                    ["Memory", `${MemorySize} MB`],
                    ["Role", Role],
                  ]}
                />
                <h3>{words.fn.environment}</h3>
                <Facts of={Object.entries(Environment?.Variables ?? {})} />
              </>
            )}
          </Show>
        </Section>
      </div>
      {errors.length > 0 && (
        <Section title={words.fn.lastErrors}>
          <LogLines lines={errors.slice(-10)} />
        </Section>
      )}
      <Section title={words.fn.logs}>
        <Show loaded={logs}>
          {(lines) =>
            lines.length === 0 ? (
              <Empty title={words.fn.noLogs}>{words.fn.noLogsHow}</Empty>
            ) : (
              <LogLines lines={lines} />
            )
          }
        </Show>
      </Section>
    </>
  );
}

function Invoke({ node, onDone }: { node: GraphNode; onDone: () => void }) {
  const words = useWords();
  const [event, setEvent] = useState("{}");
  const invoke = useAction(async () => {
    try {
      JSON.parse(event);
    } catch (error) {
      throw new Error(`${words.fn.badJson}: ${(error as Error).message}`);
    }
    const answer = await call<Answer>("lambda", "Invoke", {
      FunctionName: node.id,
      Payload: bytesOf(new TextEncoder().encode(event)),
    });
    onDone();
    return answer;
  });
  return (
    <Section title={words.fn.invoke}>
      <Field label={words.fn.sample}>
        <select onChange={({ target }) => setEvent(JSON.stringify(SAMPLES[target.value] ?? {}, null, 2))}>
          <option value="">{words.fn.empty}</option>
          {Object.keys(SAMPLES).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      <Field label={words.fn.event}>
        <textarea value={event} spellCheck={false} rows={9} onChange={({ target }) => setEvent(target.value)} />
      </Field>
      <button className="primary" disabled={invoke.isRunning} onClick={() => void invoke.run()}>
        {words.fn.invoke}
      </button>
      {invoke.error && <Failure error={invoke.error} />}
      {invoke.result && (
        <div role="status">
          <h3 style={{ marginTop: 12 }}>
            {words.fn.result}{" "}
            {invoke.result.FunctionError ? (
              <Badge tone="bad">{invoke.result.FunctionError}</Badge>
            ) : (
              <Badge tone="good">{words.trace.ok}</Badge>
            )}
          </h3>
          <Json value={textOfBytes(invoke.result.Payload)} label={words.fn.result} />
        </div>
      )}
    </Section>
  );
}
