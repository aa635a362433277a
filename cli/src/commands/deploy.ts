import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import type { DeployResult } from "@katachi/cloud";
import { findApplication, synthesise } from "../application.ts";
import { ControlClient } from "../control-client.ts";
import type { RunningFlags } from "../options.ts";
import { UserError } from "../user-error.ts";

interface DeployFlags extends RunningFlags {
  to: string;
}

/** `katachi deploy`: to the running local cloud, or the very same template to AWS through the CDK CLI. */
export async function deploy(given: string, flags: DeployFlags): Promise<void> {
  const application = findApplication(given);
  if (flags.to === "aws") return deployToAws(given, application.kind);
  if (flags.to !== "local") throw new UserError(`--to is "${flags.to}"; allowed: local, aws.`, 2);
  const client = await ControlClient.find(flags);
  const path = resolve(await synthesise(application));
  const { stacks } = await client.post<DeployResult>("/api/deploy", { path });
  if (flags.json) return console.log(JSON.stringify({ stacks }, null, 2));
  for (const stack of stacks) {
    console.log(`${stack.name}  ${stack.status}`);
    for (const output of stack.outputs) console.log(`  ${output.key}  ${output.value}`);
  }
}

/** AWS itself is the CDK CLI's business: its credentials, its bootstrap, its questions. */
function deployToAws(given: string, kind: string): void {
  if (kind === "template")
    throw new UserError(
      "A template goes to AWS with `aws cloudformation deploy` or `sam deploy`; katachi deploys CDK applications there.",
    );
  const where = kind === "assembly" ? ["--app", resolve(given)] : [];
  const environment = { ...process.env };
  delete environment["AWS_ENDPOINT_URL"];
  const result = spawnSync("npx", ["cdk", "deploy", "--all", ...where], {
    cwd: kind === "cdk" ? resolve(given) : process.cwd(),
    stdio: "inherit",
    env: environment,
    shell: process.platform === "win32",
  });
  if (result.error)
    throw new UserError(`The CDK CLI could not be started: ${result.error.message}. Install it with: npm i -D aws-cdk`);
  process.exitCode = result.status ?? 1;
}
