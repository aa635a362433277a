import type { Scope } from "../../aws/scope.ts";
import { AppendLog } from "../../kernel/log.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { ServiceContext } from "../../service.ts";
import { actionsOf } from "./action.ts";
import { type AlarmState, type AlarmRecord, evaluate } from "./alarm.ts";
import { Metrics, MINUTE_MS } from "./metric.ts";
import { ServiceMetrics } from "./service-metrics.ts";
import { changeState } from "./transition.ts";

const EVALUATION = "cloudwatch.evaluation";

interface Running extends AlarmState {
  readonly serviceMetrics: ServiceMetrics;
}

export function openState(kernel: Kernel): AlarmState {
  const metrics = new Metrics(kernel.store);
  const serviceMetrics = new ServiceMetrics(kernel, metrics);
  const state: Running = {
    metrics,
    serviceMetrics,
    alarms: kernel.store.collection("cloudwatch.alarms"),
    history: new AppendLog(kernel.store, "cloudwatch.history"),
    tags: kernel.store.collection("cloudwatch.tags"),
    flush: () => serviceMetrics.flush(),
    evaluateSoon: ({ account, region }, alarmName) => {
      const nextMinuteMs = (Math.floor(kernel.clock.now() / MINUTE_MS) + 1) * MINUTE_MS;
      kernel.timers.set(EVALUATION, `${account}/${region}/${alarmName}`, nextMinuteMs);
    },
    act: () => undefined,
  };
  return state;
}

export function startState(cx: ServiceContext<AlarmState>): void {
  const state = cx.state as Running;
  const { kernel } = cx;
  const accept = actionsOf(cx);
  state.act = (scope, alarm, previous) => accept(scope, alarm, previous);
  kernel.timers.handle<null>(EVALUATION, (_payload, name) => {
    const [account = "", region = "", ...rest] = name.split("/");
    evaluateNow(state, kernel, { account, region }, rest.join("/"));
  });
  state.serviceMetrics.start((scope, namespace, metricName) => wake(state, scope, namespace, metricName));
}

export function stopState(cx: ServiceContext<AlarmState>): void {
  (cx.state as Running).serviceMetrics.stop();
}

/** New values set off a look at the alarms on that metric. */
export function wake(state: AlarmState, scope: Scope, namespace: string, metricName: string): void {
  for (const alarm of state.alarms.values({ prefix: [scope.account, scope.region] }))
    if (alarm.Namespace === namespace && alarm.MetricName === metricName) state.evaluateSoon(scope, alarm.AlarmName);
}

/**
 * Decides the alarm's state now. It is looked at again each minute until nothing of its metric is left in its window and
 * its state rests: an alarm without news costs nothing.
 */
function evaluateNow(state: AlarmState, kernel: Kernel, scope: Scope, alarmName: string): void {
  const alarm = state.alarms.get([scope.account, scope.region, alarmName]);
  if (!alarm) return;
  state.flush();
  const nowMs = kernel.clock.now();
  const found = evaluate(alarm, state.metrics, scope, nowMs);
  changeState(state, scope, alarm, { ...found, nowMs });
  if (mayChange(state, alarm, scope, nowMs)) state.evaluateSoon(scope, alarmName);
}

/** Whether time alone may change the state: values are still in the window, or on their way into it. */
function mayChange(state: AlarmState, alarm: AlarmRecord, scope: Scope, nowMs: number): boolean {
  const windowMs = (alarm.EvaluationPeriods + 1) * Math.max(alarm.Period * 1000, MINUTE_MS);
  const id = { namespace: alarm.Namespace, name: alarm.MetricName, dimensions: alarm.Dimensions };
  return state.metrics.read(scope, id, nowMs - windowMs, nowMs + MINUTE_MS, windowMs + 2 * MINUTE_MS).size > 0;
}
