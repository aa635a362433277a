import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { extractArchive } from "./archive.ts";
import { NODE_RUNTIME } from "./node-command.ts";
import { PYTHON_RUNTIME } from "./python-command.ts";
import { findPython } from "./python-install.ts";
import { findRuntime } from "./runtimes.ts";
import type { CodeSource, FunctionSpecification } from "./specification.ts";
import { WatchedDirectory } from "./watched-directory.ts";

/** AWS: "Lambda quotas": deployment package (unzipped, with layers) 250 MB. */
export const UNPACKED_BYTES_MAX = 262_144_000;
/** What the Node.js runtimes bring along: the AWS SDK for JavaScript v3 and what it stands on. */
const RUNTIME_SCOPES = ["@aws-sdk", "@smithy", "@aws"];
const PREFIX = "katachi-functions-";
const PROCESSES = "processes";

/** The code of a function where it can be run. */
export interface TaskDirectory {
  /** What is `/var/task` on Lambda. */
  readonly root: string;
  /** What is `/opt` on Lambda; undefined without layers. */
  readonly opt: string | undefined;
  /** NODE_PATH */
  readonly searchPath: readonly string[];
  /** The same for `import`, where it would not find them by itself. */
  readonly importFallback: readonly string[];
  /** Python: where the layers' modules lie. */
  readonly modulePath: readonly string[];
  /** Python: the modules that Lambda's runtime brings along, as far as they are installed here, and no others. */
  readonly pythonModules: string;
}

/**
 * Unpacks code and layers below a temporary directory, once for each combination. `/var/task` and `/opt` lie beside a
 * `node_modules` that holds the packages of the layers and of the runtime, so that `require` and `import` find them after
 * the function's own, as by NODE_PATH on Lambda, and nothing else: no project around it.
 *
 * Gap: `/var/task` and `/opt` as such do not exist; code that names files by those absolute paths does not find them. In a
 * function's environment variables such paths are turned into the real ones, and so are the programs that Python's
 * `subprocess` starts.
 */
export class TaskDirectories {
  readonly root: string;
  readonly #prepared = new Map<string, Promise<TaskDirectory>>();
  readonly #watched = new Map<string, WatchedDirectory>();
  #runtime: string | undefined;
  #pythonModules: string | undefined;

  constructor(private readonly packageDirectories: readonly string[]) {
    sweepAbandoned();
    this.root = realpathSync(mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`)));
  }

  /** The directory for a function, unpacked when it is asked for the first time. */
  prepare(specification: FunctionSpecification): Promise<TaskDirectory> {
    const key = keyOf(specification);
    let prepared = this.#prepared.get(key);
    if (!prepared) {
      prepared = this.#prepare(specification, join(this.root, key));
      this.#prepared.set(key, prepared);
      prepared.catch(() => this.#prepared.delete(key));
    }
    return prepared;
  }

  /** Changes whenever something in a directory changes whose code is run in place; 0 before it was prepared. */
  versionOf(path: string): number {
    return this.#watched.get(path)?.version ?? 0;
  }

  /** Notes a process, so that the next cloud can end it where this one is killed while a function never ends. */
  note(pid: number | undefined): void {
    if (pid !== undefined) appendFileSync(join(this.root, PROCESSES), `${pid}\n`);
  }

  close(): void {
    for (const watched of this.#watched.values()) watched.close();
    rmSync(this.root, { recursive: true, force: true });
  }

  async #prepare({ code, layers, runtime }: FunctionSpecification, directory: string): Promise<TaskDirectory> {
    const work = `${directory}.new`;
    mkdirSync(work, { recursive: true });
    if (code.kind === "zip") await extractArchive(await code.read(), join(work, "task"), UNPACKED_BYTES_MAX);
    for (const layer of layers) {
      if (layer.kind === "zip") await extractArchive(await layer.read(), join(work, "opt"), UNPACKED_BYTES_MAX);
    }
    const family = findRuntime(runtime)?.family;
    const opt = layers.length > 0 ? "opt" : undefined;
    if (opt) mkdirSync(join(work, opt), { recursive: true });
    const ofLayers = family === "node" && opt ? nodeLayerPaths(runtime) : [];
    if (family === "node")
      linkPackages(
        join(work, "node_modules"),
        [...ofLayers.map((path) => join(work, path)), this.#runtimePackages()],
        work,
        directory,
      );
    await rename(work, directory);
    const searchPath =
      family === "node" ? [...ofLayers.map((path) => join(directory, path)), this.#runtimePackages()] : [];
    const inPlace = code.kind === "directory";
    if (inPlace && !this.#watched.has(code.path))
      this.#watched.set(code.path, new WatchedDirectory(realpathSync(code.path)));
    return {
      root: inPlace ? realpathSync(code.path) : join(directory, "task"),
      opt: opt && join(directory, opt),
      searchPath,
      importFallback: inPlace ? searchPath : [],
      modulePath:
        family === "python" && opt
          ? [join(directory, opt, "python", "lib", runtime, "site-packages"), join(directory, opt, "python")]
          : [],
      pythonModules: family === "python" ? this.#runtimeModules() : "",
    };
  }

  /** A `node_modules` with the SDK packages that are installed here, and no others. */
  #runtimePackages(): string {
    if (this.#runtime !== undefined) return this.#runtime;
    const directory = join(this.root, "runtime", "node_modules");
    mkdirSync(directory, { recursive: true });
    for (const installed of this.packageDirectories) {
      for (const scope of RUNTIME_SCOPES)
        linkScope(join(installed, scope), join(directory, scope), (path) => realpathSync(path));
    }
    return (this.#runtime = directory);
  }

  /** A directory with boto3 and what it stands on, as they are installed here. */
  #runtimeModules(): string {
    if (this.#pythonModules !== undefined) return this.#pythonModules;
    const directory = join(this.root, "runtime", "python");
    mkdirSync(directory, { recursive: true });
    for (const path of Object.values(findPython()?.modules ?? {})) symlinkSync(path, join(directory, basename(path)));
    return (this.#pythonModules = directory);
  }
}

/** AWS: "Packaging your layer content": the folders of a layer that Node.js searches. */
function nodeLayerPaths(runtime: string): string[] {
  const major = /\d+/.exec(runtime)?.[0];
  return [join("opt", "nodejs", `node${major}`, "node_modules"), join("opt", "nodejs", "node_modules")];
}

/**
 * Every `node_modules` that may hold SDK packages: around the cloud's own package, and around a project's directory.
 * @param projectDirectory usually the working directory
 */
export function findPackageDirectories(projectDirectory: string): string[] {
  const found = new Set<string>();
  for (const start of [NODE_RUNTIME, projectDirectory]) {
    for (let directory = start; ; directory = dirname(directory)) {
      const candidate = join(directory, "node_modules");
      if (existsSync(join(candidate, "@aws-sdk"))) found.add(candidate);
      if (directory === dirname(directory)) break;
    }
  }
  return [...found];
}

function keyOf({ code, layers, runtime }: FunctionSpecification): string {
  const hash = createHash("sha256").update(runtime);
  for (const source of [code, ...layers]) hash.update(`\n${source.kind} ${nameOf(source)}`);
  return hash.digest("hex").slice(0, 32);
}

function nameOf(source: CodeSource): string {
  return source.kind === "zip" ? source.sha256 : source.path;
}

/** Fills a `node_modules` with links to the packages of others; of two with one name the first is taken. */
function linkPackages(target: string, sources: readonly string[], work: string, final: string): void {
  mkdirSync(target, { recursive: true });
  // The directory is renamed when it is complete: links lead to where the packages will be.
  const place = (path: string) => path.replace(work, final);
  for (const source of sources) {
    const there = new Set(list(target));
    for (const name of list(source)) {
      if (name.startsWith("@")) linkScope(join(source, name), join(target, name), place);
      else if (!name.startsWith(".") && !there.has(name)) symlinkSync(place(join(source, name)), join(target, name));
    }
  }
}

function linkScope(source: string, target: string, place: (path: string) => string): void {
  const there = new Set(list(target));
  for (const name of list(source)) {
    if (there.has(name)) continue;
    mkdirSync(target, { recursive: true });
    symlinkSync(place(join(source, name)), join(target, name));
  }
}

function list(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** Removes what clouds left that were killed. */
function sweepAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split("-")[0]) : undefined;
    if (pid === undefined || isAlive(pid)) continue;
    endProcesses(join(tmpdir(), name, PROCESSES));
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Ends what is left of the processes of functions. A number may be another program's by now: only ours are ended. */
function endProcesses(list: string): void {
  if (process.platform !== "linux" || !existsSync(list)) return;
  const bootstraps = [join(NODE_RUNTIME, "bootstrap.mjs"), join(PYTHON_RUNTIME, "bootstrap.py")];
  for (const line of readFileSync(list, "utf8").split("\n").filter(Boolean)) {
    try {
      const command = readFileSync(`/proc/${line}/cmdline`, "utf8");
      const ours =
        bootstraps.some((bootstrap) => command.includes(bootstrap)) ||
        // A custom runtime, whatever its program is.
        readFileSync(`/proc/${line}/environ`, "utf8").includes("AWS_LAMBDA_RUNTIME_API=");
      // Each leads a group of its own, with what it has started.
      if (ours) process.kill(-Number(line), "SIGKILL");
    } catch {
      // It is gone.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
