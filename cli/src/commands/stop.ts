import { ControlClient } from "../control-client.ts";
import type { RunningFlags } from "../options.ts";

export async function stop(flags: RunningFlags): Promise<void> {
  const client = await ControlClient.find(flags);
  await client.post("/api/stop", {});
  console.log(flags.json ? JSON.stringify({ stopped: true }) : "stopped");
}
