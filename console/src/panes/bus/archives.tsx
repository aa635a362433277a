import { call, dateOf, get, read, type Status } from "../../api.ts";
import { Badge, Empty, Failure, Section, Show } from "../../components/parts.tsx";
import { formatBytes, formatTime } from "../../format.ts";
import { useAction, useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";

interface Archive {
  ArchiveName: string;
  EventCount?: number;
  SizeBytes?: number;
  CreationTime: string;
}

interface Replay {
  ReplayName: string;
  State: string;
  ReplayStartTime?: string;
}

/** What the bus has kept, and to send it through its rules again. */
export function Archives({ busArn }: { busArn: string }) {
  const words = useWords();
  const loaded = useLoaded(
    () => read<{ Archives: Archive[] }>("events", "ListArchives", { EventSourceArn: busArn }),
    busArn,
    5000,
  );
  const replays = useLoaded(
    () =>
      read<{ Replays: Replay[] }>("events", "ListReplays", { EventSourceArn: busArn }).catch(() => ({ Replays: [] })),
    busArn,
    3000,
  );
  const replay = useAction(async ({ ArchiveName, CreationTime }: Archive) => {
    const nowMs = Date.parse((await get<Status>("/api/status")).clock.now);
    await call("events", "StartReplay", {
      ReplayName: `console-${nowMs}`,
      EventSourceArn: busArn.replace(/:event-bus\/.*/, `:archive/${ArchiveName}`),
      EventStartTime: dateOf(Date.parse(CreationTime)),
      EventEndTime: dateOf(nowMs),
      Destination: { Arn: busArn },
    });
    replays.reload();
  });
  return (
    <Section title={words.bus.archives}>
      <Show loaded={loaded}>
        {({ Archives: archives }) =>
          archives.length === 0 ? (
            <Empty title={words.bus.noArchives} />
          ) : (
            <ul className="plain">
              {archives.map((archive) => (
                <li key={archive.ArchiveName} className="row">
                  <b className="break">{archive.ArchiveName}</b>
                  <span className="muted">
                    {words.bus.kept(archive.EventCount ?? 0)} · {formatBytes(archive.SizeBytes ?? 0)}
                  </span>
                  <span className="grow" />
                  <button disabled={replay.isRunning} onClick={() => void replay.run(archive)}>
                    {words.bus.replay}
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Show>
      {replay.error && <Failure error={replay.error} />}
      <ul className="plain">
        {replays.value?.Replays.map(({ ReplayName, State, ReplayStartTime }) => (
          <li key={ReplayName} className="row">
            <Badge tone={State === "COMPLETED" ? "good" : State === "FAILED" ? "bad" : "busy"}>{State}</Badge>
            <span className="break">{ReplayName}</span>
            {ReplayStartTime && <span className="muted">{formatTime(Date.parse(ReplayStartTime))}</span>}
          </li>
        ))}
      </ul>
    </Section>
  );
}
