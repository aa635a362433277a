/**
 * AWS CloudFormation: stacks, change sets, nested stacks, custom resources, wait conditions, exports.
 * Templates and everything about them that needs no I/O stands in cloud/src/deploy; what a resource type does is its
 * service's (`resources.ts` there).
 *
 * Gap: drift detection, stack sets, registry types, hooks, stack refactoring, generated templates and importing
 * resources are refused by name; so are rollback triggers, express deployments and policies for the time of one update.
 * Gap: of SAM, DeploymentPreference, custom domains, GraphQLApi, WebSocketApi, applications of the Serverless Application
 * Repository and events of services that are not here are refused by name. A transform that fails refuses CreateStack and
 * UpdateStack at once (AWS makes the stack and rolls it back); a change set fails with it, as on AWS.
 * Gap: change sets are complete when CreateChangeSet answers. With IncludeNestedStacks (the CDK CLI always asks for it)
 * a nested stack is one change of its parent: what changes inside it is not previewed.
 * Gap: NotificationARNs are kept and shown; nothing is published.
 * Quirk: a change set of a template that cannot be deployed here fails, naming everything that is not emulated, before
 * anything is touched; a stack created or updated directly tells the same as failed resources.
 */
import { defineService, suspends } from "../../service.ts";
import { startAnnouncing } from "./announcement.ts";
import { bootstrapOnLookup } from "./bootstrap.ts";
import { callbackPlane } from "./callbacks.ts";
import { Engine } from "./engine.ts";
import * as changeSets from "./operations/change-sets.ts";
import * as descriptions from "./operations/descriptions.ts";
import { describeEvents, listHookResults } from "./operations/events.ts";
import * as exports from "./operations/exports.ts";
import { signalResource } from "./operations/signals.ts";
import * as stacks from "./operations/stacks.ts";
import * as templates from "./operations/templates.ts";
import { ownTypes } from "./own-types.ts";
import { stackResource, type Cx } from "./stacks.ts";
import { CloudFormationState } from "./state.ts";

const ofStack = (input: { StackName?: string | undefined }, cx: Cx) => stackResource(input.StackName, cx);
const ofChangeSet = (input: { StackName?: string | undefined; ChangeSetName?: string | undefined }, cx: Cx) => {
  const record = cx.state.changeSets.get([input.ChangeSetName ?? ""]);
  return stackResource(record?.stackId ?? input.StackName, cx);
};
const ofAll = () => ({ resource: "*" });

export const cloudformation = defineService({
  api: "cloudformation",
  iamPrefix: "cloudformation",
  state: (kernel) => new CloudFormationState(kernel),
  dataPlanes: [callbackPlane],
  before: bootstrapOnLookup,
  start(cx) {
    startAnnouncing(cx);
    cx.state.engine = new Engine(cx, (engine) => ownTypes(cx.state, engine));
    cx.state.engine.resume();
  },
  async stop(cx) {
    await cx.state.engine?.stop();
  },
  operations: {
    CreateStack: suspends(stacks.createStack),
    UpdateStack: suspends(stacks.updateStack),
    DeleteStack: suspends(stacks.deleteStack),
    CancelUpdateStack: stacks.cancelUpdateStack,
    ContinueUpdateRollback: suspends(stacks.continueUpdateRollback),
    RollbackStack: suspends(stacks.rollbackStack),
    UpdateTerminationProtection: stacks.updateTerminationProtection,
    SetStackPolicy: suspends(stacks.setStackPolicy),
    GetStackPolicy: stacks.getStackPolicy,
    DescribeStacks: descriptions.describeStacks,
    ListStacks: descriptions.listStacks,
    DescribeStackEvents: descriptions.describeStackEvents,
    DescribeStackResource: descriptions.describeStackResource,
    DescribeStackResources: descriptions.describeStackResources,
    ListStackResources: descriptions.listStackResources,
    GetTemplate: templates.getTemplate,
    GetTemplateSummary: suspends(templates.getTemplateSummary),
    ValidateTemplate: suspends(templates.validateTemplate),
    CreateChangeSet: suspends(changeSets.createChangeSet),
    DescribeChangeSet: changeSets.describeChangeSet,
    ListChangeSets: changeSets.listChangeSets,
    DeleteChangeSet: changeSets.deleteChangeSet,
    ExecuteChangeSet: suspends(changeSets.executeChangeSet),
    ListExports: exports.listExports,
    ListImports: exports.listImports,
    SignalResource: signalResource,
    DescribeEvents: describeEvents,
    ListHookResults: listHookResults,
  },
  authorize: {
    CreateStack: ofStack,
    UpdateStack: ofStack,
    DeleteStack: ofStack,
    CancelUpdateStack: ofStack,
    ContinueUpdateRollback: ofStack,
    RollbackStack: ofStack,
    UpdateTerminationProtection: ofStack,
    SetStackPolicy: ofStack,
    GetStackPolicy: ofStack,
    DescribeStacks: ofStack,
    ListStacks: ofAll,
    DescribeStackEvents: ofStack,
    DescribeStackResource: ofStack,
    DescribeStackResources: ofStack,
    ListStackResources: ofStack,
    GetTemplate: ofStack,
    GetTemplateSummary: ofStack,
    ValidateTemplate: ofAll,
    CreateChangeSet: ofStack,
    DescribeChangeSet: ofChangeSet,
    ListChangeSets: ofStack,
    DeleteChangeSet: ofChangeSet,
    ExecuteChangeSet: ofChangeSet,
    ListExports: ofAll,
    ListImports: ofAll,
    SignalResource: ofStack,
    DescribeEvents: ofChangeSet,
    ListHookResults: ofAll,
  },
});
