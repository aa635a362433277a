import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { call, get, read, type Span } from "../api.ts";
import { Badge, Copy, Empty, Facts, Failure, Head, Json, Section, Show } from "../components/parts.tsx";
import { formatClock, formatDuration, formatTime } from "../format.ts";
import { useAction, useLoaded } from "../hooks.ts";
import { useWords } from "../preferences.ts";
import { onSpan } from "../traffic.ts";
import { canReplay, requestOf, requestsOf, testOf, titleOf, waterfall, type Request } from "./requests.ts";

const SPANS_SHOWN = 2000;
const REQUESTS_SHOWN = 200;
const REFRESH_MS = 1000;

export function Trace({ id }: { id: string }) {
  return id === "" ? <Requests /> : <OneRequest key={id} id={id} />;
}

/** Loads what is kept, then takes in what ends, at most once a second. */
function useSpans() {
  const loaded = useLoaded(() => get<{ spans: Span[] }>(`/api/trace?limit=${SPANS_SHOWN}`), "spans");
  const [fresh, setFresh] = useState<readonly Span[]>([]);
  useEffect(() => {
    let waiting: Span[] = [];
    const stop = onSpan((span) => waiting.push(span));
    const timer = setInterval(() => {
      if (waiting.length === 0) return;
      const taken = waiting;
      waiting = [];
      setFresh((former) => [...former, ...taken].slice(-SPANS_SHOWN));
    }, REFRESH_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, []);
  return { loaded, fresh };
}

function Requests() {
  const words = useWords();
  const { loaded, fresh } = useSpans();
  const [text, setText] = useState("");
  const [isErrorsOnly, setErrorsOnly] = useState(false);
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const requests = useMemo(() => requestsOf([...(loaded.value?.spans ?? []), ...fresh]), [loaded.value, fresh]);
  const found = useMemo(
    () =>
      requests.filter(
        (request) =>
          (!isErrorsOnly || request.errors > 0) &&
          (wanted === "" || JSON.stringify(request.spans).toLowerCase().includes(wanted)),
      ),
    [requests, wanted, isErrorsOnly],
  );
  return (
    <>
      <Head title={words.trace.title}>
        <input
          type="search"
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder={words.trace.search}
          aria-label={words.trace.search}
        />
        <label className="check">
          <input type="checkbox" checked={isErrorsOnly} onChange={(event) => setErrorsOnly(event.target.checked)} />
          {words.trace.errorsOnly}
        </label>
      </Head>
      <Show loaded={loaded}>
        {() =>
          found.length > 0 ? (
            <RequestTable requests={found.slice(0, REQUESTS_SHOWN)} />
          ) : (
            <Empty title={requests.length === 0 ? words.trace.empty : words.trace.noMatch}>
              {requests.length === 0 && words.trace.emptyHow}
            </Empty>
          )
        }
      </Show>
    </>
  );
}

function RequestTable({ requests }: { requests: readonly Request[] }) {
  const words = useWords();
  return (
    <div className="card scroll">
      <table>
        <thead>
          <tr>
            <th>{words.trace.started}</th>
            <th>{words.trace.request}</th>
            <th>{words.trace.outcome}</th>
            <th className="number">{words.trace.spans}</th>
            <th className="number">{words.trace.duration}</th>
          </tr>
        </thead>
        <tbody>
          {requests.map((request) => (
            <tr key={request.traceId}>
              <td className="fit mono">{formatTime(request.startMs)}</td>
              <td>
                <a href={`#/trace/${request.traceId}`}>{titleOf(request)}</a>
                <div className="muted small">{request.root.resource ?? request.root.principal}</div>
              </td>
              <td>
                <Outcome request={request} />
              </td>
              <td className="number">{request.spans.length}</td>
              <td className="number">{formatDuration(request.endMs - request.startMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Outcome({ request }: { request: Request }) {
  const words = useWords();
  const status = (request.root.output as { status?: number } | undefined)?.status;
  const error = request.root.error ?? request.spans.find((span) => span.error)?.error;
  if (request.errors > 0 && error) return <Badge tone="bad">{error.code}</Badge>;
  if (typeof status === "number")
    return <Badge tone={status < 400 ? "good" : status < 500 ? "busy" : "bad"}>{status}</Badge>;
  return <Badge tone="good">{words.trace.ok}</Badge>;
}

function OneRequest({ id }: { id: string }) {
  const words = useWords();
  const loaded = useLoaded(
    () => get<{ spans: Span[] }>(`/api/trace?traceId=${encodeURIComponent(id)}&limit=1000`),
    id,
    2000,
  );
  const [chosen, setChosen] = useState<string>();
  return (
    <>
      <p>
        <a href="#/trace">← {words.trace.back}</a>
      </p>
      <Show loaded={loaded}>
        {({ spans }) => {
          if (spans.length === 0) return <Empty title={words.trace.gone} />;
          const request = requestOf(spans);
          const span = spans.find(({ spanId }) => spanId === chosen) ?? request.root;
          return (
            <>
              <Head title={titleOf(request)}>
                <Outcome request={request} />
                <span className="muted">{formatTime(request.startMs)}</span>
                <span className="muted">{formatDuration(request.endMs - request.startMs)}</span>
                <span className="muted mono break">{request.traceId}</span>
              </Head>
              <Section title={words.trace.spans}>
                <Waterfall request={request} chosen={span.spanId} onChoose={setChosen} />
              </Section>
              <div className="columns">
                <SpanFacts key={span.spanId} span={span} />
                <Logs request={request} />
              </div>
            </>
          );
        }}
      </Show>
    </>
  );
}

function Waterfall({
  request,
  chosen,
  onChoose,
}: {
  request: Request;
  chosen: string;
  onChoose: (id: string) => void;
}) {
  const words = useWords();
  const total = Math.max(1, request.endMs - request.startMs);
  return (
    <div className="fall">
      {waterfall(request.spans).map(({ span, depth }) => {
        const left = ((span.startMs - request.startMs) / total) * 100;
        const attempt = Number(span.attributes["attempt"] ?? 1);
        return (
          <button key={span.spanId} aria-pressed={span.spanId === chosen} onClick={() => onChoose(span.spanId)}>
            <span className="what" style={{ paddingInlineStart: Math.min(depth, 8) * 14 }}>
              {span.name}
              {attempt > 1 && <small className="muted"> {words.trace.attempts(attempt)}</small>}
              {span.error && (
                <>
                  {" "}
                  <Badge tone="bad">{span.error.code}</Badge>
                </>
              )}
            </span>
            <span className="lane">
              <span
                className={`bar ${span.error ? "bad" : ""}`}
                style={{
                  left: `${left}%`,
                  width: `${Math.min(100 - left, ((span.durationMs ?? total) / total) * 100)}%`,
                }}
              />
            </span>
            <span className="took">{formatDuration(span.durationMs)}</span>
          </button>
        );
      })}
    </div>
  );
}

function SpanFacts({ span }: { span: Span }) {
  const words = useWords();
  const replay = useAction(() => call(span.name.split(":")[0]!, span.name.split(":")[1]!, span.input));
  const canCall = canReplay(span);
  return (
    <Section
      title={span.name}
      aside={
        <div className="row">
          <button
            disabled={!canCall || replay.isRunning}
            title={canCall ? undefined : words.trace.replayNot}
            onClick={() => void replay.run()}
          >
            {words.trace.replay}
          </button>
          {canCall && <Copy text={testOf(span)} label={words.trace.test} />}
        </div>
      }
    >
      {replay.error && <Failure error={replay.error} />}
      {replay.result !== undefined && <p role="status">{words.trace.replayed}</p>}
      {span.error && (
        <div className="failure">
          <b>{span.error.code}</b>
          <p>{span.error.message}</p>
        </div>
      )}
      <Facts
        of={[
          [words.trace.principal, span.principal],
          [words.trace.resource, span.resource],
          [
            words.trace.decision,
            span.decision && (
              <>
                <Badge tone={span.decision.allowed ? "good" : "bad"}>{span.decision.action}</Badge>{" "}
                {span.decision.reason}
              </>
            ),
          ],
          ...Object.entries(span.attributes).map(
            ([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const,
          ),
        ]}
      />
      {span.input !== undefined && (
        <>
          <h3>{words.trace.input}</h3>
          <Json value={span.input} label={words.trace.input} />
        </>
      )}
      {span.output !== undefined && (
        <>
          <h3>{words.trace.output}</h3>
          <Json value={span.output} label={words.trace.output} />
        </>
      )}
    </Section>
  );
}

export interface LogLine {
  readonly timestamp: number;
  readonly message: string;
}

/** Lines of a function between two times. */
export async function linesOf(functionArn: string, startTime: number, endTime: number): Promise<LogLine[]> {
  const found = await read<{ LoggingConfig?: { LogGroup?: string } }>("lambda", "GetFunctionConfiguration", {
    FunctionName: functionArn,
  });
  const logGroupName = found.LoggingConfig?.LogGroup;
  if (logGroupName === undefined) return [];
  const input = { logGroupName, startTime: Math.floor(startTime), endTime: Math.ceil(endTime) };
  return (await read<{ events: LogLine[] }>("logs", "FilterLogEvents", input)).events;
}

function Logs({ request }: { request: Request }) {
  const words = useWords();
  const invocations = request.spans.filter(
    ({ name, resource }) => resource?.includes(":lambda:") && /^lambda:|invocation/.test(name),
  );
  const functions = [...new Set(invocations.map(({ resource }) => resource!))];
  const key = `${request.traceId} ${functions.join()} ${request.endMs}`;
  const loaded = useLoaded(async () => {
    const lines = await Promise.all(
      functions.map((arn) => linesOf(arn, request.startMs, request.endMs + 5).catch(() => [])),
    );
    return lines.flat().sort((a, b) => a.timestamp - b.timestamp);
  }, key);
  return (
    <Section title={words.trace.logs}>
      <Show loaded={loaded}>
        {(lines) => (lines.length === 0 ? <p className="muted">{words.trace.noLogs}</p> : <LogLines lines={lines} />)}
      </Show>
    </Section>
  );
}

export function LogLines({ lines }: { lines: readonly LogLine[] }) {
  const words = useWords();
  return (
    <div className="log" tabIndex={0} role="group" aria-label={words.trace.logs}>
      {lines.map(({ timestamp, message }, index) => (
        <p key={index} className={isError(message) ? "bad" : ""}>
          <span className="muted">{formatClock(timestamp)}</span>
          <span>{message.trimEnd()}</span>
        </p>
      ))}
    </div>
  );
}

export function isError(message: string): boolean {
  return /\tERROR\t|Task timed out|"level":"ERROR"|errorType/.test(message);
}
