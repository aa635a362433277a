import type { Member, Shape } from "./model.ts";

/** Random values of a shape, the same for the same seed. */
export class Values {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 up to, not including, 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  integer(below: number): number {
    return Math.floor(this.fraction() * below);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)]!;
  }

  /** A structure: all required members, others by chance, at least one (a form cannot say that it has none). */
  structure(shape: Shape, skip: (member: Member) => boolean = () => false, depth = 0): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    const possible = shape.members.filter(
      (member) => !skip(member) && !(member.shape.kind === "union" && member.shape.streaming),
    );
    for (const member of possible) {
      const likely = depth === 0 ? 0.7 : 0.5 / depth;
      if (member.required || member.idempotencyToken || this.fraction() < likely)
        value[member.name] = this.member(member, depth + 1);
    }
    const flat = possible.find((member) => isFlat(member.shape)) ?? possible[0];
    if (depth > 0 && flat && Object.keys(value).length === 0) value[flat.name] = this.member(flat, depth + 1);
    return value;
  }

  member(member: Member, depth: number): unknown {
    if (member.location === "label" && member.shape.kind === "string") return this.text("a-z9.~ü/", 1);
    if (member.location === "prefixHeaders") return { a: this.text("xY9-", 1), "b-c": this.text("xY9-", 1) };
    if (member.location === "status") return 200 + this.integer(3);
    return this.value(member.shape, depth, member.location === "header");
  }

  value(shape: Shape, depth: number, plain = false): unknown {
    switch (shape.kind) {
      case "string":
        return plain ? this.text("aB9-_:/.=", 1) : this.text("aB9 é漢&<>\"'+%\n\u{1f600}", 0);
      case "integer":
        return this.integer(100_000) - 20_000;
      case "long":
        return this.integer(2 ** 48);
      case "float":
      case "double":
        return this.integer(10_000) / 4;
      case "boolean":
        return this.fraction() < 0.5;
      case "timestamp":
        return new Date(1_700_000_000_000 + this.integer(10_000_000) * 1000);
      case "blob":
        return Uint8Array.from({ length: 1 + this.integer(9) }, () => this.integer(256));
      case "document":
        return { a: [1, "b", true] };
      case "list":
        return Array.from({ length: 1 + this.integer(2) }, () => this.value(shape.element!.shape, depth + 1, plain));
      case "map":
        return Object.fromEntries(
          Array.from({ length: 1 + this.integer(2) }, (_, i) => [`k${i}`, this.value(shape.value!.shape, depth + 1)]),
        );
      case "structure":
        return this.structure(shape, (member) => depth > 4 && !member.required && !isFlat(member.shape), depth);
      case "union":
        return this.union(shape, depth);
    }
  }

  union(shape: Shape, depth: number): Record<string, unknown> {
    const flat = shape.members.filter((member) => isFlat(member.shape));
    const member = this.pick(depth > 4 && flat.length > 0 ? flat : shape.members);
    return { [member.name]: this.value(member.shape, depth + 1) };
  }

  /** Text out of an alphabet, without space at its ends. */
  text(alphabet: string, lengthMin: number): string {
    const letters = [...alphabet];
    const length = lengthMin + 1 + this.integer(8);
    const text = Array.from({ length }, () => this.pick(letters)).join("");
    return `a${text.trim()}z`;
  }
}

function isFlat(shape: Shape): boolean {
  return !["structure", "union", "list", "map"].includes(shape.kind);
}

/** The same value with bytes as hexadecimal and times as ISO text, and without what is undefined, to compare. */
export function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString("hex")}`;
  if (value instanceof Date) return `time:${value.toISOString()}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [key, comparable(item)]));
  }
  return value;
}
