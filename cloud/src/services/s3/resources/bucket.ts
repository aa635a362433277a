import type { BucketCannedACL, ObjectLockRule, ObjectOwnership } from "@aws-sdk/client-s3";
import { AwsError } from "../../../aws/error.ts";
import { defineResource, type ResourceContext, type ResourceTag } from "../../../deploy/resource.ts";
import { bucketArn } from "../bucket.ts";
import {
  cannedAcl,
  corsRule,
  encryptionRule,
  lifecycleRule,
  notificationConfiguration,
  websiteConfiguration,
  type CorsRuleProps,
  type EncryptionRuleProps,
  type LifecycleRuleProps,
  type NotificationProps,
  type WebsiteProps,
} from "./bucket-properties.ts";

export interface BucketProps {
  AccessControl?: string;
  BucketEncryption?: { ServerSideEncryptionConfiguration: EncryptionRuleProps[] };
  BucketName?: string;
  CorsConfiguration?: { CorsRules: CorsRuleProps[] };
  LifecycleConfiguration?: { Rules: LifecycleRuleProps[]; TransitionDefaultMinimumObjectSize?: string };
  NotificationConfiguration?: NotificationProps;
  ObjectLockConfiguration?: { ObjectLockEnabled?: string; Rule?: ObjectLockRule };
  ObjectLockEnabled?: boolean;
  OwnershipControls?: { Rules: { ObjectOwnership?: ObjectOwnership }[] };
  PublicAccessBlockConfiguration?: {
    BlockPublicAcls?: boolean;
    BlockPublicPolicy?: boolean;
    IgnorePublicAcls?: boolean;
    RestrictPublicBuckets?: boolean;
  };
  Tags?: ResourceTag[];
  VersioningConfiguration?: { Status: "Enabled" | "Suspended" };
  WebsiteConfiguration?: WebsiteProps;
}

const NAME_MAX = 63;

/** AWS: Regions whose website endpoints are written with a dash ("Amazon S3 website endpoints"). */
const DASHED = [
  "us-east-1",
  "us-west-1",
  "us-west-2",
  "ap-southeast-1",
  "ap-southeast-2",
  "ap-northeast-1",
  "eu-west-1",
  "sa-east-1",
  "us-gov-west-1",
];

/** How one property is put and taken back. */
interface Setting<K extends keyof BucketProps> {
  put(cx: ResourceContext, Bucket: string, value: NonNullable<BucketProps[K]>, props: BucketProps): Promise<unknown>;
  remove(cx: ResourceContext, Bucket: string): Promise<unknown>;
}

/** In the order in which they must be set: who may do what first, versioning before what builds on it. */
const SETTINGS: { readonly [K in keyof BucketProps]?: Setting<K> } = {
  PublicAccessBlockConfiguration: {
    put: (cx, Bucket, PublicAccessBlockConfiguration) =>
      cx.call("s3", "PutPublicAccessBlock", { Bucket, PublicAccessBlockConfiguration }),
    remove: (cx, Bucket) =>
      cx.call("s3", "PutPublicAccessBlock", {
        Bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      }),
  },
  OwnershipControls: {
    put: (cx, Bucket, { Rules }) =>
      cx.call("s3", "PutBucketOwnershipControls", {
        Bucket,
        OwnershipControls: { Rules: Rules.map(({ ObjectOwnership }) => ({ ObjectOwnership })) },
      }),
    remove: (cx, Bucket) => cx.call("s3", "DeleteBucketOwnershipControls", { Bucket }),
  },
  AccessControl: {
    put: (cx, Bucket, value, { OwnershipControls }) => {
      // With ACLs disabled the private one says nothing.
      const disabled =
        (OwnershipControls?.Rules[0]?.ObjectOwnership ?? "BucketOwnerEnforced") === "BucketOwnerEnforced";
      if (disabled && value === "Private") return Promise.resolve();
      return cx.call("s3", "PutBucketAcl", { Bucket, ACL: cannedAcl(value) as BucketCannedACL });
    },
    remove: (cx, Bucket) => cx.call("s3", "PutBucketAcl", { Bucket, ACL: "private" }),
  },
  VersioningConfiguration: {
    put: (cx, Bucket, { Status }) =>
      cx.call("s3", "PutBucketVersioning", { Bucket, VersioningConfiguration: { Status } }),
    remove: (cx, Bucket) =>
      cx.call("s3", "PutBucketVersioning", { Bucket, VersioningConfiguration: { Status: "Suspended" } }),
  },
  ObjectLockConfiguration: {
    put: (cx, Bucket, { Rule }) =>
      cx.call("s3", "PutObjectLockConfiguration", {
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", ...(Rule ? { Rule } : {}) },
      }),
    remove: (cx, Bucket) =>
      cx.call("s3", "PutObjectLockConfiguration", {
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" },
      }),
  },
  BucketEncryption: {
    put: (cx, Bucket, { ServerSideEncryptionConfiguration }) =>
      cx.call("s3", "PutBucketEncryption", {
        Bucket,
        ServerSideEncryptionConfiguration: { Rules: ServerSideEncryptionConfiguration.map(encryptionRule) },
      }),
    remove: (cx, Bucket) => cx.call("s3", "DeleteBucketEncryption", { Bucket }),
  },
  LifecycleConfiguration: {
    put: (cx, Bucket, { Rules, TransitionDefaultMinimumObjectSize }) =>
      cx.call("s3", "PutBucketLifecycleConfiguration", {
        Bucket,
        LifecycleConfiguration: { Rules: Rules.map(lifecycleRule) },
        TransitionDefaultMinimumObjectSize: TransitionDefaultMinimumObjectSize as "varies_by_storage_class",
      }),
    remove: (cx, Bucket) => cx.call("s3", "DeleteBucketLifecycle", { Bucket }),
  },
  CorsConfiguration: {
    put: (cx, Bucket, { CorsRules }) =>
      cx.call("s3", "PutBucketCors", { Bucket, CORSConfiguration: { CORSRules: CorsRules.map(corsRule) } }),
    remove: (cx, Bucket) => cx.call("s3", "DeleteBucketCors", { Bucket }),
  },
  WebsiteConfiguration: {
    put: (cx, Bucket, website) =>
      cx.call("s3", "PutBucketWebsite", { Bucket, WebsiteConfiguration: websiteConfiguration(website) }),
    remove: (cx, Bucket) => cx.call("s3", "DeleteBucketWebsite", { Bucket }),
  },
  NotificationConfiguration: {
    put: (cx, Bucket, notification) =>
      cx.call("s3", "PutBucketNotificationConfiguration", {
        Bucket,
        NotificationConfiguration: notificationConfiguration(notification),
      }),
    remove: (cx, Bucket) =>
      cx.call("s3", "PutBucketNotificationConfiguration", { Bucket, NotificationConfiguration: {} }),
  },
};

async function setTags(cx: ResourceContext, Bucket: string, tags: ResourceTag[]): Promise<void> {
  // Gap: AWS also sets the tags aws:cloudformation:*, which no one else may.
  const TagSet = tags.filter(({ Key }) => !Key.startsWith("aws:"));
  if (TagSet.length > 0) await cx.call("s3", "PutBucketTagging", { Bucket, Tagging: { TagSet } });
  else await cx.call("s3", "DeleteBucketTagging", { Bucket });
}

async function apply(cx: ResourceContext, name: string, props: BucketProps, previous: BucketProps): Promise<void> {
  for (const [property, setting] of Object.entries(SETTINGS) as [keyof BucketProps, Setting<keyof BucketProps>][]) {
    const value = props[property];
    if (JSON.stringify(value) === JSON.stringify(previous[property])) continue;
    if (value === undefined) await setting.remove(cx, name);
    else await setting.put(cx, name, value, props);
  }
}

export const bucket = defineResource<BucketProps>({
  type: "AWS::S3::Bucket",
  honours: {
    AccessControl: true,
    BucketEncryption: true,
    BucketName: true,
    CorsConfiguration: true,
    LifecycleConfiguration: true,
    NotificationConfiguration: true,
    ObjectLockConfiguration: true,
    ObjectLockEnabled: true,
    OwnershipControls: true,
    PublicAccessBlockConfiguration: true,
    Tags: true,
    VersioningConfiguration: true,
    WebsiteConfiguration: true,
  },
  async create(cx, props) {
    const name = props.BucketName ?? cx.physicalName(NAME_MAX, { lowercase: true });
    const { region } = cx.scope;
    await refuseExisting(cx, name, region);
    await cx.call("s3", "CreateBucket", {
      Bucket: name,
      ObjectLockEnabledForBucket: props.ObjectLockEnabled,
      ...(region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint: region as "eu-west-1" } }),
    });
    cx.initiated(name);
    await apply(cx, name, props, {});
    const tags = cx.mergedTags(props.Tags);
    if (tags.length > 0) await setTags(cx, name, tags);
    return { physicalId: name };
  },
  async update(cx, { physicalId, props, previous }) {
    await apply(cx, physicalId, props, previous);
    await setTags(cx, physicalId, cx.mergedTags(props.Tags));
  },
  async delete(cx, { physicalId }) {
    await cx.call("s3", "DeleteBucket", { Bucket: physicalId });
  },
  async attributes(cx, physicalId) {
    const { region } = cx.scope;
    return {
      Arn: bucketArn(physicalId),
      DomainName: `${physicalId}.s3.amazonaws.com`,
      DualStackDomainName: `${physicalId}.s3.dualstack.${region}.amazonaws.com`,
      RegionalDomainName: `${physicalId}.s3.${region}.amazonaws.com`,
      WebsiteURL: `http://${physicalId}.s3-website${DASHED.includes(region) ? "-" : "."}${region}.amazonaws.com`,
    };
  },
});

/** In the classic Region S3 itself would take the name of one's own bucket again; CloudFormation does not. */
async function refuseExisting(cx: ResourceContext, name: string, region: string): Promise<void> {
  if (region !== "us-east-1") return;
  try {
    await cx.call("s3", "HeadBucket", { Bucket: name });
  } catch (error) {
    if (error instanceof AwsError) return;
    throw error;
  }
  throw new AwsError("AlreadyExists", `${name} already exists`, { status: 400 });
}
