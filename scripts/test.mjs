/** `npm test`: installs what is missing, then checks formatting, lint and types, builds, and runs every test. */
import { join } from "node:path";
import { build } from "./build.mjs";
import { install, root, run } from "./setup.mjs";

/** @param {string} name */
const bin = (name) => join(root, "node_modules", ".bin", name);

install();
const only = process.argv.slice(2);
if (only.length === 0) {
  run(bin("oxfmt"), ["--check", "."]);
  run(bin("oxlint"), ["--deny-warnings"]);
  run(bin("tsc"), ["-p", "tsconfig.json", "--noEmit"]);
  run(bin("tsc"), ["-p", "console/tsconfig.json", "--noEmit"]);
}
await build();
run(bin("vitest"), ["run", ...only]);
