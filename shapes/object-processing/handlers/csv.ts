import { parse } from "csv-parse/sync";
import type { Result } from "./results.ts";

export function isCsv(key: string): boolean {
  return /\.csv$/i.test(key);
}

/**
 * A CSV file as a list of objects. A row with too few or too many fields is left out and named; the rest is good.
 * @throws Error where the file has no header or its quotes do not end
 */
export function tableOf(key: string, body: Buffer): Result {
  const [first = [], ...rows] = fieldsOf(key, body);
  const header = first.map((name) => name.trim());
  if (header.every((name) => name === "")) throw new Error(`${key} has no header line`);
  const objects = [];
  const rejected = [];
  for (const [n, fields] of rows.entries())
    if (fields.length === header.length) objects.push(Object.fromEntries(header.map((name, at) => [name, fields[at]])));
    else rejected.push({ row: n + 1, fields: fields.length, wanted: header.length });
  return {
    summary: { kind: "table", columns: header, rows: objects.length, rejected },
    files: [{ name: "rows.json", type: "application/json", body: JSON.stringify(objects) }],
  };
}

function fieldsOf(key: string, body: Buffer): string[][] {
  try {
    return parse(textOf(body), { bom: true, relax_column_count: true, skip_empty_lines: true });
  } catch (error) {
    throw new Error(`${key} is no CSV: ${(error as Error).message}`, { cause: error });
  }
}

/** UTF-8; what cannot be that is taken for Shift_JIS, as spreadsheets in Japan still write it. */
function textOf(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return new TextDecoder("shift_jis").decode(body);
  }
}
