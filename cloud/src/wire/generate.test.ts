import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { generateTables } from "../../../scripts/generate-api.mjs";
import { compilePattern } from "./pattern.ts";
import { API_INDEX } from "./model.ts";

const table = (file: string) => readFileSync(new URL(`../../api/${file}`, import.meta.url), "utf8");

it("has the tables that the installed SDK gives", async () => {
  for (const [file, text] of await generateTables()) {
    expect(table(file) === text, `cloud/api/${file} is stale: run npm run generate`).toBe(true);
  }
});

it("can say every pattern of the model in JavaScript", () => {
  for (const name of API_INDEX.keys()) {
    const { types } = JSON.parse(table(`${name}.constraints.json`)) as { types: Record<string, { pattern?: string }> };
    for (const { pattern } of Object.values(types))
      if (pattern !== undefined) expect(() => compilePattern(pattern)).not.toThrow();
  }
  expect(compilePattern("\\p{Print}+").test("a b")).toBe(true);
  expect(compilePattern("(?i)all|[0-9]{12}").test("ALL")).toBe(true);
  expect(compilePattern("[a-z]+").test("a\n")).toBe(false);
});
