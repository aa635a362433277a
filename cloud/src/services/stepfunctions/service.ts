/**
 * AWS Step Functions: Standard and Express workflows; the language itself is `engines/asl`.
 *
 * Gap: X-Ray segments are not written; TestState shows nothing of the items of a Map state (afterItemSelector and so on).
 * Keys of one's own, TestState's mapItemReaderData, mapIterationFailureCount and errorCausedByState, and private APIs of
 * HTTP Tasks are refused by name; so are optimised integrations other than Lambda, SQS, SNS, DynamoDB, EventBridge, HTTP
 * and Step Functions.
 * Gap: DescribeMapRun counts the items that were read so far; AWS reads ahead and counts all as pending.
 * Gap: throttling and quotas on the number of executions are not enforced.
 */
import { arn } from "../../aws/arn.ts";
import { defineService, suspends, type Ask } from "../../service.ts";
import { setEngine, type Cx } from "./engine.ts";
import * as activities from "./operations/activities.ts";
import * as executions from "./operations/executions.ts";
import * as mapRuns from "./operations/map-runs.ts";
import * as machines from "./operations/machines.ts";
import * as tags from "./operations/tags.ts";
import { testState } from "./operations/test-state.ts";
import * as versions from "./operations/versions.ts";
import { Reports } from "./report.ts";
import { resources } from "./resources.ts";
import { Runner } from "./runner.ts";
import { SfnState } from "./state.ts";

const on =
  <K extends string>(member: K) =>
  (input: { readonly [M in K]?: string | undefined }): Ask => ({ resource: input[member] ?? "*" });
const anything = (): Ask => ({ resource: "*" });

/** AWS: permissions on versions and aliases are those on the machine, or on the qualified ARN; here the machine's. */
function onMachine(input: { readonly stateMachineArn?: string | undefined }): Ask {
  const [arnText] = (input.stateMachineArn ?? "").split("#");
  return { resource: arnText?.split(":").slice(0, 7).join(":") || "*" };
}

function onName(kind: "stateMachine" | "activity") {
  return (
    { name = "", tags: given }: { readonly name?: string | undefined; readonly tags?: readonly unknown[] | undefined },
    cx: Cx,
  ): Ask[] => {
    const resource = arn("states", cx.scope, `${kind}:${name}`);
    return [{ resource }, ...(given && given.length > 0 ? [{ action: "states:TagResource", resource }] : [])];
  };
}

/**
 * AWS: answers to tasks are permissions on the machine, or the activity, whose task it is. A token that names no task needs
 * none: what is wrong with it is told.
 */
function onTask({ taskToken = "" }: { readonly taskToken?: string | undefined }, { state }: Cx): Ask[] {
  const owner = state.tokens.get([taskToken]);
  const task = owner && state.tasks.get([owner.executionArn, owner.id]);
  const execution = owner && state.executions.get([owner.executionArn]);
  if (!task || !execution) return [];
  return [{ resource: task.resource.includes(":activity:") ? task.resource : execution.machine.arn }];
}

export const stepfunctions = defineService({
  api: "stepfunctions",
  iamPrefix: "states",
  state: (kernel) => new SfnState(kernel),
  resources,
  start(cx) {
    const reports = new Reports(cx);
    const runner = new Runner(cx, reports);
    setEngine(cx.state, { runner, reports });
    runner.start();
  },
  operations: {
    CreateStateMachine: machines.createStateMachine,
    UpdateStateMachine: machines.updateStateMachine,
    DescribeStateMachine: machines.describeStateMachine,
    DeleteStateMachine: machines.deleteStateMachine,
    ListStateMachines: machines.listStateMachines,
    DescribeStateMachineForExecution: machines.describeStateMachineForExecution,
    ValidateStateMachineDefinition: machines.validateStateMachineDefinition,
    PublishStateMachineVersion: versions.publishStateMachineVersion,
    DeleteStateMachineVersion: versions.deleteStateMachineVersion,
    ListStateMachineVersions: versions.listStateMachineVersions,
    CreateStateMachineAlias: versions.createStateMachineAlias,
    UpdateStateMachineAlias: versions.updateStateMachineAlias,
    DescribeStateMachineAlias: versions.describeStateMachineAlias,
    DeleteStateMachineAlias: versions.deleteStateMachineAlias,
    ListStateMachineAliases: versions.listStateMachineAliases,
    StartExecution: executions.startExecution,
    StartSyncExecution: suspends(executions.startSyncExecution),
    DescribeExecution: executions.describeExecution,
    StopExecution: suspends(executions.stopExecution),
    RedriveExecution: executions.redriveExecution,
    GetExecutionHistory: executions.getExecutionHistory,
    ListExecutions: executions.listExecutions,
    DescribeMapRun: mapRuns.describeMapRun,
    ListMapRuns: mapRuns.listMapRuns,
    UpdateMapRun: mapRuns.updateMapRun,
    CreateActivity: activities.createActivity,
    DescribeActivity: activities.describeActivity,
    DeleteActivity: activities.deleteActivity,
    ListActivities: activities.listActivities,
    GetActivityTask: suspends(activities.getActivityTask),
    SendTaskSuccess: activities.sendTaskSuccess,
    SendTaskFailure: activities.sendTaskFailure,
    SendTaskHeartbeat: activities.sendTaskHeartbeat,
    TestState: suspends(testState),
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    ListTagsForResource: tags.listTagsForResource,
  },
  authorize: {
    CreateStateMachine: onName("stateMachine"),
    UpdateStateMachine: onMachine,
    DescribeStateMachine: onMachine,
    DeleteStateMachine: onMachine,
    ListStateMachines: anything,
    DescribeStateMachineForExecution: on("executionArn"),
    ValidateStateMachineDefinition: anything,
    PublishStateMachineVersion: onMachine,
    DeleteStateMachineVersion: on("stateMachineVersionArn"),
    ListStateMachineVersions: onMachine,
    CreateStateMachineAlias: ({ routingConfiguration }) =>
      onMachine({ stateMachineArn: routingConfiguration?.[0]?.stateMachineVersionArn }),
    UpdateStateMachineAlias: on("stateMachineAliasArn"),
    DescribeStateMachineAlias: on("stateMachineAliasArn"),
    DeleteStateMachineAlias: on("stateMachineAliasArn"),
    ListStateMachineAliases: onMachine,
    StartExecution: onMachine,
    StartSyncExecution: onMachine,
    DescribeExecution: on("executionArn"),
    StopExecution: on("executionArn"),
    RedriveExecution: on("executionArn"),
    GetExecutionHistory: on("executionArn"),
    ListExecutions: ({ mapRunArn, stateMachineArn }) =>
      mapRunArn === undefined ? onMachine({ stateMachineArn }) : { resource: mapRunArn },
    DescribeMapRun: on("mapRunArn"),
    ListMapRuns: on("executionArn"),
    UpdateMapRun: on("mapRunArn"),
    CreateActivity: onName("activity"),
    DescribeActivity: on("activityArn"),
    DeleteActivity: on("activityArn"),
    ListActivities: anything,
    GetActivityTask: on("activityArn"),
    SendTaskSuccess: onTask,
    SendTaskFailure: onTask,
    SendTaskHeartbeat: onTask,
    TestState: anything,
    TagResource: on("resourceArn"),
    UntagResource: on("resourceArn"),
    ListTagsForResource: on("resourceArn"),
  },
});
