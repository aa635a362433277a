/** A text in both languages, each written by itself. */
export interface Bilingual<T = string> {
  readonly en: T;
  readonly ja: T;
}

/** What the catalog says of a shape. */
export interface CatalogEntry {
  /** Name on the command line, e.g. `web-backend`. */
  readonly name: string;
  /** Place in the catalog, e.g. `1.1`. */
  readonly number: string;
  readonly title: Bilingual;
  readonly description: Bilingual;
  readonly useWhen: Bilingual<readonly string[]>;
  readonly doNotUseWhen: Bilingual<readonly string[]>;
  /** How a person would say it; not service names. */
  readonly searchWords: Bilingual<readonly string[]>;
  /** AWS services, in the order of the event flow. */
  readonly services: readonly string[];
  /** What happens, step by step. */
  readonly flow: Bilingual<readonly string[]>;
  /** Quotas, payload sizes and timeouts that people run into. */
  readonly limits: Bilingual<readonly string[]>;
  /** What fails, and what then happens. */
  readonly failures: Bilingual<readonly { readonly what: string; readonly outcome: string }[]>;
}
