/**
 * CloudWatch metrics and metric alarms.
 *
 * Gap: metric math (`Expression`), metric streams, anomaly detection, composite alarms, dashboards, contributor insights
 * and SQL queries are refused by name.
 * Gap: an alarm's state change emits no EventBridge event yet; EC2, Auto Scaling and Systems Manager actions fail, and the
 * alarm's history says so.
 * Quirk: metrics of services are kept in memory for up to a second before they are stored; a killed process may lose them.
 * AWS's own service metrics are best effort too.
 */
import { defineService, type Ask, type CallContext } from "../../service.ts";
import { alarmArn, type AlarmState } from "./alarm.ts";
import * as alarms from "./operations/alarms.ts";
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

export const cloudwatch = defineService({
  api: "cloudwatch",
  iamPrefix: "cloudwatch",
  state: openState,
  operations: {
    PutMetricData: metrics.putMetricData,
    GetMetricData: metrics.getMetricData,
    GetMetricStatistics: metrics.getMetricStatistics,
    ListMetrics: metrics.listMetrics,
    PutMetricAlarm: alarms.putMetricAlarm,
    DescribeAlarms: alarms.describeAlarms,
    DescribeAlarmsForMetric: alarms.describeAlarmsForMetric,
    DescribeAlarmHistory: alarms.describeAlarmHistory,
    DeleteAlarms: alarms.deleteAlarms,
    SetAlarmState: alarms.setAlarmState,
    EnableAlarmActions: alarms.enableAlarmActions,
    DisableAlarmActions: alarms.disableAlarmActions,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    ListTagsForResource: tags.listTagsForResource,
  },
  authorize: {
    PutMetricData: (input) => ({ resource: "*", context: { "cloudwatch:namespace": input.Namespace ?? "" } }),
    GetMetricData: any,
    GetMetricStatistics: any,
    ListMetrics: any,
    PutMetricAlarm: onAlarm,
    DescribeAlarms: onAlarms,
    DescribeAlarmsForMetric: any,
    DescribeAlarmHistory: (input, cx) => ({ resource: alarmArn(cx.scope, input.AlarmName ?? "*") }),
    DeleteAlarms: onAlarms,
    SetAlarmState: onAlarm,
    EnableAlarmActions: onAlarms,
    DisableAlarmActions: onAlarms,
    TagResource: onArn,
    UntagResource: onArn,
    ListTagsForResource: onArn,
  },
  resources,
  start: startState,
  stop: stopState,
});
