/** Builds what runs: the cloud as a library (ESM and CommonJS), the command line, and the shapes. About a second. */
import { chmodSync, readFileSync, rmSync } from "node:fs";
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
  for (const workspace of ["cloud", "cli", "console"]) clean(join(root, workspace, "dist"));
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
      packages: "bundle",
      external: requirablePackages(),
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
      platform: "browser",
      target: "es2022",
      packages: "bundle",
      minify: true,
      jsx: "automatic",
      define: { "process.env.NODE_ENV": '"production"' },
      legalComments: "linked",
      entryPoints: ["console/src/index.html", "console/src/main.tsx", "console/src/icon.svg"],
      loader: { ".html": "copy", ".svg": "copy" },
      outdir: "console/dist",
      format: "esm",
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

/**
 * What CommonJS may require as it is. Jest cannot load packages that are ES modules alone: those are built in.
 * @returns {string[]}
 */
function requirablePackages() {
  const { dependencies } = readJson(join(root, "cloud/package.json"));
  return Object.keys(dependencies).filter((name) => {
    const { type, exports } = readJson(join(root, "node_modules", name, "package.json"));
    return type !== "module" || JSON.stringify(exports ?? "").includes('"require"');
  });
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** The shapes' constructs and catalog; handlers are bundled when an application is synthesised. */
function shapeEntries() {
  const { runnable } = readJson("shapes/shapes.json");
  return ["shapes/index.ts", ...runnable.map((/** @type {string} */ name) => `shapes/${name}/sample.ts`)];
}

/** @param {string} directory */
function clean(directory) {
  rmSync(directory, { recursive: true, force: true });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  install();
  await build();
}
