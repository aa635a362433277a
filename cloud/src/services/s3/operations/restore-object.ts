import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import { announce, type Here } from "../events.ts";
import { invalidArgument, invalidObjectState, malformedXml } from "../errors.ts";
import { dueAfterDays } from "../lifecycle-rule.ts";
import { getObject } from "../reading.ts";
import type { S3Context, StoredObject } from "../state.ts";
import { isArchived } from "../storage-class.ts";
import { changeObject, findVersion } from "../versions.ts";

/** Restoring archived objects, by the clock. AWS: "Restoring an archived object". */

const TIMER = "s3.restore";
const HOUR_MS = 3_600_000;

/** AWS: "Archive retrieval options"; here the longest time that AWS names. */
const DURATION_MS: Record<string, Record<string, number>> = {
  GLACIER: { Expedited: HOUR_MS / 12, Standard: 5 * HOUR_MS, Bulk: 12 * HOUR_MS },
  DEEP_ARCHIVE: { Standard: 12 * HOUR_MS, Bulk: 48 * HOUR_MS },
};

interface Due {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
}

export function RestoreObject(cx: S3Context, input: Input<"s3", "RestoreObject">): Output<"s3", "RestoreObject"> {
  const { bucket, object } = getObject(cx, input, { method: "POST", markerIsNotAllowed: true });
  const request = input.RestoreRequest;
  if (!request) throw malformedXml();
  if (request.SelectParameters || request.OutputLocation || request.Type)
    throw new NotEmulatedError("RestoreObject of S3 with a SELECT request");
  if (!isArchived(object.storageClass)) throw invalidObjectState(object.storageClass);
  const days = request.Days;
  if (days === undefined || days < 1) throw malformedXml();
  const { restore } = object;
  if (restore && restore.expiryMs === undefined)
    throw new AwsError("RestoreAlreadyInProgress", "Object restore is already in progress", { status: 409 });
  if (restore) {
    // AWS: asking again for what is there moves its end.
    const expiryMs = dueAfterDays(cx.kernel.clock.now(), days);
    changeObject(cx.state, bucket.name, object, { restore: { days, expiryMs } });
    plan(cx, { bucket: bucket.name, key: object.key, versionId: object.versionId }, expiryMs);
    return {};
  }
  const tier = request.GlacierJobParameters?.Tier ?? request.Tier ?? "Standard";
  const duration = DURATION_MS[object.storageClass]?.[tier];
  if (duration === undefined)
    throw invalidArgument(`${tier} retrieval is not available for storage class ${object.storageClass}`, "Tier", tier);
  const changed = changeObject(cx.state, bucket.name, object, { restore: { days } });
  announce(cx, bucket, "ObjectRestore:Post", changed);
  plan(cx, { bucket: bucket.name, key: object.key, versionId: object.versionId }, cx.kernel.clock.now() + duration);
  return {};
}

function plan(here: Here, due: Due, atMs: number): void {
  here.kernel.timers.set(TIMER, JSON.stringify([due.bucket, due.key, due.versionId]), atMs, due);
}

/** Says what runs when a restore is done or its copy expires; called when the service starts. */
export function runRestores(here: Here): void {
  here.kernel.timers.handle<Due>(TIMER, (due) => {
    const bucket = here.state.buckets.get([due.bucket]);
    const found = bucket && findVersion(here.state, due.bucket, due.key, due.versionId);
    if (!bucket || !found || found.isMarker || !found.restore) return;
    const { days, expiryMs } = found.restore;
    const change: Partial<StoredObject> =
      expiryMs === undefined
        ? { restore: { days, expiryMs: dueAfterDays(here.kernel.clock.now(), days) } }
        : { restore: undefined };
    const changed = changeObject(here.state, due.bucket, found, change);
    announce(here, bucket, changed.restore ? "ObjectRestore:Completed" : "ObjectRestore:Delete", changed);
    if (changed.restore?.expiryMs !== undefined) plan(here, due, changed.restore.expiryMs);
  });
}
