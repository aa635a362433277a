import type {
  BucketCannedACL,
  CORSRule,
  NotificationConfiguration,
  ObjectLockRule,
  ObjectOwnership,
  Tag,
  WebsiteConfiguration,
} from "@aws-sdk/client-s3";
import type { Blob } from "../../kernel/blobs.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import type { CallContext } from "../../service.ts";
import type { Acl } from "./acl.ts";
import { Bodies } from "./body.ts";
import type { Checksum, ChecksumAlgorithm, ChecksumType } from "./checksum.ts";
import type { BucketEncryption, Encryption } from "./encryption.ts";
import type { LifecycleRules } from "./lifecycle-rule.ts";
import type { Occurrence } from "./events.ts";

export type { BucketCannedACL, CORSRule, NotificationConfiguration, Tag, WebsiteConfiguration };

/** A bucket with everything that was set on it. Names are unique in the whole cloud, as in AWS's partition. */
export interface Bucket {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly createdMs: number;
  /** Undefined until it was ever set. */
  readonly versioning?: "Enabled" | "Suspended" | undefined;
  /** Undefined after it was deleted, which works like `ObjectWriter`. */
  readonly ownership?: ObjectOwnership | undefined;
  readonly publicAccess?: PublicAccess | undefined;
  readonly acl: Acl;
  readonly encryption: BucketEncryption;
  /** Present once object lock is on; it cannot be turned off. */
  readonly objectLock?: { readonly rule?: ObjectLockRule | undefined } | undefined;
  readonly policy?: BucketPolicy | undefined;
  readonly cors?: readonly CORSRule[] | undefined;
  readonly website?: WebsiteConfiguration | undefined;
  readonly lifecycle?: LifecycleRules | undefined;
  readonly notification?: NotificationConfiguration | undefined;
  readonly tags?: readonly Tag[] | undefined;
}

export interface BucketPolicy {
  /** As it was put, byte for byte. */
  readonly text: string;
  /** Whether it grants access to the public, as Block Public Access understands it. */
  readonly isPublic: boolean;
}

/** Block public access, all four switches. */
export interface PublicAccess {
  readonly BlockPublicAcls: boolean;
  readonly IgnorePublicAcls: boolean;
  readonly BlockPublicPolicy: boolean;
  readonly RestrictPublicBuckets: boolean;
}

interface Version {
  readonly key: string;
  /** `null` for the version that was written while versioning was off. */
  readonly versionId: string;
  /** Grows with every change of the bucket; orders versions and events. */
  readonly sequence: number;
  readonly modifiedMs: number;
  /** Account of the object's owner. */
  readonly owner: string;
  /** When a newer version took its place. */
  readonly noncurrentMs?: number | undefined;
}

export interface DeleteMarker extends Version {
  readonly isMarker: true;
}

/** The headers that are kept with an object and answered again, by their API names. */
export interface ObjectHeaders {
  readonly CacheControl?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly ContentType?: string | undefined;
  readonly Expires?: string | undefined;
}

export interface ObjectPart {
  readonly number: number;
  readonly bytes: number;
  /** Base64, in the algorithm of the object's checksum. */
  readonly checksum: string;
}

export interface StoredObject extends Version {
  readonly isMarker?: undefined;
  readonly bytes: number;
  /** Without quotes. */
  readonly etag: string;
  /** One blob, or one for each part. */
  readonly body: readonly Blob[];
  readonly checksum: Checksum;
  /** Of a multipart upload. */
  readonly parts?: readonly ObjectPart[] | undefined;
  readonly uploadId?: string | undefined;
  readonly headers: ObjectHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags?: readonly Tag[] | undefined;
  readonly storageClass: string;
  readonly encryption: Encryption;
  readonly websiteRedirect?: string | undefined;
  /** Undefined: the owner alone. */
  readonly acl?: Acl | undefined;
  readonly retention?: Retention | undefined;
  readonly legalHold?: "ON" | "OFF" | undefined;
  readonly restore?: Restore | undefined;
}

export interface Retention {
  readonly mode: "GOVERNANCE" | "COMPLIANCE";
  readonly untilMs: number;
}

/** A copy of an archived object, on its way or there until it expires. */
export interface Restore {
  readonly days: number;
  readonly expiryMs?: number | undefined;
}

export type ObjectVersion = StoredObject | DeleteMarker;

/** What is decided when a multipart upload begins. */
export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedMs: number;
  readonly sequence: number;
  /** Principal that began it. */
  readonly initiator: string;
  readonly checksum: {
    readonly algorithm: ChecksumAlgorithm;
    readonly type: ChecksumType;
    /** Whether the client chose it; the default one does not show. */
    readonly explicit: boolean;
  };
  readonly draft: ObjectDraft;
  /** The key was deleted since. */
  readonly deletedMeanwhile?: boolean;
}

/** What of an object is known before its bytes are. */
export type ObjectDraft = Pick<
  StoredObject,
  | "headers"
  | "metadata"
  | "tags"
  | "storageClass"
  | "encryption"
  | "websiteRedirect"
  | "acl"
  | "retention"
  | "legalHold"
  | "owner"
>;

export interface Part {
  readonly number: number;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly md5: string;
  /** As the client sees it; differs from the MD5 where the upload's encryption is not AES256. */
  readonly etag: string;
  readonly checksum: string;
  readonly body: Blob;
  readonly modifiedMs: number;
}

/** Everything that S3 keeps. Current and older versions apart, so that listing objects reads no older ones. */
export interface S3State {
  /** [name] */
  readonly buckets: Collection<Bucket>;
  /** The newest version of each key: [bucket, key]. */
  readonly current: Collection<ObjectVersion>;
  /** Older versions, newest first: [bucket, key, -sequence]. */
  readonly older: Collection<ObjectVersion>;
  /** [bucket, key, uploadId] */
  readonly uploads: Collection<Upload>;
  /** [uploadId, number] */
  readonly parts: Collection<Part>;
  readonly bodies: Bodies;
  /** Hands what happened to an object to its bucket's notifications; set when the service starts. */
  notify: (occurrence: Occurrence) => void;
  /** The sequence given out last. */
  lastSequence: number;
}

export type S3Context = CallContext<S3State>;

export function openState(kernel: Kernel): S3State {
  const { store } = kernel;
  return {
    buckets: store.collection("s3.buckets"),
    current: store.collection("s3.current"),
    older: store.collection("s3.older"),
    uploads: store.collection("s3.uploads"),
    parts: store.collection("s3.parts"),
    bodies: new Bodies(kernel),
    notify: () => undefined,
    lastSequence: 0,
  };
}

/** Thousandths of a millisecond leave room for a thousand changes in each. */
const SEQUENCE_PER_MS = 1000;

/** A number greater than every one given before, also before a restart, and than that of the version it follows. */
export function nextSequence(state: S3State, nowMs: number, previous: number = 0): number {
  const sequence = Math.max(nowMs * SEQUENCE_PER_MS, state.lastSequence + 1, previous + 1);
  state.lastSequence = sequence;
  return sequence;
}
