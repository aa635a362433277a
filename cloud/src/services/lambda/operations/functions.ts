import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { takeCode, HOT_RELOAD_BUCKET } from "../code.ts";
import { codeLocation } from "../code-address.ts";
import { disown, own } from "../code-ownership.ts";
import { defaultLogGroup, readConfiguration, refuseUnsupported } from "../configuration-rules.ts";
import { describeVersion, type FunctionConfiguration } from "../configuration.ts";
import { conflict, functionExists, invalidParameter, validation, wrongRevision } from "../errors.ts";
import { getFunction, getVersion, isNumber } from "../function-lookup.ts";
import { functionArn, readFunctionName, requireOwn, type FunctionReference } from "../function-name.ts";
import { specificationOf } from "../function-specification.ts";
import { page } from "../page.ts";
import { removeUrls } from "../url.ts";
import { scopeKey, type FunctionRecord, type LambdaState, type VersionRecord } from "../state.ts";
import { publish } from "./versions.ts";

type Cx = CallContext<LambdaState>;

const NAME_MAX = 64;
const LIST_MAX = 50;
/** Quirk: a function is ready when it is created; the first answer says Pending as AWS's does, the next Active. */
const CREATING = {
  State: "Pending",
  StateReason: "The function is being created.",
  StateReasonCode: "Creating",
} as const;
const UPDATING = {
  LastUpdateStatus: "InProgress",
  LastUpdateStatusReason: "The function is being created.",
  // AWS sends it; the model knows it only for what failed.
  LastUpdateStatusReasonCode: "Creating" as never,
} as const;

export async function createFunction(cx: Cx, input: Input<"lambda", "CreateFunction">): Promise<FunctionConfiguration> {
  const { state, scope, kernel } = cx;
  const reference = readFunctionName(scope, input.FunctionName!);
  requireOwn(scope, reference);
  const { name } = reference;
  if (name.length > NAME_MAX)
    throw validation(
      `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to ${NAME_MAX}`,
    );
  refuseUnsupported(input, "CreateFunction");
  if (input.Runtime === undefined || input.Handler === undefined)
    throw invalidParameter(
      "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
    );
  const changes = readConfiguration(cx, name, input);
  if (state.functions.has([...scopeKey(scope), name])) throw functionExists(name);
  await state.running.roles.assume(scope, name, input.Role!, functionArn(scope, name));
  const code = await takeCode(cx, input.Code!, "CreateFunction");
  const record = kernel.store.transaction(() => {
    if (state.functions.has([...scopeKey(scope), name])) throw functionExists(name);
    const created = newFunction(cx, name, { ...changes, code }, input.Tags ?? {});
    own(state, created.latest);
    state.functions.put([...scopeKey(scope), name], created);
    return created;
  });
  state.running.host.prepare(specificationOf(state, scope, record.latest));
  if (input.Publish) return { ...(await publish(cx, name, {})), ...CREATING };
  const { LastUpdateStatus: _, ...described } = describeVersion(scope, record.latest);
  return { ...described, ...CREATING };
}

function newFunction(
  { kernel }: Cx,
  name: string,
  given: Partial<VersionRecord>,
  tags: Record<string, string>,
): FunctionRecord {
  const now = kernel.clock.now();
  const latest: VersionRecord = {
    name,
    version: "$LATEST",
    runtime: "",
    role: "",
    handler: "",
    description: "",
    timeoutSeconds: 3,
    memoryMb: 128,
    code: { kind: "zip", sha256: "", bytes: 0 },
    layers: [],
    tracing: "PassThrough",
    architecture: "x86_64",
    ephemeralStorageMb: 512,
    logging: { group: defaultLogGroup(name), format: "Text" },
    lastModifiedMs: now,
    revisionId: kernel.random.uuid(),
    ...given,
  };
  return { latest, nextVersion: 1, createdMs: now, tags };
}

export function getFunctionOperation(cx: Cx, input: Input<"lambda", "GetFunction">): Output<"lambda", "GetFunction"> {
  const { state, scope } = cx;
  const reference = ownReference(cx, input.FunctionName!, input.Qualifier);
  const version = getVersion(state, reference);
  const { tags, reservedConcurrency } = getFunction(state, reference);
  const { code } = version;
  return {
    Configuration: describeVersion(scope, version, reference.qualifier),
    Code:
      code.kind === "zip"
        ? { RepositoryType: "S3", Location: codeLocation(cx, code.sha256) }
        : { RepositoryType: HOT_RELOAD_BUCKET, Location: code.path },
    ...(Object.keys(tags).length > 0 ? { Tags: tags } : {}),
    ...(reservedConcurrency === undefined
      ? {}
      : { Concurrency: { ReservedConcurrentExecutions: reservedConcurrency } }),
  };
}

export function getFunctionConfiguration(
  cx: Cx,
  input: Input<"lambda", "GetFunctionConfiguration">,
): FunctionConfiguration {
  const reference = ownReference(cx, input.FunctionName!, input.Qualifier);
  return describeVersion(cx.scope, getVersion(cx.state, reference), reference.qualifier);
}

export function listFunctions(
  { state, scope }: Cx,
  input: Input<"lambda", "ListFunctions">,
): Output<"lambda", "ListFunctions"> {
  const limit = Math.min(input.MaxItems ?? LIST_MAX, LIST_MAX);
  const { items, next } = page(listed(state, scope, input.FunctionVersion === "ALL"), nameOf, input.Marker, limit);
  return {
    // AWS: the list does not say what state a function is in.
    Functions: items.map((version) => {
      const {
        State: _,
        LastUpdateStatus: __,
        ...described
      } = describeVersion(
        scope,
        version,
        version.version === "$LATEST" && input.FunctionVersion === "ALL" ? "$LATEST" : undefined,
      );
      return described;
    }),
    ...(next === undefined ? {} : { NextMarker: next }),
  };
}

function nameOf({ name, version }: VersionRecord): string {
  return `${name}:${version}`;
}

function* listed(state: LambdaState, scope: Cx["scope"], all: boolean): Iterable<VersionRecord> {
  for (const { latest } of state.functions.values({ prefix: scopeKey(scope) })) {
    yield latest;
    if (all) yield* state.versions.values({ prefix: [...scopeKey(scope), latest.name] });
  }
}

export async function updateFunctionCode(
  cx: Cx,
  input: Input<"lambda", "UpdateFunctionCode">,
): Promise<FunctionConfiguration> {
  const { state, scope, kernel } = cx;
  const reference = ownReference(cx, input.FunctionName!);
  if (input.PublishTo !== undefined) refuseUnsupported({ PublishTo: input.PublishTo }, "UpdateFunctionCode");
  const before = getFunction(state, reference);
  checkRevision(before.latest, input.RevisionId);
  const code = await takeCode(cx, input, "UpdateFunctionCode");
  const architecture = input.Architectures?.[0];
  if (input.DryRun) return describeVersion(scope, { ...before.latest, code });
  const latest = kernel.store.transaction(() => {
    const record = getFunction(state, reference);
    checkRevision(record.latest, input.RevisionId);
    return change(cx, record, { code, ...(architecture === undefined ? {} : { architecture }) });
  });
  if (input.Publish) return { ...(await publish(cx, reference.name, {})), ...UPDATING };
  return { ...describeVersion(scope, latest), ...UPDATING };
}

export async function updateFunctionConfiguration(
  cx: Cx,
  input: Input<"lambda", "UpdateFunctionConfiguration">,
): Promise<FunctionConfiguration> {
  const { state, scope, kernel } = cx;
  const reference = ownReference(cx, input.FunctionName!);
  refuseUnsupported(input, "UpdateFunctionConfiguration");
  checkRevision(getFunction(state, reference).latest, input.RevisionId);
  if (input.Role !== undefined)
    await state.running.roles.assume(scope, reference.name, input.Role, functionArn(scope, reference.name));
  const latest = kernel.store.transaction(() => {
    const record = getFunction(state, reference);
    checkRevision(record.latest, input.RevisionId);
    return change(cx, record, readConfiguration(cx, reference.name, input));
  });
  return { ...describeVersion(scope, latest), ...UPDATING };
}

/** Changes `$LATEST`; environments of the former revision are then used no more. */
function change({ state, scope, kernel }: Cx, record: FunctionRecord, changes: Partial<VersionRecord>): VersionRecord {
  const latest: VersionRecord = {
    ...record.latest,
    ...changes,
    lastModifiedMs: kernel.clock.now(),
    revisionId: kernel.random.uuid(),
  };
  own(state, latest);
  disown(state, record.latest);
  state.functions.put([...scopeKey(scope), latest.name], { ...record, latest });
  return latest;
}

function checkRevision({ revisionId }: VersionRecord, given: string | undefined): void {
  if (given !== undefined && given !== revisionId) throw wrongRevision();
}

export function deleteFunction(cx: Cx, input: Input<"lambda", "DeleteFunction">): Output<"lambda", "DeleteFunction"> {
  const { state, scope } = cx;
  const reference = ownReference(cx, input.FunctionName!, input.Qualifier);
  const record = getFunction(state, reference);
  const { name, qualifier } = reference;
  if (qualifier === "$LATEST")
    throw invalidParameter("$LATEST version cannot be deleted without deleting the function.");
  if (qualifier !== undefined) deleteVersion(cx, reference);
  else {
    const key = [...scopeKey(scope), name];
    for (const version of Array.from(state.versions.values({ prefix: key }))) {
      disown(state, version);
      state.running.host.forget(functionArn(scope, name, version.version));
    }
    disown(state, record.latest);
    state.running.host.forget(functionArn(scope, name, "$LATEST"));
    removeUrls(state, scope, name);
    for (const collection of [state.versions, state.aliases, state.policies, state.eventInvokes, state.provisioned])
      collection.clear({ prefix: key });
    state.functions.remove(key);
  }
  return { StatusCode: 204 };
}

function deleteVersion({ state, scope }: Cx, reference: FunctionReference): void {
  const { name, qualifier } = reference;
  if (!isNumber(qualifier!)) throw invalidParameter("Deletion of aliases is not currently supported.");
  const users = [...state.aliases.values({ prefix: [...scopeKey(scope), name] })].filter(
    (alias) => alias.version === qualifier || alias.weights[qualifier!] !== undefined,
  );
  if (users.length > 0)
    throw conflict(
      `Unable to delete version because the following aliases reference it: [${users.map((alias) => alias.name).join(", ")}]`,
    );
  const key = [...scopeKey(scope), name, Number(qualifier)];
  const version = state.versions.get(key);
  // AWS: deleting a version that is not there succeeds.
  if (!version) return;
  disown(state, version);
  state.versions.remove(key);
  state.policies.remove([...scopeKey(scope), name, qualifier!]);
  state.running.host.forget(functionArn(scope, name, qualifier));
}

function ownReference({ scope }: Cx, text: string, qualifier?: string): FunctionReference {
  const reference = readFunctionName(scope, text, qualifier);
  requireOwn(scope, reference);
  return reference;
}
