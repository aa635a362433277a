const ENTRIES_MAX = 1000;

/** Remembers what a text was parsed to; the least recently used goes first. What throws is not remembered. */
export class ParseCache<T> {
  readonly #entries = new Map<string, T>();

  constructor(private readonly parse: (source: string) => T) {}

  get(source: string): T {
    let entry = this.#entries.get(source);
    if (entry === undefined) entry = this.parse(source);
    else this.#entries.delete(source);
    this.#entries.set(source, entry);
    if (this.#entries.size > ENTRIES_MAX) this.#entries.delete(this.#entries.keys().next().value!);
    return entry;
  }
}
