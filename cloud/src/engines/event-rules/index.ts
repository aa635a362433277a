import { compilePattern, type EventPattern } from "../../aws/event-pattern.ts";
import { type Anchor, type Cover, coversOf } from "./anchors.ts";

type Ids = Set<string>;

/** The anchors on one field of events. */
class Field {
  readonly children = new Map<string, Field>();
  readonly exact = new Map<unknown, Ids>();
  readonly lower = new Map<string, Ids>();
  readonly prefix = new Ends((text, length) => text.slice(0, length));
  readonly suffix = new Ends((text, length) => text.slice(-length));
  readonly present = new Map<unknown, Ids>();
}

/** Beginnings or ends of texts, looked up by each length that there is. */
class Ends {
  readonly byText = new Map<string, Ids>();
  readonly #lengths = new Map<number, number>();

  constructor(private readonly cut: (text: string, length: number) => string) {}

  added(text: string): void {
    this.#lengths.set(text.length, (this.#lengths.get(text.length) ?? 0) + 1);
  }

  removed(text: string): void {
    const left = this.#lengths.get(text.length)! - 1;
    if (left === 0) this.#lengths.delete(text.length);
    else this.#lengths.set(text.length, left);
  }

  *find(value: string): Iterable<Ids> {
    for (const length of this.#lengths.keys()) {
      const ids = length <= value.length ? this.byText.get(this.cut(value, length)) : undefined;
      if (ids) yield ids;
    }
  }
}

interface Indexed {
  readonly matches: EventPattern;
  readonly cover: Cover | undefined;
}

/**
 * Many patterns under their ids, asked all at once. Each pattern is filed under that part of it that it shares with the
 * fewest others, so that an event is held only against patterns of which it has something rare: the cost grows with the
 * matches, not with the patterns.
 */
export class RuleIndex {
  readonly #root = new Field();
  readonly #patterns = new Map<string, Indexed>();
  /** Patterns that may match any event. */
  readonly #anywhere: Ids = new Set();

  get size(): number {
    return this.#patterns.size;
  }

  /**
   * Adds a pattern, in place of the one of that id.
   * @param pattern JSON
   * @throws PatternError
   */
  put(id: string, pattern: string): void {
    const matches = compilePattern(pattern);
    this.remove(id);
    const cover = this.#rarest(coversOf(JSON.parse(pattern)));
    this.#patterns.set(id, { matches, cover });
    if (!cover) this.#anywhere.add(id);
    for (const anchor of cover ?? []) this.#file(anchor, id);
  }

  remove(id: string): void {
    const indexed = this.#patterns.get(id);
    if (!indexed) return;
    this.#patterns.delete(id);
    this.#anywhere.delete(id);
    for (const anchor of indexed.cover ?? []) this.#unfile(anchor, id);
  }

  /** The ids of all patterns that an event matches. */
  match(event: unknown): string[] {
    const candidates = new Set(this.#anywhere);
    collect(this.#root, event, candidates);
    return [...candidates].filter((id) => this.#patterns.get(id)!.matches(event));
  }

  #rarest(covers: readonly Cover[]): Cover | undefined {
    let rarest: Cover | undefined;
    let least = Infinity;
    for (const cover of covers) {
      const cost = cover.reduce((sum, anchor) => sum + this.#crowdOf(anchor), 0);
      if (cost >= least) continue;
      rarest = cover;
      least = cost;
    }
    return rarest;
  }

  /** How many patterns stand under an anchor; what matches any value counts as more than all that ask for one. */
  #crowdOf(anchor: Anchor): number {
    const ids = tableOf(this.#field(anchor.path), anchor).get(anchor.value as never)?.size ?? 0;
    return anchor.kind === "present" ? ids + this.#patterns.size : ids;
  }

  #file(anchor: Anchor, id: string): void {
    const field = this.#field(anchor.path);
    const table = tableOf(field, anchor) as Map<unknown, Ids>;
    const ids = table.get(anchor.value);
    if (ids) {
      ids.add(id);
      return;
    }
    table.set(anchor.value, new Set([id]));
    endsOf(field, anchor)?.added(anchor.value as string);
  }

  #unfile(anchor: Anchor, id: string): void {
    const field = this.#field(anchor.path);
    const table = tableOf(field, anchor) as Map<unknown, Ids>;
    const ids = table.get(anchor.value);
    if (!ids?.delete(id) || ids.size > 0) return;
    table.delete(anchor.value);
    endsOf(field, anchor)?.removed(anchor.value as string);
  }

  #field(path: readonly string[]): Field {
    let field = this.#root;
    for (const name of path) {
      let child = field.children.get(name);
      if (!child) field.children.set(name, (child = new Field()));
      field = child;
    }
    return field;
  }
}

function tableOf(field: Field, { kind }: Anchor): Map<never, Ids> {
  return (kind === "prefix" || kind === "suffix" ? field[kind].byText : field[kind]) as Map<never, Ids>;
}

function endsOf(field: Field, { kind }: Anchor): Ends | undefined {
  return kind === "prefix" || kind === "suffix" ? field[kind] : undefined;
}

/** Goes down the fields that both the event and the index have. */
function collect(field: Field, value: unknown, into: Ids): void {
  if (field.children.size === 0 || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(field, item, into);
    return;
  }
  const object = value as Record<string, unknown>;
  const names = Object.keys(object);
  for (const name of names.length < field.children.size ? names : field.children.keys()) {
    const child = field.children.get(name);
    const inner = child && Object.hasOwn(object, name) ? object[name] : undefined;
    if (inner === undefined) continue;
    lookUp(child!, inner, into);
    collect(child!, inner, into);
  }
}

function lookUp(field: Field, value: unknown, into: Ids): void {
  if (Array.isArray(value)) {
    for (const item of value) lookUp(field, item, into);
    return;
  }
  add(field.present.get(""), into);
  add(field.exact.get(value), into);
  if (typeof value !== "string") return;
  if (field.lower.size > 0) add(field.lower.get(value.toLowerCase()), into);
  for (const ids of field.prefix.find(value)) add(ids, into);
  for (const ids of field.suffix.find(value)) add(ids, into);
}

function add(ids: Ids | undefined, into: Ids): void {
  if (ids) for (const id of ids) into.add(id);
}
