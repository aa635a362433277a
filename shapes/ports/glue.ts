import type { Join } from "./join.ts";
import type { AnySink } from "./sinks.ts";
import type { AnySource } from "./sources.ts";
import type { Template } from "./template.ts";

export type SourceKind = AnySource["kind"];
export type SinkKind = AnySink["kind"];
export type SourceOf<Kind extends SourceKind> = Extract<AnySource, { readonly kind: Kind }>;
export type SinkOf<Kind extends SinkKind> = Extract<AnySink, { readonly kind: Kind }>;

/** What a glue can do besides handing on. */
export type Ability = "filter" | "transform";

export interface GlueOptions {
  readonly filter?: object;
  readonly transform?: Template;
}

/** The mechanism of AWS that serves pairs of sources and sinks. */
export interface GlueBetween<Source extends AnySource, Sink extends AnySink, Can extends Ability> {
  /** As people say it, e.g. `EventBridge rule`. */
  readonly name: string;
  readonly can: readonly Can[];
  /**
   * Makes what the join is made of, within it.
   * @throws Error where this very pair cannot be joined: why, and what works instead
   */
  readonly build: (join: Join, source: Source, sink: Sink, options: GlueOptions) => void;
}

export type Glue<From extends SourceKind, To extends SinkKind, Can extends Ability> = GlueBetween<
  SourceOf<From>,
  SinkOf<To>,
  Can
>;

/** A pair that AWS has no sound glue for. */
export interface Refusal {
  readonly refused: string;
  /** The nearest that works. */
  readonly instead: string;
}
