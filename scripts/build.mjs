/** Builds what runs: the cloud as a library (ESM and CommonJS), the command line, and the shapes. About a second. */
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { install, root } from "./setup.mjs";

export async function build() {
  const { build: bundle } = await import("esbuild");
  /** @type {import("esbuild").BuildOptions} */
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: "linked",
    logLevel: "warning",
  };
  for (const workspace of ["cloud", "cli"]) clean(join(root, workspace, "dist"));
  await Promise.all([
    bundle({
      ...common,
      entryPoints: ["cloud/src/index.ts"],
      outdir: "cloud/dist",
      format: "esm",
      splitting: true,
      chunkNames: "chunk-[hash]",
    }),
    bundle({
      ...common,
      entryPoints: ["cloud/src/index.ts"],
      outfile: "cloud/dist/index.cjs",
      format: "cjs",
      define: { "import.meta.url": "moduleUrl" },
      banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
    }),
    bundle({
      ...common,
      entryPoints: ["cli/src/main.ts"],
      outdir: "cli/dist",
      format: "esm",
      splitting: true,
      chunkNames: "chunk-[hash]",
    }),
    bundle({
      ...common,
      entryPoints: shapeEntries(),
      outdir: "shapes/dist",
      outbase: "shapes",
      format: "esm",
      splitting: true,
      chunkNames: "chunk-[hash]",
    }),
  ]);
  chmodSync(join(root, "cli/bin/katachi.mjs"), 0o755);
}

/** The shapes' constructs and catalog; handlers are bundled when an application is synthesised. */
function shapeEntries() {
  return ["shapes/index.ts", "shapes/web-backend/sample.ts"];
}

/** @param {string} directory */
function clean(directory) {
  rmSync(directory, { recursive: true, force: true });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  install();
  await build();
}
