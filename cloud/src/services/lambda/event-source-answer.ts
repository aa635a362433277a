/**
 * The records that a function reports as failed.
 * AWS: "Implementing partial batch responses": what is no such report, or names what is not in the batch, fails all.
 * @param answer JSON that the function returned
 */
export function failedItems<R extends { readonly messageId: string }>(
  answer: string,
  records: readonly R[],
): readonly R[] {
  const items = readItems(answer);
  if (!items) return records;
  const failed = new Set<R>();
  for (const item of items) {
    const id = (item as { itemIdentifier?: unknown } | null)?.itemIdentifier;
    const record = records.find(({ messageId }) => messageId === id);
    if (!record) return records;
    failed.add(record);
  }
  return [...failed];
}

/** AWS: nothing, null and an empty list are success. Undefined where it is no report. */
function readItems(answer: string): unknown[] | undefined {
  if (answer === "") return [];
  let report: unknown;
  try {
    report = JSON.parse(answer);
  } catch {
    return undefined;
  }
  if (report === null) return [];
  if (typeof report !== "object" || Array.isArray(report)) return undefined;
  const items = (report as { batchItemFailures?: unknown }).batchItemFailures;
  if (items === undefined ? Object.keys(report).length === 0 : items === null) return [];
  return Array.isArray(items) ? items : undefined;
}
