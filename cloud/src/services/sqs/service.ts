/**
 * Amazon SQS: standard and FIFO queues.
 *
 * Gap: throughput quotas are not enforced (FIFO: 300 calls a second and more with the high-throughput setting).
 * Gap: encryption with keys of one's own (KmsMasterKeyId other than alias/aws/sqs) is refused by name.
 * Gap: standard queues deliver in order and once, as far as AWS mostly does; fair queues are accepted and, with one
 * machine's worth of consumers, have nothing to balance.
 * Gap: counts are exact and at once, where AWS's are approximate and up to a minute late.
 * Quirk: a receipt handle of an earlier receive deletes nothing, as AWS warns it might not.
 */
import { defineService, suspends, type Ask, type CallContext } from "../../service.ts";
import { handleClearing } from "./clearing.ts";
import { messages } from "./inspect.ts";
import { provideGauges } from "./gauges.ts";
import { handleMoveTasks, readHandle } from "./move-task.ts";
import * as moveTasks from "./operations/move-tasks.ts";
import * as permissions from "./operations/permissions.ts";
import * as queues from "./operations/queues.ts";
import * as receipts from "./operations/receipts.ts";
import { receiveMessage } from "./operations/receive.ts";
import { sendMessage, sendMessageBatch } from "./operations/send.ts";
import * as tags from "./operations/tags.ts";
import { askOf, queueArn } from "./queue.ts";
import { resources } from "./resources.ts";
import { SqsState } from "./state.ts";

type Cx = CallContext<SqsState>;

const onQueue =
  (action: string) =>
  (input: { QueueUrl?: string | undefined }, cx: Cx): Ask =>
    askOf(action, input.QueueUrl, cx);
const named = (action: string, name: string | undefined, cx: Cx, account = cx.scope.account): Ask =>
  askOf(action, `http://queue/${account}/${name ?? ""}`, cx);
const onArn = (action: string, arn: string | undefined): Ask => ({ action: `sqs:${action}`, resource: arn ?? "*" });

export const sqs = defineService({
  api: "sqs",
  iamPrefix: "sqs",
  state: (kernel) => new SqsState(kernel),
  resources,
  views: { messages },
  start(cx) {
    handleClearing(cx);
    handleMoveTasks(cx);
    provideGauges(cx);
  },
  stop({ state }) {
    state.waiters.wakeAll();
  },
  ownValidation: [
    "GetQueueAttributes",
    "SetQueueAttributes",
    "CreateQueue",
    "ReceiveMessage",
    "SendMessage",
    "SendMessageBatch",
  ],
  operations: {
    CreateQueue: queues.createQueue,
    DeleteQueue: queues.deleteQueue,
    GetQueueUrl: queues.getQueueUrl,
    ListQueues: queues.listQueues,
    ListDeadLetterSourceQueues: queues.listDeadLetterSourceQueues,
    GetQueueAttributes: queues.getQueueAttributes,
    SetQueueAttributes: queues.setQueueAttributes,
    PurgeQueue: queues.purgeQueue,
    AddPermission: permissions.addPermission,
    RemovePermission: permissions.removePermission,
    TagQueue: tags.tagQueue,
    UntagQueue: tags.untagQueue,
    ListQueueTags: tags.listQueueTags,
    SendMessage: sendMessage,
    SendMessageBatch: sendMessageBatch,
    ReceiveMessage: suspends(receiveMessage),
    DeleteMessage: receipts.deleteMessage,
    DeleteMessageBatch: receipts.deleteMessageBatch,
    ChangeMessageVisibility: receipts.changeMessageVisibility,
    ChangeMessageVisibilityBatch: receipts.changeMessageVisibilityBatch,
    StartMessageMoveTask: moveTasks.startMessageMoveTask,
    ListMessageMoveTasks: moveTasks.listMessageMoveTasks,
    CancelMessageMoveTask: moveTasks.cancelMessageMoveTask,
  },
  authorize: {
    CreateQueue: (input, cx) => [
      named("CreateQueue", input.QueueName, cx),
      ...(input.tags ? [named("TagQueue", input.QueueName, cx)] : []),
    ],
    DeleteQueue: onQueue("DeleteQueue"),
    GetQueueUrl: (input, cx) => named("GetQueueUrl", input.QueueName, cx, input.QueueOwnerAWSAccountId),
    ListQueues: (_, cx) => onArn("ListQueues", queueArn({ ...cx.scope, name: "" })),
    ListDeadLetterSourceQueues: onQueue("ListDeadLetterSourceQueues"),
    GetQueueAttributes: onQueue("GetQueueAttributes"),
    SetQueueAttributes: onQueue("SetQueueAttributes"),
    PurgeQueue: onQueue("PurgeQueue"),
    AddPermission: onQueue("AddPermission"),
    RemovePermission: onQueue("RemovePermission"),
    TagQueue: onQueue("TagQueue"),
    UntagQueue: onQueue("UntagQueue"),
    ListQueueTags: onQueue("ListQueueTags"),
    SendMessage: onQueue("SendMessage"),
    SendMessageBatch: onQueue("SendMessage"),
    ReceiveMessage: onQueue("ReceiveMessage"),
    DeleteMessage: onQueue("DeleteMessage"),
    DeleteMessageBatch: onQueue("DeleteMessage"),
    ChangeMessageVisibility: onQueue("ChangeMessageVisibility"),
    ChangeMessageVisibilityBatch: onQueue("ChangeMessageVisibility"),
    // AWS: "Permissions required to start a message move task": the caller moves, so it must be allowed to.
    StartMessageMoveTask: (input) => [
      onArn("StartMessageMoveTask", input.SourceArn),
      onArn("ReceiveMessage", input.SourceArn),
      onArn("DeleteMessage", input.SourceArn),
      onArn("GetQueueAttributes", input.SourceArn),
      ...(input.DestinationArn === undefined ? [] : [onArn("SendMessage", input.DestinationArn)]),
    ],
    ListMessageMoveTasks: (input) => onArn("ListMessageMoveTasks", input.SourceArn),
    CancelMessageMoveTask: (input) => onArn("CancelMessageMoveTask", readHandle(input.TaskHandle ?? "")?.sourceArn),
  },
});
