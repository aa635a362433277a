import { VtlError } from "./syntax.ts";

/** A place in a template. */
export class Scanner {
  at = 0;

  constructor(readonly text: string) {}

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** Takes what a sticky pattern matches here; undefined, and nothing taken, where it does not match. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** @throws VtlError where the pattern does not match */
  expect(pattern: RegExp, what: string): string {
    const found = this.take(pattern);
    if (found === undefined) throw new VtlError(`Expected ${what} at: ${this.rest(20) || "the end of the template"}`);
    return found;
  }

  skipSpace(): void {
    this.take(/\s*/y);
  }

  rest(length: number): string {
    return this.text.slice(this.at, this.at + length);
  }
}
