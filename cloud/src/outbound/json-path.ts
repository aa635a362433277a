/** One step of a path: a field, an item, or all of them. */
type Step = string | number | typeof ALL;

const ALL = Symbol("*");
const STEP = /\.\*|\.([^.[\]*]+)|\[(\d+)\]|\[\*\]|\['([^']*)'\]|\["([^"]*)"\]/y;

/** A path into an event, or undefined where the text is none. AWS: "Amazon EventBridge input transformation" (JSON path). */
export function parsePath(text: string): ((event: unknown) => unknown) | undefined {
  if (!text.startsWith("$")) return undefined;
  const steps: Step[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const found = STEP.exec(text);
    if (!found) return undefined;
    const name = found[1] ?? found[3] ?? found[4];
    steps.push(name ?? (found[2] === undefined ? ALL : Number(found[2])));
  }
  const isMany = steps.includes(ALL);
  return (event) => {
    const values = steps.reduce<unknown[]>((from, step) => from.flatMap((value) => follow(value, step)), [event]);
    return isMany && values.length > 0 ? values : values[0];
  };
}

function follow(value: unknown, step: Step): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  if (step === ALL) return Object.values(value);
  if (typeof step === "number") return Array.isArray(value) && step < value.length ? [value[step]] : [];
  return Object.hasOwn(value, step) ? [(value as Record<string, unknown>)[step]] : [];
}
