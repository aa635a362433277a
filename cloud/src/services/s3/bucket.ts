import type { Bucket, S3Context, S3State } from "./state.ts";
import { accessDenied, noSuchBucket, permanentRedirect } from "./errors.ts";
import { isDirectoryBucketName } from "./bucket-name.ts";
import { NotEmulatedError } from "../../aws/error.ts";

/** What every bucket operation is given. */
export interface BucketInput {
  readonly Bucket?: string | undefined;
  readonly ExpectedBucketOwner?: string | undefined;
}

/**
 * The bucket that a request means.
 * @throws AwsError NoSuchBucket, or PermanentRedirect where the request is signed for another Region
 */
export function getBucket(cx: S3Context, name: string | undefined): Bucket {
  const bucket = findBucket(cx.state, name);
  if (!bucket) {
    if (name !== undefined && isDirectoryBucketName(name))
      throw new NotEmulatedError(`the directory bucket ${name} (S3 Express One Zone)`);
    throw noSuchBucket(name ?? "");
  }
  // Whoever signs nothing has no Region to be wrong about, and neither have services that act for a bucket.
  const { kind } = cx.principal;
  if (bucket.region !== cx.scope.region && kind !== "anonymous" && kind !== "service")
    throw permanentRedirect(bucket.name, bucket.region);
  return bucket;
}

/** The bucket by name alone, whatever its Region. */
export function findBucket(state: S3State, name: string | undefined): Bucket | undefined {
  return name === undefined || name === "" ? undefined : state.buckets.get([name]);
}

/** The bucket of a request, its owner checked where the request names one. @throws AwsError as getBucket, AccessDenied */
export function ownedBucket(cx: S3Context, input: BucketInput): Bucket {
  const bucket = getBucket(cx, input.Bucket);
  checkOwner(bucket, input.ExpectedBucketOwner);
  return bucket;
}

/** @throws AwsError AccessDenied where the bucket belongs to another account than expected */
export function checkOwner(bucket: Bucket, expected: string | undefined): void {
  if (expected !== undefined && expected !== bucket.account) throw accessDenied();
}

/** Changes what is set on a bucket. */
export function changeBucket(state: S3State, bucket: Bucket, change: Partial<Bucket>): void {
  state.buckets.put([bucket.name], { ...bucket, ...change });
}

export function bucketArn(bucket: string): string {
  return `arn:aws:s3:::${bucket}`;
}

export function objectArn(bucket: string, key: string): string {
  return `arn:aws:s3:::${bucket}/${key}`;
}

/** Whether ACLs have no say in a bucket (AWS: "Controlling ownership of objects and disabling ACLs"). */
export function aclsDisabled(bucket: Bucket): boolean {
  return bucket.ownership === "BucketOwnerEnforced";
}
