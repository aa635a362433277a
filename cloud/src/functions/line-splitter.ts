import { StringDecoder } from "node:string_decoder";

/** A line longer than this is told in pieces. AWS: "CloudWatch Logs quotas": the largest event has 1 MB. */
const LINE_CHARS_MAX = 256 * 1024;

/** Cuts raw output into lines: each is an event of the log, whatever pieces it came in. */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  /** @param onLine told of each line, with its end */
  constructor(private readonly onLine: (line: string) => void) {}

  push(chunk: Buffer): void {
    const text = this.#rest + this.#decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      this.onLine(text.slice(start, end + 1));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length > LINE_CHARS_MAX) this.flush();
  }

  /** Tells what no end of line has followed. */
  flush(): void {
    const rest = this.#rest;
    this.#rest = "";
    if (rest !== "") this.onLine(rest);
  }
}
