import { useState, type ReactNode } from "react";
import type { Loaded } from "../hooks.ts";
import { useWords } from "../preferences.ts";

/** A page's head: what it is, and what can be done. */
export function Head({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <div className="head">
      <h1>{title}</h1>
      {children}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <svg viewBox="0 0 64 40" width="64" height="40" aria-hidden="true">
        <rect x="2" y="10" width="20" height="20" rx="4" />
        <path d="M22 20h16" strokeDasharray="3 4" />
        <circle cx="50" cy="20" r="11" />
      </svg>
      <p className="empty-title">{title}</p>
      {children && <div className="muted">{children}</div>}
    </div>
  );
}

export function Failure({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const words = useWords();
  return (
    <div className="failure" role="alert">
      <b>{words.failed}</b>
      <p>{error.message}</p>
      {onRetry && <button onClick={onRetry}>{words.reload}</button>}
    </div>
  );
}

/** What is loaded, or that it is not yet, or why not. */
export function Show<T>({ loaded, children }: { loaded: Loaded<T>; children: (value: T) => ReactNode }) {
  const words = useWords();
  if (loaded.value !== undefined) return <>{children(loaded.value)}</>;
  if (loaded.error) return <Failure error={loaded.error} onRetry={loaded.reload} />;
  return (
    <p className="muted loading" role="status">
      {words.loading}
    </p>
  );
}

export function Json({ value, label }: { value: unknown; label?: string }) {
  const words = useWords();
  const text = typeof value === "string" ? pretty(value) : JSON.stringify(opened(value), null, 2);
  return (
    <div className="json">
      <pre tabIndex={0} role="group" aria-label={label ?? "JSON"}>
        {text}
      </pre>
      {text?.includes('"***"') && <p className="muted small">*** {words.redacted}</p>}
      <Copy text={text ?? ""} />
    </div>
  );
}

/** JSON inside of texts (`Detail`, `Body`, `Message` …) is shown opened: it is what people look for. */
function opened(value: unknown): unknown {
  if (typeof value === "string" && /^[{[]/.test(value)) {
    try {
      return opened(JSON.parse(value));
    } catch {
      return value;
    }
  }
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, opened(inner)]));
}

export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function Copy({ text, label }: { text: string; label?: string }) {
  const words = useWords();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <button className={label ? "" : "quiet copy"} onClick={() => void copy()}>
      <span aria-live="polite">{isCopied ? words.copied : (label ?? words.copy)}</span>
    </button>
  );
}

export function Field({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <label className="field">
      <span>{label}</span>
      {children}
      {hint && <small className="muted">{hint}</small>}
    </label>
  );
}

export function Facts({ of }: { of: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value ?? "–"}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Badge({ tone, children }: { tone: "good" | "bad" | "busy" | "plain"; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>;
}

export function Section({ title, children, aside }: { title: string; children: ReactNode; aside?: ReactNode }) {
  return (
    <section className="section">
      <div className="section-head">
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
