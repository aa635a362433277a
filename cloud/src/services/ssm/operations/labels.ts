import type { Operations } from "../../../service.ts";
import { labelLimit, notFound, versionNotFound } from "../errors.ts";
import { findParameter, findVersion, putParameter, type Cx, type ParameterRecord, type SsmState } from "../state.ts";

const LABELS_PER_VERSION_MAX = 10;

function getVersion(cx: Cx, name: string, number: number | undefined): { record: ParameterRecord; version: number } {
  const record = findParameter(cx, name);
  if (!record) throw notFound();
  const version = number ?? record.version;
  if (!findVersion(cx, name, version))
    throw versionNotFound(
      `Systems Manager could not find version ${version} of ${name}. Verify the version and try again.`,
    );
  return { record, version };
}

/** AWS: "Working with parameter labels", label requirements. */
function isLabel(label: string): boolean {
  return /^[a-zA-Z_.-][a-zA-Z0-9_.-]*$/.test(label) && !/^(aws|ssm)/i.test(label);
}

export const labels = {
  LabelParameterVersion(cx, { Name = "", ParameterVersion, Labels = [] }) {
    const { record, version } = getVersion(cx, Name, ParameterVersion);
    const changed = { ...record.labels };
    // A label stands at one version: it moves.
    for (const label of Labels.filter(isLabel)) changed[label] = version;
    if (Object.values(changed).filter((one) => one === version).length > LABELS_PER_VERSION_MAX)
      throw labelLimit(
        `A parameter version can have maximum ${LABELS_PER_VERSION_MAX} labels. Move one or more labels to another version and try again.`,
      );
    putParameter(cx, { ...record, labels: changed });
    return { InvalidLabels: Labels.filter((label) => !isLabel(label)), ParameterVersion: version };
  },

  UnlabelParameterVersion(cx, { Name = "", ParameterVersion, Labels = [] }) {
    const { record, version } = getVersion(cx, Name, ParameterVersion);
    const removed = Labels.filter((label) => record.labels[label] === version);
    const kept = Object.entries(record.labels).filter(([label]) => !removed.includes(label));
    putParameter(cx, { ...record, labels: Object.fromEntries(kept) });
    return { RemovedLabels: removed, InvalidLabels: Labels.filter((label) => !removed.includes(label)) };
  },
} satisfies Operations<"ssm", SsmState>;
