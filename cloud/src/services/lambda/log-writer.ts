import type { Scope } from "../../aws/scope.ts";
import { AwsError } from "../../aws/error.ts";
import type { FunctionSpecification, LogEvent } from "../../functions/specification.ts";
import { findArn } from "../../aws/arn.ts";
import { afterRealMs, realMs } from "../../kernel/real-time.ts";
import type { Principal } from "../../iam/principal.ts";
import type { ServiceContext } from "../../service.ts";

/** Under load the lines of this long are written together, in real milliseconds. */
const TOGETHER_MS = 100;
/** More lines than this within it count as load. */
const QUIET_EVENTS = 30;
/** AWS: "PutLogEvents": the most events and bytes of one call; 26 bytes are added for each event. */
const BATCH_EVENTS_MAX = 10_000;
const BATCH_BYTES_MAX = 1_048_576;
const EVENT_OVERHEAD_BYTES = 26;

interface Stream {
  readonly group: string;
  readonly name: string;
  readonly scope: Scope;
  readonly principal: () => Promise<Principal>;
  created: boolean;
  events: LogEvent[];
}

/**
 * Writes what functions log to CloudWatch Logs, as the role of each: a role that may not write has no logs, as on AWS.
 * A few lines are written at once, many of them together.
 */
export class LogWriter {
  readonly #streams = new Map<string, Stream>();
  readonly #waiting = new Set<Stream>();
  #recent = 0;
  #recentSinceMs = 0;
  #writing = false;
  #done: (() => void) | undefined;
  #closed = false;

  constructor(
    private readonly cx: ServiceContext,
    private readonly principalOf: (specification: FunctionSpecification) => Promise<Principal>,
  ) {}

  write(specification: FunctionSpecification, name: string, event: LogEvent): void {
    const stream = this.#stream(specification, name);
    if (this.#closed) return;
    stream.events.push(event);
    this.#waiting.add(stream);
    this.#done ??= this.cx.kernel.activity.begin("lambda logs");
    if (realMs() - this.#recentSinceMs > TOGETHER_MS) {
      this.#recentSinceMs = realMs();
      this.#recent = 0;
    }
    this.#recent++;
    this.#later();
  }

  /** The cloud closes: what is not written by now is lost. */
  close(): void {
    this.#closed = true;
    this.#done?.();
  }

  #later(): void {
    if (this.#writing) return;
    this.#writing = true;
    afterRealMs(this.#recent > QUIET_EVENTS ? TOGETHER_MS : 0, () => void this.#flush());
  }

  async #flush(): Promise<void> {
    if (this.#closed) return;
    const streams = [...this.#waiting];
    this.#waiting.clear();
    await Promise.all(streams.map((stream) => this.#put(stream)));
    this.#writing = false;
    if (this.#waiting.size > 0) {
      this.#later();
      return;
    }
    this.#done?.();
    this.#done = undefined;
  }

  async #put(stream: Stream): Promise<void> {
    const events = stream.events.splice(0);
    try {
      const options = { as: await stream.principal(), scope: stream.scope };
      if (!stream.created) await this.#create(stream, options);
      stream.created = true;
      for (const batch of batches(events))
        await this.cx.call(
          "logs",
          "PutLogEvents",
          { logGroupName: stream.group, logStreamName: stream.name, logEvents: batch },
          options,
        );
    } catch (error) {
      // AWS: without permission, or without the group that was deleted meanwhile, the lines are lost.
      if (!(error instanceof AwsError)) throw error;
    }
  }

  async #create({ group, name }: Stream, options: { as: Principal; scope: Scope }): Promise<void> {
    const createStream = () =>
      this.cx.call("logs", "CreateLogStream", { logGroupName: group, logStreamName: name }, options);
    try {
      await createStream();
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (error.code === "ResourceAlreadyExistsException") return;
      if (error.code !== "ResourceNotFoundException") throw error;
      await this.cx.call("logs", "CreateLogGroup", { logGroupName: group }, options).catch((cause: unknown) => {
        if (!(cause instanceof AwsError) || cause.code !== "ResourceAlreadyExistsException") throw cause;
      });
      await createStream();
    }
  }

  #stream(specification: FunctionSpecification, name: string): Stream {
    const { group } = specification.logging;
    const key = `${specification.arn} ${name}`;
    let stream = this.#streams.get(key);
    if (!stream) {
      const { account, region } = findArn(specification.arn)!;
      const principal = () => this.principalOf(specification);
      stream = { group, name, scope: { account, region }, principal, created: false, events: [] };
      this.#streams.set(key, stream);
      this.#forgetOldest();
    }
    return stream;
  }

  /** Environments come and go; a stream that is written again is simply looked up again. */
  #forgetOldest(): void {
    if (this.#streams.size <= 2000) return;
    const [oldest] = this.#streams.keys();
    if (oldest !== undefined) this.#streams.delete(oldest);
  }
}

function* batches(events: readonly LogEvent[]) {
  let batch: { timestamp: number; message: string }[] = [];
  let bytes = 0;
  for (const { timestampMs, message } of events) {
    if (message === "") continue;
    const size = Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
    if (batch.length >= BATCH_EVENTS_MAX || bytes + size > BATCH_BYTES_MAX) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push({ timestamp: timestampMs, message });
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
