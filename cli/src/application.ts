import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { createRequire } from "node:module";
import { buildTemplate } from "./sam-build.ts";
import { UserError } from "./user-error.ts";

/** What `katachi dev` and `katachi deploy` can take. */
export type Application =
  | { readonly kind: "template"; readonly path: string; readonly root: string }
  | { readonly kind: "assembly"; readonly path: string; readonly root: string }
  | {
      readonly kind: "cdk";
      readonly root: string;
      /** The command of cdk.json's `app`. */
      readonly command: string;
      readonly context: Record<string, unknown>;
      /** Where it is synthesised to. */
      readonly path: string;
      /** The shape's name, where it is one of ours. */
      readonly shape?: string;
    };

const require = createRequire(import.meta.url);

/** The shapes that run, by name. */
export function shapeNames(): string[] {
  const index = JSON.parse(readFileSync(require.resolve("@katachi/shapes/shapes.json"), "utf8")) as {
    runnable: string[];
  };
  return index.runnable;
}

/**
 * Finds out what a path (or the name of a shape) is.
 * @throws UserError where it is nothing that can be run
 */
export function findApplication(given: string): Application {
  const path = resolve(given);
  if (!existsSync(path)) {
    if (shapeNames().includes(given)) return shapeApplication(given);
    throw new UserError(
      `There is no file or folder ${path}, and no shape "${given}" that runs yet. ` +
        `Give a folder with cdk.json, a template, a cdk.out folder, or a shape: ${shapeNames().join(", ")}.`,
      2,
    );
  }
  if (statSync(path).isFile()) return { kind: "template", path, root: dirname(path) };
  if (existsSync(join(path, "cdk.json"))) return cdkApplication(path);
  if (existsSync(join(path, "manifest.json"))) return { kind: "assembly", path, root: path };
  for (const name of ["template.yaml", "template.yml", "template.json"])
    if (existsSync(join(path, name))) return { kind: "template", path: join(path, name), root: path };
  throw new UserError(
    `${path} holds no cdk.json, no manifest.json (cdk.out) and no template.yaml or template.json.`,
    2,
  );
}

function cdkApplication(root: string): Application {
  let settings: { app?: unknown; context?: Record<string, unknown> };
  try {
    settings = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8")) as typeof settings;
  } catch (error) {
    throw new UserError(`${join(root, "cdk.json")} is not JSON: ${(error as Error).message}`);
  }
  if (typeof settings.app !== "string") throw new UserError(`${join(root, "cdk.json")} has no "app" command.`);
  const saved = join(root, "cdk.context.json");
  const context = existsSync(saved) ? (JSON.parse(readFileSync(saved, "utf8")) as Record<string, unknown>) : {};
  return {
    kind: "cdk",
    root,
    command: settings.app,
    context: { ...settings.context, ...context },
    path: join(root, ".katachi", "cdk.out"),
  };
}

function shapeApplication(shape: string): Application {
  const root = dirname(require.resolve("@katachi/shapes/package.json"));
  return {
    kind: "cdk",
    root,
    shape,
    command: `"${process.execPath}" "${join(root, "dist", shape, "sample.js")}"`,
    context: {},
    path: resolve(".katachi", basename(shape), "cdk.out"),
  };
}

/**
 * Makes the cloud assembly of a CDK application, as the CDK CLI does: runs its command with the output folder and the
 * context in the environment. Of a SAM template it bundles the functions that want it.
 * @returns the path to deploy
 * @throws UserError with what the application printed
 */
export async function synthesise(application: Application): Promise<string> {
  if (application.kind === "template") return buildTemplate(application.path);
  if (application.kind !== "cdk") return application.path;
  const { root, command, context, path } = application;
  const child = spawn(command, {
    cwd: root,
    shell: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      CDK_OUTDIR: path,
      CDK_CONTEXT_JSON: JSON.stringify({
        ...context,
        "aws:cdk:enable-path-metadata": true,
        "aws:cdk:enable-asset-metadata": true,
      }),
      CDK_DEFAULT_ACCOUNT: process.env["CDK_DEFAULT_ACCOUNT"] ?? "000000000000",
      CDK_DEFAULT_REGION: process.env["CDK_DEFAULT_REGION"] ?? "us-east-1",
    },
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const code = await new Promise<number | null>((resolveCode) => child.on("close", resolveCode));
  if (code !== 0) throw new UserError(`The CDK application failed (${command}):\n${printed.trim()}`);
  refuseMissingContext(path);
  return path;
}

/** Look-ups (VPCs, AMIs, …) need an account; the CDK CLI would make them. */
function refuseMissingContext(path: string): void {
  const manifest = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as { missing?: { key: string }[] };
  const missing = manifest.missing?.map((one) => one.key) ?? [];
  if (missing.length > 0)
    throw new UserError(
      `The application looks up values that only an account has: ${missing.join(", ")}. Put them into cdk.context.json.`,
    );
}
