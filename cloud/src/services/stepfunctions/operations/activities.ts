import type {
  CreateActivityInput,
  CreateActivityOutput,
  DeleteActivityInput,
  DescribeActivityInput,
  DescribeActivityOutput,
  GetActivityTaskInput,
  GetActivityTaskOutput,
  ListActivitiesInput,
  ListActivitiesOutput,
  SendTaskFailureInput,
  SendTaskHeartbeatInput,
  SendTaskSuccessInput,
} from "@aws-sdk/client-sfn";
import { arn, findArn } from "../../../aws/arn.ts";
import { PAYLOAD_BYTES_MAX } from "../../../engines/asl/fields.ts";
import type { Json } from "../../../engines/asl/json.ts";
import { engineOf, type Cx } from "../engine.ts";
import { activityDoesNotExist, invalidArn, invalidOutput, invalidToken, taskTimedOut } from "../errors.ts";
import { checkName, scopeKey } from "../machine.ts";
import { page } from "../page.ts";
import type { ActivityRecord } from "../state.ts";

/** AWS: "GetActivityTask": the poll is held open for 60 seconds. */
const POLL_MS = 60_000;

export function createActivity(cx: Cx, { name = "", tags = [] }: CreateActivityInput): CreateActivityOutput {
  checkName(name);
  const key = [...scopeKey(cx.scope), name];
  const record: ActivityRecord = cx.state.activities.get(key) ?? {
    arn: arn("states", cx.scope, `activity:${name}`),
    name,
    createdMs: cx.kernel.clock.now(),
    tags: Object.fromEntries(tags.map(({ key: tag = "", value = "" }) => [tag, value])),
  };
  cx.state.activities.put(key, record);
  return { activityArn: record.arn, creationDate: new Date(record.createdMs) };
}

function activityKey(arnText: string): string[] {
  const parsed = findArn(arnText);
  const [kind, name] = parsed?.resource.split(":") ?? [];
  if (parsed?.service !== "states" || kind !== "activity" || !name) throw invalidArn(arnText);
  return [...scopeKey(parsed), name];
}

function getActivity(cx: Cx, arnText: string): ActivityRecord {
  const found = cx.state.activities.get(activityKey(arnText));
  if (!found) throw activityDoesNotExist(arnText);
  return found;
}

export function describeActivity(cx: Cx, { activityArn = "" }: DescribeActivityInput): DescribeActivityOutput {
  const { name, createdMs } = getActivity(cx, activityArn);
  return {
    activityArn,
    name,
    creationDate: new Date(createdMs),
    encryptionConfiguration: { type: "AWS_OWNED_KEY" },
  };
}

export function deleteActivity(cx: Cx, { activityArn = "" }: DeleteActivityInput): object {
  cx.state.activities.remove(activityKey(activityArn));
  cx.state.waiting.clear({ prefix: [activityArn] });
  return {};
}

export function listActivities(cx: Cx, input: ListActivitiesInput): ListActivitiesOutput {
  const { shown, nextToken } = page([...cx.state.activities.values({ prefix: scopeKey(cx.scope) })], input);
  return {
    activities: shown.map((each) => ({
      activityArn: each.arn,
      name: each.name,
      creationDate: new Date(each.createdMs),
    })),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

export async function getActivityTask(cx: Cx, input: GetActivityTaskInput): Promise<GetActivityTaskOutput> {
  const { activityArn = "", workerName } = input;
  getActivity(cx, activityArn);
  const deadlineMs = cx.kernel.clock.now() + POLL_MS;
  for (;;) {
    const task = takeWaiting(cx, activityArn, workerName);
    if (task) return task;
    const leftMs = deadlineMs - cx.kernel.clock.now();
    if (leftMs <= 0 || cx.source.signal?.aborted) return {};
    const news = new AbortController();
    const wake = () => news.abort();
    const end = cx.kernel.news.listen(activityArn, wake);
    cx.source.signal?.addEventListener("abort", wake);
    await cx.kernel.clock.wait(leftMs, news.signal);
    cx.source.signal?.removeEventListener("abort", wake);
    end();
  }
}

function takeWaiting(cx: Cx, activityArn: string, workerName: string | undefined): GetActivityTaskOutput | undefined {
  return cx.kernel.store.transaction(() => {
    for (;;) {
      const next = cx.state.waiting.first({ prefix: [activityArn] });
      if (!next) return undefined;
      const [key, { token, input }] = next;
      cx.state.waiting.remove(key);
      const owner = cx.state.tokens.get([token]);
      // Its task ended in the meantime.
      if (!owner) continue;
      engineOf(cx.state).runner.post(owner.executionArn, {
        kind: "taskStarted",
        id: owner.id,
        ...(workerName === undefined ? {} : { workerName }),
      });
      return { taskToken: token, input };
    }
  });
}

/** @throws AwsError InvalidToken, TaskTimedOut */
function ownerOf(cx: Cx, token: string): { executionArn: string; id: string } {
  if (!/^[A-Za-z0-9+/=]{20,1024}$/.test(token)) throw invalidToken("Invalid token");
  const owner = cx.state.tokens.get([token]);
  if (!owner) throw taskTimedOut();
  return owner;
}

export function sendTaskSuccess(cx: Cx, { taskToken = "", output = "" }: SendTaskSuccessInput): object {
  let value: Json;
  try {
    value = JSON.parse(output) as Json;
  } catch (error) {
    throw invalidOutput((error as Error).message);
  }
  if (Buffer.byteLength(output) > PAYLOAD_BYTES_MAX) throw invalidOutput("Output is too large");
  const { executionArn, id } = ownerOf(cx, taskToken);
  end(cx, taskToken, executionArn, id);
  engineOf(cx.state).runner.post(executionArn, { kind: "taskSucceeded", id, output: value });
  return {};
}

export function sendTaskFailure(cx: Cx, { taskToken = "", error, cause }: SendTaskFailureInput): object {
  const { executionArn, id } = ownerOf(cx, taskToken);
  end(cx, taskToken, executionArn, id);
  engineOf(cx.state).runner.post(executionArn, {
    kind: "taskFailed",
    id,
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  });
  return {};
}

function end(cx: Cx, token: string, executionArn: string, id: string): void {
  cx.state.tokens.remove([token]);
  cx.state.tasks.remove([executionArn, id]);
}

export function sendTaskHeartbeat(cx: Cx, { taskToken = "" }: SendTaskHeartbeatInput): object {
  const { executionArn, id } = ownerOf(cx, taskToken);
  engineOf(cx.state).runner.post(executionArn, { kind: "heartbeat", id });
  return {};
}
