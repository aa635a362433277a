import type { Status } from "@katachi/cloud";
import { ControlClient } from "../control-client.ts";
import type { RunningFlags } from "../options.ts";

export async function status(flags: RunningFlags): Promise<void> {
  const client = await ControlClient.find(flags);
  const facts = await client.get<Status>("/api/status");
  if (flags.json) return console.log(JSON.stringify(facts, null, 2));
  const ahead = Math.round(facts.clock.offsetMs / 1000);
  console.log(`endpoint  ${facts.endpoint}`);
  console.log(`console   ${facts.console}`);
  console.log(`data      ${facts.dataDirectory}`);
  console.log(`time      ${facts.clock.now}${ahead > 0 ? ` (${ahead} s ahead)` : ""}`);
  console.log(`process   ${facts.pid}`);
  console.log(`services  ${facts.services.join(", ")}`);
  for (const [what, count] of Object.entries(facts.refused)) console.log(`refused   ${what} (${count}×)`);
}
