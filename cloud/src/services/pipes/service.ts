/**
 * Amazon EventBridge Pipes: from a queue or a table's stream through filter, enrichment and templates to a target.
 *
 * Gap: sources other than SQS and DynamoDB streams (Kinesis, Kafka, Amazon MQ) are refused by name, as are targets of
 * services that are not here (Kinesis, Firehose, ECS, Batch, Redshift, SageMaker, Timestream, Inspector), customer managed
 * keys, and logs in S3 and Firehose.
 * Gap: without a batch size a pipe takes 10 messages or 100 changes, or as many as its target takes.
 * Gap: a pipe from a queue runs five batches at a time; it does not scale up from there. Quotas on pipes and on concurrent
 * executions are not enforced, and executions do not end after five minutes.
 * Gap: whether the role may use enrichment and target shows when the pipe runs, not when it is made.
 * Gap: logs carry no request ids of the services called, and nothing in them is truncated.
 * Quirk: the states in between (CREATING, UPDATING, STARTING, STOPPING, DELETING) last as long as the checks take.
 */
import { passRole } from "../../iam/pass-role.ts";
import { Roles } from "../../outbound/roles.ts";
import { defineService, type Ask } from "../../service.ts";
import { Pollers } from "../../sources/pollers.ts";
import { deadLetterPolicy } from "./dead-letter.ts";
import { ExecutionLog } from "./execution-log.ts";
import * as pipesOf from "./operations/pipes.ts";
import * as tags from "./operations/tags.ts";
import { pipeArn } from "./pipe.ts";
import { resources } from "./resources.ts";
import { PipesState, type Cx } from "./state.ts";
import { startPipes, transitionPolicy } from "./transition.ts";

const onPipe = (input: { Name?: string | undefined }, cx: Cx): Ask => ({
  resource: pipeArn(cx.scope, input.Name ?? "*"),
});
const onPipeWithRole = (input: { Name?: string | undefined; RoleArn?: string | undefined }, cx: Cx): Ask[] => [
  onPipe(input, cx),
  ...(input.RoleArn === undefined ? [] : [passRole(input.RoleArn, "pipes.amazonaws.com")]),
];
const onTagged = (input: { resourceArn?: string | undefined }): Ask => ({ resource: input.resourceArn ?? "*" });

export const pipes = defineService({
  api: "pipes",
  iamPrefix: "pipes",
  state: (kernel) => new PipesState(kernel),
  resources,
  start(cx) {
    const { state, kernel } = cx;
    state.pollers = new Pollers(kernel.activity);
    state.roles = new Roles(cx, "pipes.amazonaws.com");
    state.log = new ExecutionLog(cx);
    state.change = kernel.deliveries.register(transitionPolicy(cx));
    state.bury = kernel.deliveries.register(deadLetterPolicy(cx));
    startPipes(cx);
  },
  stop({ state }) {
    state.pollers.close();
  },
  operations: {
    CreatePipe: pipesOf.createPipe,
    UpdatePipe: pipesOf.updatePipe,
    DescribePipe: pipesOf.describePipe,
    ListPipes: pipesOf.listPipes,
    StartPipe: pipesOf.startPipe,
    StopPipe: pipesOf.stopPipe,
    DeletePipe: pipesOf.deletePipe,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    ListTagsForResource: tags.listTagsForResource,
  },
  authorize: {
    CreatePipe: onPipeWithRole,
    UpdatePipe: onPipeWithRole,
    DescribePipe: onPipe,
    ListPipes: () => ({ resource: "*" }),
    StartPipe: onPipe,
    StopPipe: onPipe,
    DeletePipe: onPipe,
    TagResource: onTagged,
    UntagResource: onTagged,
    ListTagsForResource: onTagged,
  },
});
