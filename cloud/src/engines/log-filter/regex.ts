import { badTerm } from "./error.ts";

// AWS: "Supported regular expressions (regex) syntax": letters, digits, these symbols and operators, no parentheses, no
// multi-byte characters. The documentation's own examples hold spaces.
const ALLOWED = /^[A-Za-z0-9 :_#=@/;,\-^$?[\]{}|\\*+.]+$/;

/**
 * Compiles `%expression%`.
 * @throws FilterPatternError for what AWS does not support in it
 */
export function compileRegex(source: string): RegExp {
  const body = source.slice(1, -1);
  if (!ALLOWED.test(body)) throw badTerm(source);
  try {
    // `{,n}` is allowed there: "either m or n can be omitted".
    return new RegExp(body.replace(/(?<!\\)\{\s*,/g, "{0,"));
  } catch {
    throw badTerm(source);
  }
}
