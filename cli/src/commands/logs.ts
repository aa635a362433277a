import { setTimeout as pause } from "node:timers/promises";
import { ControlClient } from "../control-client.ts";
import type { RunningFlags } from "../options.ts";
import { UserError } from "../user-error.ts";

interface LogsFlags extends RunningFlags {
  follow?: boolean;
  filter?: string;
  since: string;
}

interface LogLine {
  group: string;
  stream: string;
  timestamp: number;
  message: string;
  id: string;
}

const FOLLOW_EVERY_MS = 300;

/** Prints log events of all matching groups in order of time. */
export async function logs(group: string | undefined, flags: LogsFlags): Promise<void> {
  const client = await ControlClient.find(flags);
  let from = (await nowOf(client)) - sinceMs(flags.since);
  const seen = new Set<string>();
  for (;;) {
    const lines = await read(client, group, flags, from);
    for (const line of lines) {
      if (seen.has(line.id)) continue;
      seen.add(line.id);
      from = Math.max(from, line.timestamp);
      print(line, flags);
    }
    if (!flags.follow) return;
    await pause(FOLLOW_EVERY_MS);
  }
}

async function read(
  client: ControlClient,
  part: string | undefined,
  flags: LogsFlags,
  startTime: number,
): Promise<LogLine[]> {
  const groups = await groupNames(client, part);
  const lines: LogLine[] = [];
  for (const logGroupName of groups) {
    let nextToken: string | undefined;
    do {
      const page: {
        events?: { logStreamName: string; timestamp: number; message: string; eventId: string }[];
        nextToken?: string;
      } = await client.call("logs", "FilterLogEvents", {
        logGroupName,
        startTime,
        filterPattern: flags.filter,
        nextToken,
      });
      for (const event of page.events ?? [])
        lines.push({
          group: logGroupName,
          stream: event.logStreamName,
          timestamp: event.timestamp,
          message: event.message,
          id: event.eventId,
        });
      ({ nextToken } = page);
    } while (nextToken);
  }
  return lines.sort((a, b) => a.timestamp - b.timestamp);
}

async function groupNames(client: ControlClient, part: string | undefined): Promise<string[]> {
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const page: { logGroups?: { logGroupName: string }[]; nextToken?: string } = await client.call(
      "logs",
      "DescribeLogGroups",
      part === undefined ? { nextToken } : { logGroupNamePattern: part, nextToken },
    );
    names.push(...(page.logGroups ?? []).map((group) => group.logGroupName));
    ({ nextToken } = page);
  } while (nextToken);
  if (names.length === 0 && part !== undefined) throw new UserError(`No log group holds "${part}" in its name.`);
  return names;
}

async function nowOf(client: ControlClient): Promise<number> {
  const { clock } = await client.get<{ clock: { now: string } }>("/api/status");
  return Date.parse(clock.now);
}

function sinceMs(text: string): number {
  const match = /^(\d+)\s*(s|m|h|d)$/.exec(text);
  if (!match) throw new UserError(`--since is "${text}"; allowed: a number and s, m, h or d, e.g. 10m.`, 2);
  return Number(match[1]) * { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as "s" | "m" | "h" | "d"];
}

function print(line: LogLine, flags: LogsFlags): void {
  if (flags.json) return console.log(JSON.stringify(line));
  console.log(`${new Date(line.timestamp).toISOString()} ${line.group}  ${line.message.trimEnd()}`);
}
