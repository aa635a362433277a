import { spawnSync } from "node:child_process";

/** The Python that is installed here. */
export interface InstalledPython {
  readonly file: string;
  /** `3.12.4` */
  readonly version: string;
  /** Where the modules lie that Lambda's runtime brings along, by name: directories and single files. */
  readonly modules: Readonly<Record<string, string>>;
}

/** AWS: what Lambda's Python runtimes bring along: boto3 and what it stands on ("Lambda runtimes", Python). */
const RUNTIME_MODULES = ["boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"];
const OLDEST_MINOR = 9;
const PROBE = `
import importlib.util, json, sys
found = {}
for name in ${JSON.stringify(RUNTIME_MODULES)}:
    spec = importlib.util.find_spec(name)
    if spec and spec.origin:
        found[name] = list(spec.submodule_search_locations)[0] if spec.submodule_search_locations else spec.origin
print(json.dumps({"file": sys.executable, "version": "%d.%d.%d" % sys.version_info[:3], "modules": found}))
`;
const PROBE_MS_MAX = 10_000;

let found: { path: string | undefined; python: InstalledPython | undefined } | undefined;

/** The first `python3` of the PATH (in a virtual environment: its own), if it is new enough. Looked for once. */
export function findPython(): InstalledPython | undefined {
  const path = process.env["PATH"];
  if (found?.path !== path) found = { path, python: probe() };
  return found?.python;
}

function probe(): InstalledPython | undefined {
  const { status, stdout } = spawnSync("python3", ["-c", PROBE], { encoding: "utf8", timeout: PROBE_MS_MAX });
  if (status !== 0) return undefined;
  const python = JSON.parse(stdout) as InstalledPython;
  return Number(python.version.split(".")[1]) >= OLDEST_MINOR ? python : undefined;
}
