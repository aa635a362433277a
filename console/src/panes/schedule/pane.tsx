import { call, dateOf, get, post, read, view, type GraphNode, type Status } from "../../api.ts";
import { Facts, Failure, Json, Section, Show } from "../../components/parts.tsx";
import { formatTime } from "../../format.ts";
import { useAction, useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";
import { State } from "../bus/rule.tsx";

interface Schedule {
  Name: string;
  GroupName: string;
  ScheduleExpression: string;
  ScheduleExpressionTimezone?: string;
  StartDate?: string;
  EndDate?: string;
  Description?: string;
  State: "ENABLED" | "DISABLED";
  Target: { Arn: string; Input?: string; RetryPolicy?: unknown; DeadLetterConfig?: { Arn?: string } };
  FlexibleTimeWindow: { Mode: string; MaximumWindowInMinutes?: number };
  ActionAfterCompletion?: string;
}

const REFRESH_MS = 2000;

export function SchedulePane({ node }: { node: GraphNode }) {
  const words = useWords();
  const [GroupName = "default", Name = ""] = node.id.split(":schedule/")[1]!.split("/");
  const loaded = useLoaded(() => read<Schedule>("scheduler", "GetSchedule", { Name, GroupName }), node.id, REFRESH_MS);
  const next = useLoaded(() => view<{ atMs?: number }>("scheduler", "nextRun", node.id), node.id, REFRESH_MS);
  const reload = () => {
    loaded.reload();
    next.reload();
  };
  const toggle = useAction(async (schedule: Schedule) => {
    await call("scheduler", "UpdateSchedule", changed(schedule));
    reload();
  });
  const run = useAction(async (atMs: number) => {
    const nowMs = Date.parse((await get<Status>("/api/status")).clock.now);
    await post("/api/time", { advance: Math.max(1, atMs - nowMs) });
    reload();
  });
  return (
    <Section title={words.kinds["schedule"]!}>
      <Show loaded={loaded}>
        {(schedule) => (
          <>
            <Facts
              of={[
                [words.bus.state, <State isEnabled={schedule.State === "ENABLED"} />],
                [words.schedule.expression, <code>{schedule.ScheduleExpression}</code>],
                [words.schedule.zone, schedule.ScheduleExpressionTimezone ?? "UTC"],
                [
                  words.schedule.next,
                  next.value?.atMs === undefined ? words.schedule.never : <NextRun atMs={next.value.atMs} />,
                ],
                ...(schedule.FlexibleTimeWindow.Mode === "OFF"
                  ? []
                  : [
                      [
                        words.schedule.window,
                        words.schedule.minutes(schedule.FlexibleTimeWindow.MaximumWindowInMinutes ?? 0),
                      ] as const,
                    ]),
                [
                  words.bus.targets,
                  <a className="break" href={`#/resources/${encodeURIComponent(schedule.Target.Arn)}`}>
                    {schedule.Target.Arn}
                  </a>,
                ],
                ...(schedule.Target.DeadLetterConfig?.Arn === undefined
                  ? []
                  : [[words.queue.deadLetters, schedule.Target.DeadLetterConfig.Arn] as const]),
              ]}
            />
            {schedule.Target.Input !== undefined && (
              <>
                <h3>{words.workflow.input}</h3>
                <Json value={schedule.Target.Input} label={words.workflow.input} />
              </>
            )}
            <p className="row" style={{ marginTop: 12 }}>
              <button
                className="primary"
                disabled={run.isRunning || next.value?.atMs === undefined}
                onClick={() => void run.run(next.value!.atMs!)}
              >
                {words.schedule.advance}
              </button>
              <button disabled={toggle.isRunning} onClick={() => void toggle.run(schedule)}>
                {schedule.State === "ENABLED" ? words.bus.disable : words.bus.enable}
              </button>
            </p>
            {(run.error ?? toggle.error) && <Failure error={(run.error ?? toggle.error)!} />}
          </>
        )}
      </Show>
    </Section>
  );
}

/** In the zone of whoever looks: what the schedule's own zone makes of it. */
function NextRun({ atMs }: { atMs: number }) {
  return <time dateTime={new Date(atMs).toISOString()}>{formatTime(atMs)}</time>;
}

/** AWS: "UpdateSchedule uses all values": what is left out would go back to its default. */
function changed(schedule: Schedule): Record<string, unknown> {
  const { Name, GroupName, ScheduleExpression, ScheduleExpressionTimezone, Description, Target, FlexibleTimeWindow } =
    schedule;
  return {
    Name,
    GroupName,
    ScheduleExpression,
    ScheduleExpressionTimezone,
    Description,
    Target,
    FlexibleTimeWindow,
    ActionAfterCompletion: schedule.ActionAfterCompletion,
    ...(schedule.StartDate === undefined ? {} : { StartDate: dateOf(Date.parse(schedule.StartDate)) }),
    ...(schedule.EndDate === undefined ? {} : { EndDate: dateOf(Date.parse(schedule.EndDate)) }),
    State: schedule.State === "ENABLED" ? "DISABLED" : "ENABLED",
  };
}
