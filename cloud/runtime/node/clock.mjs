/** Moves `Date` in this process by what the cloud's clock is ahead. `performance`, timers and file times stay real. */

const RealDate = Date;
let offsetMs = 0;

/** @param {number} ms */
export function setOffset(ms) {
  offsetMs = ms;
}

/** @this {unknown} @param {unknown[]} args */
function MovedDate(...args) {
  const moved = RealDate.now() + offsetMs;
  if (!new.target) return new RealDate(moved).toString();
  return Reflect.construct(
    RealDate,
    args.length === 0 ? [moved] : args,
    new.target === MovedDate ? RealDate : new.target,
  );
}

export function installClock() {
  Object.defineProperties(MovedDate, {
    name: { value: "Date", configurable: true },
    length: { value: 7, configurable: true },
    prototype: { value: RealDate.prototype, writable: false },
    now: { value: () => RealDate.now() + offsetMs, writable: true, configurable: true },
    parse: { value: RealDate.parse, writable: true, configurable: true },
    UTC: { value: RealDate.UTC, writable: true, configurable: true },
  });
  Object.defineProperty(RealDate.prototype, "constructor", { value: MovedDate, writable: true, configurable: true });
  globalThis.Date = /** @type {DateConstructor} */ (/** @type {unknown} */ (MovedDate));
}
