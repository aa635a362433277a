import { InvalidInput } from "./invalid-input.ts";

/**
 * DynamoDB's number: decimal, up to 38 significant digits, exponent -130 to 125, exact.
 * Source: "Supported data types and naming rules", Number. A number is handled as its canonical text: no exponent,
 * no leading or trailing zeros, no minus zero, so equal numbers are equal texts.
 */

/** A number taken apart: the value is `d.ddd × 10^exponent`, negative or not. Zero has no digits. */
interface Decimal {
  readonly negative: boolean;
  /** Significant digits without leading and trailing zeros. */
  readonly digits: string;
  readonly exponent: number;
}

const DIGITS_MAX = 38;
const EXPONENT_MAX = 125;
const EXPONENT_MIN = -130;
const PLAIN_INTEGER = /^(?:0|-?[1-9][0-9]{0,37})$/;
const ANY_NUMBER = /^([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?$/;
const OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range";
const UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range";

/**
 * The canonical text of a number, e.g. `1.50e2` → `150`.
 * @throws InvalidInput for what is no number, has more than 38 digits, or is out of range
 */
export function canonicalNumber(text: string): string {
  if (PLAIN_INTEGER.test(text)) return text;
  return format(checked(parse(text), "Attempting to store more than 38 significant digits in a Number"));
}

/** Negative, zero or positive, as the first of two canonical numbers is below, equal to or above the second. */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  // Up to 15 digits a double holds the number exactly enough to compare.
  if (a.length <= 15 && b.length <= 15) return Number(a) - Number(b);
  const x = parse(a);
  const y = parse(b);
  if (x.negative !== y.negative) return x.negative ? -1 : 1;
  return compareMagnitude(x, y) * (x.negative ? -1 : 1);
}

/** @throws InvalidInput where the sum is out of range or needs more than 38 digits */
export function addNumbers(a: string, b: string): string {
  if (a.length <= 14 && b.length <= 14 && PLAIN_INTEGER.test(a) && PLAIN_INTEGER.test(b))
    return String(Number(a) + Number(b));
  const x = parse(a);
  const y = parse(b);
  const scale = Math.min(lastPlace(x), lastPlace(y));
  return format(fromCoefficient(coefficient(x, scale) + coefficient(y, scale), scale));
}

/** @throws InvalidInput where the difference is out of range or needs more than 38 digits */
export function subtractNumbers(a: string, b: string): string {
  return addNumbers(a, negate(b));
}

/**
 * Bytes that a canonical number counts in an item's size: 1, plus one for every two digits before and after the point
 * each, plus 1 for a minus.
 * AWS: as measured against the service at the 400 KB limit; "DynamoDB item sizes and formats" gives the approximation.
 */
export function numberBytes(text: string): number {
  const { negative, digits, exponent } = parse(text);
  if (digits === "") return 1;
  const before = Math.max(0, exponent + 1);
  const integer = Math.min(before, digits.length);
  const fraction = exponent < 0 ? digits.length : digits.length - integer;
  // Where a fraction follows, the integer's own trailing zeros count: they stand in `digits` already.
  return 1 + Math.ceil(integer / 2) + Math.ceil(fraction / 2) + (negative ? 1 : 0);
}

/**
 * Bytes that sort as the canonical numbers do: a sign byte, the exponent, then the digits two to a byte; of a negative
 * number all are complemented and closed by FF, so that the longer one sorts first.
 */
export function sortableNumber(text: string): Uint8Array {
  const { negative, digits, exponent } = parse(text);
  if (digits === "") return Uint8Array.of(0x80);
  const pairs = Math.ceil(digits.length / 2);
  const bytes = new Uint8Array(2 + pairs + (negative ? 1 : 0));
  bytes[0] = negative ? 0x7f : 0x81;
  bytes[1] = exponent - EXPONENT_MIN;
  for (let i = 0; i < pairs; i++) bytes[2 + i] = Number(digits.slice(2 * i, 2 * i + 2).padEnd(2, "0")) + 1;
  if (!negative) return bytes;
  for (let i = 1; i < bytes.length - 1; i++) bytes[i] = 0xff - bytes[i]!;
  bytes[bytes.length - 1] = 0xff;
  return bytes;
}

function negate(text: string): string {
  if (text === "0") return text;
  return text.startsWith("-") ? text.slice(1) : `-${text}`;
}

function parse(text: string): Decimal {
  if (text === "") throw new InvalidInput("The parameter cannot be converted to a numeric value");
  const match = ANY_NUMBER.exec(text);
  if (!match) throw new InvalidInput(`The parameter cannot be converted to a numeric value: ${text}`);
  const [, sign, integer = "", afterInteger, bare, power = "0"] = match;
  const fraction = afterInteger ?? bare ?? "";
  const all = integer + fraction;
  let first = 0;
  while (first < all.length && all.charCodeAt(first) === 48) first++;
  let last = all.length;
  while (last > first && all.charCodeAt(last - 1) === 48) last--;
  if (first === last) return { negative: false, digits: "", exponent: 0 };
  return {
    negative: sign === "-",
    digits: all.slice(first, last),
    exponent: integer.length - 1 - first + Number(power),
  };
}

function checked(decimal: Decimal, tooPrecise: string): Decimal {
  if (decimal.exponent > EXPONENT_MAX) throw new InvalidInput(OVERFLOW);
  if (decimal.exponent < EXPONENT_MIN) throw new InvalidInput(UNDERFLOW);
  if (decimal.digits.length > DIGITS_MAX) throw new InvalidInput(tooPrecise);
  return decimal;
}

function format({ negative, digits, exponent }: Decimal): string {
  if (digits === "") return "0";
  const minus = negative ? "-" : "";
  if (exponent < 0) return `${minus}0.${"0".repeat(-exponent - 1)}${digits}`;
  if (exponent + 1 >= digits.length) return minus + digits.padEnd(exponent + 1, "0");
  return `${minus}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function compareMagnitude(x: Decimal, y: Decimal): number {
  if (x.digits === "" || y.digits === "") return x.digits.length - y.digits.length;
  if (x.exponent !== y.exponent) return x.exponent - y.exponent;
  return x.digits < y.digits ? -1 : x.digits > y.digits ? 1 : 0;
}

/** The power of ten that the last digit stands for. */
function lastPlace({ digits, exponent }: Decimal): number {
  return exponent - digits.length + 1;
}

function coefficient(decimal: Decimal, scale: number): bigint {
  if (decimal.digits === "") return 0n;
  const value = BigInt(decimal.digits) * 10n ** BigInt(lastPlace(decimal) - scale);
  return decimal.negative ? -value : value;
}

function fromCoefficient(value: bigint, scale: number): Decimal {
  if (value === 0n) return { negative: false, digits: "", exponent: 0 };
  const negative = value < 0n;
  const all = String(negative ? -value : value);
  const digits = all.replace(/0+$/, "");
  // Quirk: a result of more than 38 digits is told as an overflow too, as the service does.
  return checked({ negative, digits, exponent: scale + all.length - 1 }, OVERFLOW);
}
