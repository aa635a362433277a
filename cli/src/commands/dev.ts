import { existsSync } from "node:fs";
import { dirname, relative, sep } from "node:path";
import type { Cloud, DeployResult } from "@katachi/cloud";
import { watch as watchFiles } from "chokidar";
import pc from "picocolors";
import { findApplication, synthesise, type Application } from "../application.ts";
import { findHandlerBundles, HandlerBuilder } from "../handler-bundles.ts";
import { findSamBundles } from "../sam-build.ts";
import { guideFor } from "../guides.ts";
import { portOf, type CloudFlags } from "../options.ts";
import { UserError } from "../user-error.ts";
import { signInWith, startServing } from "./start.ts";

interface DevFlags extends CloudFlags {
  watch: boolean;
  inspect?: string;
}

/** `katachi dev`: start the cloud, deploy, tell what to try, follow changes. */
export async function dev(given: string, flags: DevFlags): Promise<void> {
  const application = findApplication(given);
  const synthesised = synthesise(application);
  // Starting and synthesising need not wait for one another; a failed synthesis is told below.
  synthesised.catch(() => undefined);
  const { cloud, onStop, close } = await startServing(flags);
  try {
    const deployed = await deployInPlace(cloud, await synthesised);
    report(application, cloud, deployed, flags);
    if (flags.inspect !== undefined) await inspect(cloud, flags.inspect, flags);
  } catch (error) {
    await close();
    throw error instanceof UserError ? error : new UserError((error as Error).message);
  }
  if (!flags.watch) return;
  const follower = await follow(application, cloud, flags);
  onStop(() => follower.close());
}

function deployInPlace(cloud: Cloud, path: string): Promise<DeployResult> {
  return cloud.deploy(path, { codeInPlace: true });
}

/** @throws UserError unless the text is a part of just one function's name */
async function inspect(cloud: Cloud, given: string, flags: DevFlags): Promise<void> {
  const [text = "", port = "9229"] = given.split(":");
  const { Functions: functions = [] } = await cloud.call("lambda", "ListFunctions", {});
  const names = functions.map(({ FunctionName: name = "" }) => name);
  const found = names.includes(text) ? [text] : names.filter((name) => name.includes(text));
  if (found.length !== 1) {
    const told = found.length === 0 ? "no function's name holds it" : `${found.length} functions' names hold it`;
    throw new UserError(`--inspect is "${text}": ${told}. There are: ${names.join(", ") || "none"}.`);
  }
  cloud.inspect(found[0]!, portOf(port, "--inspect"));
  say(flags, `inspect ${found[0]}: when it is called next, a debugger may attach to 127.0.0.1:${port}`);
}

function report(application: Application, cloud: Cloud, deployed: DeployResult, flags: DevFlags): void {
  if (flags.json) {
    const credentials = flags.auth === "strict" ? cloud.credentials : undefined;
    const { stacks } = deployed;
    console.log(JSON.stringify({ ready: cloud.endpoint, console: cloud.consoleUrl, ...credentials, stacks }));
    return;
  }
  console.log(`ready ${cloud.endpoint}`);
  console.log(`console ${cloud.consoleUrl}`);
  console.log(flags.auth === "strict" ? `${signInWith(cloud.credentials)}\n` : "");
  for (const stack of deployed.stacks) {
    console.log(`${pc.bold(stack.name)}  ${stack.status}`);
    for (const output of stack.outputs) console.log(`  ${output.key}  ${output.value}`);
  }
  if (application.kind === "cdk" && application.shape) console.log(guideFor(application.shape, deployed));
  if (flags.watch) console.log(pc.dim("Edit a handler and call again: the new code answers. Ctrl-C stops."));
}

interface Follower {
  close(): Promise<void>;
}

const IGNORED = new Set(["node_modules", ".git", "cdk.out", "dist", ".katachi", "coverage"]);

/** A changed handler is bundled and swapped in place; any other change is synthesised and deployed. */
async function follow(application: Application, cloud: Cloud, flags: DevFlags): Promise<Follower> {
  let builders = buildersOf(application);
  const watcher = watchFiles(watchedPaths(application, builders), {
    ignoreInitial: true,
    ignored: (path) =>
      relative(application.root, path)
        .split(sep)
        .some((part) => IGNORED.has(part)),
  });
  let queue = Promise.resolve();
  watcher.on("all", (_event, path) => {
    queue = queue.then(() => changed(path)).catch((error: unknown) => say(flags, pc.red((error as Error).message)));
  });

  const changed = async (path: string): Promise<void> => {
    const touched = builders.filter((builder) => builder.inputs.has(path));
    const startMs = performance.now();
    for (const builder of touched) await builder.build();
    if (touched.length > 0) {
      const names = touched.map(({ bundle }) => relative(application.root, bundle.entry)).join(", ");
      say(flags, `${pc.green("swapped")} ${names}  ${Math.round(performance.now() - startMs)} ms`);
      return;
    }
    if (!isInfrastructure(application, path)) return;
    const deployed = await deployInPlace(cloud, await synthesise(application));
    builders = buildersOf(application);
    watcher.add(watchedPaths(application, builders));
    const outcome = deployed.stacks.map((stack) => `${stack.name} ${stack.status}`).join(", ");
    say(flags, `${pc.green("deployed")} ${outcome}  ${Math.round(performance.now() - startMs)} ms`);
  };

  // Knowing what each bundle is made of takes a first build; until then the entry file itself is watched.
  void Promise.all(builders.map((builder) => builder.build()))
    .then(() => watcher.add(watchedPaths(application, builders)))
    .catch((error: unknown) => say(flags, pc.red((error as Error).message)));

  return {
    async close() {
      await watcher.close();
      await Promise.all(builders.map((builder) => builder.close()));
    },
  };
}

function buildersOf(application: Application): HandlerBuilder[] {
  if (application.kind === "template")
    return findSamBundles(application.path).map((bundle) => new HandlerBuilder(bundle));
  if (!existsSync(application.path)) return [];
  return findHandlerBundles(application.path).map((bundle) => new HandlerBuilder(bundle));
}

function watchedPaths(application: Application, builders: readonly HandlerBuilder[]): string[] {
  const folders = new Set(builders.flatMap((builder) => [...builder.inputs].map((input) => dirname(input))));
  if (application.kind === "template") return [application.path, ...folders];
  if (application.kind === "cdk" && !application.shape) folders.add(application.root);
  return [...folders];
}

/** Whether a changed file may change the template. A shape of ours only changes by its handlers. */
function isInfrastructure(application: Application, path: string): boolean {
  if (application.kind === "template") return path === application.path;
  return application.kind === "cdk" && application.shape === undefined && /\.(ts|mts|js|mjs|json|py)$/.test(path);
}

function say(flags: DevFlags, text: string): void {
  if (flags.json) console.log(JSON.stringify({ message: text }));
  else console.log(text);
}
