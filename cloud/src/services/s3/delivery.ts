import { findArn } from "../../aws/arn.ts";
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Principal } from "../../iam/principal.ts";
import type { SpanContext } from "../../kernel/trace.ts";
import type { ServiceContext } from "../../service.ts";
import { bucketArn } from "./bucket.ts";
import { bridgeEvent, eventMessage, hostId, type Occurrence } from "./events.ts";
import { destinationsOf, wants, type Destination, type DestinationKind } from "./notification.ts";
import type { Bucket, S3Context, S3State } from "./state.ts";

/** How notifications reach their destinations. */

/** A message under way. */
type Message = { readonly bucket: Pick<Bucket, "name" | "account" | "region"> } & (
  | { readonly kind: DestinationKind; readonly arn: string; readonly body: string }
  | { readonly kind: "events"; readonly detailType: string; readonly body: string; readonly timeMs: number }
);

/** AWS: "Amazon S3 event notifications are designed to be delivered at least once". Gap: AWS tells no schedule. */
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 5 * 60_000;
const AGE_MAX_MS = 6 * 3_600_000;

/** Has what happens to objects delivered; called when the service starts. */
export function startNotifications(cx: ServiceContext<S3State>): void {
  const accept = cx.kernel.deliveries.register<Message>({
    name: "s3.notification",
    attempt: async ({ payload }, span) => send(cx, payload, span),
    retryAfterMs: (error, { failures, acceptedMs }) =>
      error instanceof NotEmulatedError || cx.kernel.clock.now() - acceptedMs > AGE_MAX_MS
        ? undefined
        : Math.min(RETRY_FIRST_MS * 2 ** (failures - 1), RETRY_MAX_MS),
    exhausted: async () => undefined,
  });
  cx.state.notify = (occurrence) => {
    for (const message of messagesOf(occurrence))
      accept(message, occurrence.parent ? { parent: occurrence.parent } : {});
  };
}

function messagesOf(occurrence: Occurrence): Message[] {
  const { event, version } = occurrence;
  const configuration = occurrence.bucket.notification;
  if (!configuration) return [];
  const { name, account, region } = occurrence.bucket;
  const bucket = { name, account, region };
  const messages: Message[] = destinationsOf(configuration)
    .filter((destination) => wants(destination, event, version.key))
    .map(({ kind, arn, id }) => ({ bucket, kind, arn, body: eventMessage(occurrence, id) }));
  const bridged = configuration.EventBridgeConfiguration && bridgeEvent(occurrence);
  if (bridged)
    messages.push({
      bucket,
      kind: "events",
      detailType: bridged.detailType,
      body: JSON.stringify(bridged.detail),
      timeMs: occurrence.timeMs,
    });
  return messages;
}

type Caller = Pick<ServiceContext, "call">;

async function send(cx: Caller, message: Message, parent?: SpanContext): Promise<void> {
  const options = { as: s3For(message.bucket), scope: scopeOf(message), ...(parent ? { parent } : {}) };
  switch (message.kind) {
    case "lambda":
      await cx.call(
        "lambda",
        "Invoke",
        { FunctionName: message.arn, InvocationType: "Event", Payload: Buffer.from(message.body) },
        options,
      );
      return;
    case "sqs":
      await cx.call("sqs", "SendMessage", { QueueUrl: queueUrl(message.arn), MessageBody: message.body }, options);
      return;
    case "sns":
      await cx.call(
        "sns",
        "Publish",
        { TopicArn: message.arn, Message: message.body, Subject: "Amazon S3 Notification" },
        options,
      );
      return;
    case "events": {
      const result = await cx.call(
        "events",
        "PutEvents",
        {
          Entries: [
            {
              Source: "aws.s3",
              DetailType: message.detailType,
              Detail: message.body,
              Resources: [bucketArn(message.bucket.name)],
              Time: new Date(message.timeMs),
            },
          ],
        },
        options,
      );
      const failed = result.Entries?.find((entry) => entry.ErrorCode !== undefined);
      if (failed) throw new AwsError(failed.ErrorCode!, failed.ErrorMessage ?? "");
    }
  }
}

/** S3 as it acts for a bucket. */
function s3For(bucket: Pick<Bucket, "name" | "account">): Principal {
  return {
    kind: "service",
    service: "s3.amazonaws.com",
    sourceArn: bucketArn(bucket.name),
    sourceAccount: bucket.account,
  };
}

function scopeOf(message: Message): Scope {
  const { account, region } = message.bucket;
  const target = message.kind === "events" ? undefined : findArn(message.arn);
  return target ? { account: target.account, region: target.region } : { account, region };
}

function queueUrl(arn: string): string {
  const { region, account, resource } = findArn(arn)!;
  return `https://sqs.${region}.amazonaws.com/${account}/${resource}`;
}

const REFUSAL: Record<DestinationKind, { readonly denied: (arn: string) => string; readonly missing: string }> = {
  lambda: {
    denied: (arn) => `Not authorized to invoke function [${arn}]`,
    missing: "The destination Lambda does not exist",
  },
  sqs: {
    denied: () => "Permissions on the destination queue do not allow S3 to publish notifications from this bucket",
    missing: "The destination queue does not exist",
  },
  sns: {
    denied: () => "Permissions on the destination topic do not allow S3 to publish notifications from this bucket",
    missing: "The destination topic does not exist",
  },
};

/**
 * Checks that S3 may reach every destination, as AWS does when a configuration is put: queues and topics get the test
 * message, functions a dry run.
 * @throws AwsError InvalidArgument naming each destination that cannot be reached
 */
export async function checkDestinations(
  cx: S3Context,
  bucket: Bucket,
  destinations: readonly Destination[],
): Promise<void> {
  const members: Record<string, string> = {};
  let refused = 0;
  for (const destination of destinations) {
    try {
      await probe(cx, bucket, destination);
    } catch (error) {
      if (!(error instanceof AwsError) || error instanceof NotEmulatedError) throw error;
      refused += 1;
      members[`ArgumentName${refused}`] = destination.arn;
      members[`ArgumentValue${refused}`] = await refusalOf(cx, destination);
    }
  }
  if (refused > 0)
    throw new AwsError("InvalidArgument", "Unable to validate the following destination configurations", {
      status: 400,
      members,
    });
}

/**
 * Nobody may refuse S3 the default bus of the bucket's account; where there is no EventBridge, that is told by name.
 * @throws NotEmulatedError
 */
export async function checkBridge(cx: S3Context, { account, region }: Bucket): Promise<void> {
  await cx.call("events", "DescribeEventBus", {}, { as: { kind: "root", account }, scope: { account, region } });
}

async function probe(cx: S3Context, bucket: Bucket, { kind, arn }: Destination): Promise<void> {
  const message: Message = { bucket, kind, arn, body: testMessage(cx, bucket) };
  const call: Caller["call"] = (service, operation, input, options) => cx.call(service, operation, input, options);
  if (kind !== "lambda") return send({ call }, message);
  await cx.call(
    "lambda",
    "Invoke",
    { FunctionName: arn, InvocationType: "DryRun" },
    { as: s3For(bucket), scope: scopeOf(message) },
  );
}

/** AWS: "Event notification types and destinations": the test message. */
function testMessage(cx: S3Context, bucket: Bucket): string {
  return JSON.stringify({
    Service: "Amazon S3",
    Event: "s3:TestEvent",
    Time: cx.kernel.clock.date().toISOString(),
    Bucket: bucket.name,
    RequestId: cx.requestId,
    HostId: hostId(cx.requestId),
  });
}

async function refusalOf(cx: S3Context, { kind, arn }: Destination): Promise<string> {
  return (await exists(cx, kind, arn)) ? REFUSAL[kind].denied(arn) : REFUSAL[kind].missing;
}

/** Asked as the destination's own account, since to S3 what is missing is as forbidden as what it may not use. */
async function exists(cx: S3Context, kind: DestinationKind, arn: string): Promise<boolean> {
  const { account, region, resource } = findArn(arn)!;
  const options = { as: { kind: "root", account }, scope: { account, region } } as const;
  try {
    if (kind === "lambda") await cx.call("lambda", "GetFunctionConfiguration", { FunctionName: arn }, options);
    else if (kind === "sqs") await cx.call("sqs", "GetQueueUrl", { QueueName: resource }, options);
    else await cx.call("sns", "GetTopicAttributes", { TopicArn: arn }, options);
    return true;
  } catch (error) {
    if (error instanceof AwsError && /NonExistent|NotFound|DoesNotExist/i.test(error.code)) return false;
    throw error;
  }
}
