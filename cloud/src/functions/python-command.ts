import { join } from "node:path";
import { packagePath } from "../package-path.ts";
import type { Command } from "./child.ts";
import type { InstalledPython } from "./python-install.ts";

/** What runs inside the process of a Python function. */
export const PYTHON_RUNTIME = packagePath("runtime/python");

/**
 * Starts Python with the bootstrap of `cloud/runtime/python`. It sees the standard library and nothing that is installed
 * beside it (`-S`), as on Lambda: what a function needs is in its package, its layers, or boto3.
 * @param home a directory that is nobody's home
 */
export function pythonCommand({ file }: InstalledPython, home: string): Command {
  return {
    file,
    args: ["-S", "-B", join(PYTHON_RUNTIME, "bootstrap.py")],
    env: {
      HOME: home,
      TZ: ":UTC",
      LANG: "en_US.UTF-8",
      ...(process.env["PATH"] === undefined ? {} : { PATH: process.env["PATH"] }),
    },
  };
}
