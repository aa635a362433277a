import { AwsError } from "../../../aws/error.ts";
import { emptyBatch, idsNotDistinct, invalidBatchEntryId, tooManyEntries } from "../errors.ts";

const ENTRIES_MAX = 10;

/**
 * Checks what all batches have in common, in AWS's order.
 * @param entryName as the empty batch's error names it, e.g. `SendMessageBatchRequestEntry`
 */
export function checkBatch(entries: readonly { Id: string | undefined }[], entryName: string): void {
  if (entries.length === 0) throw emptyBatch(entryName);
  if (entries.length > ENTRIES_MAX) throw tooManyEntries(entries.length);
  const ids = new Set<string>();
  for (const { Id = "" } of entries) {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(Id)) throw invalidBatchEntryId();
    if (ids.has(Id)) throw idsNotDistinct(Id);
    ids.add(Id);
  }
}

export interface BatchFailure {
  Id: string;
  SenderFault: boolean;
  Code: string;
  Message: string;
}

/** Runs each entry for itself: one that fails leaves the others as they are. */
export function runBatch<E extends { Id: string | undefined }, R>(entries: readonly E[], run: (entry: E) => R) {
  const Successful: R[] = [];
  const Failed: BatchFailure[] = [];
  for (const entry of entries) {
    try {
      Successful.push(run(entry));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: entry.Id!, SenderFault: error.fault === "Sender", Code: error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
}
