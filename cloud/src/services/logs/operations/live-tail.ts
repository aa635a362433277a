import type { StartLiveTailResponseStream } from "@aws-sdk/client-cloudwatch-logs";
import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { invalidOperation, invalidParameter, invalidPattern } from "../errors.ts";
import { getGroup, groupArn, resolveIdentifier } from "../group.ts";
import type { LogsState } from "../state.ts";
import { TailSession, type TailOptions } from "../tail.ts";

type Cx = CallContext<LogsState>;

const SESSION_MAX_MS = 3 * 3_600_000;

/** Source: StartLiveTail in the CloudWatch Logs API reference. */
export async function startLiveTail(
  cx: Cx,
  input: Input<"logs", "StartLiveTail">,
): Promise<Output<"logs", "StartLiveTail">> {
  const options = optionsOf(cx, input);
  return { responseStream: session(cx, input, options) };
}

function optionsOf(cx: Cx, input: Input<"logs", "StartLiveTail">): TailOptions {
  const identifiers = input.logGroupIdentifiers!;
  const { logStreamNames = [], logStreamNamePrefixes = [], logEventFilterPattern = "" } = input;
  if (logStreamNames.length > 0 && logStreamNamePrefixes.length > 0)
    throw invalidParameter("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.");
  if (identifiers.length > 1 && logStreamNames.length + logStreamNamePrefixes.length > 0)
    throw invalidParameter("Log streams can be specified only for a single log group.");
  const groups = new Set<string>();
  for (const identifier of identifiers) {
    // AWS: "Specify each log group by its ARN."
    if (!identifier.startsWith("arn:"))
      throw invalidParameter(`Log group identifier ${identifier} is not a log group ARN.`);
    const group = getGroup(cx.state, cx.scope, resolveIdentifier(cx.scope, identifier));
    if (group.class !== "STANDARD") throw invalidOperation();
    groups.add(group.name);
  }
  return {
    scope: cx.scope,
    groups,
    streams: logStreamNames,
    streamPrefixes: logStreamNamePrefixes,
    pattern: logEventFilterPattern === "" ? undefined : compile(cx, logEventFilterPattern),
  };
}

function compile(cx: Cx, pattern: string) {
  try {
    return cx.state.pattern(pattern);
  } catch (error) {
    const known = invalidPattern(error, "");
    throw invalidParameter(
      known.message === "" ? "Invalid filter pattern" : `Invalid filter pattern: ${known.message}`,
    );
  }
}

async function* session(
  cx: Cx,
  input: Input<"logs", "StartLiveTail">,
  options: TailOptions,
): AsyncGenerator<StartLiveTailResponseStream> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  cx.source.signal?.addEventListener("abort", end);
  if (cx.source.signal?.aborted) end();
  const { clock } = cx.kernel;
  const untilMs = clock.now() + SESSION_MAX_MS;
  const tail = new TailSession(cx.kernel, options);
  cx.state.tails.add(tail);
  try {
    yield {
      sessionStart: {
        requestId: cx.requestId,
        sessionId: cx.kernel.random.uuid(),
        logGroupIdentifiers: [...options.groups].map((name) => groupArn(cx.scope, name)),
        logStreamNames: input.logStreamNames,
        logStreamNamePrefixes: input.logStreamNamePrefixes,
        logEventFilterPattern: input.logEventFilterPattern,
      },
    };
    while (clock.now() < untilMs) {
      const update = await tail.next(ended.signal);
      if (!update) return;
      yield { sessionUpdate: { sessionMetadata: { sampled: update.sampled }, sessionResults: update.events } };
    }
    yield {
      SessionTimeoutException: { message: "Your Live Tail session has timed out." },
    } as StartLiveTailResponseStream;
  } finally {
    cx.state.tails.delete(tail);
    cx.source.signal?.removeEventListener("abort", end);
  }
}
