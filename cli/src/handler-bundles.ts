import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type BuildContext, type BuildOptions, context } from "esbuild";

interface AssemblyManifest {
  artifacts?: Record<string, { type: string; properties?: { templateFile?: string } }>;
}

interface FunctionResource {
  Type: string;
  Metadata?: { "katachi:entry"?: string; "aws:asset:path"?: string };
}

/** A handler's source file and the folder of the assembly that its bundle lies in. */
export interface HandlerBundle {
  /** The function's logical id, where its template says how it is bundled. */
  readonly name?: string;
  readonly entry: string;
  readonly directory: string;
  /** How its template says that it is bundled. */
  readonly options?: BuildOptions;
}

/** The functions of a cloud assembly that say what they are bundled from. */
export function findHandlerBundles(assembly: string): HandlerBundle[] {
  const manifest = JSON.parse(readFileSync(join(assembly, "manifest.json"), "utf8")) as AssemblyManifest;
  const bundles: HandlerBundle[] = [];
  for (const artifact of Object.values(manifest.artifacts ?? {})) {
    if (artifact.type !== "aws:cloudformation:stack" || !artifact.properties?.templateFile) continue;
    const text = readFileSync(join(assembly, artifact.properties.templateFile), "utf8");
    const template = JSON.parse(text) as { Resources?: Record<string, FunctionResource> };
    for (const { Metadata } of Object.values(template.Resources ?? {})) {
      const entry = Metadata?.["katachi:entry"];
      const asset = Metadata?.["aws:asset:path"];
      if (entry && asset) bundles.push({ entry, directory: resolve(assembly, asset) });
    }
  }
  return bundles;
}

/** Bundles one handler again and again, in milliseconds; the running functions see the changed folder. */
export class HandlerBuilder {
  #context: Promise<BuildContext> | undefined;
  /** The files that the bundle is made of, absolute. */
  inputs: ReadonlySet<string>;

  constructor(readonly bundle: HandlerBundle) {
    this.inputs = new Set([bundle.entry]);
  }

  /** @throws Error (esbuild's) where the source has an error; the old bundle stays */
  async build(): Promise<void> {
    this.#context ??= context(this.#options());
    const result = await (await this.#context).rebuild();
    const from = this.bundle.options?.absWorkingDir ?? process.cwd();
    this.inputs = new Set(Object.keys(result.metafile!.inputs).map((input) => resolve(from, input)));
  }

  async close(): Promise<void> {
    await (await this.#context)?.dispose();
  }

  /** As CDK's NodejsFunction bundled it: the module format shows in the name of the file that it wrote. */
  #options(): BuildOptions {
    const { entry, directory, options } = this.bundle;
    if (options) return { ...options, metafile: true, logLevel: "silent" };
    const esm = existsSync(join(directory, "index.mjs"));
    const banner = esm ? requireBanner(join(directory, "index.mjs")) : undefined;
    return {
      entryPoints: [entry],
      outfile: join(directory, esm ? "index.mjs" : "index.js"),
      bundle: true,
      platform: "node" as const,
      target: "node20",
      format: esm ? ("esm" as const) : ("cjs" as const),
      mainFields: ["module", "main"],
      external: ["@aws-sdk/*", "@smithy/*"],
      sourcemap: readdirSync(directory).some((name) => name.endsWith(".map")),
      sourcesContent: false,
      metafile: true,
      logLevel: "silent" as const,
      ...(banner === undefined ? {} : { banner: { js: banner } }),
    };
  }
}

/** The first line, where it is the one that lets CommonJS packages call `require` in an ES module. */
function requireBanner(bundle: string): string | undefined {
  const [first = ""] = readFileSync(bundle, "utf8").split("\n", 1);
  return first.includes("createRequire") ? first : undefined;
}
