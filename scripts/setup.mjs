/** Installs what is missing, so that each command of the README works in a fresh clone. Needs Node.js and npm alone. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(import.meta.url), "..", "..");
const NODE_NEEDED = { major: 20, minor: 19 };

/**
 * Runs a command in the repository and ends this process with its exit code where it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Installs the packages that package-lock.json names, unless that very list is installed. */
export function install() {
  requireNode();
  const lock = readFileSync(join(root, "package-lock.json"));
  const wanted = createHash("sha256").update(lock).digest("hex");
  const marker = join(root, "node_modules", ".katachi-installed");
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  console.log("Installing packages …");
  // Not `npm ci`: npm 11 leaves optional packages of other platforms out of the lock file and then refuses it.
  const args = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
  run(npm, args, { shell: process.platform === "win32" });
  // `npm install` may have touched the lock file: note what is there now.
  const now = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  writeFileSync(marker, now);
}

const npm = process.platform === "win32" ? "npm.cmd" : "npm";

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > NODE_NEEDED.major || (major === NODE_NEEDED.major && minor >= NODE_NEEDED.minor)) return;
  fail(`Katachi needs Node.js ${NODE_NEEDED.major}.${NODE_NEEDED.minor} or later; this is ${process.versions.node}.`);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}
