import { queueAddress } from "../../aws/addresses.ts";
import { findArn } from "../../aws/arn.ts";
import type { DeliveryPolicy } from "../../kernel/delivery.ts";
import type { Positioned } from "../../kernel/log-poller.ts";
import { batchInfo } from "../../sources/batch-info.ts";
import type { StreamKind, StreamRecord } from "../../sources/stream-kind.ts";
import { assumePipeRole, pipeArn } from "./pipe.ts";
import type { Context, PipeRecord } from "./state.ts";

/** The record of a batch given up, on its way to the pipe's dead-letter queue or topic. */
export interface DeadLetter {
  readonly pipe: PipeRecord;
  readonly destination: string;
  /** JSON */
  readonly body: string;
}

const TRIES = 5;
const RETRY_MS = 1000;

export function deadLetterPolicy(cx: Context): DeliveryPolicy<DeadLetter> {
  return {
    name: "pipes.dead-letters",
    async attempt({ payload: { pipe, destination, body } }, span) {
      const arn = findArn(destination)!;
      const { principal } = await assumePipeRole(cx, pipe);
      const options = { as: principal, scope: { account: arn.account, region: arn.region }, parent: span };
      if (arn.service === "sns") await cx.call("sns", "Publish", { TopicArn: destination, Message: body }, options);
      else {
        const QueueUrl = queueAddress(cx.endpoint(), arn, arn.resource);
        await cx.call("sqs", "SendMessage", { QueueUrl, MessageBody: body }, options);
      }
    },
    retryAfterMs: (_error, { failures }) => (failures < TRIES ? RETRY_MS * 2 ** failures : undefined),
    exhausted: async () => undefined,
  };
}

/** AWS: what a dead-letter queue of a pipe from a stream gets: where the records are, not the records. */
export function letterBody(
  nowMs: number,
  pipe: PipeRecord,
  condition: string,
  kind: StreamKind,
  shardId: string,
  records: readonly Positioned<StreamRecord>[],
): string {
  return JSON.stringify({
    context: { partnerResourceArn: pipeArn(pipe, pipe.name), condition },
    version: "1.0",
    timestamp: new Date(nowMs).toISOString(),
    ...batchInfo(kind, pipe.settings.Source, shardId, records),
  });
}
