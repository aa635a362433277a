/** The CloudFormation types of CloudWatch. */
import type { Input } from "../../aws/api-types.ts";
import { defineResource, type ResourceContext, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";
import { alarmArn } from "./alarm.ts";
import { dashboardArn } from "./operations/dashboards.ts";

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
    await changeTags(cx, alarmArn(cx.scope, AlarmName), previous.Tags, props.Tags);
  },
  async delete(cx, { physicalId }) {
    await cx.call("cloudwatch", "DeleteAlarms", { AlarmNames: [physicalId] });
  },
  async attributes(cx, physicalId) {
    return { Arn: alarmArn(cx.scope, physicalId) };
  },
});

type CompositeProps = Omit<Input<"cloudwatch", "PutCompositeAlarm">, "Tags" | "AlarmName"> & {
  AlarmName?: string;
  Tags?: ResourceTag[];
};

const compositeAlarm = defineResource<CompositeProps>({
  type: "AWS::CloudWatch::CompositeAlarm",
  honours: {
    ActionsEnabled: true,
    AlarmActions: true,
    AlarmDescription: true,
    AlarmName: true,
    AlarmRule: true,
    InsufficientDataActions: true,
    OKActions: true,
    Tags: true,
  },
  async create(cx, { Tags: own, ...props }) {
    const AlarmName = props.AlarmName ?? cx.physicalName(NAME_MAX);
    const Tags = cx.mergedTags(own);
    await cx.call("cloudwatch", "PutCompositeAlarm", { ...props, AlarmName, ...(Tags.length > 0 ? { Tags } : {}) });
    return { physicalId: AlarmName };
  },
  async update(cx, { physicalId: AlarmName, props: { Tags, ...props }, previous }) {
    await cx.call("cloudwatch", "PutCompositeAlarm", { ...props, AlarmName });
    await changeTags(cx, alarmArn(cx.scope, AlarmName), previous.Tags, Tags);
  },
  async delete(cx, { physicalId }) {
    await cx.call("cloudwatch", "DeleteAlarms", { AlarmNames: [physicalId] });
  },
  async attributes(cx, physicalId) {
    return { Arn: alarmArn(cx.scope, physicalId) };
  },
});

interface DashboardProps {
  DashboardName?: string;
  DashboardBody: string;
  Tags?: ResourceTag[];
}

const dashboard = defineResource<DashboardProps>({
  type: "AWS::CloudWatch::Dashboard",
  honours: { DashboardName: true, DashboardBody: true, Tags: true },
  async create(cx, props) {
    const DashboardName = props.DashboardName ?? cx.physicalName(NAME_MAX);
    const Tags = cx.mergedTags(props.Tags);
    const { DashboardBody } = props;
    await cx.call("cloudwatch", "PutDashboard", { DashboardName, DashboardBody, ...(Tags.length > 0 ? { Tags } : {}) });
    return { physicalId: DashboardName };
  },
  async update(cx, { physicalId: DashboardName, props, previous }) {
    await cx.call("cloudwatch", "PutDashboard", { DashboardName, DashboardBody: props.DashboardBody });
    await changeTags(cx, dashboardArn(cx.scope.account, DashboardName), previous.Tags, props.Tags);
  },
  async delete(cx, { physicalId }) {
    await cx.call("cloudwatch", "DeleteDashboards", { DashboardNames: [physicalId] });
  },
});

async function changeTags(
  cx: ResourceContext,
  ResourceARN: string,
  before: ResourceTag[] | undefined,
  after: ResourceTag[] | undefined,
): Promise<void> {
  const tags = cx.mergedTags(after);
  const gone = cx.mergedTags(before).filter(({ Key }) => !tags.some((tag) => tag.Key === Key));
  if (gone.length > 0)
    await cx.call("cloudwatch", "UntagResource", { ResourceARN, TagKeys: gone.map(({ Key }) => Key) });
  if (tags.length > 0) await cx.call("cloudwatch", "TagResource", { ResourceARN, Tags: tags });
}

function inputOf(props: AlarmProps): Omit<Input<"cloudwatch", "PutMetricAlarm">, "AlarmName"> {
  const { Tags: _tags, AlarmName: _name, ComparisonOperator, EvaluationPeriods, ...rest } = props;
  return { ...rest, ComparisonOperator, EvaluationPeriods };
}

export const resources: readonly ResourceType[] = [alarm, compositeAlarm, dashboard];
