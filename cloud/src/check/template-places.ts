import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair } from "yaml";

export interface Place {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** Where the members of a template stand in its text, JSON or YAML. */
export class TemplatePlaces {
  readonly #lines = new LineCounter();
  readonly #root: Node | null;

  constructor(text: string) {
    // Tags as `!Sub` are of no interest here; what cannot be read at all has no places.
    const document = parseDocument(text, {
      lineCounter: this.#lines,
      logLevel: "silent",
      version: "1.1",
      merge: false,
    });
    this.#root = document.contents;
  }

  /** The deepest member of a path that stands there: the key of a map, the item of a list. */
  find(path: readonly string[]): Place | undefined {
    let node: unknown = this.#root;
    let place: Place | undefined;
    for (const name of path) {
      if (isMap(node)) {
        const pair = (node.items as Pair[]).find(
          ({ key }) => isScalar(key) && String(key.source ?? key.value) === name,
        );
        if (!pair) break;
        place = this.#at(pair.key as Node) ?? place;
        node = pair.value;
      } else if (isSeq(node)) {
        const item = node.items[Number(name)];
        if (item === undefined) break;
        place = this.#at(item as Node) ?? place;
        node = item;
      } else break;
    }
    return place;
  }

  /**
   * The resource that a logical id came from: its own, or where a transform made it the one whose name it begins with
   * (SAM's `HelloRole` of `Hello`).
   */
  origin(logicalId: string): string | undefined {
    const resources = isMap(this.#root) ? this.#root.get("Resources", true) : undefined;
    if (!isMap(resources)) return undefined;
    const names = (resources.items as Pair[]).map(({ key }) => (isScalar(key) ? String(key.value) : ""));
    return names.filter((name) => name !== "" && logicalId.startsWith(name)).toSorted((a, b) => b.length - a.length)[0];
  }

  #at(node: Node): Place | undefined {
    if (!node.range) return undefined;
    const { line, col } = this.#lines.linePos(node.range[0]);
    return { line, column: col };
  }
}
