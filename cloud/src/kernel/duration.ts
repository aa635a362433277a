const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
};

/**
 * Reads a length of time: a number is milliseconds; a text is one or more numbers with a unit: `3d`, `+90 min`,
 * `1 day 2 hours`, `1h30m`.
 * @returns milliseconds
 * @throws RangeError saying what was given and what is allowed
 */
export function parseDuration(given: string | number): number {
  if (typeof given === "number") {
    if (Number.isFinite(given) && given >= 0) return given;
    throw new RangeError(`Not a duration: ${given}. Give milliseconds (0 or more) or a text such as "3d" or "90 min".`);
  }
  const text = given.trim().replace(/^\+/, "");
  const part = /\s*(\d+(?:\.\d+)?)\s*([a-z]+)/gy;
  let ms = 0;
  let end = 0;
  for (let match = part.exec(text); match; match = part.exec(text)) {
    const unit = UNITS[match[2]!] ?? UNITS[match[2]!.replace(/s$/, "")];
    if (unit === undefined) break;
    ms += Number(match[1]) * unit;
    end = part.lastIndex;
  }
  if (end === 0 || text.slice(end).trim() !== "")
    throw new RangeError(`Not a duration: "${given}". Write e.g. "3d", "90 min", "1 day 2 hours" (ms, s, m, h, d, w).`);
  return ms;
}
