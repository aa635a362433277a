/**
 * CloudWatch: metrics, metric math, metric and composite alarms, dashboards.
 *
 * Gap: anomaly detection, metric streams, contributor insights, Metrics Insights queries (SQL), SEARCH, log alarms, alarm
 * mute rules and widget images are refused by name; so are suppressors of composite alarms.
 * Gap: EC2, Auto Scaling and Systems Manager actions fail, and the alarm's history says so.
 * Gap: dashboards are kept as they are given; of their widgets only the type is checked.
 * Quirk: metrics of services are kept in memory for up to a second before they are stored; a killed process may lose them.
 * AWS's own service metrics are best effort too.
 */
import { defineService, type Ask, type CallContext } from "../../service.ts";
import { alarmArn, type AlarmState } from "./alarm.ts";
import * as alarmStates from "./operations/alarm-states.ts";
import { putCompositeAlarm } from "./operations/composite-alarms.ts";
import * as dashboards from "./operations/dashboards.ts";
import * as descriptions from "./operations/describe-alarms.ts";
import { putMetricAlarm } from "./operations/metric-alarms.ts";
import * as metrics from "./operations/metrics.ts";
import * as tags from "./operations/tags.ts";
import { resources } from "./resources.ts";
import { openState, startState, stopState } from "./state.ts";

type Context = CallContext<AlarmState>;

const any = (): Ask => ({ resource: "*" });
const onAlarm = (input: { AlarmName?: string | undefined }, cx: Context): Ask => ({
  resource: alarmArn(cx.scope, input.AlarmName ?? ""),
});
const onAlarms = (input: { AlarmNames?: string[] | undefined }, cx: Context): Ask[] =>
  (input.AlarmNames ?? ["*"]).map((name) => ({ resource: alarmArn(cx.scope, name) }));
const onArn = (input: { ResourceARN?: string | undefined }): Ask => ({ resource: input.ResourceARN ?? "*" });
const onDashboard = (input: { DashboardName?: string | undefined }, cx: Context): Ask => ({
  resource: dashboards.dashboardArn(cx.scope.account, input.DashboardName ?? ""),
});
/** AWS: tags given with a new alarm need the permission to tag it. */
const newAlarm = (input: { AlarmName?: string | undefined; Tags?: unknown[] | undefined }, cx: Context): Ask[] => [
  onAlarm(input, cx),
  ...(input.Tags?.length ? [{ ...onAlarm(input, cx), action: "cloudwatch:TagResource" }] : []),
];

export const cloudwatch = defineService({
  api: "cloudwatch",
  iamPrefix: "cloudwatch",
  state: openState,
  operations: {
    PutMetricData: metrics.putMetricData,
    GetMetricData: metrics.getMetricData,
    GetMetricStatistics: metrics.getMetricStatistics,
    ListMetrics: metrics.listMetrics,
    PutMetricAlarm: putMetricAlarm,
    PutCompositeAlarm: putCompositeAlarm,
    DescribeAlarms: descriptions.describeAlarms,
    DescribeAlarmsForMetric: descriptions.describeAlarmsForMetric,
    DescribeAlarmHistory: descriptions.describeAlarmHistory,
    DeleteAlarms: alarmStates.deleteAlarms,
    SetAlarmState: alarmStates.setAlarmState,
    EnableAlarmActions: alarmStates.enableAlarmActions,
    DisableAlarmActions: alarmStates.disableAlarmActions,
    PutDashboard: dashboards.putDashboard,
    GetDashboard: dashboards.getDashboard,
    ListDashboards: dashboards.listDashboards,
    DeleteDashboards: dashboards.deleteDashboards,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    ListTagsForResource: tags.listTagsForResource,
  },
  authorize: {
    PutMetricData: (input) => ({ resource: "*", context: { "cloudwatch:namespace": input.Namespace ?? "" } }),
    GetMetricData: any,
    GetMetricStatistics: any,
    ListMetrics: any,
    PutMetricAlarm: newAlarm,
    PutCompositeAlarm: newAlarm,
    DescribeAlarms: onAlarms,
    DescribeAlarmsForMetric: any,
    DescribeAlarmHistory: (input, cx) => ({ resource: alarmArn(cx.scope, input.AlarmName ?? "*") }),
    DeleteAlarms: onAlarms,
    SetAlarmState: onAlarm,
    EnableAlarmActions: onAlarms,
    DisableAlarmActions: onAlarms,
    PutDashboard: onDashboard,
    GetDashboard: onDashboard,
    ListDashboards: any,
    DeleteDashboards: (input, cx) =>
      (input.DashboardNames ?? []).map((DashboardName) => onDashboard({ DashboardName }, cx)),
    TagResource: onArn,
    UntagResource: onArn,
    ListTagsForResource: onArn,
  },
  resources,
  start: startState,
  stop: stopState,
});
