/** Rows of delimited text (RFC 4180), read as they come. */
import { StringDecoder } from "node:string_decoder";
import type { JsonObject } from "../../../engines/asl/json.ts";
import { readerFailed } from "./failure.ts";

/** AWS: "Step Functions supports CSV headers of up to 10 KiB". */
const HEADER_BYTES_MAX = 10 * 1024;

/** The fields of each row. Rows without anything in them are left out. */
export async function* csvRows(chunks: AsyncIterable<Uint8Array>, delimiter: string): AsyncGenerator<string[]> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of chunks) {
    const text: string = rest + decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    const scan = new Scan(text, delimiter);
    for (let row = scan.next(); row; row = scan.next()) if (row.length > 1 || row[0] !== "") yield row;
    rest = text.slice(scan.taken);
  }
  rest += decoder.end();
  if (rest === "") return;
  const scan = new Scan(`${rest}\n`, delimiter);
  for (let row = scan.next(); row; row = scan.next()) if (row.length > 1 || row[0] !== "") yield row;
  if (scan.taken < rest.length) throw readerFailed("The CSV file ends within a quoted field.");
}

/** Reads the whole rows of a piece of text. */
class Scan {
  taken = 0;

  constructor(
    private readonly text: string,
    private readonly delimiter: string,
  ) {
    if (text.charCodeAt(0) === 0xfeff) this.taken = 1;
  }

  /** Undefined where the rest is no whole row. */
  next(): string[] | undefined {
    const { text, delimiter } = this;
    const end = text.indexOf("\n", this.taken);
    if (end < 0) return undefined;
    const quote = text.indexOf('"', this.taken);
    if (quote < 0 || quote > end) {
      const line = text.slice(this.taken, text.charCodeAt(end - 1) === 13 ? end - 1 : end);
      this.taken = end + 1;
      return line.split(delimiter);
    }
    return this.#quoted();
  }

  #quoted(): string[] | undefined {
    const { text, delimiter } = this;
    const row: string[] = [];
    let at = this.taken;
    for (;;) {
      let field = "";
      if (text[at] === '"') {
        let from = at + 1;
        for (;;) {
          const close = text.indexOf('"', from);
          if (close < 0 || close + 1 >= text.length) return undefined;
          field += text.slice(from, close);
          at = close + 1;
          if (text[at] !== '"') break;
          field += '"';
          from = at + 1;
        }
      }
      const next = text.indexOf(delimiter, at);
      const end = text.indexOf("\n", at);
      if (end < 0) return undefined;
      const stop = next >= 0 && next < end ? next : end;
      const tail = text.slice(at, stop);
      row.push(field + (stop === end && tail.endsWith("\r") ? tail.slice(0, -1) : tail));
      at = stop + 1;
      if (stop === next) continue;
      this.taken = at;
      return row;
    }
  }
}

/**
 * Rows as objects. AWS: what has no header is left out, what a row lacks is an empty text.
 * @param headers where they are given; otherwise the first row
 * @throws StatesError `States.ItemReaderFailed`
 */
export async function* csvItems(
  rows: AsyncIterable<string[]>,
  headers: readonly string[] | undefined,
): AsyncGenerator<JsonObject> {
  let names = headers;
  for await (const row of rows) {
    if (!names) {
      names = row;
      check(names);
      continue;
    }
    const item: JsonObject = {};
    for (let at = 0; at < names.length; at++) item[names[at]!] = row[at] ?? "";
    yield item;
  }
}

function check(headers: readonly string[]): void {
  if (Buffer.byteLength(headers.join(",")) > HEADER_BYTES_MAX)
    throw readerFailed(`The CSV headers are larger than ${HEADER_BYTES_MAX} bytes.`);
  if (new Set(headers).size < headers.length) throw readerFailed("CSV headers cannot contain duplicates.");
}
