import { findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import { Undeliverable } from "../../kernel/delivery.ts";
import type { SpanContext } from "../../kernel/trace.ts";
import type { ServiceContext } from "../../service.ts";
import { alarmArn, type AlarmRecord, type AlarmState } from "./alarm.ts";
import { type Announcement, functionEventOf, messageOf, stateChangeEvent, subjectOf } from "./notification.ts";
import { noteFor } from "./transition.ts";

type Action = Announcement & { readonly action: string };

const RETRIES = 3;

/**
 * Runs the actions of an alarm that changed, as deliveries; how each ended stands in the alarm's history. EventBridge
 * is told in any case.
 */
export function announcer(cx: ServiceContext<AlarmState>): (announcement: Announcement) => void {
  const act = cx.kernel.deliveries.register<Action>({
    name: "cloudwatch.alarm-action",
    attempt: async ({ payload }, span) => {
      await run(cx, payload, span);
      noteAction(cx, payload, true, `Successfully executed action ${payload.action}`);
    },
    retryAfterMs,
    exhausted: async ({ payload }, error) => {
      const message = error instanceof Error ? error.message : String(error);
      noteAction(cx, payload, false, `Failed to execute action ${payload.action}. Received error: "${message}"`);
    },
  });
  const tell = cx.kernel.deliveries.register<Announcement>({
    name: "cloudwatch.alarm-event",
    attempt: async ({ payload }, parent) => {
      const { scope } = payload;
      const as = { kind: "service", service: "cloudwatch.amazonaws.com" } as const;
      await cx.call("events", "PutEvents", { Entries: [stateChangeEvent(payload)] }, { as, scope, parent });
    },
    retryAfterMs,
    exhausted: () => Promise.resolve(),
  });
  return (announcement) => {
    tell(announcement);
    const { alarm } = announcement;
    if (alarm.ActionsEnabled) for (const action of actionsOf(alarm)) act({ ...announcement, action });
  };
}

function retryAfterMs(error: unknown, { failures }: { failures: number }): number | undefined {
  return error instanceof NotEmulatedError || failures > RETRIES ? undefined : 10_000 * 2 ** failures;
}

function actionsOf(alarm: AlarmRecord): readonly string[] {
  if (alarm.StateValue === "ALARM") return alarm.AlarmActions;
  return alarm.StateValue === "OK" ? alarm.OKActions : alarm.InsufficientDataActions;
}

async function run(cx: ServiceContext<AlarmState>, payload: Action, parent: SpanContext): Promise<void> {
  const { action, scope, alarm } = payload;
  const source = { sourceArn: alarmArn(scope, alarm.AlarmName), sourceAccount: scope.account };
  const target = findArn(action);
  // Topics and functions may be in another account.
  const at = target ? { account: target.account, region: target.region } : scope;
  if (target?.service === "sns")
    await cx.call(
      "sns",
      "Publish",
      { TopicArn: action, Subject: subjectOf(payload), Message: JSON.stringify(messageOf(payload)) },
      { as: { kind: "service", service: "cloudwatch.amazonaws.com", ...source }, scope: at, parent },
    );
  else if (target?.service === "lambda")
    await cx.call(
      "lambda",
      "Invoke",
      { FunctionName: action, InvocationType: "Event", Payload: Buffer.from(JSON.stringify(functionEventOf(payload))) },
      { as: { kind: "service", service: "lambda.alarms.cloudwatch.amazonaws.com", ...source }, scope: at, parent },
    );
  else throw new Undeliverable(`Katachi does not emulate alarm actions of ${target?.service ?? action}`);
}

function noteAction(
  cx: ServiceContext<AlarmState>,
  { scope, alarm, action }: Action,
  ok: boolean,
  summary: string,
): void {
  noteFor(cx.state, scope, alarm, {
    timeMs: cx.kernel.clock.now(),
    HistoryItemType: "Action",
    HistorySummary: summary,
    HistoryData: JSON.stringify({
      actionState: ok ? "Succeeded" : "Failed",
      stateUpdateTimestamp: alarm.stateUpdatedMs,
      notificationResource: action,
    }),
  });
}
