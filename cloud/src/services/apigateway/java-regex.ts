/**
 * A regular expression as Java reads it, which must match a text as a whole. Flags at its beginning, `(?i)` or `(?s)`, are
 * the only syntax of Java's that templates and definitions use and JavaScript lacks.
 * @throws SyntaxError
 */
export function wholeMatch(pattern: string): RegExp {
  const [prefix = "", flags = ""] = /^\(\?([ims]+)\)/.exec(pattern) ?? [];
  return new RegExp(`^(?:${pattern.slice(prefix.length)})$`, flags);
}
