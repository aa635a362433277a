import type { Arn } from "../../aws/arn.ts";
import type { AssumedRole } from "../../outbound/roles.ts";
import type { SpanContext } from "../../kernel/trace.ts";
import type { Context, PipeRecord } from "./state.ts";

/** One event on its way: as it came into the stage, and the text that its template made of it. */
export interface Item {
  readonly event: unknown;
  readonly text: string;
}

/** What a stage of an execution works with. */
export interface Stage {
  readonly cx: Context;
  readonly pipe: PipeRecord;
  /** Of the enrichment or target. */
  readonly arn: Arn;
  readonly arnText: string;
  readonly items: readonly Item[];
  readonly role: AssumedRole;
  readonly parent: SpanContext;
  /** Calls any operation as the pipe's role. */
  call(service: string, operation: string, input: object): Promise<unknown>;
}

/** Why a stage failed. */
export class StageFailure extends Error {
  override name = "StageFailure";
}

/** The items as one JSON list. @throws StageFailure where one of them is no JSON */
export function jsonList(items: readonly Item[]): string {
  for (const { text } of items)
    try {
      JSON.parse(text);
    } catch {
      throw new StageFailure(`The transformed event is not valid JSON: ${text.slice(0, 100)}`);
    }
  return `[${items.map(({ text }) => text).join(",")}]`;
}

/** What a function answered. @throws StageFailure where it failed */
export async function invokeFunction(stage: Stage, type: "RequestResponse" | "Event"): Promise<string> {
  const { call, arnText, items } = stage;
  const answer = (await call("lambda", "Invoke", {
    FunctionName: arnText,
    InvocationType: type,
    Payload: Buffer.from(jsonList(items)),
  })) as { FunctionError?: string; Payload?: Uint8Array };
  const text = Buffer.from(answer.Payload ?? new Uint8Array()).toString("utf8");
  if (answer.FunctionError) throw new StageFailure(text);
  return text;
}

/** What an Express state machine gave. @throws StageFailure where it failed */
export async function runMachine({ call, arnText, items }: Stage): Promise<string> {
  const run = (await call("stepfunctions", "StartSyncExecution", {
    stateMachineArn: arnText,
    input: jsonList(items),
  })) as { status?: string; output?: string; error?: string; cause?: string };
  if (run.status !== "SUCCEEDED") throw new StageFailure(`${run.status}: ${run.error ?? ""} ${run.cause ?? ""}`.trim());
  return run.output ?? "";
}
