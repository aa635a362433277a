import type { Scope } from "../../aws/scope.ts";
import { physicalName, stepToken } from "../../deploy/physical-name.ts";
import type { NameOptions, Properties, ResourceContext, ResourceTag, WaitOptions } from "../../deploy/resource.ts";
import type { Principal } from "../../iam/principal.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { afterRealMs } from "../../kernel/real-time.ts";
import type { Span } from "../../kernel/trace.ts";
import type { Call, ServiceContext } from "../../service.ts";
import { Cancelled, noteService, StepFailure } from "./failure.ts";
import type { InFlight } from "./in-flight.ts";
import type { JournalRecord, StackRecord } from "./state.ts";
import type { Collection } from "../../kernel/store.ts";

type Tags = readonly ResourceTag[] | Readonly<Record<string, string>> | undefined;

const WAIT_SECONDS = 3600;

/** What the types of CloudFormation itself (nested stacks, custom resources, wait conditions) are given besides. */
export interface OwnContext extends ResourceContext {
  readonly stack: StackRecord;
  readonly principal: Principal;
  readonly span: Span;
  /** Aborted when the step is called off. */
  readonly signal: AbortSignal;
  /** The id that `initiated` was given, also before a crash. */
  readonly initiatedId: string | undefined;
  /** Waits without being in flight. */
  pause<T>(wait: () => Promise<T>): Promise<T>;
  readonly creationPolicy: Properties | undefined;
}

export interface StepParts {
  readonly service: ServiceContext;
  readonly journal: Collection<JournalRecord>;
  readonly stack: StackRecord;
  readonly principal: Principal;
  readonly span: Span;
  readonly signal: AbortSignal;
  readonly inFlight: InFlight;
  readonly formerTags: readonly ResourceTag[];
  readonly creationPolicy: Properties | undefined;
  readonly logicalId: string;
  readonly type: string;
  readonly seed: string;
  readonly resumed: boolean;
  readonly initiatedId: string | undefined;
  /** Whether calls are kept, to be answered again where the step is run again after a crash. */
  readonly journaled: boolean;
  readonly onInitiated: (physicalId: string) => void;
}

/** Builds what a lifecycle method is given. */
export function stepContext(parts: StepParts): OwnContext {
  const { stack, service, logicalId, seed } = parts;
  const scope: Scope = { account: stack.account, region: stack.region };
  const tags = stackTags(stack, logicalId, stack.definition?.tags ?? []);
  const former = stackTags(stack, logicalId, parts.formerTags);
  const cx: OwnContext = {
    call: callOf(parts, scope),
    scope,
    stack,
    stackName: stack.stackName,
    stackId: stack.stackId,
    logicalId,
    resourceType: parts.type,
    token: stepToken(seed),
    resumed: parts.resumed,
    initiatedId: parts.initiatedId,
    principal: parts.principal,
    span: parts.span,
    signal: parts.signal,
    creationPolicy: parts.creationPolicy,
    physicalName: (maxLength?: number, options?: NameOptions) =>
      physicalName(stack.stackName, logicalId, seed, maxLength, options),
    tags,
    mergedTags: (own?: Tags) => tagList(merged(tags, own)),
    mergedTagMap: (own?: Tags) => merged(tags, own),
    removedTagKeys: (previousOwn: Tags, own: Tags) => {
      const kept = merged(tags, own);
      return Object.keys(merged(former, previousOwn)).filter((key) => !Object.hasOwn(kept, key));
    },
    initiated: parts.onInitiated,
    pause: (wait) => parts.inFlight.pause(wait),
    waitUntil: (what, check, options) => waitUntil(cx, service.kernel, what, check, options),
  };
  return cx;
}

function stackTags(stack: StackRecord, logicalId: string, own: readonly ResourceTag[]): ResourceTag[] {
  return [
    ...own,
    { Key: "aws:cloudformation:stack-name", Value: stack.stackName },
    { Key: "aws:cloudformation:stack-id", Value: stack.stackId },
    { Key: "aws:cloudformation:logical-id", Value: logicalId },
  ];
}

function merged(tags: readonly ResourceTag[], own: Tags): Record<string, string> {
  const list =
    own === undefined
      ? []
      : Array.isArray(own)
        ? (own as readonly ResourceTag[])
        : tagList(own as Record<string, string>);
  return Object.fromEntries([...tags, ...list].map(({ Key, Value }) => [Key, Value]));
}

function tagList(map: Readonly<Record<string, string>>): ResourceTag[] {
  return Object.entries(map).map(([Key, Value]) => ({ Key, Value }));
}

/**
 * Calls services as the deploying principal. In a create, what a call answered is kept until the step is done: run again
 * after a crash, the step gets the same answers without the calls being made twice.
 * Gap: a crash in the few microseconds between a service's commit and the journal's makes that one call again.
 */
function callOf(parts: StepParts, scope: Scope): Call {
  const { service, journal, stack, logicalId, principal, span } = parts;
  let made = 0;
  return async (name, operation, input, options = {}) => {
    const key = [stack.stackId, logicalId, made++] as const;
    const known = parts.resumed && parts.journaled ? journal.get(key) : undefined;
    if (known && known.service === name && known.operation === operation) return known.output as never;
    try {
      const output = await service.call(name, operation, input, { as: principal, scope, parent: span, ...options });
      if (parts.journaled) journal.put(key, { service: name, operation, output: plain(output) });
      return output;
    } catch (error) {
      noteService(error, name);
      throw error;
    }
  };
}

/** What of an answer can be kept: plain data without streams. */
function plain(output: unknown): unknown {
  if (typeof output !== "object" || output === null) return output ?? null;
  return Object.fromEntries(
    Object.entries(output).filter(
      ([, member]) => member !== undefined && !(typeof member === "object" && member !== null && "pipe" in member),
    ),
  );
}

/** What a service does at once in a delivery of its own takes no time of the clock, which may stand still: looked at first. */
const SOON_REAL_MS = [1, 2, 4, 8, 16, 32, 64, 128];

async function waitUntil<T>(
  cx: OwnContext,
  kernel: Kernel,
  what: string,
  check: () => Promise<T | undefined>,
  options: WaitOptions = {},
): Promise<T> {
  const deadlineMs = kernel.clock.now() + (options.timeoutSeconds ?? WAIT_SECONDS) * 1000;
  const soon = SOON_REAL_MS.values();
  for (;;) {
    const result = await check();
    if (result !== undefined) return result;
    const next = soon.next();
    if (!next.done) {
      await new Promise<void>((done) => afterRealMs(next.value, done));
      continue;
    }
    if (cx.signal.aborted) throw new Cancelled();
    if (kernel.clock.now() >= deadlineMs) throw new StepFailure(`Resource ${cx.logicalId} did not stabilize: ${what}.`);
    await cx.pause(() => kernel.clock.wait((options.intervalSeconds ?? 1) * 1000, cx.signal));
  }
}
