import type { Adapter } from "./adapter.ts";
import { approvalWorkflow } from "./adapters/approval-workflow.ts";
import { eventIntegration } from "./adapters/event-integration.ts";
import { parallelProcessing } from "./adapters/parallel-processing.ts";
import { oneFunction, schedule } from "./adapters/pieces.ts";
import { webBackend } from "./adapters/web-backend.ts";

/** The shapes that documents can name. */
export const ADAPTERS: Readonly<Record<string, Adapter>> = {
  "web-backend": webBackend,
  "approval-workflow": approvalWorkflow,
  "event-integration": eventIntegration,
  "parallel-processing": parallelProcessing,
  function: oneFunction,
  schedule,
};
