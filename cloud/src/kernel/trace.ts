import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

/** Where a call stands in its trace; goes along with every hop, also inside durable deliveries. */
export interface SpanContext {
  /** As X-Ray writes it: `1-` + eight hex digits of the time + `-` + 24 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
}

export interface Span extends SpanContext {
  readonly parentId?: string;
  /** `sqs:SendMessage`, `delivery:lambda.async`, … */
  readonly name: string;
  /** ARN or words for who calls. */
  readonly principal?: string;
  readonly account?: string;
  readonly region?: string;
  /** ARN of what it is done to, where there is one. */
  resource?: string;
  readonly startMs: number;
  /** Undefined while it runs. */
  durationMs?: number;
  error?: { code: string; message: string };
  input?: unknown;
  output?: unknown;
  /** How IAM decided, and by which statement. */
  decision?: unknown;
  /** What a service adds: retries, cold start, matched rule … */
  readonly attributes: Record<string, unknown>;
}

export interface SpanStart {
  name: string;
  parent?: SpanContext | undefined;
  principal?: string;
  account?: string;
  region?: string;
  resource?: string;
  input?: unknown;
}

const SPANS_MAX = 10_000;

/** The one trace: every hop is a span. Keeps the newest spans in memory; console, tests, X-Ray and export read the same. */
export class Trace {
  readonly #ring: Span[] = [];
  #next = 0;
  readonly #listeners = new Set<(span: Span) => void>();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  start(options: SpanStart): Span {
    const { parent, ...rest } = options;
    const span: Span = {
      traceId: parent?.traceId ?? this.newTraceId(),
      spanId: this.random.hex(16),
      ...(parent && parent.spanId !== "" ? { parentId: parent.spanId } : {}),
      startMs: this.clock.now(),
      attributes: {},
      ...rest,
    };
    this.#keep(span);
    return span;
  }

  /** Takes in a span that somebody else has measured and that is over. */
  add(span: Span): void {
    this.#keep(span);
    for (const tell of this.#listeners) tell(span);
  }

  #keep(span: Span): void {
    this.#ring[this.#next % SPANS_MAX] = span;
    this.#next++;
  }

  /** Ends a span; listeners see it now. */
  end(span: Span, outcome: { output?: unknown; error?: { code: string; message: string } } = {}): void {
    span.durationMs = this.clock.now() - span.startMs;
    if (outcome.error) span.error = outcome.error;
    if (outcome.output !== undefined) span.output = outcome.output;
    for (const tell of this.#listeners) tell(span);
  }

  newTraceId(): string {
    return `1-${this.clock.seconds().toString(16).padStart(8, "0")}-${this.random.hex(24)}`;
  }

  /** Ended and running spans, oldest first. */
  spans(matches: (span: Span) => boolean = () => true): Span[] {
    const start = this.#next % SPANS_MAX;
    const ordered = this.#next > SPANS_MAX ? [...this.#ring.slice(start), ...this.#ring.slice(0, start)] : this.#ring;
    return ordered.filter(matches);
  }

  /** Told of each span as it ends; returns a function that ends the listening. */
  onSpan(listener: (span: Span) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The first ended span that matches, already there or still to come.
   * @throws Error after `timeoutMs` of real time (default 10 s), naming the newest spans seen
   */
  waitFor(matches: (span: Span) => boolean, options: { timeoutMs?: number } = {}): Promise<Span> {
    const there = this.spans((span) => span.durationMs !== undefined && matches(span))[0];
    if (there) return Promise.resolve(there);
    return new Promise((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? 10_000;
      const stop = this.onSpan((span) => {
        if (!matches(span)) return;
        clearTimeout(timer);
        stop();
        resolve(span);
      });
      const timer = setTimeout(() => {
        stop();
        const seen = this.spans()
          .slice(-10)
          .map((span) => span.name);
        reject(new Error(`No matching span within ${timeoutMs} ms. Newest spans: ${seen.join(", ") || "none"}`));
      }, timeoutMs);
    });
  }
}
