/** `npm start`: installs what is missing, builds, and runs the web-backend shape on the local cloud. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { build } from "./build.mjs";
import { install, root } from "./setup.mjs";

install();
await build();
const child = spawn(
  process.execPath,
  [join(root, "cli/bin/katachi.mjs"), "dev", "web-backend", ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: "inherit",
  },
);
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 0));
