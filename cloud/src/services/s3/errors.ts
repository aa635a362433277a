import { AwsError } from "../../aws/error.ts";
import { malformedXml } from "../../wire/validation.ts";

/**
 * Every error of the service. AWS: "Error responses" (Amazon S3 API Reference), texts as S3 answers them.
 */

type Members = Record<string, unknown>;

function s3Error(status: number, code: string, message: string, members: Members = {}): AwsError {
  return new AwsError(code, message, { status, members });
}

export { malformedXml };

/** AWS: objects of a deny that IAM has no say in (object lock, expected owner) get the bare text. */
export function accessDenied(message = "Access Denied"): AwsError {
  return s3Error(403, "AccessDenied", message);
}

export function invalidRequest(message: string): AwsError {
  return s3Error(400, "InvalidRequest", message);
}

export function badRequest(message: string): AwsError {
  return s3Error(400, "BadRequest", message);
}

export function invalidArgument(message: string, name?: string, value?: string | null): AwsError {
  return s3Error(400, "InvalidArgument", message, {
    ...(name === undefined ? {} : { ArgumentName: name }),
    ...(value === undefined ? {} : { ArgumentValue: value }),
  });
}

// Buckets

export function noSuchBucket(bucket: string): AwsError {
  return s3Error(404, "NoSuchBucket", "The specified bucket does not exist", { BucketName: bucket });
}

export function invalidBucketName(bucket: string): AwsError {
  return s3Error(400, "InvalidBucketName", "The specified bucket is not valid.", { BucketName: bucket });
}

export function bucketAlreadyExists(bucket: string): AwsError {
  const message =
    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. " +
    "Please select a different name and try again.";
  return s3Error(409, "BucketAlreadyExists", message, { BucketName: bucket });
}

export function bucketAlreadyOwnedByYou(bucket: string): AwsError {
  const message = "Your previous request to create the named bucket succeeded and you already own it.";
  return s3Error(409, "BucketAlreadyOwnedByYou", message, { BucketName: bucket });
}

export function bucketNotEmpty(bucket: string, versioned: boolean): AwsError {
  const message = `The bucket you tried to delete is not empty${versioned ? ". You must delete all versions in the bucket." : ""}`;
  return s3Error(409, "BucketNotEmpty", message, { BucketName: bucket });
}

export function illegalLocationConstraint(constraint: string): AwsError {
  const message = `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`;
  return s3Error(400, "IllegalLocationConstraintException", message);
}

export function invalidLocationConstraint(constraint: string): AwsError {
  return s3Error(400, "InvalidLocationConstraint", "The specified location-constraint is not valid", {
    LocationConstraint: constraint,
  });
}

/** The bucket lies in another Region than the request was signed for. */
export function permanentRedirect(bucket: string, region: string): AwsError {
  const message =
    "The bucket you are attempting to access must be addressed using the specified endpoint. " +
    "Please send all future requests to this endpoint.";
  return new AwsError("PermanentRedirect", message, {
    status: 301,
    members: { Endpoint: `${bucket}.s3.${region}.amazonaws.com`, Bucket: bucket },
    headers: { "x-amz-bucket-region": region },
  });
}

/** A configuration of a bucket that was never set, e.g. `NoSuchCORSConfiguration`. */
export function noSuchConfiguration(code: string, message: string, bucket: string): AwsError {
  return s3Error(404, code, message, { BucketName: bucket });
}

export function invalidBucketState(message: string): AwsError {
  return s3Error(409, "InvalidBucketState", message);
}

export function bucketAclWithOwnership(): AwsError {
  return s3Error(
    400,
    "InvalidBucketAclWithObjectOwnership",
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  );
}

export function aclsNotSupported(): AwsError {
  return s3Error(400, "AccessControlListNotSupported", "The bucket does not allow ACLs");
}

export function malformedAcl(): AwsError {
  return s3Error(400, "MalformedACLError", malformedXml().message);
}

export function malformedPolicy(message: string): AwsError {
  return s3Error(400, "MalformedPolicy", message);
}

// Objects

export function noSuchKey(key: string, headers: Record<string, string> = {}): AwsError {
  return new AwsError("NoSuchKey", "The specified key does not exist.", {
    status: 404,
    members: { Key: key },
    headers,
  });
}

export function noSuchVersion(key: string, versionId: string): AwsError {
  return s3Error(404, "NoSuchVersion", "The specified version does not exist.", { Key: key, VersionId: versionId });
}

export function invalidVersionId(versionId: string): AwsError {
  return invalidArgument("Invalid version id specified", "versionId", versionId);
}

/** A delete marker was asked for what only an object has. */
export function methodNotAllowedOnMarker(method: string, headers: Record<string, string> = {}): AwsError {
  return new AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", {
    status: 405,
    members: { Method: method, ResourceType: "DeleteMarker" },
    headers,
  });
}

export function keyTooLong(bytes: number): AwsError {
  return s3Error(400, "KeyTooLongError", "Your key is too long", { Size: String(bytes), MaxSizeAllowed: "1024" });
}

export function metadataTooLarge(bytes: number): AwsError {
  return s3Error(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", {
    Size: String(bytes),
    MaxSizeAllowed: "2048",
  });
}

export function invalidRedirectLocation(): AwsError {
  const message = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.";
  return s3Error(400, "InvalidRedirectLocation", message);
}

export function entityTooLarge(bytes: number, bytesMax: number): AwsError {
  return s3Error(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", {
    ProposedSize: String(bytes),
    MaxSizeAllowed: String(bytesMax),
  });
}

export function missingContentLength(): AwsError {
  return s3Error(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
}

export function incompleteBody(): AwsError {
  const message = "You did not provide the number of bytes specified by the Content-Length HTTP header";
  return s3Error(400, "IncompleteBody", message);
}

export function badDigest(message: string): AwsError {
  return s3Error(400, "BadDigest", message);
}

export function invalidDigest(contentMd5: string): AwsError {
  return s3Error(400, "InvalidDigest", "The Content-MD5 you specified was invalid.", { "Content-MD5": contentMd5 });
}

export function badMd5(claimed: string, computed: string): AwsError {
  return s3Error(400, "BadDigest", "The Content-MD5 you specified did not match what we received.", {
    ExpectedDigest: claimed,
    CalculatedDigest: computed,
  });
}

export function badContentSha256(claimed: string, computed: string): AwsError {
  const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
  return s3Error(400, "XAmzContentSHA256Mismatch", message, {
    ClientComputedContentSHA256: claimed,
    S3ComputedContentSHA256: computed,
  });
}

export function invalidRange(requested: string, bytes: number): AwsError {
  return new AwsError("InvalidRange", "The requested range is not satisfiable", {
    status: 416,
    members: { RangeRequested: requested, ActualObjectSize: String(bytes) },
    headers: { "content-range": `bytes */${bytes}` },
  });
}

export function invalidPartNumber(requested: number, parts: number): AwsError {
  return s3Error(416, "InvalidPartNumber", "The requested partnumber is not satisfiable", {
    PartNumberRequested: String(requested),
    ActualPartCount: String(parts),
  });
}

export function invalidStorageClass(requested: string): AwsError {
  return s3Error(400, "InvalidStorageClass", "The storage class you specified is not valid", {
    StorageClassRequested: requested,
  });
}

export function invalidObjectState(storageClass: string): AwsError {
  return s3Error(403, "InvalidObjectState", "The operation is not valid for the object's storage class", {
    StorageClass: storageClass,
  });
}

export function invalidTag(message: string, key: string, value?: string): AwsError {
  return s3Error(400, "InvalidTag", message, { TagKey: key, ...(value === undefined ? {} : { TagValue: value }) });
}

// Conditions

export function preconditionFailed(condition: string): AwsError {
  const message = "At least one of the pre-conditions you specified did not hold";
  return s3Error(412, "PreconditionFailed", message, { Condition: condition });
}

export function notModified(headers: Record<string, string>): AwsError {
  return new AwsError("NotModified", "Not Modified", { status: 304, headers });
}

export function conditionalRequestConflict(condition: string, key: string): AwsError {
  const message = "The conditional request cannot succeed due to a conflicting operation against this resource.";
  return s3Error(409, "ConditionalRequestConflict", message, { Condition: condition, Key: key });
}

/** AWS's own refusal of a header's value, not ours. */
export function headerNotImplemented(header: string, more: string): AwsError {
  const message = "A header you provided implies functionality that is not implemented";
  return s3Error(501, "NotImplemented", message, { Header: header, additionalMessage: more });
}

// Multipart uploads

export function noSuchUpload(uploadId: string): AwsError {
  const message =
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
  return s3Error(404, "NoSuchUpload", message, { UploadId: uploadId });
}

export function invalidPart(uploadId: string, partNumber: number, etag: string): AwsError {
  const message =
    "One or more of the specified parts could not be found.  The part may not have been uploaded, " +
    "or the specified entity tag may not match the part's entity tag.";
  return s3Error(400, "InvalidPart", message, { UploadId: uploadId, PartNumber: String(partNumber), ETag: etag });
}

export function invalidPartOrder(uploadId: string): AwsError {
  const message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
  return s3Error(400, "InvalidPartOrder", message, { UploadId: uploadId });
}

export function entityTooSmall(bytes: number, bytesMin: number, partNumber: number, etag: string): AwsError {
  return s3Error(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", {
    ProposedSize: String(bytes),
    MinSizeAllowed: String(bytesMin),
    PartNumber: String(partNumber),
    ETag: etag,
  });
}

/** Of a form upload, whose policy says how large it must be. */
export function proposedTooSmall(bytes: number, bytesMin: number): AwsError {
  return s3Error(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", {
    ProposedSize: String(bytes),
    MinSizeAllowed: String(bytesMin),
  });
}

// Object lock

export function missingLockConfiguration(): AwsError {
  return invalidRequest("Bucket is missing Object Lock Configuration");
}

export function noObjectLock(): AwsError {
  const message = "The specified object does not have a ObjectLock configuration";
  return s3Error(404, "NoSuchObjectLockConfiguration", message);
}

export function lockConfigurationNotFound(bucket: string): AwsError {
  const message = "Object Lock configuration does not exist for this bucket";
  return s3Error(404, "ObjectLockConfigurationNotFoundError", message, { BucketName: bucket });
}
