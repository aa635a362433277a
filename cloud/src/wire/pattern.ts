/**
 * The model's patterns are Java regular expressions; most read the same in JavaScript. What does not is translated here.
 */

const POSIX: Record<string, string> = {
  Print: "\\x20-\\x7E",
  Graph: "\\x21-\\x7E",
  Alpha: "a-zA-Z",
  Digit: "0-9",
  Alnum: "a-zA-Z0-9",
  Upper: "A-Z",
  Lower: "a-z",
  Punct: "!-\\/:-@\\[-`{-~",
  Space: "\\s",
  Blank: " \\t",
  Cntrl: "\\x00-\\x1F\\x7F",
  XDigit: "0-9a-fA-F",
  ASCII: "\\x00-\\x7F",
};

const compiled = new Map<string, RegExp>();

/**
 * A pattern that must match the whole text.
 * @throws SyntaxError where it cannot be said in JavaScript; a test tries every pattern of every table
 */
export function compilePattern(pattern: string): RegExp {
  let regexp = compiled.get(pattern);
  if (!regexp) {
    regexp = compile(pattern);
    compiled.set(pattern, regexp);
  }
  return regexp;
}

function compile(pattern: string): RegExp {
  const [prefix = "", modes = ""] = /^\(\?([isu]+)\)/.exec(pattern) ?? [];
  const source = `^(?:${translate(pattern.slice(prefix.length))})$`;
  const flags = [...modes].filter((mode) => mode !== "u").join("");
  try {
    return new RegExp(source, `u${flags}`);
  } catch {
    // Escapes that Unicode mode refuses, such as `\-` outside of a class.
    return new RegExp(source, flags);
  }
}

function translate(pattern: string): string {
  let inClass = false;
  const text = pattern.replace(/\\p\{(?:Is|In)?(\w+)\}|\\.|[[\]]/gs, (token, name: string | undefined) => {
    if (token === "[" || token === "]") inClass = token === "[";
    const range = name === undefined ? undefined : POSIX[name];
    if (range === undefined) return token;
    return inClass ? range : `[${range}]`;
  });
  return text.replace(/\\[zZ]/g, "$").replace(/\\A/g, "^");
}
