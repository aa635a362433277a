import { createHash } from "node:crypto";
import { findPython } from "./python-install.ts";

export type RuntimeFamily = "node" | "python" | "provided";

/** What is known of a runtime identifier. */
export interface Runtime {
  readonly name: string;
  readonly family: RuntimeFamily;
  /** Callbacks are gone (nodejs24.x and later). */
  readonly promisesOnly: boolean;
}

/**
 * The runtimes that run here: Node.js on the installed Node, Python on the installed Python 3, whatever their version;
 * `provided` is whatever the function's own `bootstrap` is.
 * AWS: nodejs18.x and python3.9 are deprecated; they are accepted here, since much code still says them ("Lambda
 * runtimes").
 */
const RUNTIMES: Readonly<Record<RuntimeFamily, readonly string[]>> = {
  node: ["nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x"],
  python: ["python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14"],
  provided: ["provided.al2", "provided.al2023"],
};

/** The runtimes that can run here; others are refused by name. */
export function findRuntime(name: string): Runtime | undefined {
  for (const family of Object.keys(RUNTIMES) as RuntimeFamily[])
    if (RUNTIMES[family].includes(name))
      return { name, family, promisesOnly: family === "node" && Number(/\d+/.exec(name)![0]) >= 24 };
  return undefined;
}

/** Why functions of a runtime cannot run here, and what to do; undefined where they can. */
export function refusalOf(name: string): string | undefined {
  const runtime = findRuntime(name);
  if (!runtime)
    return (
      "functions run on Node.js, Python and custom runtimes here (nodejs18.x to nodejs24.x, python3.9 to python3.14, " +
      `provided.al2, provided.al2023). ${instead(name)}`
    );
  if (runtime.family === "python" && !findPython())
    return "there is no python3 (3.9 or later) on the PATH. Install it, or activate the virtual environment that has it, and start again";
  return undefined;
}

function instead(name: string): string {
  const elsewhere = "or test it on AWS";
  if (name.startsWith("go")) return "Build the program for Linux as a file named bootstrap, and use provided.al2023";
  if (name.startsWith("dotnet"))
    return `Compile it ahead of time (Native AOT) into a file named bootstrap and use provided.al2023, ${elsewhere}`;
  if (name.startsWith("java"))
    return `Compile it with GraalVM's native-image into a file named bootstrap and use provided.al2023, ${elsewhere}`;
  return `Package its interpreter with a file named bootstrap and use provided.al2023, ${elsewhere}`;
}

/** What differs in how a runtime runs here, in a sentence; undefined where nothing does. */
export function versionDifference(name: string): string | undefined {
  const runtime = findRuntime(name);
  if (runtime?.family !== "python") return undefined;
  const python = findPython();
  if (!python || `python${python.version.split(".").slice(0, 2).join(".")}` === name) return undefined;
  return `${name} runs on the Python ${python.version} that is installed here`;
}

/** `nodejs:22.v1`, as INIT_START shows the build of a runtime. */
export function runtimeVersion(name: string): string {
  const shown = name
    .replace(/^nodejs(\d+)\.x$/, "nodejs:$1")
    .replace(/^python/, "python:")
    .replace(/^provided\./, "provided:");
  return `${shown}.v1`;
}

export function runtimeVersionArn(name: string, region: string): string {
  return `arn:aws:lambda:${region}::runtime:${createHash("sha256").update(name).digest("hex")}`;
}
