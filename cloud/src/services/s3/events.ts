import type { Kernel } from "../../kernel/kernel.ts";
import type { SpanContext } from "../../kernel/trace.ts";
import type { Principal } from "../../iam/principal.ts";
import type { CallSource } from "../../service.ts";
import { canonicalId } from "./acl.ts";
import { bucketArn } from "./bucket.ts";
import { encodeKeyForUrl } from "./key.ts";
import { NULL_VERSION } from "./versions.ts";
import type { Bucket, ObjectVersion, S3State } from "./state.ts";

/**
 * What happens to objects, as S3 tells it. AWS: "Event message structure" and "EventBridge event message structure".
 */

/** Where something happens: inside a request, or (lifecycle, restore) by S3 itself. */
export interface Here {
  readonly state: S3State;
  readonly kernel: Kernel;
  readonly principal?: Principal;
  readonly requestId?: string;
  readonly source?: CallSource;
  readonly span?: SpanContext;
}

export type EventName =
  | "ObjectCreated:Put"
  | "ObjectCreated:Post"
  | "ObjectCreated:Copy"
  | "ObjectCreated:CompleteMultipartUpload"
  | "ObjectRemoved:Delete"
  | "ObjectRemoved:DeleteMarkerCreated"
  | "ObjectRestore:Post"
  | "ObjectRestore:Completed"
  | "ObjectRestore:Delete"
  | "ObjectTagging:Put"
  | "ObjectTagging:Delete"
  | "ObjectAcl:Put"
  | "ObjectRetention:Put"
  | "LifecycleExpiration:Delete"
  | "LifecycleExpiration:DeleteMarkerCreated"
  | "LifecycleTransition";

/** One thing that happened, with all that its messages say. */
export interface Occurrence {
  readonly event: EventName;
  readonly bucket: Bucket;
  readonly version: ObjectVersion;
  readonly sequence: number;
  readonly timeMs: number;
  /** As event messages name the caller. */
  readonly principalId: string;
  /** As EventBridge events name the caller: an account or a service. */
  readonly requester: string;
  readonly sourceIp: string;
  readonly requestId: string;
  readonly parent: SpanContext | undefined;
}

const S3 = "s3.amazonaws.com";

/** Tells the notifications of a bucket what happened. Inside the transaction in which it happens. */
export function announce(here: Here, bucket: Bucket, event: EventName, version: ObjectVersion): void {
  if (!bucket.notification) return;
  const { kernel, principal, source } = here;
  here.state.notify({
    event,
    bucket,
    version,
    sequence: version.sequence,
    timeMs: kernel.clock.now(),
    principalId: principalIdOf(principal),
    requester:
      principal && "account" in principal ? principal.account : principal?.kind === "anonymous" ? "Anonymous" : S3,
    sourceIp: source?.sourceIp ?? S3,
    requestId: here.requestId ?? kernel.random.hex(16).toUpperCase(),
    parent: here.span,
  });
}

function principalIdOf(principal: Principal | undefined): string {
  switch (principal?.kind) {
    case "user":
    case "role":
      return `AWS:${principal.userId}`;
    case "root":
      return customerId(principal.account);
    case "anonymous":
      return "Anonymous";
    default:
      return S3;
  }
}

/** AWS's older id of an account: `A` and 13 letters and digits. */
function customerId(account: string): string {
  return `A${canonicalId(account).slice(0, 13).toUpperCase()}`;
}

/** AWS: the kinds of events that came later speak version 2.3. */
const LATER = /^(?:ObjectTagging|ObjectAcl|ObjectRetention|Lifecycle)/;
const EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e";

/** The message that goes to functions, queues and topics: one record. */
export function eventMessage(occurrence: Occurrence, configurationId: string): string {
  const { event, bucket, requestId } = occurrence;
  const record = {
    eventVersion: LATER.test(event) ? "2.3" : "2.1",
    eventSource: "aws:s3",
    awsRegion: bucket.region,
    eventTime: new Date(occurrence.timeMs).toISOString(),
    eventName: event,
    userIdentity: { principalId: occurrence.principalId },
    requestParameters: { sourceIPAddress: occurrence.sourceIp },
    responseElements: { "x-amz-request-id": requestId, "x-amz-id-2": hostId(requestId) },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId,
      bucket: {
        name: bucket.name,
        ownerIdentity: { principalId: customerId(bucket.account) },
        arn: bucketArn(bucket.name),
      },
      object: objectOfMessage(occurrence),
    },
    ...glacierData(occurrence),
  };
  return JSON.stringify({ Records: [record] });
}

/** The second, longer id that S3 gives a request; here it follows from the first. */
export function hostId(requestId: string): string {
  return Buffer.from(`${requestId}/s3.katachi/${requestId}`).toString("base64");
}

function objectOfMessage({ event, bucket, version, sequence }: Occurrence) {
  const isChange = /^(?:ObjectTagging|ObjectAcl)/.test(event);
  const isGone = event.endsWith(":Delete") && !isChange && event !== "ObjectRestore:Delete";
  return {
    key: encodeKeyForUrl(version.key),
    ...(isGone || isChange || version.isMarker ? {} : { size: version.bytes }),
    ...(isGone ? {} : { eTag: version.isMarker ? EMPTY_MD5 : version.etag }),
    ...(bucket.versioning && version.versionId !== NULL_VERSION ? { versionId: version.versionId } : {}),
    ...(isChange ? {} : { sequencer: sequencer(sequence) }),
  };
}

/** AWS: hexadecimal; the greater of two events of one key is the later. Compared as texts they must be of one length. */
export function sequencer(sequence: number): string {
  return Math.round(sequence).toString(16).toUpperCase().padStart(18, "0");
}

function glacierData({ event, version }: Occurrence) {
  if (event !== "ObjectRestore:Completed" || version.isMarker || version.restore?.expiryMs === undefined) return {};
  return {
    glacierEventData: {
      restoreEventData: {
        lifecycleRestorationExpiryTime: new Date(version.restore.expiryMs).toISOString(),
        lifecycleRestoreStorageClass: version.storageClass,
      },
    },
  };
}

const DETAIL_TYPE: Record<EventName, string | undefined> = {
  "ObjectCreated:Put": "Object Created",
  "ObjectCreated:Post": "Object Created",
  "ObjectCreated:Copy": "Object Created",
  "ObjectCreated:CompleteMultipartUpload": "Object Created",
  "ObjectRemoved:Delete": "Object Deleted",
  "ObjectRemoved:DeleteMarkerCreated": "Object Deleted",
  "LifecycleExpiration:Delete": "Object Deleted",
  "LifecycleExpiration:DeleteMarkerCreated": "Object Deleted",
  "ObjectRestore:Post": "Object Restore Initiated",
  "ObjectRestore:Completed": "Object Restore Completed",
  "ObjectRestore:Delete": "Object Restore Expired",
  "ObjectTagging:Put": "Object Tags Added",
  "ObjectTagging:Delete": "Object Tags Deleted",
  "ObjectAcl:Put": "Object ACL Updated",
  LifecycleTransition: "Object Storage Class Changed",
  // AWS: retention changes are told to queues, topics and functions only.
  "ObjectRetention:Put": undefined,
};

const REASON: Partial<Record<EventName, string>> = {
  "ObjectCreated:Put": "PutObject",
  "ObjectCreated:Post": "POST Object",
  "ObjectCreated:Copy": "CopyObject",
  "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
  "ObjectRemoved:Delete": "DeleteObject",
  "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
  "LifecycleExpiration:Delete": "Lifecycle Expiration",
  "LifecycleExpiration:DeleteMarkerCreated": "Lifecycle Expiration",
};

/** The event that goes to EventBridge; undefined for what it is not told. */
export function bridgeEvent(occurrence: Occurrence): { detailType: string; detail: object } | undefined {
  const { event, bucket, version, sequence } = occurrence;
  const detailType = DETAIL_TYPE[event];
  if (detailType === undefined) return undefined;
  const isDeleted = detailType === "Object Deleted";
  const reason = REASON[event];
  const detail = {
    version: "0",
    bucket: { name: bucket.name },
    object: {
      key: version.key,
      ...(isDeleted || version.isMarker || /Tags|ACL/.test(detailType) ? {} : { size: version.bytes }),
      ...(isDeleted && !version.isMarker ? {} : { etag: version.isMarker ? EMPTY_MD5 : version.etag }),
      ...(bucket.versioning && version.versionId !== NULL_VERSION ? { "version-id": version.versionId } : {}),
      ...(reason === undefined ? {} : { sequencer: sequencer(sequence) }),
    },
    "request-id": occurrence.requestId,
    requester: occurrence.requester,
    ...(occurrence.sourceIp === S3 ? {} : { "source-ip-address": occurrence.sourceIp }),
    ...(reason === undefined ? {} : { reason }),
    ...(isDeleted
      ? { "deletion-type": event.endsWith("Created") ? "Delete Marker Created" : "Permanently Deleted" }
      : {}),
    ...storageDetail(occurrence),
  };
  return { detailType, detail };
}

function storageDetail({ event, version }: Occurrence) {
  if (version.isMarker) return {};
  if (event === "LifecycleTransition") return { "destination-storage-class": version.storageClass };
  if (!event.startsWith("ObjectRestore")) return {};
  const expiryMs = version.restore?.expiryMs;
  return {
    "source-storage-class": version.storageClass,
    ...(expiryMs === undefined ? {} : { "restore-expiry-time": new Date(expiryMs).toISOString() }),
  };
}
