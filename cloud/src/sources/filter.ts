import { compilePattern } from "../aws/event-pattern.ts";

/**
 * Whether one of the patterns matches an event; without patterns every one does.
 * AWS: "Lambda event filtering", SQS: a field of text (`body`) that is a JSON object or array is matched as such, any
 * other as text.
 * @param patterns JSON
 * @param textField the field of the source's events that may hold JSON, where it has one
 */
export function eventFilter(patterns: readonly string[], textField?: string): (event: object) => boolean {
  const compiled = patterns.map(compilePattern);
  if (compiled.length === 0) return () => true;
  return (event) => {
    const read = textField === undefined ? event : { ...event, [textField]: parsed(event, textField) };
    return compiled.some((matches) => matches(read));
  };
}

function parsed(event: object, field: string): unknown {
  const text = (event as Record<string, unknown>)[field];
  if (typeof text !== "string") return text;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : text;
  } catch {
    return text;
  }
}
