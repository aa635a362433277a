/** What one thing measures now: a name and values by their names. */
export interface GaugeSample {
  readonly account: string;
  readonly region: string;
  /** Of the thing, e.g. a queue's. */
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

/** Measures that nobody reports and that are asked for when somebody wants to know: how deep is a queue, how old its head. */
export class Gauges {
  readonly #providers = new Map<string, () => Iterable<GaugeSample>>();

  /** @param sample answers what has something to say; what is idle may be left out */
  provide(kind: string, sample: () => Iterable<GaugeSample>): void {
    this.#providers.set(kind, sample);
  }

  /** Nothing where nobody provides the kind. */
  sample(kind: string): GaugeSample[] {
    return [...(this.#providers.get(kind)?.() ?? [])];
  }
}
