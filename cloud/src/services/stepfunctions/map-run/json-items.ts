/** Items of JSON text, read as it comes: an array (or object) somewhere in it, or JSON Lines. */
import { StringDecoder } from "node:string_decoder";
import type { Json } from "../../../engines/asl/json.ts";
import { readerFailed } from "./failure.ts";

export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Json> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of chunks) {
    const lines: string[] = (rest + decoder.write(Buffer.from(chunk))).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.trim() !== "") yield parse(line);
  }
  rest += decoder.end();
  if (rest.trim() !== "") yield parse(rest);
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw readerFailed(`Attempting to read the items failed: ${(error as Error).message}`);
  }
}

interface Level {
  readonly isArray: boolean;
  /** Where the level's current member stands. */
  key: string;
  index: number;
  expectsKey: boolean;
}

/**
 * The elements of the array, or the members of the object as `{ Key, Value }`, that a JSON Pointer names.
 * @param pointer RFC 6901; "" is the whole text
 * @throws StatesError `States.ItemReaderFailed`
 */
export async function* jsonItems(chunks: AsyncIterable<Uint8Array>, pointer: string): AsyncGenerator<Json> {
  const scan = new Scan(pointer);
  const decoder = new StringDecoder("utf8");
  for await (const chunk of chunks) yield* scan.read(decoder.write(Buffer.from(chunk)));
  yield* scan.read(decoder.end());
  scan.finish();
}

/** Follows the nesting of JSON text, and keeps only the element that it stands in. */
class Scan {
  readonly #path: readonly string[];
  readonly #levels: Level[] = [];
  #quoted = false;
  #escaped = false;
  /** Levels deep where the items are; -1: not there yet. */
  #depth = -1;
  #found = false;
  #text = "";
  #string = "";

  constructor(private readonly pointer: string) {
    this.#path = pointer
      .split("/")
      .slice(1)
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  }

  *read(text: string): Generator<Json> {
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#quoted) {
        if (this.#escaped) this.#escaped = false;
        else if (code === 92) this.#escaped = true;
        else if (code === 34) {
          this.#quoted = false;
          this.#endString(text.slice(from, at + 1));
          if (this.#isKey()) from = at + 1;
        }
        continue;
      }
      if (code === 34) {
        this.#quoted = true;
        if (this.#levels.at(-1)?.expectsKey) {
          this.#string = "";
          if (!this.#isInItem()) from = at;
        }
      } else if (code === 123 || code === 91) {
        this.#open(code === 91);
        if (this.#levels.length === this.#depth) from = at + 1;
      } else if (code === 125 || code === 93) {
        if (this.#levels.length === this.#depth) {
          this.#text += text.slice(from, at);
          yield* this.#item();
          this.#depth = -1;
          from = at + 1;
        }
        this.#levels.pop();
      } else if (code === 44) {
        const level = this.#levels.at(-1);
        if (this.#levels.length === this.#depth) {
          this.#text += text.slice(from, at);
          yield* this.#item();
          from = at + 1;
        }
        if (level) {
          level.index++;
          level.expectsKey = !level.isArray;
        }
      } else if (code === 58) {
        const level = this.#levels.at(-1)!;
        if (level.expectsKey) {
          level.expectsKey = false;
          if (this.#levels.length === this.#depth) from = at + 1;
        }
      }
    }
    if (this.#depth >= 0) {
      const level = this.#levels.at(-1)!;
      const outer = this.#levels.length === this.#depth && level.expectsKey;
      if (outer) this.#string += text.slice(from);
      else this.#text += text.slice(from);
    } else if (this.#quoted) this.#string += text.slice(from);
  }

  /** @throws StatesError where the text ended too early, or the pointer names nothing */
  finish(): void {
    if (this.#levels.length > 0 || this.#quoted) throw readerFailed("The JSON file ends too early.");
    if (!this.#found)
      throw readerFailed(
        this.pointer === ""
          ? "Attempting to map over non-iterable node."
          : `The ItemsPointer '${this.pointer}' does not point to an array or object.`,
      );
  }

  #isInItem(): boolean {
    return this.#depth >= 0 && this.#levels.length > this.#depth;
  }

  /** Whether the string just ended is the name of a member that we look at. */
  #isKey(): boolean {
    return this.#levels.at(-1)?.expectsKey === true && !this.#isInItem();
  }

  #endString(end: string): void {
    const level = this.#levels.at(-1);
    if (!level?.expectsKey || this.#isInItem()) return;
    const text = this.#string + end;
    level.key = String(parse(text.slice(text.indexOf('"'))));
    this.#string = "";
  }

  #open(isArray: boolean): void {
    const isThere =
      this.#depth < 0 &&
      !this.#found &&
      this.#levels.length === this.#path.length &&
      this.#levels.every((level, at) => (level.isArray ? String(level.index) : level.key) === this.#path[at]);
    this.#levels.push({ isArray, key: "", index: 0, expectsKey: !isArray });
    if (!isThere) return;
    this.#found = true;
    this.#depth = this.#levels.length;
  }

  *#item(): Generator<Json> {
    const text = this.#text;
    this.#text = "";
    const level = this.#levels.at(-1)!;
    if (text.trim() === "") {
      if (level.index > 0) throw readerFailed("The JSON file is not valid.");
      return;
    }
    const value = parse(text);
    yield level.isArray ? value : { Key: level.key, Value: value };
  }
}
