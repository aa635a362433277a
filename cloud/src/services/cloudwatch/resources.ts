/** The CloudFormation types of CloudWatch. */
import type { Input } from "../../aws/api-types.ts";
import { defineResource, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";
import { alarmArn } from "./alarm.ts";

type AlarmProps = Partial<Omit<Input<"cloudwatch", "PutMetricAlarm">, "Tags">> & { Tags?: ResourceTag[] };

const NAME_MAX = 255;

const alarm = defineResource<AlarmProps>({
  type: "AWS::CloudWatch::Alarm",
  honours: {
    ActionsEnabled: true,
    AlarmActions: true,
    AlarmDescription: true,
    AlarmName: true,
    ComparisonOperator: true,
    DatapointsToAlarm: true,
    Dimensions: true,
    EvaluateLowSampleCountPercentile: true,
    EvaluationPeriods: true,
    ExtendedStatistic: true,
    InsufficientDataActions: true,
    MetricName: true,
    Metrics: true,
    Namespace: true,
    OKActions: true,
    Period: true,
    Statistic: true,
    Tags: true,
    Threshold: true,
    ThresholdMetricId: true,
    TreatMissingData: true,
    Unit: true,
  },
  async create(cx, props) {
    const AlarmName = props.AlarmName ?? cx.physicalName(NAME_MAX);
    const Tags = cx.mergedTags(props.Tags);
    await cx.call("cloudwatch", "PutMetricAlarm", {
      ...inputOf(props),
      AlarmName,
      ...(Tags.length > 0 ? { Tags } : {}),
    });
    return { physicalId: AlarmName };
  },
  async update(cx, { physicalId: AlarmName, props, previous }) {
    await cx.call("cloudwatch", "PutMetricAlarm", { ...inputOf(props), AlarmName });
    const ResourceARN = alarmArn(cx.scope, AlarmName);
    const tags = cx.mergedTags(props.Tags);
    const gone = cx.mergedTags(previous.Tags).filter(({ Key }) => !tags.some((tag) => tag.Key === Key));
    if (gone.length > 0)
      await cx.call("cloudwatch", "UntagResource", { ResourceARN, TagKeys: gone.map(({ Key }) => Key) });
    if (tags.length > 0) await cx.call("cloudwatch", "TagResource", { ResourceARN, Tags: tags });
  },
  async delete(cx, { physicalId }) {
    await cx.call("cloudwatch", "DeleteAlarms", { AlarmNames: [physicalId] });
  },
  async attributes(cx, physicalId) {
    return { Arn: alarmArn(cx.scope, physicalId) };
  },
});

function inputOf(props: AlarmProps): Omit<Input<"cloudwatch", "PutMetricAlarm">, "AlarmName"> {
  const { Tags: _tags, AlarmName: _name, ComparisonOperator, EvaluationPeriods, ...rest } = props;
  return { ...rest, ComparisonOperator, EvaluationPeriods };
}

export const resources: readonly ResourceType[] = [alarm];
