/** AWS: "Invoke", LogType: the last 4 KB of the log. */
const TAIL_BYTES_MAX = 4096;

/** The last 4 KB of a log. */
export class Tail {
  #text = "";

  add(message: string): void {
    this.#text += message;
    if (this.#text.length > 2 * TAIL_BYTES_MAX) this.#text = this.#text.slice(-TAIL_BYTES_MAX);
  }

  text(): string {
    return Buffer.from(this.#text).subarray(-TAIL_BYTES_MAX).toString("utf8");
  }
}
