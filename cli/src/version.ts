import { readFileSync } from "node:fs";

// From cli/src as from cli/dist the package's own file is one folder up.
const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");

export const { version } = JSON.parse(text) as { version: string };
