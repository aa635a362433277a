import { createSocket, type Socket } from "node:dgram";
import type { Span, Trace } from "../kernel/trace.ts";

/** A segment or subsegment as SDKs send it. AWS: "AWS X-Ray segment documents"; times in seconds since 1970. */
interface SegmentDocument {
  readonly id: string;
  readonly name: string;
  readonly trace_id?: string;
  readonly parent_id?: string;
  readonly start_time: number;
  readonly end_time?: number;
  readonly error?: boolean;
  readonly fault?: boolean;
  readonly throttle?: boolean;
  readonly cause?: unknown;
  readonly subsegments?: readonly SegmentDocument[];
}

/** What of a document describes the work, and not its place in the trace. */
const DETAILS = ["namespace", "annotations", "metadata", "http", "sql", "aws", "user", "cause", "throttle"] as const;

/**
 * The X-Ray daemon that SDKs send to by UDP: what they tell stands in the trace beside everything else.
 * AWS: "Sending trace data to the X-Ray daemon": a header line `{"format": "json", "version": 1}`, then the document.
 *
 * Gap: the daemon's TCP side (sampling rules) is not there; within Lambda SDKs do not ask for it.
 */
export class XrayDaemon {
  #socket: Socket | undefined;
  #address: Promise<string> | undefined;

  constructor(private readonly trace: Trace) {}

  /** Where it listens, `127.0.0.1:PORT`; it begins when it is asked for the first time. */
  address(): Promise<string> {
    this.#address ??= this.#listen();
    return this.#address;
  }

  close(): void {
    this.#socket?.close();
  }

  async #listen(): Promise<string> {
    const socket = createSocket("udp4");
    socket.unref();
    socket.on("message", (message) => this.#take(message.toString("utf8")));
    await new Promise<void>((listening, failed) => {
      socket.once("error", failed);
      socket.bind(0, "127.0.0.1", () => listening());
    });
    socket.on("error", () => undefined);
    this.#socket = socket;
    return `127.0.0.1:${socket.address().port}`;
  }

  #take(message: string): void {
    const [header, ...documents] = message.split("\n");
    if (parse(header)?.["format"] !== "json") return;
    for (const text of documents) {
      const document = parse(text);
      if (isSegment(document)) this.#add(document, document.trace_id, document.parent_id);
    }
  }

  #add(document: SegmentDocument, traceId: string | undefined, parentId: string | undefined): void {
    // AWS: a document without an end is in progress, and is sent again when it is complete.
    if (traceId === undefined || document.end_time === undefined) return;
    this.trace.add(spanOf(document, traceId, parentId));
    for (const inner of document.subsegments ?? []) if (isSegment(inner)) this.#add(inner, traceId, document.id);
  }
}

function spanOf(document: SegmentDocument, traceId: string, parentId: string | undefined): Span {
  const { id, name, start_time, end_time = start_time, error, fault, throttle } = document;
  const details = document as unknown as Record<string, unknown>;
  const attributes = Object.fromEntries(
    DETAILS.filter((key) => details[key] !== undefined).map((key) => [key, details[key]]),
  );
  const code = throttle ? "throttle" : fault ? "fault" : error ? "error" : undefined;
  return {
    traceId,
    spanId: id,
    ...(parentId === undefined ? {} : { parentId }),
    name: `xray:${name}`,
    startMs: Math.round(start_time * 1000),
    durationMs: Math.max(0, Math.round((end_time - start_time) * 1000)),
    ...(code === undefined
      ? {}
      : { error: { code, message: messageOf(document.cause) ?? `${name} told of a ${code}` } }),
    attributes,
  };
}

function messageOf(cause: unknown): string | undefined {
  const exceptions = isObject(cause) ? cause["exceptions"] : undefined;
  const first: unknown = Array.isArray(exceptions) ? exceptions[0] : undefined;
  return isObject(first) && typeof first["message"] === "string" ? first["message"] : undefined;
}

function isSegment(value: unknown): value is SegmentDocument {
  return (
    isObject(value) &&
    typeof value["id"] === "string" &&
    typeof value["name"] === "string" &&
    typeof value["start_time"] === "number"
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
