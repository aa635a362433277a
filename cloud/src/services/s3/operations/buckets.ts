import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import { suspends } from "../../../service.ts";
import { canonicalId, isPublicAcl, privateAcl, readAcl } from "../acl.ts";
import { bucketArn, checkOwner, findBucket, ownedBucket } from "../bucket.ts";
import { checkBucketName, isDirectoryBucketName } from "../bucket-name.ts";
import { DEFAULT_ENCRYPTION } from "../encryption.ts";
import {
  bucketAclWithOwnership,
  bucketAlreadyExists,
  bucketAlreadyOwnedByYou,
  bucketNotEmpty,
  invalidArgument,
  noSuchBucket,
} from "../errors.ts";
import { restartLifecycle } from "../lifecycle.ts";
import { lastModified } from "../reading.ts";
import { isRegion, locationConstraint, placeBucket } from "../region.ts";
import type { Bucket, PublicAccess, S3Context, S3State } from "../state.ts";
import { checkTags } from "../tags.ts";
import { commit } from "../upload.ts";
import { removeUpload } from "../upload-parts.ts";

/** AWS: what new buckets have since April 2023. */
const ALL_BLOCKED: PublicAccess = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};
const OWNERSHIPS = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"];

export function CreateBucket(cx: S3Context, input: Input<"s3", "CreateBucket">): Output<"s3", "CreateBucket"> {
  const name = input.Bucket!;
  refuseUnknown(input);
  checkBucketName(name);
  const region = placeBucket(cx.scope.region, input.CreateBucketConfiguration?.LocationConstraint);
  const { account } = cx.scope;
  const existing = findBucket(cx.state, name);
  if (existing) {
    if (existing.account !== account) throw bucketAlreadyExists(name);
    // AWS: in the classic Region creating one's own bucket again succeeds and changes nothing.
    if (existing.region !== "us-east-1" || region !== "us-east-1") throw bucketAlreadyOwnedByYou(name);
    return { Location: `/${name}`, BucketArn: bucketArn(name) };
  }
  const ownership = readOwnership(input.ObjectOwnership);
  const acl = readAcl(input, { owner: account, bucketOwner: account }) ?? privateAcl(account);
  if (isPublicAcl(acl) || acl.grants.length > 1) {
    if (ownership === "BucketOwnerEnforced") throw bucketAclWithOwnership();
    if (isPublicAcl(acl))
      throw new AwsError(
        "InvalidBucketAclWithBlockPublicAccessError",
        "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
        { status: 400 },
      );
  }
  const tags = input.CreateBucketConfiguration?.Tags;
  const bucket: Bucket = {
    name,
    account,
    region,
    createdMs: cx.kernel.clock.now(),
    ownership,
    publicAccess: ALL_BLOCKED,
    acl,
    encryption: DEFAULT_ENCRYPTION,
    ...(input.ObjectLockEnabledForBucket ? { versioning: "Enabled", objectLock: {} } : {}),
    ...(tags ? { tags: checkTags(tags, "bucket") } : {}),
  };
  cx.state.buckets.put([name], bucket);
  return {
    Location: region === "us-east-1" ? `/${name}` : `http://${name}.s3.amazonaws.com/`,
    BucketArn: bucketArn(name),
  };
}

function refuseUnknown(input: Input<"s3", "CreateBucket">): void {
  const { Bucket, Location } = input.CreateBucketConfiguration ?? {};
  if (Bucket !== undefined || Location !== undefined || isDirectoryBucketName(input.Bucket ?? ""))
    throw new NotEmulatedError("directory buckets (S3 Express One Zone)");
  if (input.BucketNamespace !== undefined && input.BucketNamespace !== "global")
    throw new NotEmulatedError(`BucketNamespace ${input.BucketNamespace} of S3 CreateBucket`);
}

function readOwnership(value: string | undefined) {
  if (value !== undefined && !OWNERSHIPS.includes(value))
    throw invalidArgument(`Invalid x-amz-object-ownership header: ${value}`, "x-amz-object-ownership");
  return (value ?? "BucketOwnerEnforced") as NonNullable<Bucket["ownership"]>;
}

export const DeleteBucket = suspends<S3State, Input<"s3", "DeleteBucket">, Output<"s3", "DeleteBucket">>(
  async (cx, input) => {
    const bucket = ownedBucket(cx, input);
    return commit(cx, [], () => {
      const { state } = cx;
      if (state.current.first({ prefix: [bucket.name] }))
        throw bucketNotEmpty(bucket.name, bucket.versioning !== undefined);
      const uploads = [...state.uploads.values({ prefix: [bucket.name] })];
      for (const upload of uploads) removeUpload(state, upload);
      restartLifecycle(cx, bucket.name, undefined);
      state.buckets.remove([bucket.name]);
      return {};
    });
  },
);

export function HeadBucket(cx: S3Context, input: Input<"s3", "HeadBucket">): Output<"s3", "HeadBucket"> {
  const bucket = ownedBucket(cx, input);
  return { BucketRegion: bucket.region, BucketArn: bucketArn(bucket.name), AccessPointAlias: false };
}

/** AWS: answered from every Region. */
export function GetBucketLocation(
  cx: S3Context,
  input: Input<"s3", "GetBucketLocation">,
): Output<"s3", "GetBucketLocation"> {
  const bucket = findBucket(cx.state, input.Bucket);
  if (!bucket) throw noSuchBucket(input.Bucket ?? "");
  checkOwner(bucket, input.ExpectedBucketOwner);
  return { LocationConstraint: locationConstraint(bucket.region) };
}

const BUCKETS_MAX = 10_000;

export function ListBuckets(cx: S3Context, input: Input<"s3", "ListBuckets">): Output<"s3", "ListBuckets"> {
  const { Prefix: prefix = "", BucketRegion: region, ContinuationToken: token, MaxBuckets: limit } = input;
  if (limit !== undefined && !(limit >= 1 && limit <= BUCKETS_MAX))
    throw invalidArgument(
      `Argument max-buckets must be an integer between 1 and ${BUCKETS_MAX}`,
      "max-buckets",
      String(limit),
    );
  if (region !== undefined && !isRegion(region))
    throw invalidArgument(`Argument value ${region} is not a valid AWS Region`, "bucket-region");
  const after = token ? Buffer.from(token, "base64url").toString() : "";
  const found: Bucket[] = [];
  let truncated = false;
  for (const bucket of cx.state.buckets.values(after === "" ? {} : { after: [after] })) {
    if (bucket.account !== cx.scope.account || !bucket.name.startsWith(prefix)) continue;
    if (region !== undefined && bucket.region !== region) continue;
    truncated = found.length >= (limit ?? BUCKETS_MAX);
    if (truncated) break;
    found.push(bucket);
  }
  // AWS: the Region is told where the request makes use of any of the newer parameters.
  const told = [input.Prefix, region, token, limit].some((parameter) => parameter !== undefined);
  return {
    Owner: { ID: canonicalId(cx.scope.account) },
    Buckets: found.map((bucket) => ({
      Name: bucket.name,
      CreationDate: lastModified({ modifiedMs: bucket.createdMs }),
      ...(told ? { BucketRegion: bucket.region, BucketArn: bucketArn(bucket.name) } : {}),
    })),
    ...(input.Prefix === undefined ? {} : { Prefix: prefix }),
    ...(truncated ? { ContinuationToken: Buffer.from(found.at(-1)!.name).toString("base64url") } : {}),
  };
}
