import { join } from "node:path";
import { packagePath } from "../package-path.ts";
import type { Command } from "./child.ts";

/** What is decided when a process of Node starts and cannot be changed later. */
export interface NodeOptions {
  readonly memoryMb: number;
  /** The function's own NODE_OPTIONS. */
  readonly nodeOptions?: string | undefined;
  readonly inspectPort?: number | undefined;
  /** Prepared to let `import` find the runtime's packages for code that is run in place. */
  readonly importFallback: boolean;
  /** A directory that is nobody's home, so that no configuration of the developer's is read. */
  readonly home: string;
}

/** What runs inside the process of a Node.js function. */
export const NODE_RUNTIME = packagePath("runtime/node");

/** Starts Node with the bootstrap of `cloud/runtime/node`. */
export function nodeCommand(options: NodeOptions): Command {
  return {
    file: process.execPath,
    args: [...flags(options), join(NODE_RUNTIME, "bootstrap.mjs")],
    env: startVariables(options),
  };
}

/** AWS: the runtime gives V8 these shares of the function's memory (/var/runtime/bootstrap of nodejs20.x). */
function flags({ memoryMb, inspectPort }: NodeOptions): string[] {
  return [
    "--expose-gc",
    "--max-http-header-size=81920",
    `--max-semi-space-size=${Math.max(1, Math.floor((memoryMb * 5) / 100))}`,
    `--max-old-space-size=${Math.floor((memoryMb * 90) / 100)}`,
    ...(inspectPort === undefined ? [] : [`--inspect=127.0.0.1:${inspectPort}`]),
  ];
}

function startVariables({ nodeOptions, importFallback, home }: NodeOptions): Record<string, string> {
  return {
    HOME: home,
    TZ: ":UTC",
    ...(process.env["PATH"] === undefined ? {} : { PATH: process.env["PATH"] }),
    ...(nodeOptions === undefined ? {} : { NODE_OPTIONS: nodeOptions }),
    ...(importFallback ? { KATACHI_IMPORT_FALLBACK: "1" } : {}),
  };
}
