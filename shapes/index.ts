export * from "./ports/sources.ts";
export * from "./ports/sinks.ts";
export {
  describeJoins,
  Join,
  type JoinDescription,
  JoinError,
  type JoinableSink,
  type JoinOptions,
} from "./ports/join.ts";
export type { BodyPattern, Matcher, Patterns } from "./ports/pattern.ts";
export type { Template } from "./ports/template.ts";
export { buildDesign, readDesign, type BuildOptions, type Design } from "./design/build.ts";
export { DesignError, type DesignDocument, type DesignProblem } from "./design/document.ts";
export { validateDesign } from "./design/validate.ts";
export { ADAPTERS } from "./design/adapters.ts";
export { designSchema } from "./design/schema.ts";
export { ShapeFunction, type ShapeFunctionProps } from "./function.ts";
export {
  WebBackend,
  type WebBackendIndex,
  type WebBackendJwt,
  type WebBackendProps,
  type WebBackendRoute,
} from "./web-backend/construct.ts";
export { ParallelProcessing, type ParallelProcessingProps } from "./parallel-processing/construct.ts";
export { FlowApi, type FlowApiProps, type FlowRoute } from "./flow-api/construct.ts";
export { ApprovalWorkflow, type ApprovalLevel, type ApprovalWorkflowProps } from "./approval-workflow/construct.ts";
export {
  type ConsumerParts,
  EventIntegration,
  type EventConsumer,
  type EventIntegrationProps,
} from "./event-integration/construct.ts";
export { ScheduledJob, type ScheduledJobProps } from "./scheduled-job/construct.ts";
export { ObjectProcessing, type ObjectProcessingProps } from "./object-processing/construct.ts";
export {
  type SaasService,
  SaasIntegration,
  type SaasIntegrationProps,
  type WebhookProvider,
} from "./saas-integration/construct.ts";
