/**
 * What a Map Run leaves behind: its state's output, and the files that its ResultWriter names.
 * Source: Step Functions developer guide, "ResultWriter (Map)".
 */
import { AwsError } from "../../../aws/error.ts";
import { StatesError } from "../../../engines/asl/error.ts";
import { PAYLOAD_BYTES_MAX } from "../../../engines/asl/fields.ts";
import { textOf, type Json, type JsonObject } from "../../../engines/asl/json.ts";
import type { WriterPlan } from "../../../engines/asl/state.ts";
import type { ServiceContext } from "../../../service.ts";
import { redriveOf } from "../execution.ts";
import type { Roles } from "../role.ts";
import type { ExecutionRecord, MapChild, MapRunRecord, MapRunTask, SfnState } from "../state.ts";
import type { ChildInput } from "./batch.ts";
import { writerFailed } from "./failure.ts";

type Cx = ServiceContext<SfnState>;

export interface MapRunEnd {
  readonly output: Json;
  /** Whether files were written. */
  readonly written: boolean;
  /** Items that no child was made for. */
  readonly pending: number;
  readonly failure?: { readonly error: string; readonly cause: string };
}

const COMPACT: WriterPlan = { transformation: "COMPACT", outputType: "JSON" };

/**
 * @param unread the inputs that no child was made of
 * @throws StatesError `States.ResultWriterFailed`, `States.DataLimitExceeded`
 */
export async function resultOf(
  cx: Cx,
  roles: Roles,
  run: MapRunRecord,
  task: MapRunTask,
  unread: () => Promise<AsyncGenerator<ChildInput>>,
): Promise<MapRunEnd> {
  const writer = task.plan.writer ?? COMPACT;
  if (writer.bucket !== undefined) return writeFiles(cx, roles, run, task, writer, unread);
  if (run.failure) return { output: null, written: false, pending: 0 };
  const results: Json[] = [];
  let bytes = 2;
  for (const [, child] of cx.state.mapChildren.entries({ prefix: [run.arn] }))
    for (const text of textsOf(cx, task, child, writer)) {
      bytes += Buffer.byteLength(text) + 1;
      if (bytes > PAYLOAD_BYTES_MAX)
        throw new StatesError(
          "States.DataLimitExceeded",
          `The state/task '${stateOf(cx, task)}' returned a result with a size exceeding the maximum number of bytes service limit.`,
        );
      results.push(JSON.parse(text) as Json);
    }
  const output = writer.outputType === "JSONL" ? results.map((result) => textOf(result)).join("\n") : results;
  return { output, written: false, pending: 0 };
}

function stateOf(cx: Cx, { executionArn, id }: MapRunTask): string {
  return cx.state.executions.get([executionArn])?.run.frames[id.split(".")[0]!]?.state ?? "";
}

/** What a child's result is written as: one JSON text, or with FLATTEN one for each element. */
function textsOf(cx: Cx, task: MapRunTask, child: MapChild, { transformation }: WriterPlan): string[] {
  const record = cx.state.executions.get([child.arn]);
  const run = record?.run ?? child.run;
  if (transformation === "NONE" || child.status !== "succeeded")
    return [textOf(described(task, child, run, record?.inputText ?? child.inputText ?? "{}"))];
  const output = run?.output ?? null;
  if (transformation === "FLATTEN" && Array.isArray(output)) return output.map((each) => textOf(each));
  return [textOf(output)];
}

function described(task: MapRunTask, child: MapChild, run: MapChild["run"], inputText: string): JsonObject {
  const { machine } = task;
  const details = { Included: true };
  const redrive = run ? redriveOf({ machine, mapRunIndex: 0, run }) : {};
  return {
    ExecutionArn: child.arn,
    Input: inputText,
    InputDetails: details,
    Name: child.arn.split(":")[7]!,
    ...(run?.output === undefined ? {} : { Output: textOf(run.output), OutputDetails: details }),
    ...(run?.error === undefined ? {} : { Error: run.error }),
    ...(run?.cause === undefined ? {} : { Cause: run.cause }),
    ...(run ? { RedriveCount: run.redriveCount } : {}),
    ...Object.fromEntries(Object.entries(redrive).map(([name, value]) => [`R${name.slice(1)}`, value])),
    ...(run ? { StartDate: new Date(run.startedMs).toISOString() } : {}),
    StateMachineArn: machine.arn,
    Status: run?.status ?? "PENDING",
    ...(run?.stoppedMs === undefined ? {} : { StopDate: new Date(run.stoppedMs).toISOString() }),
  };
}

async function writeFiles(
  cx: Cx,
  roles: Roles,
  run: MapRunRecord,
  task: MapRunTask,
  writer: WriterPlan,
  unread: () => Promise<AsyncGenerator<ChildInput>>,
): Promise<MapRunEnd> {
  const { machine } = task;
  const parent = cx.state.executions.get([task.executionArn]) as ExecutionRecord;
  const as = await roles.assume(machine.roleArn, parent.machine.arn);
  const prefix = writer.prefix === undefined || writer.prefix === "" ? "" : `${writer.prefix.replace(/\/$/, "")}/`;
  const folder = `${prefix}${run.arn.split(":").at(-1)!}`;
  const put = async (name: string, Body: AsyncIterable<Uint8Array> | string) => {
    const Key = `${folder}/${name}`;
    const input = { Bucket: writer.bucket!, Key, Body: Body as string, ContentType: "application/json" };
    try {
      await cx.call("s3", "PutObject", input, { as, scope: machine.scope });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw writerFailed(`${error.message} (Service: S3, Status Code: ${error.status ?? 400})`);
    }
    return Key;
  };
  const suffix = writer.outputType === "JSONL" ? "jsonl" : "json";
  const write = async (name: string, texts: Texts): Promise<JsonObject[]> => {
    const first = await texts.next();
    if (first.done) return [];
    const file = new File(writer.outputType === "JSONL");
    const Key = await put(`${name}_0.${suffix}`, file.bytes(first.value, texts));
    return [{ Key, Size: file.size }];
  };
  const of = (...statuses: MapChild["status"][]) => childTexts(cx, task, writer, run.arn, statuses);
  const FAILED = await write("FAILED", of("failed", "timedOut", "aborted"));
  const pending = { items: 0 };
  const PENDING = run.exhausted ? [] : await write("PENDING", pendingTexts(task, await unread(), pending));
  const SUCCEEDED = await write("SUCCEEDED", of("succeeded"));
  const manifest = {
    DestinationBucket: writer.bucket!,
    MapRunArn: run.arn,
    ResultFiles: { FAILED, PENDING, SUCCEEDED },
  };
  const Key = await put("manifest.json", JSON.stringify(manifest));
  return {
    output: { MapRunArn: run.arn, ResultWriterDetails: { Bucket: writer.bucket!, Key } },
    written: true,
    pending: pending.items,
  };
}

type Texts = AsyncGenerator<string>;

async function* childTexts(
  cx: Cx,
  task: MapRunTask,
  writer: WriterPlan,
  arn: string,
  statuses: readonly MapChild["status"][],
): Texts {
  // One after the other by number: an iteration must not outlast the running code.
  for (let index = 0; ; index++) {
    const child = cx.state.mapChildren.get([arn, index]);
    if (!child) return;
    if (statuses.includes(child.status)) yield* textsOf(cx, task, child, writer);
  }
}

/** Nothing more is read where the reading itself failed. */
async function* pendingTexts(task: MapRunTask, unread: AsyncIterable<ChildInput>, count: { items: number }): Texts {
  try {
    for await (const { text, items } of unread) {
      count.items += items;
      const described = { Input: text, InputDetails: { Included: true }, StateMachineArn: task.machine.arn };
      yield textOf({ ...described, Status: "PENDING" });
    }
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
  }
}

const PIECE_CHARS = 64 * 1024;

/** Results as one file: a JSON array, or a line each. */
class File {
  size = 0;

  constructor(private readonly lines: boolean) {}

  async *bytes(first: string, rest: Texts): AsyncGenerator<Uint8Array> {
    const between = this.lines ? "\n" : ",";
    let piece = `${this.lines ? "" : "["}${first}`;
    for await (const text of rest) {
      piece += between + text;
      if (piece.length < PIECE_CHARS) continue;
      yield this.#count(piece);
      piece = "";
    }
    yield this.#count(`${piece}${this.lines ? "\n" : "]"}`);
  }

  #count(piece: string): Buffer {
    const bytes = Buffer.from(piece);
    this.size += bytes.byteLength;
    return bytes;
  }
}
