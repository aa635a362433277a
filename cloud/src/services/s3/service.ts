import { defineService } from "../../service.ts";
import { authorize } from "./authorization.ts";
import { startNotifications } from "./delivery.ts";
import { runLifecycles } from "./lifecycle.ts";
import * as access from "./operations/bucket-access.ts";
import * as settings from "./operations/bucket-settings.ts";
import * as buckets from "./operations/buckets.ts";
import { CopyObject } from "./operations/copy-object.ts";
import { DeleteObject, DeleteObjects } from "./operations/delete-object.ts";
import { GetObject, GetObjectAttributes, HeadObject } from "./operations/get-object.ts";
import * as lists from "./operations/list-objects.ts";
import { ListMultipartUploads } from "./operations/list-uploads.ts";
import { ListObjectVersions } from "./operations/list-versions.ts";
import * as multipart from "./operations/multipart.ts";
import * as objectSettings from "./operations/object-settings.ts";
import { PutObject } from "./operations/put-object.ts";
import { RestoreObject, runRestores } from "./operations/restore-object.ts";
import { UploadPart, UploadPartCopy } from "./operations/upload-part.ts";
import { formPlane } from "./form-upload.ts";
import { crossOriginHeaders, preflightPlane } from "./preflight.ts";
import { resources } from "./resources.ts";
import { openState } from "./state.ts";
import { websitePlane } from "./website.ts";

/**
 * Amazon S3, general purpose buckets.
 *
 * Gap: bytes are not encrypted on disk; encryption settings, headers, ETags and refusals are AWS's.
 * Gap: SSE-KMS knows the key that AWS manages; customer managed keys are refused by name.
 * Gap: the retry schedule of notifications is ours; AWS tells none.
 * Refused by name: directory buckets, access points, Select, torrents, replication, inventory, analytics, metrics,
 * intelligent tiering, logging, acceleration, requester pays, MFA delete, annotations, metadata tables, event holds,
 * checksums other than CRC32, CRC32C, CRC64NVME, SHA1 and SHA256.
 */
export const s3 = defineService({
  api: "s3",
  iamPrefix: "s3",
  state: openState,
  operations: {
    ...access,
    ...settings,
    ...buckets,
    ...lists,
    ...multipart,
    ...objectSettings,
    CopyObject,
    DeleteObject,
    DeleteObjects,
    GetObject,
    GetObjectAttributes,
    HeadObject,
    ListMultipartUploads,
    ListObjectVersions,
    PutObject,
    RestoreObject,
    UploadPart,
    UploadPartCopy,
  },
  authorize,
  ownValidation: [
    "CopyObject",
    "CreateBucket",
    "CreateMultipartUpload",
    "GetObjectAttributes",
    "ListBuckets",
    "ListMultipartUploads",
    "ListObjectVersions",
    "ListObjects",
    "ListObjectsV2",
    "PutBucketAcl",
    "PutBucketCors",
    "PutBucketEncryption",
    "PutBucketLifecycleConfiguration",
    "PutBucketNotificationConfiguration",
    "PutBucketWebsite",
    "PutObject",
    "PutObjectAcl",
    "PutObjectRetention",
  ],
  dataPlanes: [websitePlane, preflightPlane, formPlane],
  crossOrigin: crossOriginHeaders,
  resources,
  start(cx) {
    startNotifications(cx);
    runLifecycles(cx);
    runRestores(cx);
  },
});
