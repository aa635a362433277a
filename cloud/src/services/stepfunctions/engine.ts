import type { CallContext } from "../../service.ts";
import type { Reports } from "./report.ts";
import type { Runner } from "./runner.ts";
import type { SfnState } from "./state.ts";

export type Cx = CallContext<SfnState>;

/** What runs executions; there once the service is started. */
export interface Engine {
  readonly runner: Runner;
  readonly reports: Reports;
}

const engines = new WeakMap<SfnState, Engine>();

export function setEngine(state: SfnState, engine: Engine): void {
  engines.set(state, engine);
}

export function engineOf(state: SfnState): Engine {
  return engines.get(state)!;
}
