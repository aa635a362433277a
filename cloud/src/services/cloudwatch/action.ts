import type { Scope } from "../../aws/scope.ts";
import { findArn } from "../../aws/arn.ts";
import { Undeliverable } from "../../kernel/delivery.ts";
import type { ServiceContext } from "../../service.ts";
import { type AlarmRecord, alarmArn, type AlarmState, awsTime, type StateValue } from "./alarm.ts";
import { note } from "./transition.ts";

interface AlarmAction {
  readonly scope: Scope;
  readonly action: string;
  readonly alarm: AlarmRecord;
  readonly previous: StateValue;
}

const RETRIES = 3;

/** Runs the actions of an alarm that changed, as deliveries; how each ended stands in the alarm's history. */
export function actionsOf(cx: ServiceContext<AlarmState>) {
  const accept = cx.kernel.deliveries.register<AlarmAction>({
    name: "cloudwatch.alarm-action",
    attempt: async ({ payload }, span) => {
      await run(cx, payload, span);
      history(cx, payload, `Successfully executed action ${payload.action}`);
    },
    retryAfterMs: (_error, { failures }) => (failures <= RETRIES ? 10_000 * 2 ** failures : undefined),
    exhausted: async ({ payload }, error) => {
      history(cx, payload, `Failed to execute action ${payload.action}. Received error: "${(error as Error).message}"`);
    },
  });
  return (scope: Scope, alarm: AlarmRecord, previous: StateValue): void => {
    const actions =
      alarm.StateValue === "ALARM"
        ? alarm.AlarmActions
        : alarm.StateValue === "OK"
          ? alarm.OKActions
          : alarm.InsufficientDataActions;
    for (const action of actions) accept({ scope, action, alarm, previous });
  };
}

async function run(cx: ServiceContext<AlarmState>, payload: AlarmAction, parent: { traceId: string; spanId: string }) {
  const { action, scope, alarm } = payload;
  const source = { sourceArn: alarmArn(scope, alarm.AlarmName), sourceAccount: scope.account };
  const target = findArn(action);
  if (target?.service === "sns")
    await cx.call(
      "sns",
      "Publish",
      { TopicArn: action, Subject: subjectOf(payload), Message: JSON.stringify(messageOf(payload)) },
      { as: { kind: "service", service: "cloudwatch.amazonaws.com", ...source }, scope, parent },
    );
  else if (target?.service === "lambda")
    await cx.call(
      "lambda",
      "Invoke",
      { FunctionName: action, InvocationType: "Event", Payload: Buffer.from(JSON.stringify(eventOf(payload))) },
      { as: { kind: "service", service: "lambda.alarms.cloudwatch.amazonaws.com", ...source }, scope, parent },
    );
  else throw new Undeliverable(`Katachi does not emulate alarm actions of ${target?.service ?? action}`);
}

function history(cx: ServiceContext<AlarmState>, { scope, alarm, action }: AlarmAction, summary: string): void {
  note(cx.state, scope, {
    AlarmName: alarm.AlarmName,
    timeMs: cx.kernel.clock.now(),
    HistoryItemType: "Action",
    HistorySummary: summary,
    HistoryData: JSON.stringify({
      actionState: summary.startsWith("Success") ? "Succeeded" : "Failed",
      notificationResource: action,
    }),
  });
}

function subjectOf({ alarm, scope }: AlarmAction): string {
  return `${alarm.StateValue}: "${alarm.AlarmName}" in ${scope.region}`.slice(0, 100);
}

/** The body of an alarm's notification. AWS: CloudWatch User Guide, "Notifying users on alarm changes". */
function messageOf({ alarm, scope, previous }: AlarmAction) {
  return {
    AlarmName: alarm.AlarmName,
    AlarmDescription: alarm.AlarmDescription ?? null,
    AWSAccountId: scope.account,
    AlarmConfigurationUpdatedTimestamp: awsTime(alarm.configuredMs),
    NewStateValue: alarm.StateValue,
    NewStateReason: alarm.StateReason,
    StateChangeTime: awsTime(alarm.stateUpdatedMs),
    Region: scope.region,
    AlarmArn: alarmArn(scope, alarm.AlarmName),
    OldStateValue: previous,
    OKActions: alarm.OKActions,
    AlarmActions: alarm.AlarmActions,
    InsufficientDataActions: alarm.InsufficientDataActions,
    Trigger: {
      MetricName: alarm.MetricName,
      Namespace: alarm.Namespace,
      StatisticType: alarm.statistic.startsWith("p") ? "ExtendedStatistic" : "Statistic",
      Statistic: alarm.statistic.toUpperCase(),
      Unit: alarm.Unit ?? null,
      Dimensions: alarm.Dimensions.map(({ Name, Value }) => ({ value: Value, name: Name })),
      Period: alarm.Period,
      EvaluationPeriods: alarm.EvaluationPeriods,
      ...(alarm.DatapointsToAlarm === undefined ? {} : { DatapointsToAlarm: alarm.DatapointsToAlarm }),
      ComparisonOperator: alarm.ComparisonOperator,
      Threshold: alarm.Threshold,
      TreatMissingData: alarm.TreatMissingData ?? "missing",
      EvaluateLowSampleCountPercentile: alarm.EvaluateLowSampleCountPercentile ?? "",
    },
  };
}

/** What a function is invoked with. AWS: CloudWatch User Guide, "Invoke a Lambda function from an alarm". */
function eventOf({ alarm, scope, previous }: AlarmAction) {
  return {
    source: "aws.cloudwatch",
    alarmArn: alarmArn(scope, alarm.AlarmName),
    accountId: scope.account,
    time: awsTime(alarm.stateUpdatedMs),
    region: scope.region,
    alarmData: {
      alarmName: alarm.AlarmName,
      state: {
        value: alarm.StateValue,
        reason: alarm.StateReason,
        reasonData: alarm.StateReasonData,
        timestamp: awsTime(alarm.stateUpdatedMs),
      },
      previousState: { value: previous },
      configuration: {
        ...(alarm.AlarmDescription === undefined ? {} : { description: alarm.AlarmDescription }),
        metrics: [
          {
            id: "m1",
            metricStat: {
              metric: {
                namespace: alarm.Namespace,
                name: alarm.MetricName,
                dimensions: Object.fromEntries(alarm.Dimensions.map(({ Name, Value }) => [Name, Value])),
              },
              period: alarm.Period,
              stat: alarm.statistic,
            },
            returnData: true,
          },
        ],
      },
    },
  };
}
