import type { PipeState } from "@aws-sdk/client-pipes";
import { findArn } from "../../aws/arn.ts";
import { AwsError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import type { DeliveryPolicy } from "../../kernel/delivery.ts";
import { isAllowed } from "../../outbound/permission.ts";
import { checkQueueAccess, QueueFault } from "../../sources/queue.ts";
import { findEnds } from "../../sources/shard.ts";
import { findStreamKind } from "../../sources/stream-kinds.ts";
import { beginAt, divideAnew } from "../../sources/stream-poller.ts";
import { assumePipeRole, pipeKey } from "./pipe.ts";
import { streamParameters } from "./settings.ts";
import { pollSource, readerOf } from "./source.ts";
import type { Context, PipeRecord } from "./state.ts";
import { isFireAndForget } from "./targets.ts";

/** A pipe that has to become what it was last told to be. */
export interface Transition extends Scope {
  readonly name: string;
  readonly id: string;
}

type Ends = ReadonlyMap<string, string | undefined>;

const TRIES = 5;
const RETRY_MS = 1000;
const FAILED: Readonly<Partial<Record<PipeState, PipeState>>> = {
  CREATING: "CREATE_FAILED",
  UPDATING: "UPDATE_FAILED",
  STARTING: "START_FAILED",
};
export const USER_INITIATED = "USER_INITIATED";

/** What keeps a pipe from running, in AWS's words. */
class PipeFault extends Error {
  override name = "PipeFault";
}

/** Takes pipes through their states between: CREATING, UPDATING, STARTING, STOPPING, DELETING. */
export function transitionPolicy(cx: Context): DeliveryPolicy<Transition> {
  return {
    name: "pipes.transitions",
    attempt: ({ payload }) => change(cx, payload),
    retryAfterMs: (error, { failures }) =>
      error instanceof PipeFault || failures >= TRIES ? undefined : RETRY_MS * 2 ** failures,
    async exhausted({ payload }, error) {
      const record = find(cx, payload);
      const state = record && FAILED[record.state];
      if (!record || !state) return;
      const reason = `Input parameter is invalid from the request due to : ${error instanceof Error ? error.message : String(error)}`;
      void cx.state.pollers.stop(record.id);
      put(cx, { ...record, state, reason });
    },
  };
}

/** Polls for every pipe that runs. */
export function startPipes(cx: Context): void {
  for (const record of cx.state.pipes.values())
    if (record.state === "RUNNING") cx.state.pollers.replace(record.id, pollSource(cx, record));
}

async function change(cx: Context, transition: Transition): Promise<void> {
  const record = find(cx, transition);
  if (!record) return;
  const { pollers, pipes, checkpoints } = cx.state;
  if (record.state === "STOPPING") {
    await pollers.stop(record.id);
    put(cx, { ...record, state: "STOPPED" });
  } else if (record.state === "DELETING") {
    await pollers.stop(record.id);
    cx.kernel.store.transaction(() => {
      checkpoints.clear({ prefix: [record.id] });
      pipes.remove(pipeKey(record, record.name));
    });
  } else if (FAILED[record.state]) await run(cx, record);
}

async function run(cx: Context, record: PipeRecord): Promise<void> {
  const { id, settings } = record;
  // Its batches end as they began before it goes on by other rules.
  await cx.state.pollers.stop(id);
  const ends = await check(cx, record);
  const parallel = streamParameters(settings).ParallelizationFactor ?? 1;
  cx.kernel.store.transaction(() => {
    const { checkpoints } = cx.state;
    if (ends) beginAt(checkpoints, id, ends, parallel);
    else if (record.state === "UPDATING") divideAnew(checkpoints, id, parallel);
    put(cx, { ...record, state: record.desired === "RUNNING" ? "RUNNING" : "STOPPED", reason: USER_INITIATED });
  });
  if (record.desired === "RUNNING") cx.state.pollers.replace(id, pollSource(cx, record));
}

function find({ state }: Context, { name, id, ...scope }: Transition): PipeRecord | undefined {
  const record = state.pipes.get(pipeKey(scope, name));
  return record?.id === id ? record : undefined;
}

function put({ state }: Context, record: PipeRecord): void {
  state.pipes.put(pipeKey(record, record.name), record);
}

/**
 * Looks whether the role may do what the pipe needs of its source, dead-letter queue and state machine.
 * @returns where a stream ends, where a new pipe begins there
 * @throws PipeFault; AwsError for what may pass
 */
async function check(cx: Context, record: PipeRecord): Promise<Ends | undefined> {
  await assumePipeRole(cx, record).catch((error: unknown) => {
    // Gap: these words are ours.
    if (isDenied(error) || isNamed(error, /NoSuchEntity/))
      throw new PipeFault("The provided customer role cannot be assumed by principal 'pipes.amazonaws.com'");
    throw error;
  });
  const ends = await checkSource(cx, record);
  await checkLetters(cx, record);
  await checkMachine(cx, record);
  return ends;
}

async function checkSource(cx: Context, record: PipeRecord): Promise<Ends | undefined> {
  const reader = readerOf(cx, record);
  const kind = findStreamKind(reader.source.service);
  if (!kind) {
    await checkQueueAccess(reader, cx.endpoint()).catch((error: unknown) => {
      if (!(error instanceof QueueFault)) throw error;
      throw new PipeFault(
        error.kind === "forbidden"
          ? `The provided customer role does not have permissions to call ${error.operation} on SQS`
          : `Error occurred while ${error.operation}. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.`,
      );
    });
    return undefined;
  }
  try {
    await kind.probe(reader);
    const { StartingPosition } = streamParameters(record.settings);
    const isNew = cx.state.checkpoints.first({ prefix: [record.id] }) === undefined;
    return StartingPosition === "LATEST" && isNew ? await findEnds(kind, reader) : undefined;
  } catch (error) {
    if (isDenied(error))
      throw new PipeFault(
        `Cannot access stream ${reader.sourceArn}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.`,
      );
    if (isNamed(error, /ResourceNotFound/)) throw new PipeFault(`Stream not found: ${reader.sourceArn}`);
    throw error;
  }
}

async function checkLetters({ call }: Context, { settings }: PipeRecord): Promise<void> {
  const letters = streamParameters(settings).DeadLetterConfig?.Arn;
  if (letters === undefined) return;
  const isQueue = findArn(letters)!.service === "sqs";
  if (await isAllowed(call, settings.RoleArn, isQueue ? "sqs:SendMessage" : "sns:Publish", letters)) return;
  throw new PipeFault(
    isQueue
      ? `Error occurred while sending message to SQS queue: ${letters}`
      : `Error occurred while publishing message to SNS topic: ${letters}`,
  );
}

/** AWS: a state machine that is waited for is an Express one. Gap: these words are ours. */
async function checkMachine({ call }: Context, { settings, account, region }: PipeRecord): Promise<void> {
  const { Enrichment = "", Target } = settings;
  const waitedFor = [Enrichment, ...(isFireAndForget(settings) ? [] : [Target])];
  for (const stateMachineArn of waitedFor) {
    if (findArn(stateMachineArn)?.service !== "states") continue;
    const { type } = await call(
      "stepfunctions",
      "DescribeStateMachine",
      { stateMachineArn },
      { as: { kind: "root", account }, scope: { account, region } },
    ).catch((error: unknown) => {
      if (isNamed(error, /DoesNotExist/)) return { type: undefined };
      throw error;
    });
    if (type === "STANDARD")
      throw new PipeFault(`REQUEST_RESPONSE is not supported for STANDARD state machine workflows: ${stateMachineArn}`);
  }
}

function isDenied(error: unknown): boolean {
  return isNamed(error, /^AccessDenied/);
}

function isNamed(error: unknown, code: RegExp): boolean {
  return error instanceof AwsError && code.test(error.code);
}
