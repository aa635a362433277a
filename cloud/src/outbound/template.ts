/**
 * Fills a template of a rule's target or of a pipe. AWS: "Amazon EventBridge input transformation" and "Amazon EventBridge
 * Pipes input transformation": a value stands as JSON where its variable has no quotes around it, and as plain text inside
 * a string; an object or list inside a string loses its quotes.
 * @param variable matches a variable with all of it; its first group is the name
 * @param valueOf undefined for a name that is no variable: it stays as it is
 */
export function fillTemplate(template: string, variable: RegExp, valueOf: (name: string) => unknown): string {
  // A template that is one variable and nothing else hands on what is there: an object as JSON, a text as it is.
  const isAlone = /^\s*<[^<>]*>\s*$/.test(template);
  const isJson = isAlone || /^\s*[{[]/.test(template);
  const quoted = quotedRanges(template);
  return template.replace(variable, (whole: string, name: string, at: number) => {
    const value = valueOf(name);
    if (value === undefined) return whole;
    const isInside = quoted.some(([start, end]) => start < at && at < end);
    return written(value, isInside, isJson, isAlone);
  });
}

function written(value: unknown, isInside: boolean, isJson: boolean, isAlone: boolean): string {
  if (typeof value === "string") {
    if (isInside) return JSON.stringify(value).slice(1, -1);
    return isJson && !isAlone ? JSON.stringify(value) : value;
  }
  const text = JSON.stringify(value);
  // AWS: in a string the quotes of an object are left out, so that the string stays one.
  return isInside || (!isJson && typeof value === "object") ? text.replaceAll("\\", "").replaceAll('"', "") : text;
}

/** From each opening quote to its closing one. */
function quotedRanges(template: string): [start: number, end: number][] {
  const ranges: [number, number][] = [];
  let start: number | undefined;
  for (let at = 0; at < template.length; at++) {
    if (template[at] === "\\") at++;
    else if (template[at] === '"') {
      if (start === undefined) start = at;
      else {
        ranges.push([start, at]);
        start = undefined;
      }
    }
  }
  return ranges;
}
