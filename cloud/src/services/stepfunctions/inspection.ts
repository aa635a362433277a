/** What TestState shows of a state at the levels DEBUG and TRACE. Source: "Using TestState API to test a state". */
import type { InspectionData } from "@aws-sdk/client-sfn";
import type { Machine } from "../../engines/asl/definition.ts";
import { StatesError } from "../../engines/asl/error.ts";
import { textOf, type Json } from "../../engines/asl/json.ts";
import { meets } from "../../engines/asl/retry.ts";
import { Run } from "../../engines/asl/run.ts";
import type { Effect, RunState } from "../../engines/asl/state.ts";
import type { HttpExchange } from "./http-task.ts";

export interface Inspected {
  readonly machine: Machine;
  /** About to enter the state. */
  readonly before: RunState;
  readonly nowMs: number;
  readonly result?: Json | undefined;
}

/** The data at each stage, as far as the state came. */
export async function inspect({ machine, before, nowMs, result }: Inspected): Promise<InspectionData> {
  const run = new Run(machine, before, nowMs, "inspection");
  const frame = Object.values(before.frames)[0]!;
  const definition = run.definitionOf(frame);
  const fields = run.fields(frame, { token: "token" });
  const seen: InspectionData = { input: textOf(frame.input) };
  const see = async (name: keyof InspectionData, value: () => Json | Promise<Json>): Promise<void> => {
    (seen as Record<string, unknown>)[name] = textOf(await value());
  };
  try {
    if (!fields.isJsonata) await see("afterInputPath", () => fields.effectiveInput());
    if (["Task", "Pass", "Parallel", "Map"].includes(definition.Type))
      await see(fields.isJsonata ? "afterArguments" : "afterParameters", () => fields.parameters());
    if (result === undefined) return seen;
    await see("result", () => result);
    if (fields.isJsonata) return seen;
    await see("afterResultSelector", () => fields.stagesOf(result).selected);
    await see("afterResultPath", () => fields.stagesOf(result).merged);
  } catch (error) {
    // As far as it came: the failure itself is the answer's.
    if (!(error instanceof StatesError)) throw error;
  }
  return seen;
}

/** Which Retry or Catch entry an error met. */
export function errorDetails(
  { machine, before, nowMs }: Inspected,
  error: string | undefined,
  effects: readonly Effect[],
): InspectionData["errorDetails"] {
  const frame = Object.values(before.frames)[0]!;
  const { Retry = [], Catch = [] } = new Run(machine, before, nowMs, "").definitionOf(frame);
  const timer = effects.find((effect) => effect.kind === "setTimer" && effect.name.startsWith("retry:"));
  if (timer?.kind === "setTimer")
    return {
      retryIndex: Retry.findIndex(({ ErrorEquals }) => meets(ErrorEquals, error)),
      retryBackoffIntervalSeconds: Math.round((timer.atMs - nowMs) / 1000),
    };
  const catchIndex = Catch.findIndex(({ ErrorEquals }) => meets(ErrorEquals, error));
  return catchIndex < 0 ? undefined : { catchIndex };
}

/** What an HTTP Task sent and was answered. AWS: secrets of the connection are shown only where asked for. */
export function inspectExchange({ request, answer, secrets }: HttpExchange, reveal: boolean): InspectionData {
  const shown = (text: string): string =>
    reveal
      ? text
      : secrets.filter((secret) => secret !== "").reduce((all, secret) => all.replaceAll(secret, "******"), text);
  const headers = (given: Headers): string => shown(textOf(Object.fromEntries([...given].map(([k, v]) => [k, [v]]))));
  return {
    request: {
      protocol: request.url.protocol.replace(":", ""),
      method: request.method,
      url: shown(request.url.href),
      headers: headers(request.headers),
      ...(request.body === undefined ? {} : { body: shown(request.body) }),
    },
    ...(answer
      ? {
          response: {
            protocol: request.url.protocol.replace(":", ""),
            statusCode: String(answer.status),
            statusMessage: answer.statusText,
            headers: headers(answer.headers),
            body: answer.text,
          },
        }
      : {}),
  };
}
