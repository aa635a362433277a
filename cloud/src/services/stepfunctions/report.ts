/** What executions tell others: CloudWatch Logs by the machine's level, and EventBridge. */
import { findArn } from "../../aws/arn.ts";
import { NotEmulatedError, AwsError } from "../../aws/error.ts";
import { textOf } from "../../engines/asl/json.ts";
import type { HistoryRecord } from "../../engines/asl/state.ts";
import type { ServiceContext } from "../../service.ts";
import { statusDetail } from "./execution.ts";
import type { ExecutionRecord, SfnState } from "./state.ts";

interface StatusDelivery {
  readonly executionArn: string;
  readonly machineArn: string;
  readonly detail: string;
}

interface LogDelivery {
  readonly machine: { readonly arn: string };
  readonly group: string;
  readonly stream: string;
  readonly lines: readonly { readonly timestamp: number; readonly message: string }[];
}

const ATTEMPTS = 5;
const RETRY_MS = 1000;
/** Source: "Using CloudWatch Logs to log execution history": event types by log level. */
const ERROR_TYPES = /Failed$|TimedOut$|Aborted$/;
const FATAL_TYPES = new Set(["ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"]);

export class Reports {
  readonly #status: (payload: StatusDelivery) => void;
  readonly #log: (payload: LogDelivery) => void;

  constructor(private readonly cx: ServiceContext<SfnState>) {
    const again = (error: unknown, failures: number) =>
      error instanceof NotEmulatedError || failures >= ATTEMPTS ? undefined : RETRY_MS * 2 ** failures;
    this.#status = cx.kernel.deliveries.register<StatusDelivery>({
      name: "stepfunctions.status",
      attempt: ({ payload }) => this.#putEvent(payload),
      retryAfterMs: (error, { failures }) => again(error, failures),
      exhausted: async () => undefined,
    });
    this.#log = cx.kernel.deliveries.register<LogDelivery>({
      name: "stepfunctions.logs",
      attempt: ({ payload }) => this.#putLines(payload),
      retryAfterMs: (error, { failures }) => again(error, failures),
      exhausted: async () => undefined,
    });
  }

  /** AWS: Standard executions emit events, Express ones do not. */
  status(record: ExecutionRecord): void {
    this.#status({
      executionArn: record.arn,
      machineArn: record.machine.arn,
      detail: textOf(statusDetail(record)),
    });
  }

  history(record: ExecutionRecord, events: readonly HistoryRecord[]): void {
    const { level = "OFF", includeExecutionData = false, destinations = [] } = record.machine.logging;
    const groupArn = destinations[0]?.cloudWatchLogsLogGroup?.logGroupArn;
    if (level === "OFF" || groupArn === undefined) return;
    const wanted = events.filter(
      ({ type }) => level === "ALL" || (level === "ERROR" ? ERROR_TYPES.test(type) : FATAL_TYPES.has(type)),
    );
    if (wanted.length === 0) return;
    const day = new Date(this.cx.kernel.clock.now()).toISOString();
    this.#log({
      machine: { arn: record.machine.arn },
      group: findArn(groupArn)!
        .resource.replace(/^log-group:/, "")
        .replace(/:\*$/, ""),
      stream: `states/${record.machine.name}/${day.slice(0, 13).replace("T", "-")}-00/${record.machine.revisionId.slice(0, 8)}`,
      lines: wanted.map((event) => ({ timestamp: event.atMs, message: lineOf(record, event, includeExecutionData) })),
    });
  }

  async #putEvent({ executionArn, machineArn, detail }: StatusDelivery): Promise<void> {
    const { region, account } = findArn(machineArn)!;
    const entry = {
      Source: "aws.states",
      DetailType: "Step Functions Execution Status Change",
      Detail: detail,
      Resources: [executionArn],
    };
    await this.cx.call(
      "events",
      "PutEvents",
      { Entries: [entry] },
      {
        as: { kind: "service", service: "states.amazonaws.com", sourceArn: machineArn, sourceAccount: account },
        scope: { account, region },
      },
    );
  }

  /** AWS: the delivery of logs writes them, not the machine's role, which only had to be allowed to set it up. */
  async #putLines({ machine, group, stream, lines }: LogDelivery): Promise<void> {
    const { region, account } = findArn(machine.arn)!;
    const options = { as: { kind: "root", account }, scope: { account, region } } as const;
    const target = { logGroupName: group, logStreamName: stream };
    const put = () => this.cx.call("logs", "PutLogEvents", { ...target, logEvents: [...lines] }, options);
    try {
      await put();
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== "ResourceNotFoundException") throw error;
      await this.cx.call("logs", "CreateLogStream", target, options);
      await put();
    }
  }
}

function lineOf(record: ExecutionRecord, event: HistoryRecord, withData: boolean): string {
  const { input: _, output: __, parameters: ___, ...bare } = event.details ?? {};
  return JSON.stringify({
    id: String(event.id),
    type: event.type,
    details: withData ? (event.details ?? {}) : bare,
    previous_event_id: String(event.previousEventId),
    event_timestamp: String(event.atMs),
    execution_arn: record.arn,
    redrive_count: String(record.run.redriveCount),
  });
}
