import { defineResource, type Properties, type ResourceType } from "../../deploy/resource.ts";
import { isObject } from "../../deploy/template.ts";
import { awaitSignals, issueCallback, withdrawCallback } from "./callbacks.ts";
import { Cancelled, StepFailure } from "./failure.ts";
import type { CloudFormationState } from "./state.ts";
import type { OwnContext } from "./step-context.ts";

interface Signal {
  readonly Status: string;
  readonly UniqueId: string;
  readonly Data: string;
  readonly Reason: string;
}

/** `AWS::CloudFormation::WaitConditionHandle`: a presigned URL that signals are put to. */
export function waitConditionHandle(state: CloudFormationState): ResourceType {
  return defineResource<Properties>({
    type: "AWS::CloudFormation::WaitConditionHandle",
    honours: {},
    // oxlint-disable-next-line require-await
    async create(cx) {
      return { physicalId: issueCallback(cx as OwnContext, state, "waitcondition").url };
    },
    // oxlint-disable-next-line require-await
    async delete(_cx, { physicalId }) {
      withdrawCallback(state, keyOf(physicalId));
    },
  });
}

interface WaitConditionProps {
  Handle?: string;
  Timeout?: string | number;
  Count?: number;
}

/** `AWS::CloudFormation::WaitCondition`: created once enough signals came; fails when time runs out, by the clock. */
export function waitCondition(state: CloudFormationState): ResourceType {
  return defineResource<WaitConditionProps>({
    type: "AWS::CloudFormation::WaitCondition",
    honours: { Handle: true, Timeout: true, Count: true },
    replaceOn: ["Handle", "Timeout", "Count"],
    async create(cx, props) {
      const own = cx as OwnContext;
      const awaited = awaitedBy(own, props);
      if (own.initiatedId === undefined) cx.initiated(cx.physicalName());
      const outcome = await awaitSignals(own, state, awaited.key, awaited.seconds, (bodies) =>
        judge(bodies, awaited.count),
      );
      if (outcome) {
        if ("failure" in outcome) throw new StepFailure(outcome.failure);
        return { physicalId: own.initiatedId ?? cx.physicalName(), attributes: { Data: JSON.stringify(outcome.data) } };
      }
      if (own.signal.aborted) throw new Cancelled();
      const received = state.signals.count({ prefix: [awaited.key] });
      throw new StepFailure(`WaitCondition timed out. Received ${received} conditions when expecting ${awaited.count}`);
    },
    async delete() {
      // Nothing is behind it.
    },
  });
}

/** What a wait condition waits for: signals to its handle, or by its CreationPolicy those of SignalResource. */
function awaitedBy(
  cx: OwnContext,
  { Handle, Timeout, Count }: WaitConditionProps,
): { key: string; count: number; seconds: number } {
  if (Handle !== undefined) return { key: keyOf(Handle), count: Count ?? 1, seconds: Number(Timeout ?? 0) };
  const policy = cx.creationPolicy?.["ResourceSignal"];
  if (!isObject(policy))
    throw new StepFailure("WaitCondition must have a Handle, or a CreationPolicy with a ResourceSignal");
  return {
    key: resourceSignalKey(cx.stackId, cx.logicalId),
    count: Number(policy["Count"] ?? 1),
    seconds: parseIsoDuration(String(policy["Timeout"] ?? "PT5M")),
  };
}

/** Under which SignalResource's signals are kept. */
export function resourceSignalKey(stackId: string, logicalId: string): string {
  return `${stackId}|${logicalId}|signal`;
}

function keyOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

function judge(
  bodies: readonly string[],
  count: number,
): { failure: string } | { data: Record<string, string> } | undefined {
  const signals = bodies.flatMap((body) => parse(body));
  const failed = signals.find((signal) => signal.Status === "FAILURE");
  if (failed)
    return { failure: `WaitCondition received failed message: '${failed.Reason}' for uniqueId: ${failed.UniqueId}` };
  const byId = new Map(signals.map((signal) => [signal.UniqueId, signal.Data]));
  return byId.size >= count ? { data: Object.fromEntries(byId) } : undefined;
}

/** What is no signal is not counted, as on AWS. */
function parse(body: string): Signal[] {
  try {
    const value = JSON.parse(body) as unknown;
    if (!isObject(value) || (value["Status"] !== "SUCCESS" && value["Status"] !== "FAILURE")) return [];
    return [
      {
        Status: value["Status"],
        UniqueId: String(value["UniqueId"] ?? ""),
        Data: String(value["Data"] ?? ""),
        Reason: String(value["Reason"] ?? ""),
      },
    ];
  } catch {
    return [];
  }
}

/** Reads `PT1H30M10S` into seconds. */
function parseIsoDuration(text: string): number {
  const [, hours = "0", minutes = "0", seconds = "0"] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(text) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
