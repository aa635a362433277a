import { findExpression } from "../execute/expression.ts";
import type { Exchange } from "../execute/exchange.ts";

/** AWS: "Identity sources" of authorizers: header, query string, context and stage variables. */
const SOURCE = /^\$(?:request\.(?:header|querystring)\.\S+|context\.\S+|stageVariables\.\S+)$/;

export function isIdentitySource(text: string): boolean {
  return SOURCE.test(text) && findExpression(text) !== undefined;
}

/** The values of the identity sources; undefined where the request lacks one or has it empty. */
export function identityOf(sources: readonly string[], exchange: Exchange): string[] | undefined {
  const values: string[] = [];
  for (const source of sources) {
    const value = findExpression(source)?.({ exchange });
    if (value === undefined || value === "") return undefined;
    values.push(value);
  }
  return values;
}
