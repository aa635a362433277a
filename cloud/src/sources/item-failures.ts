/**
 * The records of a queue's batch that a report names as failed.
 * AWS: "Implementing partial batch responses": what is no such report, or names what is not in the batch, fails all.
 * @param answer JSON that the function or target returned
 */
export function failedItems<R extends { readonly messageId: string }>(
  answer: string,
  records: readonly R[],
): readonly R[] {
  const failed = failedIndexes(
    answer,
    records.map(({ messageId }) => messageId),
  );
  return failed === "all" ? records : failed.map((index) => records[index]!);
}

/**
 * The index of a stream's first record that a report names as failed, or undefined.
 * AWS: "Configuring partial batch response with DynamoDB and Lambda": the lowest sequence number is where it goes on.
 */
export function firstFailed(answer: string, ids: readonly unknown[]): number | undefined {
  const failed = failedIndexes(answer, ids);
  if (failed === "all") return 0;
  return failed.length === 0 ? undefined : Math.min(...failed);
}

function failedIndexes(answer: string, ids: readonly unknown[]): number[] | "all" {
  const items = readItems(answer);
  if (!items) return "all";
  const failed = new Set<number>();
  for (const item of items) {
    const id = (item as { itemIdentifier?: unknown } | null)?.itemIdentifier;
    const index = id === undefined ? -1 : ids.indexOf(id);
    if (index < 0) return "all";
    failed.add(index);
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
