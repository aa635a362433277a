import { createHash } from "node:crypto";

/** Chance that repeats itself: what is drawn depends on the seed alone, which comes in with the event. */
export class SeededRandom {
  #counter = 0;

  constructor(private readonly seed: string) {}

  bytes(count: number): Buffer {
    const blocks: Buffer[] = [];
    for (let have = 0; have < count; have += 32)
      blocks.push(
        createHash("sha256")
          .update(`${this.seed}:${this.#counter++}`)
          .digest(),
      );
    return Buffer.concat(blocks).subarray(0, count);
  }

  /** From 0 up to, not including, 1. */
  fraction(): number {
    return this.bytes(6).readUIntBE(0, 6) / 2 ** 48;
  }

  /** A UUID, version 4. */
  uuid(): string {
    const bytes = this.bytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = bytes.toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
}

/** The same numbers for the same seed given by a user (`States.MathRandom`, `$random`). */
export function seededFraction(seed: number): number {
  return new SeededRandom(`user:${seed}`).fraction();
}
