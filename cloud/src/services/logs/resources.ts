/** The CloudFormation types of CloudWatch Logs. */
import type { Distribution, StandardUnit } from "@aws-sdk/client-cloudwatch-logs";
import type { Input } from "../../aws/api-types.ts";
import { defineResource, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";
import { groupArn } from "./group.ts";

interface LogGroupProps {
  LogGroupName?: string;
  RetentionInDays?: number;
  LogGroupClass?: "STANDARD" | "INFREQUENT_ACCESS";
  DeletionProtectionEnabled?: boolean;
  Tags?: ResourceTag[];
}

const NAME_MAX = 512;

const logGroup = defineResource<LogGroupProps>({
  type: "AWS::Logs::LogGroup",
  honours: {
    LogGroupName: true,
    RetentionInDays: true,
    LogGroupClass: true,
    DeletionProtectionEnabled: true,
    Tags: true,
  },
  replaceOn: ["LogGroupName", "LogGroupClass"],
  async create(cx, props) {
    const logGroupName = props.LogGroupName ?? cx.physicalName(NAME_MAX);
    const tags = cx.mergedTagMap(props.Tags);
    await cx.call("logs", "CreateLogGroup", {
      logGroupName,
      logGroupClass: props.LogGroupClass,
      deletionProtectionEnabled: props.DeletionProtectionEnabled,
      ...(Object.keys(tags).length > 0 ? { tags } : {}),
    });
    cx.initiated(logGroupName);
    if (props.RetentionInDays !== undefined)
      await cx.call("logs", "PutRetentionPolicy", { logGroupName, retentionInDays: props.RetentionInDays });
    return { physicalId: logGroupName };
  },
  async update(cx, { physicalId: logGroupName, props, previous }) {
    if (props.RetentionInDays !== previous.RetentionInDays)
      if (props.RetentionInDays === undefined) await cx.call("logs", "DeleteRetentionPolicy", { logGroupName });
      else await cx.call("logs", "PutRetentionPolicy", { logGroupName, retentionInDays: props.RetentionInDays });
    if (props.DeletionProtectionEnabled !== previous.DeletionProtectionEnabled)
      await cx.call("logs", "PutLogGroupDeletionProtection", {
        logGroupIdentifier: logGroupName,
        deletionProtectionEnabled: props.DeletionProtectionEnabled ?? false,
      });
    const tags = cx.mergedTagMap(props.Tags);
    const resourceArn = groupArn(cx.scope, logGroupName);
    const gone = Object.keys(cx.mergedTagMap(previous.Tags)).filter((key) => !(key in tags));
    if (gone.length > 0) await cx.call("logs", "UntagResource", { resourceArn, tagKeys: gone });
    if (Object.keys(tags).length > 0) await cx.call("logs", "TagResource", { resourceArn, tags });
  },
  async delete(cx, { physicalId }) {
    await cx.call("logs", "DeleteLogGroup", { logGroupName: physicalId });
  },
  async attributes(cx, physicalId) {
    return { Arn: `${groupArn(cx.scope, physicalId)}:*` };
  },
});

interface LogStreamProps {
  LogGroupName: string;
  LogStreamName?: string;
}

const logStream = defineResource<LogStreamProps>({
  type: "AWS::Logs::LogStream",
  honours: { LogGroupName: true, LogStreamName: true },
  async create(cx, props) {
    const logStreamName = props.LogStreamName ?? cx.physicalName(NAME_MAX);
    await cx.call("logs", "CreateLogStream", { logGroupName: props.LogGroupName, logStreamName });
    return { physicalId: logStreamName };
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("logs", "DeleteLogStream", { logGroupName: props.LogGroupName, logStreamName: physicalId });
  },
});

interface MetricFilterProps {
  LogGroupName: string;
  FilterName?: string;
  FilterPattern: string;
  MetricTransformations: {
    MetricName: string;
    MetricNamespace: string;
    MetricValue: string;
    DefaultValue?: number;
    Dimensions?: { Key: string; Value: string }[];
    Unit?: StandardUnit;
  }[];
}

function putMetricFilterInput(filterName: string, props: MetricFilterProps): Input<"logs", "PutMetricFilter"> {
  return {
    logGroupName: props.LogGroupName,
    filterName,
    filterPattern: props.FilterPattern,
    metricTransformations: props.MetricTransformations.map((transformation) => ({
      metricName: transformation.MetricName,
      metricNamespace: transformation.MetricNamespace,
      metricValue: transformation.MetricValue,
      defaultValue: transformation.DefaultValue,
      dimensions:
        transformation.Dimensions &&
        Object.fromEntries(transformation.Dimensions.map(({ Key, Value }) => [Key, Value])),
      unit: transformation.Unit,
    })),
  };
}

const metricFilter = defineResource<MetricFilterProps>({
  type: "AWS::Logs::MetricFilter",
  honours: { LogGroupName: true, FilterName: true, FilterPattern: true, MetricTransformations: true },
  async create(cx, props) {
    const filterName = props.FilterName ?? cx.physicalName(NAME_MAX);
    await cx.call("logs", "PutMetricFilter", putMetricFilterInput(filterName, props));
    return { physicalId: filterName };
  },
  async update(cx, { physicalId, props }) {
    await cx.call("logs", "PutMetricFilter", putMetricFilterInput(physicalId, props));
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("logs", "DeleteMetricFilter", { logGroupName: props.LogGroupName, filterName: physicalId });
  },
});

interface SubscriptionFilterProps {
  LogGroupName: string;
  FilterName?: string;
  FilterPattern: string;
  DestinationArn: string;
  RoleArn?: string;
  Distribution?: Distribution;
}

function putSubscriptionFilterInput(
  filterName: string,
  props: SubscriptionFilterProps,
): Input<"logs", "PutSubscriptionFilter"> {
  return {
    logGroupName: props.LogGroupName,
    filterName,
    filterPattern: props.FilterPattern,
    destinationArn: props.DestinationArn,
    roleArn: props.RoleArn,
    distribution: props.Distribution,
  };
}

const subscriptionFilter = defineResource<SubscriptionFilterProps>({
  type: "AWS::Logs::SubscriptionFilter",
  honours: {
    LogGroupName: true,
    FilterName: true,
    FilterPattern: true,
    DestinationArn: true,
    RoleArn: true,
    Distribution: true,
  },
  async create(cx, props) {
    const filterName = props.FilterName ?? cx.physicalName(NAME_MAX);
    await cx.call("logs", "PutSubscriptionFilter", putSubscriptionFilterInput(filterName, props));
    return { physicalId: filterName };
  },
  async update(cx, { physicalId, props }) {
    await cx.call("logs", "PutSubscriptionFilter", putSubscriptionFilterInput(physicalId, props));
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("logs", "DeleteSubscriptionFilter", { logGroupName: props.LogGroupName, filterName: physicalId });
  },
});

interface ResourcePolicyProps {
  PolicyName: string;
  PolicyDocument: string;
}

const resourcePolicy = defineResource<ResourcePolicyProps>({
  type: "AWS::Logs::ResourcePolicy",
  honours: { PolicyName: true, PolicyDocument: true },
  async create(cx, props) {
    await cx.call("logs", "PutResourcePolicy", { policyName: props.PolicyName, policyDocument: props.PolicyDocument });
    return { physicalId: props.PolicyName };
  },
  async update(cx, { physicalId, props }) {
    await cx.call("logs", "PutResourcePolicy", { policyName: physicalId, policyDocument: props.PolicyDocument });
  },
  async delete(cx, { physicalId }) {
    await cx.call("logs", "DeleteResourcePolicy", { policyName: physicalId });
  },
});

export const resources: readonly ResourceType[] = [
  logGroup,
  logStream,
  metricFilter,
  subscriptionFilter,
  resourcePolicy,
];
