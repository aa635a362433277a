import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { AppendLog } from "../../kernel/log.ts";
import type { ServiceContext } from "../../service.ts";
import { announcer } from "./action.ts";
import type { AlarmState } from "./alarm.ts";
import { updateParents } from "./composite.ts";
import { Metrics } from "./metric.ts";
import { QueueGauges } from "./queue-gauges.ts";
import { ServiceMetrics } from "./service-metrics.ts";
import { changeState } from "./transition.ts";
import { mayChange, metricsOf, stateNow, stepMsOf } from "./watching.ts";

const EVALUATION = "cloudwatch.evaluation";

interface Running extends AlarmState {
  readonly serviceMetrics: ServiceMetrics;
  readonly queueGauges: QueueGauges;
}

export function openState(kernel: Kernel): AlarmState {
  const metrics = new Metrics(kernel.store);
  const serviceMetrics = new ServiceMetrics(kernel, metrics);
  const watchers = new Watchers(() => state);
  const state: Running = {
    metrics,
    serviceMetrics,
    queueGauges: new QueueGauges(kernel, metrics),
    alarms: kernel.store.collection("cloudwatch.alarms"),
    history: new AppendLog(kernel.store, "cloudwatch.history"),
    tags: kernel.store.collection("cloudwatch.tags"),
    dashboards: kernel.store.collection("cloudwatch.dashboards"),
    flush: () => {
      serviceMetrics.flush();
      state.queueGauges.sample();
    },
    evaluateSoon: ({ account, region }, name) => {
      const alarm = state.alarms.get([account, region, name]);
      if (alarm?.kind !== "metric") return;
      const stepMs = stepMsOf(alarm);
      const nextMs = (Math.floor(kernel.clock.now() / stepMs) + 1) * stepMs;
      const timer = `${account}/${region}/${name}`;
      // What is due already stays so: new values of the same moment must not put it off, minute by minute.
      if ((kernel.timers.find(EVALUATION, timer) ?? Infinity) > nextMs) kernel.timers.set(EVALUATION, timer, nextMs);
    },
    wake: (scope, namespace, metricName) => {
      for (const name of watchers.of(scope, namespace, metricName)) state.evaluateSoon(scope, name);
    },
    alarmsChanged: () => watchers.forget(),
    announce: () => undefined,
  };
  return state;
}

export function startState(cx: ServiceContext<AlarmState>): void {
  const state = cx.state as Running;
  const { kernel } = cx;
  const announce = announcer(cx);
  state.announce = (scope, alarm, previous) => {
    announce({ scope, alarm, previous });
    updateParents(state, scope, alarm, kernel.clock.now());
  };
  kernel.timers.handle<null>(EVALUATION, (_payload, name) => {
    const [account = "", region = "", ...rest] = name.split("/");
    evaluateNow(state, kernel, { account, region }, rest.join("/"));
  });
  state.serviceMetrics.start(state.wake);
  state.queueGauges.start(cx, state.wake);
}

export function stopState(cx: ServiceContext<AlarmState>): void {
  const state = cx.state as Running;
  state.serviceMetrics.stop();
  state.queueGauges.stop();
}

/** Which alarms watch a metric, found once for all of them. */
class Watchers {
  #byMetric: Map<string, string[]> | undefined;

  constructor(private readonly state: () => AlarmState) {}

  forget(): void {
    this.#byMetric = undefined;
  }

  of({ account, region }: Scope, namespace: string, name: string): readonly string[] {
    this.#byMetric ??= this.#find();
    return this.#byMetric.get([account, region, namespace, name].join("\0")) ?? [];
  }

  #find(): Map<string, string[]> {
    const found = new Map<string, string[]>();
    for (const [[account, region], alarm] of this.state().alarms.entries()) {
      if (alarm.kind !== "metric") continue;
      for (const { namespace, name } of metricsOf(alarm)) {
        const key = [account, region, namespace, name].join("\0");
        found.set(key, [...(found.get(key) ?? []), alarm.AlarmName]);
      }
    }
    return found;
  }
}

/**
 * Decides the alarm's state now. It is looked at again until nothing of its metrics is left in its range and its state
 * rests: an alarm without news costs nothing.
 */
function evaluateNow(state: AlarmState, kernel: Kernel, scope: Scope, alarmName: string): void {
  const alarm = state.alarms.get([scope.account, scope.region, alarmName]);
  if (alarm?.kind !== "metric") return;
  state.flush();
  const nowMs = kernel.clock.now();
  const found = stateNow(state, scope, alarm, nowMs);
  if (found) changeState(state, scope, alarm, { ...found, nowMs });
  if (mayChange(state, scope, alarm, nowMs)) state.evaluateSoon(scope, alarmName);
}
