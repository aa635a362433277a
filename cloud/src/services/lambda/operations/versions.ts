import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { freezeCode } from "../code.ts";
import { own } from "../code-ownership.ts";
import { base64Of, describeVersion, type FunctionConfiguration } from "../configuration.ts";
import { invalidParameter, wrongRevision } from "../errors.ts";
import { getFunction } from "../function-lookup.ts";
import { readFunctionName, requireOwn } from "../function-name.ts";
import { page } from "../page.ts";
import { scopeKey, type LambdaState, type VersionRecord } from "../state.ts";

type Cx = CallContext<LambdaState>;

const LIST_MAX = 50;

export interface PublishOptions {
  readonly codeSha256?: string | undefined;
  readonly description?: string | undefined;
  readonly revisionId?: string | undefined;
}

export async function publishVersion(cx: Cx, input: Input<"lambda", "PublishVersion">): Promise<FunctionConfiguration> {
  const reference = readFunctionName(cx.scope, input.FunctionName!);
  requireOwn(cx.scope, reference);
  return publish(cx, reference.name, {
    codeSha256: input.CodeSha256,
    description: input.Description,
    revisionId: input.RevisionId,
  });
}

/** Publishes `$LATEST` as it is; where nothing has changed since the last version, that one is answered. */
export async function publish(cx: Cx, name: string, options: PublishOptions): Promise<FunctionConfiguration> {
  const { state, scope, kernel } = cx;
  const reference = { scope, name, qualifier: undefined };
  const code = await freezeCode(state, getFunction(state, reference).latest.code);
  return kernel.store.transaction(() => {
    const record = getFunction(state, reference);
    const { latest } = record;
    const sha256 = base64Of(latest.code.sha256);
    if (options.codeSha256 && options.codeSha256 !== sha256)
      throw invalidParameter(
        `CodeSHA256 (${options.codeSha256}) is different from current CodeSHA256 in $LATEST (${sha256}). Please try again with the CodeSHA256 in $LATEST.`,
      );
    if (options.revisionId !== undefined && options.revisionId !== latest.revisionId) throw wrongRevision();
    const last = state.versions.get([...scopeKey(scope), name, record.nextVersion - 1]);
    if (last && sameConfiguration(last, { ...latest, code })) return describeVersion(scope, last);
    const version: VersionRecord = {
      ...latest,
      code,
      version: String(record.nextVersion),
      description: options.description ?? latest.description,
      revisionId: kernel.random.uuid(),
    };
    own(state, version);
    state.versions.put([...scopeKey(scope), name, record.nextVersion], version);
    state.functions.put([...scopeKey(scope), name], { ...record, nextVersion: record.nextVersion + 1 });
    return describeVersion(scope, version);
  });
}

export function listVersionsByFunction(
  cx: Cx,
  input: Input<"lambda", "ListVersionsByFunction">,
): Output<"lambda", "ListVersionsByFunction"> {
  const { state, scope } = cx;
  const reference = readFunctionName(scope, input.FunctionName!);
  requireOwn(scope, reference);
  const { latest } = getFunction(state, reference);
  const all = [latest, ...state.versions.values({ prefix: [...scopeKey(scope), reference.name] })];
  const limit = Math.min(input.MaxItems ?? LIST_MAX, LIST_MAX);
  const { items, next } = page(all, ({ version }) => version, input.Marker, limit);
  return {
    Versions: items.map((version) => {
      const { State: _, LastUpdateStatus: __, ...described } = describeVersion(scope, version, version.version);
      return described;
    }),
    ...(next === undefined ? {} : { NextMarker: next }),
  };
}

function sameConfiguration(a: VersionRecord, b: VersionRecord): boolean {
  return comparable(a) === comparable(b);
}

/** What makes a version another one; AWS leaves the description out. */
function comparable(record: VersionRecord): string {
  const same = { ...record, version: "", revisionId: "", lastModifiedMs: 0, description: "" };
  return JSON.stringify(Object.entries(same).sort(([a], [b]) => (a < b ? -1 : 1)));
}
