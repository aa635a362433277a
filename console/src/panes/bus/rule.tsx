import { call, read, view } from "../../api.ts";
import { Badge, Empty, Facts, Failure, Json } from "../../components/parts.tsx";
import { formatTime } from "../../format.ts";
import { useAction, useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";

export interface Rule {
  Name: string;
  Arn: string;
  State: string;
  EventPattern?: string;
  ScheduleExpression?: string;
  ManagedBy?: string;
}

interface Target {
  Id: string;
  Arn: string;
  Input?: string;
  InputPath?: string;
  InputTransformer?: unknown;
}

/** What a rule waits for and where it then turns to. */
export function RuleFacts({ rule, bus, onChanged }: { rule: Rule; bus: string; onChanged: () => void }) {
  const words = useWords();
  const key = { Rule: rule.Name, EventBusName: bus };
  const targets = useLoaded(() => read<{ Targets?: Target[] }>("events", "ListTargetsByRule", key), rule.Arn);
  const next = useLoaded(
    () => view<{ atMs?: number }>("events", "nextRun", rule.Arn),
    `${rule.Arn} ${rule.State}`,
    5000,
  );
  const isEnabled = rule.State.startsWith("ENABLED");
  const toggle = useAction(async () => {
    await call("events", isEnabled ? "DisableRule" : "EnableRule", { Name: rule.Name, EventBusName: bus });
    onChanged();
  });
  return (
    <>
      <Facts
        of={[
          [words.bus.state, <State isEnabled={isEnabled} />],
          ...(rule.ScheduleExpression === undefined
            ? []
            : ([
                [words.bus.schedule, <code>{rule.ScheduleExpression}</code>],
                [words.schedule.next, next.value?.atMs === undefined ? "–" : formatTime(next.value.atMs)],
              ] as const)),
        ]}
      />
      {rule.EventPattern !== undefined && <Json value={rule.EventPattern} label={words.bus.pattern} />}
      <h3>{words.bus.targets}</h3>
      {targets.error && <Failure error={targets.error} onRetry={targets.reload} />}
      {targets.value?.Targets?.length === 0 && <Empty title={words.bus.noTargets} />}
      <ul className="plain">
        {targets.value?.Targets?.map(({ Id, Arn, InputTransformer, Input, InputPath }) => (
          <li key={Id}>
            <a className="break" href={`#/resources/${encodeURIComponent(Arn)}`}>
              {Arn.split(":").slice(5).join(":")}
            </a>
            {(InputTransformer ?? Input ?? InputPath) !== undefined && (
              <Json value={InputTransformer ?? Input ?? InputPath} label={words.bus.transform} />
            )}
          </li>
        ))}
      </ul>
      <p style={{ marginTop: 10 }}>
        <button disabled={toggle.isRunning || rule.ManagedBy !== undefined} onClick={() => void toggle.run()}>
          {isEnabled ? words.bus.disable : words.bus.enable}
        </button>
      </p>
      {toggle.error && <Failure error={toggle.error} />}
    </>
  );
}

export function State({ isEnabled }: { isEnabled: boolean }) {
  const words = useWords();
  return <Badge tone={isEnabled ? "good" : "plain"}>{isEnabled ? words.bus.enabled : words.bus.disabled}</Badge>;
}
