import { contextValue } from "./context.ts";
import type { Exchange } from "./exchange.ts";

const VARIABLE = /\$context\.([A-Za-z]\w*(?:\.[\w:-]+)*)/g;

/** A line format of access logs, split once into texts (even places) and variable names (odd places). */
export interface LogFormat {
  readonly parts: readonly string[];
}

export function compileLogFormat(format: string): LogFormat {
  return { parts: format.replace(/\n$/, "").split(VARIABLE) };
}

/** One line of an access log. AWS: a variable without a value is written as `-`. */
export function logLine({ parts }: LogFormat, exchange: Exchange): string {
  let line = "";
  parts.forEach((part, at) => (line += at % 2 === 0 ? part : (contextValue(part, exchange) ?? "-")));
  return line;
}
