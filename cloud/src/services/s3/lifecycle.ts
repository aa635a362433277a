import { announce, type Here } from "./events.ts";
import {
  appliesTo,
  dueAfterDays,
  dueMs,
  expiryOf,
  soonestDueMs,
  transitionsOf,
  type LifecycleRules,
} from "./lifecycle-rule.ts";
import type { Bucket, ObjectVersion, StoredObject, Upload } from "./state.ts";
import { removeUpload } from "./upload-parts.ts";
import { changeObject, hideObject, removeVersion } from "./versions.ts";

/**
 * Lifecycle by the clock. One durable timer for each bucket stands at the time when something can fall due next; then
 * the bucket is gone through, so many keys at a time, and the timer set anew.
 */

const TIMER = "s3.lifecycle";
const KEYS_PER_RUN = 1000;

interface Run {
  /** Last key of the run before. */
  readonly after?: string;
  /** Next due time found so far. */
  readonly nextMs?: number | undefined;
}

/** The `x-amz-expiration` member of an object. */
export function expirationMember(bucket: Bucket, object: StoredObject) {
  if (!bucket.lifecycle || object.noncurrentMs !== undefined) return {};
  const expiry = expiryOf(bucket.lifecycle, object);
  if (!expiry) return {};
  return { Expiration: `expiry-date="${new Date(expiry.atMs).toUTCString()}", rule-id="${encodeURI(expiry.ruleId)}"` };
}

/** Makes sure that what changed now is looked at when it can first fall due. */
export function planExpiry(here: Here, bucket: Bucket): void {
  if (!bucket.lifecycle) return;
  const atMs = soonestDueMs(bucket.lifecycle, here.kernel.clock.now());
  const standing = here.kernel.timers.find(TIMER, bucket.name);
  if (atMs !== undefined && (standing === undefined || atMs < standing))
    here.kernel.timers.set(TIMER, bucket.name, atMs, {} satisfies Run);
}

/** Begins anew after the rules changed: at the next midnight everything is looked at once. */
export function restartLifecycle(here: Here, bucket: string, lifecycle: LifecycleRules | undefined): void {
  here.kernel.timers.cancel(TIMER, bucket);
  if (lifecycle) here.kernel.timers.set(TIMER, bucket, dueAfterDays(here.kernel.clock.now(), 0), {} satisfies Run);
}

/** Says what runs when a bucket's timer falls due; called when the service starts. */
export function runLifecycles(here: Here): void {
  here.kernel.timers.handle<Run>(TIMER, (run, name) => {
    const bucket = here.state.buckets.get([name]);
    if (bucket?.lifecycle) new LifecycleRun(here, bucket, bucket.lifecycle).go(run);
  });
}

class LifecycleRun {
  readonly #nowMs: number;
  #nextMs: number | undefined;

  constructor(
    private readonly here: Here,
    private readonly bucket: Bucket,
    private readonly lifecycle: LifecycleRules,
  ) {
    this.#nowMs = here.kernel.clock.now();
  }

  go({ after, nextMs }: Run): void {
    const { state, kernel } = this.here;
    this.#nextMs = nextMs;
    const { name } = this.bucket;
    const range = after === undefined ? { prefix: [name] } : { prefix: [name], after: [name, after] };
    const versions = [...state.current.values({ ...range, limit: KEYS_PER_RUN })];
    for (const version of versions) this.#current(version);
    if (versions.length === KEYS_PER_RUN) {
      kernel.timers.set(TIMER, name, this.#nowMs, { after: versions.at(-1)!.key, nextMs: this.#nextMs } satisfies Run);
      return;
    }
    const uploads = [...state.uploads.values({ prefix: [name] })];
    for (const upload of uploads) this.#upload(upload);
    if (this.#nextMs !== undefined) kernel.timers.set(TIMER, name, this.#nextMs, {} satisfies Run);
    // The files go once the transaction of this timer is done.
    kernel.clock.after(0, () => state.bodies.sweep());
  }

  /** True where a time has come; else it is kept in mind. */
  #isDue(atMs: number | undefined): boolean {
    if (atMs === undefined) return false;
    if (atMs <= this.#nowMs) return true;
    if (this.#nextMs === undefined || atMs < this.#nextMs) this.#nextMs = atMs;
    return false;
  }

  #current(version: ObjectVersion): void {
    this.#older(version.key);
    if (version.isMarker) {
      this.#marker(version);
      return;
    }
    const expiry = expiryOf(this.lifecycle, version);
    if (this.#isDue(expiry?.atMs)) this.#expire(version);
    else this.#transition(version);
  }

  #expire(object: StoredObject): void {
    const marker = hideObject(this.here, this.bucket, object.key, this.bucket.account);
    if (marker) announce(this.here, this.bucket, "LifecycleExpiration:DeleteMarkerCreated", marker);
    else announce(this.here, this.bucket, "LifecycleExpiration:Delete", object);
    planExpiry(this.here, this.bucket);
  }

  /** AWS: a delete marker that hides nothing goes, where a rule says so or expires objects by days. */
  #marker(marker: ObjectVersion): void {
    const { state } = this.here;
    if (state.older.first({ prefix: [this.bucket.name, marker.key] })) return;
    const due = this.lifecycle.rules.some((rule) => {
      if (!rule.Expiration || !appliesTo(rule, { key: marker.key })) return false;
      return rule.Expiration.ExpiredObjectDeleteMarker
        ? this.#isDue(dueAfterDays(marker.modifiedMs, 0))
        : this.#isDue(dueMs({ Days: rule.Expiration.Days }, marker.modifiedMs));
    });
    if (!due) return;
    removeVersion(state, this.bucket.name, marker);
    announce(this.here, this.bucket, "LifecycleExpiration:Delete", marker);
  }

  #older(key: string): void {
    const versions = [...this.here.state.older.values({ prefix: [this.bucket.name, key] })];
    for (const [index, version] of versions.entries()) {
      if (version.noncurrentMs === undefined) continue;
      if (this.#isNoncurrentDue(version, index)) {
        removeVersion(this.here.state, this.bucket.name, version);
        announce(this.here, this.bucket, "LifecycleExpiration:Delete", version);
      } else if (!version.isMarker) this.#transition(version);
    }
  }

  #isNoncurrentDue(version: ObjectVersion, newer: number): boolean {
    if (!version.isMarker && isLocked(version, this.#nowMs)) return false;
    return this.lifecycle.rules.some((rule) => {
      const action = rule.NoncurrentVersionExpiration;
      if (action?.NoncurrentDays === undefined || newer < (action.NewerNoncurrentVersions ?? 0)) return false;
      const filtered = version.isMarker ? { key: version.key } : version;
      return appliesTo(rule, filtered) && this.#isDue(dueAfterDays(version.noncurrentMs!, action.NoncurrentDays));
    });
  }

  #transition(object: StoredObject): void {
    let storageClass: string | undefined;
    for (const transition of transitionsOf(this.lifecycle, object))
      if (this.#isDue(transition.atMs)) storageClass = transition.storageClass;
    if (storageClass === undefined || storageClass === object.storageClass) return;
    const moved = changeObject(this.here.state, this.bucket.name, object, { storageClass });
    announce(this.here, this.bucket, "LifecycleTransition", moved);
  }

  #upload(upload: Upload): void {
    const due = this.lifecycle.rules.some((rule) => {
      const days = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
      return days !== undefined && appliesTo(rule, upload) && this.#isDue(dueAfterDays(upload.initiatedMs, days));
    });
    if (due) removeUpload(this.here.state, upload);
  }
}

function isLocked(object: StoredObject, nowMs: number): boolean {
  return object.legalHold === "ON" || (object.retention !== undefined && object.retention.untilMs > nowMs);
}
