import { useState } from "react";
import { post, textOfBytes, type GraphNode } from "../../api.ts";
import { Badge, Copy, Empty, Failure, Field, Json, Section, Show } from "../../components/parts.tsx";
import { formatDuration } from "../../format.ts";
import { useAction, useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";
import { loadApi, type Api, type ApiRoute } from "./routes.ts";

interface Answer {
  status: number;
  headers: [string, string][];
  body: string | { $bytes: string };
  durationMs: number;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/** HTTP APIs and REST APIs alike. */
export function ApiPane({ node }: { node: GraphNode }) {
  const words = useWords();
  const loaded = useLoaded(() => loadApi(node), node.id);
  const [chosen, setChosen] = useState<ApiRoute>();
  return (
    <Show loaded={loaded}>
      {(api) => {
        const route = chosen ?? api.routes[0];
        return (
          <>
            <Section title={words.http.routes} aside={<Copy text={api.url} label={words.http.copyUrl} />}>
              <p className="mono muted break">{api.url}</p>
              {api.routes.length === 0 ? (
                <Empty title={words.http.none} />
              ) : (
                <Routes routes={api.routes} chosen={route} onChoose={setChosen} />
              )}
            </Section>
            <TryIt key={route && `${route.method} ${route.path}`} api={api} route={route} />
          </>
        );
      }}
    </Show>
  );
}

interface RoutesProps {
  routes: readonly ApiRoute[];
  chosen: ApiRoute | undefined;
  onChoose: (route: ApiRoute) => void;
}

function Routes({ routes, chosen, onChoose }: RoutesProps) {
  const words = useWords();
  return (
    <div className="scroll tall" tabIndex={0} role="region" aria-label={words.http.routes}>
      <table>
        <thead>
          <tr>
            <th>{words.http.route}</th>
            <th>{words.live.edgeKinds["target"]}</th>
            <th>{words.http.authorization}</th>
          </tr>
        </thead>
        <tbody>
          {routes.map((route) => (
            <tr key={`${route.method} ${route.path}`}>
              <td>
                <button className="link mono" aria-pressed={route === chosen} onClick={() => onChoose(route)}>
                  {route.method} {route.path}
                </button>
              </td>
              <td>{route.target}</td>
              <td className="fit muted">{route.authorization}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TryIt({ api, route }: { api: Api; route: ApiRoute | undefined }) {
  const words = useWords();
  const [method, setMethod] = useState(!route || route.method === "ANY" ? "GET" : route.method);
  const [path, setPath] = useState(route?.path ?? "/");
  const [headers, setHeaders] = useState("content-type: application/json");
  const [body, setBody] = useState("");
  const send = useAction(() =>
    post<Answer>("/api/http", { method, url: api.url + path, headers: headersIn(headers), body }),
  );
  const hasBody = method !== "GET" && method !== "HEAD";
  return (
    <Section title={words.http.tryIt}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send.run();
        }}
      >
        <div className="row end">
          <label className="field method">
            <span>{words.http.method}</span>
            <select value={method} onChange={({ target }) => setMethod(target.value)}>
              {METHODS.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <Field label={words.http.path}>
            <input className="mono" value={path} onChange={({ target }) => setPath(target.value)} />
          </Field>
          <button className="primary" disabled={send.isRunning}>
            {words.http.send}
          </button>
        </div>
        <p className="muted small" style={{ margin: "4px 0 12px" }}>
          {/\{[^}]+\}/.test(path) && words.http.fill}
        </p>
        <div className="columns">
          <Field label={words.http.headers}>
            <textarea value={headers} spellCheck={false} onChange={({ target }) => setHeaders(target.value)} />
          </Field>
          {hasBody && (
            <Field label={words.http.body}>
              <textarea value={body} spellCheck={false} onChange={({ target }) => setBody(target.value)} />
            </Field>
          )}
        </div>
      </form>
      {send.error && <Failure error={send.error} />}
      {send.result && <Shown answer={send.result} />}
    </Section>
  );
}

function Shown({ answer: { status, headers, body, durationMs } }: { answer: Answer }) {
  const words = useWords();
  const text = typeof body === "string" ? body : textOfBytes(body);
  return (
    <div role="status">
      <h3 className="row">
        {words.http.answer}
        <Badge tone={status < 400 ? "good" : status < 500 ? "busy" : "bad"}>{status}</Badge>
        <span className="muted">{formatDuration(durationMs)}</span>
      </h3>
      {text === "" ? <p className="muted">{words.http.noBody}</p> : <Json value={text} label={words.http.body} />}
      <details>
        <summary>{words.http.headers}</summary>
        <pre className="inline">{headers.map(([name, value]) => `${name}: ${value}`).join("\n")}</pre>
      </details>
    </div>
  );
}

/** A header a line: `name: value`. */
function headersIn(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}
