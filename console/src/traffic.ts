/** What passes through the cloud, as the console sees it: spans as they end, resolved to places of the picture. */
import { useSyncExternalStore } from "react";
import { followSpans, type Graph, type GraphNode, type Span } from "./api.ts";

const SPANS_KEPT = 5000;

type Listener = (span: Span) => void;

const listeners = new Set<Listener>();
const connectionListeners = new Set<() => void>();
const kept: Span[] = [];
let isConnected: boolean | undefined;

/** Begins to follow; returns how to end. */
export function startTraffic(): () => void {
  return followSpans(
    (span) => {
      kept.push(span);
      if (kept.length > SPANS_KEPT * 1.2) kept.splice(0, kept.length - SPANS_KEPT);
      for (const listener of listeners) listener(span);
    },
    (value) => {
      isConnected = value;
      for (const listener of connectionListeners) listener();
    },
  );
}

export function useConnection(): boolean | undefined {
  return useSyncExternalStore(
    (listener) => (connectionListeners.add(listener), () => void connectionListeners.delete(listener)),
    () => isConnected,
  );
}

export function onSpan(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Where a span happened and where it came from. */
export interface Passage {
  readonly span: Span;
  /** Node id; undefined for callers from outside. */
  readonly from: string | undefined;
  readonly to: string;
}

const WAIT_MS = 2000;

/** Which nodes a service's principal speaks for. */
const SPEAKS_FOR: Readonly<Record<string, readonly string[]>> = {
  "apigateway.amazonaws.com": ["http-api", "rest-api"],
  "events.amazonaws.com": ["rule", "bus"],
  "sns.amazonaws.com": ["topic"],
  "s3.amazonaws.com": ["bucket"],
  "scheduler.amazonaws.com": ["schedule"],
  "pipes.amazonaws.com": ["pipe"],
};

/**
 * Finds the places of spans in a picture. A span ends before the one around it, so where its caller is not known yet it
 * waits for that one, a little.
 */
export class Places {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #functions = new Map<string, string>();
  readonly #incoming = new Map<string, string[]>();
  readonly #placed = new Map<string, { node: string | undefined; parentId: string | undefined }>();
  readonly #waiting = new Map<string, { span: Span; to: string; sinceMs: number }[]>();

  constructor(graph: Graph) {
    for (const node of graph.nodes) {
      this.#nodes.set(node.id, node);
      if (node.kind === "function") this.#functions.set(node.physicalId, node.id);
    }
    for (const { from, to } of graph.edges) this.#incoming.set(to, [...(this.#incoming.get(to) ?? []), from]);
  }

  /** Takes a span in; tells the passages through the picture that are now known. */
  take(span: Span, nowMs: number): Passage[] {
    const to = this.nodeOf(span.resource);
    this.#placed.set(span.spanId, { node: to, parentId: span.parentId });
    if (this.#placed.size > 20_000)
      for (const key of [...this.#placed.keys()].slice(0, 10_000)) this.#placed.delete(key);
    const passages: Passage[] = [];
    if (to !== undefined && !isUpkeep(span)) this.#resolve({ span, to, sinceMs: nowMs }, passages);
    const released = this.#waiting.get(span.spanId);
    this.#waiting.delete(span.spanId);
    for (const each of released ?? []) this.#resolve(each, passages);
    return passages;
  }

  /** Gives up on callers that have not shown themselves. */
  sweep(nowMs: number): Passage[] {
    const passages: Passage[] = [];
    for (const [parent, waiting] of this.#waiting) {
      const late = waiting.filter(({ sinceMs }) => nowMs - sinceMs > WAIT_MS);
      if (late.length === 0) continue;
      const rest = waiting.filter((each) => !late.includes(each));
      if (rest.length > 0) this.#waiting.set(parent, rest);
      else this.#waiting.delete(parent);
      for (const { span, to } of late) passages.push({ span, from: undefined, to });
    }
    return passages;
  }

  #resolve(found: { span: Span; to: string; sinceMs: number }, passages: Passage[]): void {
    const { span, to } = found;
    const direct = this.#byPrincipal(span, to);
    if (direct !== undefined) {
      if (direct !== to) passages.push({ span, from: direct, to });
      return;
    }
    let id = span.parentId;
    for (let depth = 0; id !== undefined && depth < 50; depth++) {
      const known = this.#placed.get(id);
      if (known === undefined) {
        this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), found]);
        return;
      }
      if (known.node !== undefined) {
        if (known.node !== to) passages.push({ span, from: known.node, to });
        return;
      }
      id = known.parentId;
    }
    passages.push({ span, from: undefined, to });
  }

  /** The function whose session calls, or the one source that this service's principal can stand for here. */
  #byPrincipal(span: Span, to: string): string | undefined {
    const session = /:assumed-role\/[^/]+\/(.+)$/.exec(span.principal ?? "")?.[1];
    if (session !== undefined && this.#functions.has(session)) return this.#functions.get(session);
    const kinds = SPEAKS_FOR[span.principal ?? ""];
    if (kinds === undefined) return undefined;
    const sources = new Set(
      (this.#incoming.get(to) ?? []).filter((id) => kinds.includes(this.#nodes.get(id)?.kind ?? "")),
    );
    return sources.size === 1 ? [...sources][0] : undefined;
  }

  /** The node that an ARN lies in: its own, or that of the table of an index, the bucket of an object … */
  nodeOf(arn: string | undefined): string | undefined {
    let text = arn ?? "";
    for (;;) {
      const found = this.#nodes.get(text) ?? this.#nodes.get(machineOf(text));
      if (found !== undefined) return found.id;
      const cut = Math.max(text.lastIndexOf("/"), text.lastIndexOf(":"));
      if (cut < 8) return undefined;
      text = text.slice(0, cut);
    }
  }
}

/** An execution's ARN begins as that of its machine, but for one word. */
function machineOf(arn: string): string {
  return arn.replace(/:(?:express|execution):/, ":stateMachine:");
}

/** Spans that are the cloud's own upkeep, no traffic of the application. */
function isUpkeep({ name, principal }: Span): boolean {
  return /^(cloudformation|iam|logs|cloudwatch|sts):/.test(name) || principal === "cloudformation.amazonaws.com";
}

export function keptSpans(): readonly Span[] {
  return kept;
}
