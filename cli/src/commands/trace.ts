import type { Span } from "@katachi/cloud";
import pc from "picocolors";
import { ControlClient } from "../control-client.ts";
import type { RunningFlags } from "../options.ts";
import { UserError } from "../user-error.ts";

interface TraceFlags extends RunningFlags {
  limit: string;
  name?: string;
  errors?: boolean;
  follow?: boolean;
}

export async function trace(traceId: string | undefined, flags: TraceFlags): Promise<void> {
  if (!/^[1-9]\d*$/.test(flags.limit)) throw new UserError(`--limit is "${flags.limit}"; allowed: 1 or more.`, 2);
  const client = await ControlClient.find(flags);
  const query = { traceId, name: flags.name, errors: flags.errors ? "" : undefined };
  if (flags.follow) {
    for await (const span of client.follow<Span>("/api/trace/follow", query)) print(span, 0, flags);
    return;
  }
  const limit = traceId === undefined ? flags.limit : "10000";
  const { spans } = await client.get<{ spans: Span[] }>("/api/trace", { ...query, limit });
  if (flags.json) return console.log(JSON.stringify(spans, null, 2));
  if (spans.length === 0) console.log("No calls yet.");
  if (traceId === undefined) for (const span of spans) print(span, 0, flags);
  else printTree(spans, flags);
}

function printTree(spans: Span[], flags: TraceFlags): void {
  const known = new Set(spans.map((span) => span.spanId));
  const below = (parentId: string | undefined, depth: number): void => {
    for (const span of spans) {
      const parent = span.parentId !== undefined && known.has(span.parentId) ? span.parentId : undefined;
      if (parent !== parentId) continue;
      print(span, depth, flags);
      below(span.spanId, depth + 1);
    }
  };
  below(undefined, 0);
}

function print(span: Span, depth: number, flags: TraceFlags): void {
  if (flags.json) return console.log(JSON.stringify(span));
  const time = new Date(span.startMs).toISOString().slice(11, 23);
  const took = span.durationMs === undefined ? "running" : `${Math.round(span.durationMs)} ms`;
  const outcome = span.error ? pc.red(`${span.error.code}: ${span.error.message}`) : pc.green("ok");
  const who = span.principal ? pc.dim(` by ${span.principal}`) : "";
  console.log(`${time}  ${pc.dim(span.traceId)}  ${"  ".repeat(depth)}${span.name}  ${took}  ${outcome}${who}`);
}
