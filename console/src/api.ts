/** The control API: what the console asks the running cloud. */
export interface Status {
  version: string;
  endpoint: string;
  dataDirectory: string;
  clock: { now: string; mode: string; offsetMs: number };
  services: string[];
  refused: Record<string, number>;
}

export interface GraphNode {
  id: string;
  kind: string;
  label: string;
  stack: string;
  logicalId: string;
  physicalId: string;
  type: string;
}

export interface GraphEdge {
  from: string;
  to: string;
  kind: string;
  label?: string;
}

export interface Graph {
  stacks: { name: string; status: string }[];
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export interface Decision {
  allowed: boolean;
  action: string;
  resource: string;
  reason: string;
  message: string;
}

export interface Span {
  traceId: string;
  spanId: string;
  parentId?: string;
  name: string;
  principal?: string;
  resource?: string;
  startMs: number;
  durationMs?: number;
  error?: { code: string; message: string };
  input?: unknown;
  output?: unknown;
  decision?: Decision;
  attributes: Record<string, unknown>;
}

export interface Fault {
  id: string;
  match: string;
  rate?: number;
  error?: string;
  status?: number;
  delayMs?: number;
}

export class ApiError extends Error {
  constructor(
    message: string,
    readonly code?: string,
  ) {
    super(message);
  }
}

/** @throws ApiError in the words of whoever refused */
export async function get<T>(path: string): Promise<T> {
  return answerOf<T>(await reach(path));
}

/** @throws ApiError in the words of whoever refused */
export async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { "content-type": "application/json" };
  return answerOf<T>(await reach(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

/** Calls an AWS operation, as something a person did: it stands in the trace. */
export async function call<T = Record<string, unknown>>(
  service: string,
  operation: string,
  input: unknown,
): Promise<T> {
  return (await post<{ output: T }>("/api/call", { service, operation, input })).output;
}

/** Calls an AWS operation only to show what there is: it stays out of the trace. */
export async function read<T = Record<string, unknown>>(
  service: string,
  operation: string,
  input: unknown,
): Promise<T> {
  return (await post<{ output: T }>("/api/call", { service, operation, input, quiet: true })).output;
}

/** What a service shows of an ARN beyond its operations. */
export function view<T>(service: string, name: string, arn: string): Promise<T> {
  return get<T>(`/api/view?${new URLSearchParams({ service, name, arn }).toString()}`);
}

async function reach(path: string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    throw new ApiError("The cloud does not answer.", "Unreachable");
  }
}

async function answerOf<T>(response: Response): Promise<T> {
  const value = (await response.json()) as T & { error?: string; code?: string };
  if (!response.ok) throw new ApiError(value.error ?? response.statusText, value.code);
  return value;
}

/** What went in or came out as bytes. */
export interface Bytes {
  $bytes: string;
}

/** A time as operations take it in. */
export function dateOf(ms: number): { $date: number } {
  return { $date: ms };
}

export function bytesOf(data: Uint8Array): Bytes {
  let binary = "";
  for (const byte of data) binary += String.fromCharCode(byte);
  return { $bytes: btoa(binary) };
}

export function decodeBytes(value: unknown): Uint8Array<ArrayBuffer> {
  const text = (value as Partial<Bytes> | undefined)?.$bytes ?? "";
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function textOfBytes(value: unknown): string {
  return new TextDecoder().decode(decodeBytes(value));
}

/** Follows spans as they end, and takes up again when the cloud went and came back. Returns how to end. */
export function followSpans(onSpan: (span: Span) => void, onConnected: (isConnected: boolean) => void): () => void {
  const abort = new AbortController();
  const run = async () => {
    while (!abort.signal.aborted) {
      try {
        const response = await fetch("/api/trace/follow", { signal: abort.signal });
        onConnected(true);
        await readLines(response.body!, (line) => onSpan(JSON.parse(line) as Span));
      } catch {
        if (abort.signal.aborted) return;
      }
      onConnected(false);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  };
  void run();
  return () => abort.abort();
}

async function readLines(body: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line !== "") onLine(line);
  }
}
