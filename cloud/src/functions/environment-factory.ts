import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { InitMessage } from "../../runtime/node/messages.d.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { ApiProcess } from "./api-process.ts";
import { Environment } from "./environment.ts";
import { FramedProcess } from "./framed-process.ts";
import { nodeCommand } from "./node-command.ts";
import { ProcessPool, type ProcessKind } from "./process-pool.ts";
import { pythonCommand } from "./python-command.ts";
import { findPython } from "./python-install.ts";
import type { RuntimeProcess } from "./runtime-process.ts";
import { findRuntime, refusalOf, versionDifference } from "./runtimes.ts";
import type { FunctionSpecification, LogSink } from "./specification.ts";
import { findPackageDirectories, TaskDirectories, type TaskDirectory } from "./task-directory.ts";
import { environmentVariables, placedPath } from "./variables.ts";
import { XrayDaemon } from "./xray-daemon.ts";

export interface FactoryOptions {
  /** Base address of the cloud, for AWS_ENDPOINT_URL. */
  readonly endpoint: () => string;
  readonly onLog: LogSink;
  /** `node_modules` directories with the SDK packages that functions may use without bundling them. */
  readonly packageDirectories?: readonly string[];
}

const WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER";

/** Makes execution environments: unpacks the code, chooses the process, tells it what it is. */
export class EnvironmentFactory {
  readonly #pool = new ProcessPool();
  readonly #xray: XrayDaemon;
  readonly #warned = new Set<string>();
  #directories: TaskDirectories | undefined;
  #closed = false;

  constructor(
    private readonly kernel: Kernel,
    private readonly options: FactoryOptions,
  ) {
    this.#xray = new XrayDaemon(kernel.trace);
  }

  /** Has spare processes ready for a function that is going to be used. */
  prepare(specification: FunctionSpecification): void {
    const kind = this.#closed ? undefined : this.#kind(specification);
    if (kind) this.#pool.prepare(kind);
  }

  /**
   * An environment that is not initialized yet.
   * @throws Error where its role gives no credentials, its code cannot be unpacked, or its runtime is not installed
   */
  async create(
    specification: FunctionSpecification,
    provisioned: boolean,
    onGone: (environment: Environment) => void,
  ): Promise<Environment> {
    const { clock } = this.kernel;
    const [directory, credentials, daemonAddress] = await Promise.all([
      this.#tasks.prepare(specification),
      specification.credentials(),
      this.#xray.address(),
    ]);
    if (this.#closed) throw new Error("The cloud is closing");
    const endpoint = this.options.endpoint();
    const logStream = this.#logStream(specification);
    const env = environmentVariables({
      specification,
      directory,
      credentials,
      logStream,
      provisioned,
      endpoint,
      daemonAddress,
      home: this.#home,
    });
    const wrapper = wrapperOf(specification, directory);
    const environment = new Environment({
      specification,
      process: this.#process(specification, directory, env, wrapper),
      message: this.#message(specification, directory, wrapper === undefined ? env : undefined),
      provisioned,
      expiresMs: credentials.expiresMs,
      write: (message) => this.options.onLog(specification, logStream, { timestampMs: clock.now(), message }),
      now: () => clock.now(),
      offsetMs: () => clock.offsetMs,
      onGone,
    });
    this.#tasks.note(environment.process.pid);
    environment.codeVersion = this.codeVersion(specification);
    this.#warnOnce(environment);
    return environment;
  }

  /** Changes whenever the code does that a function runs in place. */
  codeVersion({ code }: FunctionSpecification): number {
    return code.kind === "directory" ? this.#tasks.versionOf(code.path) : 0;
  }

  close(): void {
    this.#closed = true;
    this.#pool.close();
    this.#xray.close();
    this.#directories?.close();
  }

  get #tasks(): TaskDirectories {
    this.#directories ??= new TaskDirectories(this.options.packageDirectories ?? findPackageDirectories(process.cwd()));
    return this.#directories;
  }

  #process(
    specification: FunctionSpecification,
    directory: TaskDirectory,
    env: Record<string, string>,
    wrapper: string | undefined,
  ): RuntimeProcess {
    const { clock } = this.kernel;
    if (familyOf(specification) === "provided")
      return new ApiProcess({
        directory,
        env,
        machineMs: () => clock.now() - clock.offsetMs,
        onStarted: (pid) => this.#tasks.note(pid),
      });
    const refusal = refusalOf(specification.runtime);
    if (refusal !== undefined) throw new Error(`${specification.runtime} cannot run: ${refusal}`);
    const kind = wrapper === undefined ? this.#kind(specification) : undefined;
    if (kind) return this.#pool.take(kind);
    const command = this.#command(specification);
    const { file, args } = command;
    if (wrapper !== undefined)
      return new FramedProcess({ file: wrapper, args: [file, ...args], env: { ...command.env, ...env } });
    return new FramedProcess({ ...command, env: { ...command.env, ...startVariables(env) } });
  }

  /** Which spare processes fit a function; undefined where its configuration says how its process is started. */
  #kind(specification: FunctionSpecification): ProcessKind | undefined {
    const { variables, inspectPort, memoryMb, code, layers } = specification;
    const names = Object.keys(variables);
    const command = () => this.#command(specification);
    if (names.includes(WRAPPER)) return undefined;
    switch (familyOf(specification)) {
      case "node":
        if (names.includes("NODE_OPTIONS") || inspectPort !== undefined) return undefined;
        return { key: `node ${memoryMb} ${code.kind}`, command: command() };
      case "python":
        // Native modules of a layer are looked for in the LD_LIBRARY_PATH that a process starts with.
        if (!findPython() || layers.length > 0 || names.some((name) => START_VARIABLE.test(name))) return undefined;
        return { key: "python", command: command() };
      case "provided":
        return undefined;
    }
  }

  #command({ memoryMb, variables, code, inspectPort, runtime }: FunctionSpecification) {
    if (findRuntime(runtime)?.family === "python") return pythonCommand(findPython()!, this.#home);
    return nodeCommand({
      memoryMb,
      nodeOptions: variables["NODE_OPTIONS"],
      inspectPort,
      importFallback: code.kind === "directory",
      home: this.#home,
    });
  }

  #message(
    { handler, runtime }: FunctionSpecification,
    directory: TaskDirectory,
    env: Record<string, string> | undefined,
  ): InitMessage {
    return {
      env,
      taskRoot: directory.root,
      opt: directory.opt,
      handler,
      offsetMs: this.kernel.clock.offsetMs,
      endpoint: addressOf(this.options.endpoint()),
      importFallback: [...directory.importFallback],
      promisesOnly: findRuntime(runtime)?.promisesOnly ?? false,
      modulePath: [directory.root, ...directory.modulePath],
      runtimePath: [directory.pythonModules],
    };
  }

  /** A runtime of another version than asked for is told once, where it runs first. */
  #warnOnce(environment: Environment): void {
    const { runtime } = environment.specification;
    if (this.#warned.has(runtime)) return;
    this.#warned.add(runtime);
    const difference = versionDifference(runtime);
    if (difference !== undefined) environment.onLog(`Katachi: ${difference}.\n`);
  }

  get #home(): string {
    const home = join(this.#tasks.root, "home");
    mkdirSync(home, { recursive: true });
    return home;
  }

  /** AWS: `2026/01/31/[$LATEST]0123456789abcdef0123456789abcdef` */
  #logStream({ version }: FunctionSpecification): string {
    const day = this.kernel.clock.date().toISOString().slice(0, 10).replaceAll("-", "/");
    return `${day}/[${version}]${this.kernel.random.hex(32)}`;
  }
}

/** Variables that Python or the loader of programs read when a process starts. */
const START_VARIABLE = /^(PYTHON|LD_|DYLD_)/;

function startVariables(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => START_VARIABLE.test(name)));
}

function familyOf({ runtime }: FunctionSpecification) {
  return findRuntime(runtime)?.family ?? "node";
}

/** AWS: "Modifying the runtime environment": wrapper scripts, for the runtimes of Lambda but not for custom ones. */
function wrapperOf(specification: FunctionSpecification, directory: TaskDirectory): string | undefined {
  const wrapper = specification.variables[WRAPPER];
  return familyOf(specification) === "provided" || !wrapper ? undefined : placedPath(wrapper, directory);
}

function addressOf(endpoint: string): { host: string; port: number } {
  if (endpoint === "") return { host: "127.0.0.1", port: 4566 };
  const { hostname, port } = new URL(endpoint);
  return { host: hostname, port: Number(port || 80) };
}
