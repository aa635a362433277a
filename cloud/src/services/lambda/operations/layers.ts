import type { Input, Output } from "../../../aws/api-types.ts";
import type { Scope } from "../../../aws/scope.ts";
import type { CallContext } from "../../../service.ts";
import { extensionsOf, takeCode } from "../code.ts";
import { codeLocation } from "../code-address.ts";
import { base64Of, lambdaDate } from "../configuration.ts";
import { conflict, invalidParameter, noSuchResource, notFound, wrongRevision } from "../errors.ts";
import { policyText } from "../function-lookup.ts";
import { layerArn, readLayerArn } from "../layer.ts";
import { page } from "../page.ts";
import { scopeKey, type LambdaState, type LayerVersionRecord, type Statement } from "../state.ts";

type Cx = CallContext<LambdaState>;

const LIST_MAX = 50;

export async function publishLayerVersion(
  cx: Cx,
  input: Input<"lambda", "PublishLayerVersion">,
): Promise<Output<"lambda", "PublishLayerVersion">> {
  const { state, scope, kernel } = cx;
  const name = nameOf(input.LayerName!);
  const code = await takeCode(cx, input.Content!, "PublishLayerVersion");
  if (code.kind === "directory") throw invalidParameter("A layer is published from a zip archive.");
  const extensions = await extensionsOf(state, code);
  const record = kernel.store.transaction(() => {
    const version = state.layers.get([...scopeKey(scope), name]) ?? 1;
    const created: LayerVersionRecord = {
      name,
      version,
      description: input.Description ?? "",
      sha256: code.sha256,
      bytes: code.bytes,
      runtimes: [...(input.CompatibleRuntimes ?? [])],
      architectures: [...(input.CompatibleArchitectures ?? [])],
      ...(input.LicenseInfo === undefined ? {} : { license: input.LicenseInfo }),
      ...(extensions.length > 0 ? { extensions } : {}),
      createdMs: kernel.clock.now(),
    };
    state.ownCode(code.sha256);
    state.layers.put([...scopeKey(scope), name], version + 1);
    state.layerVersions.put([...scopeKey(scope), name, version], created);
    return created;
  });
  return describe(cx, record);
}

export function getLayerVersion(
  cx: Cx,
  input: Input<"lambda", "GetLayerVersion">,
): Output<"lambda", "GetLayerVersion"> {
  return describe(cx, get(cx, input));
}

export function getLayerVersionByArn(
  cx: Cx,
  input: Input<"lambda", "GetLayerVersionByArn">,
): Output<"lambda", "GetLayerVersionByArn"> {
  const layer = readLayerArn(input.Arn!);
  if (layer?.version === undefined) throw invalidParameter(`Invalid layer version arn: ${input.Arn}`);
  return describe(cx, get(cx, { LayerName: input.Arn!.replace(/:\d+$/, ""), VersionNumber: layer.version }));
}

export function deleteLayerVersion(cx: Cx, input: Input<"lambda", "DeleteLayerVersion">): Record<string, never> {
  const key = [...scopeKey(cx.scope), nameOf(input.LayerName!), input.VersionNumber!];
  const record = cx.state.layerVersions.get(key);
  // AWS: deleting a version that is not there succeeds; functions that use it keep it.
  if (record) {
    cx.state.layerVersions.remove(key);
    cx.state.disownCode(record.sha256);
  }
  return {};
}

export function listLayerVersions(
  cx: Cx,
  input: Input<"lambda", "ListLayerVersions">,
): Output<"lambda", "ListLayerVersions"> {
  const { state, scope } = cx;
  const name = nameOf(input.LayerName!);
  const all = [...state.layerVersions.values({ prefix: [...scopeKey(scope), name], reverse: true })].filter((record) =>
    fits(record, input),
  );
  const { items, next } = page(
    all,
    ({ version }) => String(version),
    input.Marker,
    Math.min(input.MaxItems ?? LIST_MAX, LIST_MAX),
  );
  return {
    LayerVersions: items.map((record) => summary(scope, record)),
    ...(next === undefined ? {} : { NextMarker: next }),
  };
}

export function listLayers(cx: Cx, input: Input<"lambda", "ListLayers">): Output<"lambda", "ListLayers"> {
  const { state, scope } = cx;
  const latest = new Map<string, LayerVersionRecord>();
  for (const record of state.layerVersions.values({ prefix: scopeKey(scope) }))
    if (fits(record, input)) latest.set(record.name, record);
  const { items, next } = page(
    latest.values(),
    ({ name }) => name,
    input.Marker,
    Math.min(input.MaxItems ?? LIST_MAX, LIST_MAX),
  );
  return {
    Layers: items.map((record) => ({
      LayerName: record.name,
      LayerArn: layerArn(scope, record.name),
      LatestMatchingVersion: summary(scope, record),
    })),
    ...(next === undefined ? {} : { NextMarker: next }),
  };
}

export function addLayerVersionPermission(
  cx: Cx,
  input: Input<"lambda", "AddLayerVersionPermission">,
): Output<"lambda", "AddLayerVersionPermission"> {
  const record = get(cx, input);
  const { statements = [], revisionId = "" } = record.policy ?? {};
  if (input.RevisionId !== undefined && input.RevisionId !== revisionId) throw wrongRevision();
  if (statements.some(({ Sid }) => Sid === input.StatementId))
    throw conflict(
      `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  const statement: Statement = {
    Sid: input.StatementId!,
    Effect: "Allow",
    Principal:
      input.Principal === "*"
        ? "*"
        : { AWS: /^\d{12}$/.test(input.Principal!) ? `arn:aws:iam::${input.Principal}:root` : input.Principal! },
    Action: input.Action!,
    Resource: layerArn(cx.scope, record.name, record.version),
    ...(input.OrganizationId === undefined
      ? {}
      : { Condition: { StringEquals: { "aws:PrincipalOrgID": input.OrganizationId } } }),
  };
  const policy = { statements: [...statements, statement], revisionId: cx.kernel.random.uuid() };
  cx.state.layerVersions.put([...scopeKey(cx.scope), record.name, record.version], { ...record, policy });
  return { Statement: JSON.stringify(statement), RevisionId: policy.revisionId };
}

export function removeLayerVersionPermission(
  cx: Cx,
  input: Input<"lambda", "RemoveLayerVersionPermission">,
): Record<string, never> {
  const record = get(cx, input);
  const statements = record.policy?.statements ?? [];
  const left = statements.filter(({ Sid }) => Sid !== input.StatementId);
  if (left.length === statements.length)
    throw notFound(`Statement ${input.StatementId} is not found in resource policy.`);
  const { policy: _, ...rest } = record;
  cx.state.layerVersions.put(
    [...scopeKey(cx.scope), record.name, record.version],
    left.length === 0 ? rest : { ...rest, policy: { statements: left, revisionId: cx.kernel.random.uuid() } },
  );
  return {};
}

export function getLayerVersionPolicy(
  cx: Cx,
  input: Input<"lambda", "GetLayerVersionPolicy">,
): Output<"lambda", "GetLayerVersionPolicy"> {
  const { policy } = get(cx, input);
  if (!policy) throw noSuchResource();
  return { Policy: policyText(policy.statements), RevisionId: policy.revisionId };
}

/** The ARN that permissions are asked about. */
export function layerResource(scope: Scope, layer: string | undefined, version?: number): string {
  return layerArn(scope, nameOf(layer ?? ""), version);
}

function get(
  { state, scope }: Cx,
  { LayerName, VersionNumber }: { LayerName: string | undefined; VersionNumber: number | undefined },
) {
  const record = state.layerVersions.get([...scopeKey(scope), nameOf(LayerName!), VersionNumber!]);
  if (!record) throw noSuchResource();
  return record;
}

function nameOf(text: string): string {
  return readLayerArn(text)?.name ?? text;
}

function fits(
  record: LayerVersionRecord,
  {
    CompatibleRuntime,
    CompatibleArchitecture,
  }: { CompatibleRuntime?: string | undefined; CompatibleArchitecture?: string | undefined },
): boolean {
  return (
    (CompatibleRuntime === undefined || record.runtimes.includes(CompatibleRuntime)) &&
    (CompatibleArchitecture === undefined || record.architectures.includes(CompatibleArchitecture))
  );
}

function summary(scope: Scope, record: LayerVersionRecord) {
  return {
    LayerVersionArn: layerArn(scope, record.name, record.version),
    Version: record.version,
    Description: record.description,
    CreatedDate: lambdaDate(record.createdMs),
    ...(record.runtimes.length > 0 ? { CompatibleRuntimes: record.runtimes as never } : {}),
    ...(record.architectures.length > 0 ? { CompatibleArchitectures: record.architectures as never } : {}),
    ...(record.license === undefined ? {} : { LicenseInfo: record.license }),
  };
}

function describe(cx: Cx, record: LayerVersionRecord) {
  return {
    Content: { Location: codeLocation(cx, record.sha256), CodeSha256: base64Of(record.sha256), CodeSize: record.bytes },
    LayerArn: layerArn(cx.scope, record.name),
    ...summary(cx.scope, record),
  };
}
