import { Tokens } from "./lexer.ts";
import type { Parsed, Path } from "./syntax.ts";

const KEYWORDS: ReadonlySet<string> = new Set();

/**
 * Parses a projection expression.
 * @throws InvalidInput for a syntax error, or what is too long
 */
export function parseProjection(source: string): Parsed<readonly Path[]> {
  const tokens = new Tokens(source, KEYWORDS);
  const paths: Path[] = [];
  do paths.push(tokens.path());
  while (tokens.take(","));
  if (!tokens.atEnd) tokens.fail();
  return { tree: paths, problem: tokens.reserved };
}
