import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { parseTemplateText } from "@katachi/cloud";
import { build, type BuildOptions } from "esbuild";
import type { HandlerBundle } from "./handler-bundles.ts";
import { UserError } from "./user-error.ts";

type Json = Record<string, unknown>;

/** A SAM template whose functions are bundled by esbuild, and where the bundles go. */
interface SamBuild {
  readonly template: Json;
  readonly bundles: readonly HandlerBundle[];
}

/**
 * Builds the functions of a SAM template that say `Metadata: BuildMethod: esbuild`, as `sam build` does.
 * @returns the path of the template to deploy: the given one where there is nothing to build
 * @throws UserError naming a build method that is not here, or with what esbuild says of a source
 */
export async function buildTemplate(path: string): Promise<string> {
  const found = readBuild(path);
  if (!found || found.bundles.length === 0) return path;
  for (const bundle of found.bundles) await bundleOnce(bundle);
  const built = join(buildFolder(path), `${basename(path, extname(path))}.json`);
  mkdirSync(dirname(built), { recursive: true });
  writeFileSync(built, JSON.stringify(found.template, undefined, 2));
  return built;
}

/** The functions of a SAM template that are bundled, for following their sources. */
export function findSamBundles(path: string): readonly HandlerBundle[] {
  return readBuild(path)?.bundles ?? [];
}

async function bundleOnce(bundle: HandlerBundle): Promise<void> {
  try {
    await build({ ...bundle.options!, logLevel: "silent" });
  } catch (error) {
    throw new UserError(`${bundle.name} could not be built: ${(error as Error).message}`);
  }
}

function buildFolder(path: string): string {
  return join(dirname(path), ".katachi", "sam");
}

function readBuild(path: string): SamBuild | undefined {
  let template: Json;
  try {
    template = parseTemplateText(readFileSync(path, "utf8"));
  } catch {
    // What is wrong with it CloudFormation tells at the deployment.
    return undefined;
  }
  const root = dirname(path);
  const globals = memberOf(memberOf(template, "Globals"), "Function");
  const bundles: HandlerBundle[] = [];
  for (const [id, resource] of Object.entries(memberOf(template, "Resources"))) {
    const metadata = memberOf(resource, "Metadata");
    const method = metadata["BuildMethod"];
    const properties = memberOf(resource, "Properties");
    const property = (resource as Json)["Type"] === "AWS::Serverless::LayerVersion" ? "ContentUri" : "CodeUri";
    const given = properties[property] ?? globals[property];
    if (method !== undefined && typeof given === "string") {
      refuseMethod(id, method);
      const directory = join(buildFolder(path), id);
      bundles.push(bundleOf(id, resolve(root, given), directory, memberOf(metadata, "BuildProperties")));
      properties[property] = directory;
    } else makeAbsolute(resource, properties, root, given, property);
  }
  return { template, bundles };
}

/** The built template lies in a folder of its own: what is named relative to the source is named in full there. */
function makeAbsolute(resource: unknown, properties: Json, root: string, given: unknown, property: string): void {
  const type = String((resource as Json)["Type"]);
  const isCode = type === "AWS::Serverless::Function" || type === "AWS::Serverless::LayerVersion";
  if (isCode && properties["InlineCode"] === undefined && isLocal(given)) properties[property] = resolve(root, given);
  const others = [
    "Code",
    "Content",
    "DefinitionUri",
    "DefinitionS3Location",
    "BodyS3Location",
    "Location",
    "TemplateURL",
  ];
  for (const name of others) if (isLocal(properties[name])) properties[name] = resolve(root, properties[name]);
}

function isLocal(value: unknown): value is string {
  return typeof value === "string" && !/^(s3|https?):\/\//i.test(value) && !value.includes("{{resolve:");
}

function memberOf(value: unknown, name: string): Json {
  const member = typeof value === "object" && value !== null ? (value as Json)[name] : undefined;
  return typeof member === "object" && member !== null ? (member as Json) : {};
}

function refuseMethod(id: string, method: unknown): void {
  if (method === "esbuild") return;
  throw new UserError(
    `${id} is built by BuildMethod ${String(method)}, which Katachi does not run (it builds with esbuild only). ` +
      "Run `sam build` and give .aws-sam/build/template.yaml.",
    2,
  );
}

const LISTS: Readonly<Record<string, keyof BuildOptions>> = {
  EntryPoints: "entryPoints",
  External: "external",
  Inject: "inject",
  MainFields: "mainFields",
};
const PLAIN: Readonly<Record<string, keyof BuildOptions>> = {
  Charset: "charset",
  Format: "format",
  KeepNames: "keepNames",
  LegalComments: "legalComments",
  Minify: "minify",
  Packages: "packages",
  SourceRoot: "sourceRoot",
  Sourcemap: "sourcemap",
  SourcesContent: "sourcesContent",
  Target: "target",
  Tsconfig: "tsconfig",
};
/** `Name=value` pairs. */
const PAIRS: Readonly<Record<string, keyof BuildOptions>> = {
  Alias: "alias",
  Banner: "banner",
  Define: "define",
  Footer: "footer",
  Loader: "loader",
  OutExtension: "outExtension",
};
/** What only concerns how `sam build` installs packages: here they are used as they are installed. */
const INSTALLING = new Set(["UseNpmCi"]);

/** `BuildProperties` of the template as options of esbuild ("Building Node.js Lambda functions with esbuild"). */
function bundleOf(name: string, source: string, directory: string, given: Json): HandlerBundle {
  const options: Json = {
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "es2020",
    minify: true,
    absWorkingDir: source,
    outdir: directory,
    entryPoints: ["app.js"],
  };
  for (const [property, value] of Object.entries(given)) {
    if (LISTS[property]) options[LISTS[property]] = [value].flat().map(String);
    else if (PLAIN[property]) options[PLAIN[property]] = value;
    else if (PAIRS[property]) options[PAIRS[property]] = pairsOf(value);
    else if (!INSTALLING.has(property))
      throw new UserError(`${name} has the build property ${property}, which Katachi does not know.`, 2);
  }
  const entries = (options["entryPoints"] as string[]).map((entry) => findEntry(name, source, entry));
  options["entryPoints"] = entries;
  return { name, entry: entries[0]!, directory, options: options as BuildOptions };
}

function pairsOf(value: unknown): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  return Object.fromEntries(
    [value].flat().map((pair) => {
      const text = String(pair);
      const at = text.indexOf("=");
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function findEntry(name: string, source: string, entry: string): string {
  const path = resolve(source, entry);
  const found = [path, ...[".ts", ".js", ".mts", ".mjs", ".tsx", ".jsx"].map((extension) => path + extension)].find(
    (one) => existsSync(one) && extname(one) !== "",
  );
  if (!found) throw new UserError(`${name} has the entry point ${entry}: there is no file ${path}.`, 2);
  return found;
}
