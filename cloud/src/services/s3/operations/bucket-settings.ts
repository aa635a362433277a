import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import { suspends } from "../../../service.ts";
import { changeBucket, ownedBucket } from "../bucket.ts";
import { checkCorsRules } from "../cors.ts";
import { checkBridge, checkDestinations } from "../delivery.ts";
import { bucketEncryptionRule, DEFAULT_ENCRYPTION, readBucketEncryption } from "../encryption.ts";
import { invalidBucketState, lockConfigurationNotFound, malformedXml, noSuchConfiguration } from "../errors.ts";
import { restartLifecycle } from "../lifecycle.ts";
import { lifecycleRule, readLifecycle, type LifecycleRules } from "../lifecycle-rule.ts";
import { checkLockRule } from "../lock.ts";
import { destinationsOf, readNotification } from "../notification.ts";
import type { S3Context, S3State } from "../state.ts";
import { checkTags } from "../tags.ts";
import { checkWebsite } from "../website-configuration.ts";

/** What is set on a bucket, each with put, get and delete as AWS has them. */

// Versioning

export function PutBucketVersioning(
  cx: S3Context,
  input: Input<"s3", "PutBucketVersioning">,
): Output<"s3", "PutBucketVersioning"> {
  const bucket = ownedBucket(cx, input);
  const { Status, MFADelete } = input.VersioningConfiguration ?? {};
  if (MFADelete === "Enabled" || input.MFA !== undefined) throw new NotEmulatedError("MFADelete of S3");
  if (Status === undefined)
    throw new AwsError("IllegalVersioningConfigurationException", "The Versioning element must be specified", {
      status: 400,
    });
  if (Status === "Suspended" && bucket.objectLock)
    throw invalidBucketState(
      "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
    );
  changeBucket(cx.state, bucket, { versioning: Status });
  return {};
}

export function GetBucketVersioning(
  cx: S3Context,
  input: Input<"s3", "GetBucketVersioning">,
): Output<"s3", "GetBucketVersioning"> {
  const { versioning } = ownedBucket(cx, input);
  return versioning ? { Status: versioning } : {};
}

// Encryption

export function PutBucketEncryption(
  cx: S3Context,
  input: Input<"s3", "PutBucketEncryption">,
): Output<"s3", "PutBucketEncryption"> {
  const bucket = ownedBucket(cx, input);
  const encryption = readBucketEncryption(input.ServerSideEncryptionConfiguration?.Rules);
  changeBucket(cx.state, bucket, { encryption });
  return {};
}

export function GetBucketEncryption(
  cx: S3Context,
  input: Input<"s3", "GetBucketEncryption">,
): Output<"s3", "GetBucketEncryption"> {
  const { encryption } = ownedBucket(cx, input);
  return { ServerSideEncryptionConfiguration: { Rules: [bucketEncryptionRule(encryption)] } };
}

/** AWS: without a setting of its own a bucket has S3's default. */
export function DeleteBucketEncryption(
  cx: S3Context,
  input: Input<"s3", "DeleteBucketEncryption">,
): Output<"s3", "DeleteBucketEncryption"> {
  changeBucket(cx.state, ownedBucket(cx, input), { encryption: DEFAULT_ENCRYPTION });
  return {};
}

// Object lock

export function PutObjectLockConfiguration(
  cx: S3Context,
  input: Input<"s3", "PutObjectLockConfiguration">,
): Output<"s3", "PutObjectLockConfiguration"> {
  const bucket = ownedBucket(cx, input);
  const configuration = input.ObjectLockConfiguration;
  if (configuration?.ObjectLockEnabled !== "Enabled") throw malformedXml();
  checkLockRule(configuration.Rule);
  if (bucket.versioning !== "Enabled")
    throw invalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration");
  changeBucket(cx.state, bucket, { objectLock: configuration.Rule ? { rule: configuration.Rule } : {} });
  return {};
}

export function GetObjectLockConfiguration(
  cx: S3Context,
  input: Input<"s3", "GetObjectLockConfiguration">,
): Output<"s3", "GetObjectLockConfiguration"> {
  const { name, objectLock } = ownedBucket(cx, input);
  if (!objectLock) throw lockConfigurationNotFound(name);
  return {
    ObjectLockConfiguration: {
      ObjectLockEnabled: "Enabled",
      ...(objectLock.rule ? { Rule: objectLock.rule } : {}),
    },
  };
}

// CORS

export function PutBucketCors(cx: S3Context, input: Input<"s3", "PutBucketCors">): Output<"s3", "PutBucketCors"> {
  const bucket = ownedBucket(cx, input);
  changeBucket(cx.state, bucket, { cors: checkCorsRules(input.CORSConfiguration?.CORSRules) });
  return {};
}

export function GetBucketCors(cx: S3Context, input: Input<"s3", "GetBucketCors">): Output<"s3", "GetBucketCors"> {
  const { name, cors } = ownedBucket(cx, input);
  if (!cors) throw noSuchConfiguration("NoSuchCORSConfiguration", "The CORS configuration does not exist", name);
  return { CORSRules: [...cors] };
}

export function DeleteBucketCors(
  cx: S3Context,
  input: Input<"s3", "DeleteBucketCors">,
): Output<"s3", "DeleteBucketCors"> {
  changeBucket(cx.state, ownedBucket(cx, input), { cors: undefined });
  return {};
}

// Website

export function PutBucketWebsite(
  cx: S3Context,
  input: Input<"s3", "PutBucketWebsite">,
): Output<"s3", "PutBucketWebsite"> {
  const bucket = ownedBucket(cx, input);
  changeBucket(cx.state, bucket, { website: checkWebsite(input.WebsiteConfiguration) });
  return {};
}

export function GetBucketWebsite(
  cx: S3Context,
  input: Input<"s3", "GetBucketWebsite">,
): Output<"s3", "GetBucketWebsite"> {
  const { name, website } = ownedBucket(cx, input);
  if (!website)
    throw noSuchConfiguration(
      "NoSuchWebsiteConfiguration",
      "The specified bucket does not have a website configuration",
      name,
    );
  return website;
}

export function DeleteBucketWebsite(
  cx: S3Context,
  input: Input<"s3", "DeleteBucketWebsite">,
): Output<"s3", "DeleteBucketWebsite"> {
  changeBucket(cx.state, ownedBucket(cx, input), { website: undefined });
  return {};
}

// Tags

export function PutBucketTagging(
  cx: S3Context,
  input: Input<"s3", "PutBucketTagging">,
): Output<"s3", "PutBucketTagging"> {
  const bucket = ownedBucket(cx, input);
  const tags = checkTags(input.Tagging?.TagSet ?? (input.Tagging ? [] : undefined), "bucket");
  changeBucket(cx.state, bucket, { tags: tags.length > 0 ? tags : undefined });
  return {};
}

export function GetBucketTagging(
  cx: S3Context,
  input: Input<"s3", "GetBucketTagging">,
): Output<"s3", "GetBucketTagging"> {
  const { name, tags } = ownedBucket(cx, input);
  if (!tags) throw noSuchConfiguration("NoSuchTagSet", "The TagSet does not exist", name);
  return { TagSet: [...tags] };
}

export function DeleteBucketTagging(
  cx: S3Context,
  input: Input<"s3", "DeleteBucketTagging">,
): Output<"s3", "DeleteBucketTagging"> {
  changeBucket(cx.state, ownedBucket(cx, input), { tags: undefined });
  return {};
}

// Lifecycle

const MINIMUM_SIZES = ["all_storage_classes_128K", "varies_by_storage_class"];

export function PutBucketLifecycleConfiguration(
  cx: S3Context,
  input: Input<"s3", "PutBucketLifecycleConfiguration">,
): Output<"s3", "PutBucketLifecycleConfiguration"> {
  const bucket = ownedBucket(cx, input);
  const minimumSize = input.TransitionDefaultMinimumObjectSize ?? "all_storage_classes_128K";
  if (!MINIMUM_SIZES.includes(minimumSize)) throw malformedXml();
  const rules = readLifecycle(input.LifecycleConfiguration?.Rules, () => newId(cx));
  const lifecycle = { rules, minimumSize } as LifecycleRules;
  changeBucket(cx.state, bucket, { lifecycle });
  restartLifecycle(cx, bucket.name, lifecycle);
  return { TransitionDefaultMinimumObjectSize: lifecycle.minimumSize };
}

/** AWS: what it names by itself has 48 characters of base64. */
function newId(cx: S3Context): string {
  return Buffer.from(cx.kernel.random.uuid()).toString("base64");
}

export function GetBucketLifecycleConfiguration(
  cx: S3Context,
  input: Input<"s3", "GetBucketLifecycleConfiguration">,
): Output<"s3", "GetBucketLifecycleConfiguration"> {
  const { name, lifecycle } = ownedBucket(cx, input);
  if (!lifecycle)
    throw noSuchConfiguration("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", name);
  return {
    Rules: lifecycle.rules.map(lifecycleRule),
    TransitionDefaultMinimumObjectSize: lifecycle.minimumSize,
  };
}

export function DeleteBucketLifecycle(
  cx: S3Context,
  input: Input<"s3", "DeleteBucketLifecycle">,
): Output<"s3", "DeleteBucketLifecycle"> {
  const bucket = ownedBucket(cx, input);
  changeBucket(cx.state, bucket, { lifecycle: undefined });
  restartLifecycle(cx, bucket.name, undefined);
  return {};
}

// Notifications

export const PutBucketNotificationConfiguration = suspends<
  S3State,
  Input<"s3", "PutBucketNotificationConfiguration">,
  Output<"s3", "PutBucketNotificationConfiguration">
>(async (cx, input) => {
  const bucket = ownedBucket(cx, input);
  const notification = readNotification(input.NotificationConfiguration, bucket.region, () => newId(cx));
  if (!input.SkipDestinationValidation) await checkDestinations(cx, bucket, destinationsOf(notification));
  if (notification.EventBridgeConfiguration) await checkBridge(cx, bucket);
  const empty = Object.keys(notification).length === 0;
  cx.kernel.store.transaction(() =>
    changeBucket(cx.state, ownedBucket(cx, input), { notification: empty ? undefined : notification }),
  );
  return {};
});

export function GetBucketNotificationConfiguration(
  cx: S3Context,
  input: Input<"s3", "GetBucketNotificationConfiguration">,
): Output<"s3", "GetBucketNotificationConfiguration"> {
  return ownedBucket(cx, input).notification ?? {};
}

// What AWS has and only its default exists here

export function PutBucketRequestPayment(
  cx: S3Context,
  input: Input<"s3", "PutBucketRequestPayment">,
): Output<"s3", "PutBucketRequestPayment"> {
  ownedBucket(cx, input);
  const payer = input.RequestPaymentConfiguration?.Payer;
  if (payer === "Requester") throw new NotEmulatedError("requester pays of S3 (PutBucketRequestPayment Requester)");
  if (payer !== "BucketOwner") throw malformedXml();
  return {};
}

export function GetBucketRequestPayment(
  cx: S3Context,
  input: Input<"s3", "GetBucketRequestPayment">,
): Output<"s3", "GetBucketRequestPayment"> {
  ownedBucket(cx, input);
  return { Payer: "BucketOwner" };
}

/** AWS: nothing where it was never set. */
export function GetBucketAccelerateConfiguration(
  cx: S3Context,
  input: Input<"s3", "GetBucketAccelerateConfiguration">,
): Output<"s3", "GetBucketAccelerateConfiguration"> {
  ownedBucket(cx, input);
  return {};
}

/** AWS: nothing where logging is off. */
export function GetBucketLogging(
  cx: S3Context,
  input: Input<"s3", "GetBucketLogging">,
): Output<"s3", "GetBucketLogging"> {
  ownedBucket(cx, input);
  return {};
}

export function GetBucketReplication(
  cx: S3Context,
  input: Input<"s3", "GetBucketReplication">,
): Output<"s3", "GetBucketReplication"> {
  const { name } = ownedBucket(cx, input);
  throw noSuchConfiguration(
    "ReplicationConfigurationNotFoundError",
    "The replication configuration was not found",
    name,
  );
}
