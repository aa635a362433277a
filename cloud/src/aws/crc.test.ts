import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { CrcJoiner, startCrc, type CrcName } from "./crc.ts";

const NAMES: CrcName[] = ["CRC32", "CRC32C", "CRC64NVME"];

function crcOf(name: CrcName, ...chunks: Uint8Array[]): string {
  const crc = startCrc(name);
  for (const chunk of chunks) crc.update(chunk);
  return crc.digest().toString("hex");
}

/** Bytes that repeat nowhere soon, without chance. */
function bytes(length: number, seed = 1): Buffer {
  const out = Buffer.alloc(length);
  for (let i = 0, x = seed; i < length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    out[i] = x >>> 16;
  }
  return out;
}

describe("cyclic redundancy checks", () => {
  it("have the check values of their definitions", () => {
    const check = Buffer.from("123456789");
    expect(crcOf("CRC32", check)).toBe("cbf43926");
    expect(crcOf("CRC32C", check)).toBe("e3069283");
    expect(crcOf("CRC64NVME", check)).toBe("ae8b14860a799888");
  });

  it("of nothing are zero", () => {
    for (const name of NAMES) expect(crcOf(name)).toMatch(/^0+$/);
  });

  it("do not depend on how the bytes are cut", () => {
    const whole = bytes(1000);
    for (const name of NAMES)
      for (const cut of [1, 7, 8, 9, 500, 999])
        expect(crcOf(name, whole.subarray(0, cut), whole.subarray(cut))).toBe(crcOf(name, whole));
  });

  it("of two texts join to that of both", () => {
    for (const name of NAMES) {
      const joiner = new CrcJoiner(name);
      for (const [a, b] of [
        [0, 10],
        [10, 0],
        [1, 1],
        [1000, 777],
        [5, 70_001],
      ] as const) {
        const [first, second] = [bytes(a, 3), bytes(b, 4)];
        const joined = joiner.join(
          Buffer.from(crcOf(name, first), "hex"),
          Buffer.from(crcOf(name, second), "hex"),
          second.length,
        );
        expect(joined.toString("hex")).toBe(crcOf(name, Buffer.concat([first, second])));
      }
    }
  });

  it("agree with Node's own", () => {
    const whole = bytes(12_345, 9);
    expect(crcOf("CRC32", whole)).toBe(crc32(whole).toString(16).padStart(8, "0"));
  });
});
