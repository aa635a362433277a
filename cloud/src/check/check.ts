import { startCloud } from "../cloud.ts";
import type { CloudFormationState } from "../services/cloudformation/state.ts";
import { checkApplication } from "./application-check.ts";
import type { CheckReport } from "./finding.ts";

/**
 * Says of an application, before it runs, what runs here, what runs otherwise and what does not run.
 * @param path of a template, or of a cdk.out folder
 * @param nowMs the day that deprecations are told for. Default: today
 */
export async function check(path: string, nowMs?: number): Promise<CheckReport> {
  const cloud = await startCloud({ ephemeral: true });
  try {
    const { types } = (cloud.gate.stateOf("cloudformation") as CloudFormationState).engine!;
    return await checkApplication(path, { types, nowMs: nowMs ?? cloud.clock.now() });
  } finally {
    await cloud.close();
  }
}
