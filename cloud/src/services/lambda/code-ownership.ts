import type { LambdaState, VersionRecord } from "./state.ts";

/** A version keeps its code and its layers' content as long as it is there. */
export function own(state: LambdaState, { code, layers }: VersionRecord): void {
  if (code.kind === "zip") state.ownCode(code.sha256);
  for (const { sha256 } of layers) state.ownCode(sha256);
}

export function disown(state: LambdaState, { code, layers }: VersionRecord): void {
  if (code.kind === "zip") state.disownCode(code.sha256);
  for (const { sha256 } of layers) state.disownCode(sha256);
}
