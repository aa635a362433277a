import type { Operations } from "../../../service.ts";
import type { IamState } from "../../../iam/state.ts";
import { checkManagedPolicy, encodeDocument } from "../documents.ts";
import { deleteConflict, limitExceeded, noPolicyVersion } from "../errors.ts";
import { getManaged, type ManagedPolicy } from "../managed.ts";
import { page } from "../page.ts";
import { getRecord, putRecord } from "./policies.ts";

const VERSIONS_MAX = 5;

function versionDetail(policy: Pick<ManagedPolicy, "defaultVersion">, version: ManagedPolicy["versions"][number]) {
  return {
    VersionId: version.id,
    IsDefaultVersion: version.id === policy.defaultVersion,
    CreateDate: new Date(version.createdMs),
  };
}

export const policyVersions = {
  CreatePolicyVersion(cx, { PolicyArn = "", PolicyDocument = "", SetAsDefault = false }) {
    const record = getRecord(cx, PolicyArn);
    checkManagedPolicy(PolicyDocument);
    if (record.versions.length >= VERSIONS_MAX)
      throw limitExceeded(
        `A managed policy can have up to ${VERSIONS_MAX} versions. Before you create a new version, you must delete an existing version.`,
      );
    const createdMs = cx.kernel.clock.seconds() * 1000;
    const lastVersion = record.lastVersion + 1;
    const version = { id: `v${lastVersion}`, document: PolicyDocument, createdMs };
    const changed = {
      ...record,
      versions: [...record.versions, version],
      lastVersion,
      ...(SetAsDefault ? { defaultVersion: version.id, updatedMs: createdMs } : {}),
    };
    putRecord(cx, changed);
    return { PolicyVersion: versionDetail(changed, version) };
  },

  GetPolicyVersion(cx, { PolicyArn = "", VersionId = "" }) {
    const policy = getManaged(cx, PolicyArn);
    const version = policy.versions.find(({ id }) => id === VersionId);
    if (!version) throw noPolicyVersion(PolicyArn, VersionId);
    return { PolicyVersion: { Document: encodeDocument(version.document), ...versionDetail(policy, version) } };
  },

  ListPolicyVersions(cx, { PolicyArn = "", ...request }) {
    const policy = getManaged(cx, PolicyArn);
    // AWS: the newest first.
    const newestFirst = (id: string) => String(1_000_000 - Number(id.slice(1)));
    const { shown, ...paging } = page(policy.versions, ({ id }) => newestFirst(id), request);
    return { Versions: shown.map((version) => versionDetail(policy, version)), ...paging };
  },

  SetDefaultPolicyVersion(cx, { PolicyArn = "", VersionId = "" }) {
    const record = getRecord(cx, PolicyArn);
    if (!record.versions.some(({ id }) => id === VersionId)) throw noPolicyVersion(PolicyArn, VersionId);
    putRecord(cx, { ...record, defaultVersion: VersionId, updatedMs: cx.kernel.clock.seconds() * 1000 });
    return {};
  },

  DeletePolicyVersion(cx, { PolicyArn = "", VersionId = "" }) {
    const record = getRecord(cx, PolicyArn);
    if (!record.versions.some(({ id }) => id === VersionId)) throw noPolicyVersion(PolicyArn, VersionId);
    if (record.defaultVersion === VersionId) throw deleteConflict("Cannot delete the default version of a policy.");
    putRecord(cx, { ...record, versions: record.versions.filter(({ id }) => id !== VersionId) });
    return {};
  },
} satisfies Operations<"iam", IamState>;
