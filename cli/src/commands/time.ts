import type { Status } from "@katachi/cloud";
import { ControlClient } from "../control-client.ts";
import type { RunningFlags } from "../options.ts";

export async function time(by: string | undefined, flags: RunningFlags): Promise<void> {
  const client = await ControlClient.find(flags);
  const clock =
    by === undefined
      ? (await client.get<Status>("/api/status")).clock
      : await client.post<Status["clock"]>("/api/time", { advance: by });
  console.log(flags.json ? JSON.stringify(clock) : clock.now);
}
