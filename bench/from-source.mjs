/** The sources of the cloud as they are, in one file beside the package's own: what is measured is what stands there. */
import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * @param {string} contents TypeScript, in the folder `cloud/src`
 * @returns {Promise<any>} its exports
 */
export async function fromSource(contents) {
  const folder = fileURLToPath(new URL("../cloud/node_modules/.cache/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  const outfile = `${folder}bench-${process.pid}.mjs`;
  const resolveDir = fileURLToPath(new URL("../cloud/src/", import.meta.url));
  await build({
    stdin: { contents, resolveDir, loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    target: "node20",
  });
  try {
    return await import(outfile);
  } finally {
    rmSync(outfile);
  }
}
