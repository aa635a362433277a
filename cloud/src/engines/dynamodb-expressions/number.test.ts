import { describe, expect, it } from "vitest";
import { addNumbers, canonicalNumber, compareNumbers, numberBytes, sortableNumber, subtractNumbers } from "./number.ts";

/** What each literal was measured to count against the service's 400 KB limit. */
const MEASURED_BYTES: readonly [literal: string, bytes: number][] = [
  ["0", 1],
  ["1", 2],
  ["12", 2],
  ["123", 3],
  ["1234", 3],
  ["12345678901234567890123456789012345678", 20],
  ["0042", 2],
  ["100", 2],
  ["1010", 3],
  ["0.0000001", 2],
  ["1E125", 2],
  ["1E-100", 2],
  ["1.5", 3],
  ["15", 2],
  ["1.200", 3],
  ["1.234", 4],
  ["3.14159", 5],
  ["123456", 4],
  ["100.5", 4],
  ["0.15", 2],
  ["-42", 3],
  ["-0", 1],
];

describe("numbers", () => {
  it.each([
    ["00042", "42"],
    ["-0", "0"],
    ["+3", "3"],
    [".123", "0.123"],
    ["1.", "1"],
    ["1.5E2", "150"],
    ["-17.4E37", `-174${"0".repeat(36)}`],
    ["1e-130", `0.${"0".repeat(129)}1`],
    ["9.9999999999999999999999999999999999999E+125", "9".repeat(38) + "0".repeat(88)],
    ["0e1000", "0"],
    ["100.100", "100.1"],
  ])("writes %s as %s", (literal, canonical) => expect(canonicalNumber(literal)).toBe(canonical));

  it.each([
    ["", "The parameter cannot be converted to a numeric value"],
    ["dog", "The parameter cannot be converted to a numeric value: dog"],
    [" 1", "The parameter cannot be converted to a numeric value:  1"],
    ["NaN", "The parameter cannot be converted to a numeric value: NaN"],
    ["-Infinity", "The parameter cannot be converted to a numeric value: -Infinity"],
    ["1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"],
    ["1e-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"],
    ["1".repeat(39), "Attempting to store more than 38 significant digits in a Number"],
    ["0." + "1".repeat(39), "Attempting to store more than 38 significant digits in a Number"],
  ])("refuses '%s'", (literal, message) => expect(() => canonicalNumber(literal)).toThrow(message));

  it.each(MEASURED_BYTES)("counts %s as %i bytes", (literal, bytes) => {
    expect(numberBytes(canonicalNumber(literal))).toBe(bytes);
  });

  it("adds exactly, and tells what 38 digits cannot hold as an overflow", () => {
    expect(addNumbers("0.1", "0.2")).toBe("0.3");
    expect(addNumbers("1", "10000000000000000000000")).toBe("10000000000000000000001");
    expect(subtractNumbers("1", "10000000000000000000000")).toBe("-9999999999999999999999");
    expect(subtractNumbers("5", "5")).toBe("0");
    const huge = canonicalNumber("9e125");
    expect(() => addNumbers(huge, huge)).toThrow("Number overflow");
    expect(() => addNumbers(canonicalNumber("1e50"), "1")).toThrow("Number overflow");
  });
});

/** A model of a number: a whole count of 10^-180, so that everything is exact. */
interface Model {
  readonly text: string;
  readonly value: bigint;
}

const PLACES = 180;

describe("random numbers against whole-number arithmetic", () => {
  const random = seeded(7);
  const numbers = Array.from({ length: 400 }, () => randomNumber(random));

  it("orders, and sorts as bytes", () => {
    for (const a of numbers)
      for (const b of numbers.slice(0, 80)) {
        const wanted = a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
        expect(Math.sign(compareNumbers(a.text, b.text))).toBe(wanted);
        expect(Buffer.compare(sortableNumber(a.text), sortableNumber(b.text))).toBe(wanted);
      }
  });

  it("adds and subtracts", () => {
    for (const [i, a] of numbers.entries()) {
      const b = numbers[(i * 7 + 1) % numbers.length]!;
      expectResult(() => addNumbers(a.text, b.text), a.value + b.value);
      expectResult(() => subtractNumbers(a.text, b.text), a.value - b.value);
    }
  });
});

function expectResult(calculate: () => string, value: bigint): void {
  const digits = String(value).replace("-", "").replace(/0+$/, "");
  if (digits.length > 38) expect(calculate).toThrow("Number overflow");
  else expect(modelOf(calculate())).toBe(value);
}

function randomNumber(random: () => number): Model {
  const digits = 1 + Math.floor(random() * (random() < 0.5 ? 5 : 38));
  let coefficient = "";
  for (let i = 0; i < digits; i++) coefficient += Math.floor(random() * 10);
  const exponent = Math.floor(random() * (random() < 0.7 ? 10 : 80)) - (random() < 0.5 ? 40 : 0);
  const text = canonicalNumber(`${random() < 0.5 ? "-" : ""}${coefficient}e${exponent}`);
  return { text, value: modelOf(text) };
}

function modelOf(text: string): bigint {
  const [integer = "", fraction = ""] = text.replace("-", "").split(".");
  const value = BigInt(integer + fraction.padEnd(PLACES, "0"));
  return text.startsWith("-") ? -value : value;
}

/** A small generator of numbers from 0 to 1 that repeats itself (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
