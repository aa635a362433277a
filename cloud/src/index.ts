export {
  DeployError,
  type Deployable,
  type DeployedStack,
  type DeployOptions,
  type DeployResult,
} from "./application.ts";
export { check } from "./check/check.ts";
export { verdictOf, type CheckReport, type Finding } from "./check/finding.ts";
export { toSarif } from "./check/sarif.ts";
export { startCloud, type ClientClass, type Cloud, type CloudOptions } from "./cloud.ts";
export { parseTemplateText } from "./deploy/template-text.ts";
export type { Fault } from "./faults.ts";
export type { Span } from "./kernel/trace.ts";
export { serveControl, type ControlServer } from "./control/server.ts";
export type { Status } from "./control/status.ts";
