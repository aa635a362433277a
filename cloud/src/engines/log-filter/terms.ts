import { badTerm, malformed } from "./error.ts";
import { Scanner } from "./scanner.ts";

/** What an unstructured pattern asks of a message. Case counts; a term may stand anywhere, also inside a word. */
export interface Terms {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly excluded: readonly string[];
}

/**
 * Reads terms: `ERROR "two words" -excluded ?either ?or`.
 * @throws FilterPatternError for a bare term with other characters than letters, digits and underscore
 */
export function parseTerms(pattern: string): Terms {
  const scanner = new Scanner(pattern);
  const terms = { required: [] as string[], optional: [] as string[], excluded: [] as string[] };
  while (!scanner.ended) {
    const list = scanner.take("-") ? terms.excluded : scanner.take("?") ? terms.optional : terms.required;
    list.push(readTerm(scanner));
  }
  return terms;
}

function readTerm(scanner: Scanner): string {
  if (scanner.ended) throw malformed("a sign without a term");
  if (scanner.text[scanner.at] === '"') {
    const term = scanner.quoted();
    if (term === "") throw badTerm('""');
    return term;
  }
  const term = scanner.takeMatch(/[^\s"]+/y) ?? "";
  if (!/^[A-Za-z0-9_]+$/.test(term)) throw badTerm(term);
  return term;
}

export function hasTerms({ required, optional, excluded }: Terms, message: string): boolean {
  for (const term of required) if (!message.includes(term)) return false;
  for (const term of excluded) if (message.includes(term)) return false;
  // AWS: "If you combine "?" with other filter patterns, all question mark terms will be ignored."
  if (required.length + excluded.length > 0 || optional.length === 0) return true;
  return optional.some((term) => message.includes(term));
}
