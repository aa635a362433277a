import { workingAddresses } from "../aws/addresses.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { NODE_RUNTIME } from "./node-command.ts";
import { PYTHON_RUNTIME } from "./python-command.ts";
import { findRuntime } from "./runtimes.ts";
import type { FunctionSpecification, RoleCredentials } from "./specification.ts";
import type { TaskDirectory } from "./task-directory.ts";

/**
 * The names that a function's configuration may not set.
 * AWS: "Working with Lambda environment variables", Defined runtime environment variables, Reserved.
 */
export const RESERVED_VARIABLES: ReadonlySet<string> = new Set([
  "_HANDLER",
  "_X_AMZN_TRACE_ID",
  "AWS_DEFAULT_REGION",
  "AWS_REGION",
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_ACCESS_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_LAMBDA_RUNTIME_API",
  "AWS_LAMBDA_MAX_CONCURRENCY",
  "AWS_LAMBDA_METADATA_API",
  "AWS_LAMBDA_METADATA_TOKEN",
  "LAMBDA_TASK_ROOT",
  "LAMBDA_RUNTIME_DIR",
]);

export interface VariableParts {
  readonly specification: FunctionSpecification;
  readonly directory: TaskDirectory;
  readonly credentials: RoleCredentials;
  readonly logStream: string;
  readonly provisioned: boolean;
  /** Base address of the cloud. */
  readonly endpoint: string;
  /** Where the X-Ray daemon listens, `127.0.0.1:PORT`. */
  readonly daemonAddress: string;
  readonly home: string;
}

/** The whole environment of a function's process: what Lambda sets, then the function's own. */
export function environmentVariables(parts: VariableParts): Record<string, string> {
  const { specification, directory, credentials, logStream, provisioned, endpoint, daemonAddress, home } = parts;
  const family = findRuntime(specification.runtime)?.family;
  const [daemonHost = "", daemonPort = ""] = daemonAddress.split(":");
  const { logging, variables } = specification;
  return {
    // Unreserved: the function's own win.
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    PATH: [...(directory.opt ? [`${directory.opt}/bin`] : []), process.env["PATH"] ?? "/usr/bin:/bin"].join(":"),
    LD_LIBRARY_PATH: [directory.root, `${directory.root}/lib`, ...(directory.opt ? [`${directory.opt}/lib`] : [])].join(
      ":",
    ),
    AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR",
    AWS_XRAY_DAEMON_ADDRESS: daemonAddress,
    AWS_ENDPOINT_URL: endpoint,
    ...(family === "python" ? { PYTHONPATH: directory.pythonModules } : {}),
    ...mapValues(variables, (value) => placedPath(workingAddresses(value, endpoint), directory)),
    ...(family === "node" ? { NODE_PATH: nodePath(parts) } : {}),
    // Reserved.
    HOME: home,
    PWD: directory.root,
    SHLVL: "0",
    _HANDLER: specification.handler,
    AWS_REGION: specification.region,
    AWS_DEFAULT_REGION: specification.region,
    // AWS: not for custom runtimes.
    ...(family === "provided" ? {} : { AWS_EXECUTION_ENV: `AWS_Lambda_${specification.runtime}` }),
    AWS_LAMBDA_FUNCTION_NAME: specification.name,
    AWS_LAMBDA_FUNCTION_VERSION: specification.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(specification.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: provisioned ? "provisioned-concurrency" : "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: logging.group,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    ...(logging.format === "JSON"
      ? { AWS_LAMBDA_LOG_FORMAT: "JSON", AWS_LAMBDA_LOG_LEVEL: logging.applicationLevel }
      : {}),
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    LAMBDA_TASK_ROOT: directory.root,
    LAMBDA_RUNTIME_DIR: family === "python" ? PYTHON_RUNTIME : NODE_RUNTIME,
    _AWS_XRAY_DAEMON_ADDRESS: daemonHost,
    _AWS_XRAY_DAEMON_PORT: daemonPort,
  };
}

function nodePath({ specification, directory }: VariableParts): string {
  const own = specification.variables["NODE_PATH"];
  return [...directory.searchPath, directory.root, ...(own ? [own] : [])].join(":");
}

const AWS_PATH = /(?<![\w./-])\/(opt|var\/task)(?=\/)[^\s:;,"']*/g;

/**
 * A text with the paths below `/opt` and `/var/task` turned into where the layers and the package lie here. What is not
 * there stays as it is.
 */
export function placedPath(text: string, { root, opt }: Pick<TaskDirectory, "root" | "opt">): string {
  return text.replace(AWS_PATH, (path, base: string) => {
    const place = base === "opt" ? opt : root;
    if (place === undefined) return path;
    const here = join(place, path.slice(base.length + 1));
    return existsSync(here) ? here : path;
  });
}

function mapValues(
  values: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
