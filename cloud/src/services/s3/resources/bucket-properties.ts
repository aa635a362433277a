import type {
  CORSRule,
  LifecycleRule,
  LifecycleRuleFilter,
  NotificationConfiguration,
  NotificationConfigurationFilter,
  ServerSideEncryptionRule,
  Tag,
  Transition,
  WebsiteConfiguration,
} from "@aws-sdk/client-s3";

/** The properties of AWS::S3::Bucket, and how each is told to S3's own operations. */

export interface EncryptionRuleProps {
  ServerSideEncryptionByDefault?: { SSEAlgorithm: string; KMSMasterKeyID?: string };
  BucketKeyEnabled?: boolean;
  BlockedEncryptionTypes?: { EncryptionType?: string[] };
}

export function encryptionRule(props: EncryptionRuleProps): ServerSideEncryptionRule {
  return {
    ApplyServerSideEncryptionByDefault:
      props.ServerSideEncryptionByDefault as ServerSideEncryptionRule["ApplyServerSideEncryptionByDefault"],
    BucketKeyEnabled: props.BucketKeyEnabled,
    BlockedEncryptionTypes: props.BlockedEncryptionTypes as ServerSideEncryptionRule["BlockedEncryptionTypes"],
  };
}

export interface CorsRuleProps {
  Id?: string;
  AllowedHeaders?: string[];
  AllowedMethods: string[];
  AllowedOrigins: string[];
  ExposedHeaders?: string[];
  MaxAge?: number;
}

export function corsRule(props: CorsRuleProps): CORSRule {
  return {
    ID: props.Id,
    AllowedHeaders: props.AllowedHeaders,
    AllowedMethods: props.AllowedMethods,
    AllowedOrigins: props.AllowedOrigins,
    ExposeHeaders: props.ExposedHeaders,
    MaxAgeSeconds: props.MaxAge,
  };
}

interface TransitionProps {
  StorageClass: string;
  TransitionDate?: string;
  TransitionInDays?: number;
}

interface NoncurrentTransitionProps {
  StorageClass: string;
  TransitionInDays: number;
  NewerNoncurrentVersions?: number;
}

export interface LifecycleRuleProps {
  Id?: string;
  Status: string;
  Prefix?: string;
  TagFilters?: Tag[];
  ObjectSizeGreaterThan?: number;
  ObjectSizeLessThan?: number;
  ExpirationDate?: string;
  ExpirationInDays?: number;
  ExpiredObjectDeleteMarker?: boolean;
  AbortIncompleteMultipartUpload?: { DaysAfterInitiation: number };
  NoncurrentVersionExpirationInDays?: number;
  NoncurrentVersionExpiration?: { NoncurrentDays: number; NewerNoncurrentVersions?: number };
  NoncurrentVersionTransition?: NoncurrentTransitionProps;
  NoncurrentVersionTransitions?: NoncurrentTransitionProps[];
  Transition?: TransitionProps;
  Transitions?: TransitionProps[];
}

export function lifecycleRule(props: LifecycleRuleProps): LifecycleRule {
  const { ExpirationDate, ExpirationInDays, ExpiredObjectDeleteMarker } = props;
  const expires = [ExpirationDate, ExpirationInDays, ExpiredObjectDeleteMarker].some((value) => value !== undefined);
  const noncurrentDays = props.NoncurrentVersionExpirationInDays;
  const transitions = listOf(props.Transition, props.Transitions).map(transition);
  const noncurrent = listOf(props.NoncurrentVersionTransition, props.NoncurrentVersionTransitions).map((one) => ({
    NoncurrentDays: one.TransitionInDays,
    NewerNoncurrentVersions: one.NewerNoncurrentVersions,
    StorageClass: one.StorageClass as "GLACIER",
  }));
  return {
    ID: props.Id,
    Status: props.Status as "Enabled",
    Filter: filterOf(props),
    ...(expires
      ? {
          Expiration: {
            Date: ExpirationDate === undefined ? undefined : new Date(ExpirationDate),
            Days: ExpirationInDays,
            ExpiredObjectDeleteMarker,
          },
        }
      : {}),
    AbortIncompleteMultipartUpload: props.AbortIncompleteMultipartUpload,
    NoncurrentVersionExpiration:
      props.NoncurrentVersionExpiration ??
      (noncurrentDays === undefined ? undefined : { NoncurrentDays: noncurrentDays }),
    ...(transitions.length > 0 ? { Transitions: transitions } : {}),
    ...(noncurrent.length > 0 ? { NoncurrentVersionTransitions: noncurrent } : {}),
  };
}

function listOf<T>(one: T | undefined, many: T[] | undefined): T[] {
  return [...(one === undefined ? [] : [one]), ...(many ?? [])];
}

function transition({ StorageClass, TransitionDate, TransitionInDays }: TransitionProps): Transition {
  return {
    StorageClass: StorageClass as Transition["StorageClass"],
    Days: TransitionInDays,
    Date: TransitionDate === undefined ? undefined : new Date(TransitionDate),
  };
}

/** Conditions beside each other become one filter, joined where there are several. */
function filterOf(props: LifecycleRuleProps): LifecycleRuleFilter {
  const { Prefix, TagFilters = [], ObjectSizeGreaterThan, ObjectSizeLessThan } = props;
  const single = [Prefix, ObjectSizeGreaterThan, ObjectSizeLessThan].filter((value) => value !== undefined).length;
  if (single + TagFilters.length > 1)
    return {
      And: {
        Prefix,
        ObjectSizeGreaterThan,
        ObjectSizeLessThan,
        ...(TagFilters.length > 0 ? { Tags: TagFilters } : {}),
      },
    };
  if (TagFilters.length === 1) return { Tag: TagFilters[0]! };
  if (ObjectSizeGreaterThan !== undefined) return { ObjectSizeGreaterThan };
  if (ObjectSizeLessThan !== undefined) return { ObjectSizeLessThan };
  return { Prefix: Prefix ?? "" };
}

interface DestinationProps {
  Event: string;
  Filter?: { S3Key: { Rules: { Name: string; Value: string }[] } };
}

export interface NotificationProps {
  EventBridgeConfiguration?: { EventBridgeEnabled?: boolean };
  LambdaConfigurations?: (DestinationProps & { Function: string })[];
  QueueConfigurations?: (DestinationProps & { Queue: string })[];
  TopicConfigurations?: (DestinationProps & { Topic: string })[];
}

export function notificationConfiguration(props: NotificationProps): NotificationConfiguration {
  const common = ({ Event, Filter }: DestinationProps) => ({
    Events: [Event as "s3:ObjectCreated:*"],
    ...(Filter ? { Filter: { Key: { FilterRules: Filter.S3Key.Rules } } as NotificationConfigurationFilter } : {}),
  });
  return {
    ...(props.LambdaConfigurations
      ? {
          LambdaFunctionConfigurations: props.LambdaConfigurations.map((one) => ({
            LambdaFunctionArn: one.Function,
            ...common(one),
          })),
        }
      : {}),
    ...(props.QueueConfigurations
      ? { QueueConfigurations: props.QueueConfigurations.map((one) => ({ QueueArn: one.Queue, ...common(one) })) }
      : {}),
    ...(props.TopicConfigurations
      ? { TopicConfigurations: props.TopicConfigurations.map((one) => ({ TopicArn: one.Topic, ...common(one) })) }
      : {}),
    // AWS: the block alone turns events on; only an explicit false turns them off.
    ...(props.EventBridgeConfiguration && props.EventBridgeConfiguration.EventBridgeEnabled !== false
      ? { EventBridgeConfiguration: {} }
      : {}),
  };
}

export interface WebsiteProps {
  IndexDocument?: string;
  ErrorDocument?: string;
  RedirectAllRequestsTo?: { HostName: string; Protocol?: string };
  RoutingRules?: {
    RedirectRule: {
      HostName?: string;
      HttpRedirectCode?: string;
      Protocol?: string;
      ReplaceKeyPrefixWith?: string;
      ReplaceKeyWith?: string;
    };
    RoutingRuleCondition?: { HttpErrorCodeReturnedEquals?: string; KeyPrefixEquals?: string };
  }[];
}

export function websiteConfiguration(props: WebsiteProps): WebsiteConfiguration {
  const { IndexDocument, ErrorDocument, RedirectAllRequestsTo, RoutingRules } = props;
  return {
    ...(IndexDocument === undefined ? {} : { IndexDocument: { Suffix: IndexDocument } }),
    ...(ErrorDocument === undefined ? {} : { ErrorDocument: { Key: ErrorDocument } }),
    ...(RedirectAllRequestsTo
      ? { RedirectAllRequestsTo: RedirectAllRequestsTo as WebsiteConfiguration["RedirectAllRequestsTo"] }
      : {}),
    ...(RoutingRules
      ? {
          RoutingRules: RoutingRules.map(({ RedirectRule, RoutingRuleCondition }) => ({
            Redirect: RedirectRule as { Protocol?: "http" },
            ...(RoutingRuleCondition ? { Condition: RoutingRuleCondition } : {}),
          })),
        }
      : {}),
  };
}

/** `PublicReadWrite` → `public-read-write`. */
export function cannedAcl(accessControl: string): string {
  return accessControl.replace(/(?<!^)([A-Z])/g, "-$1").toLowerCase();
}
