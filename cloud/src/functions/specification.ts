import type { Readable } from "node:stream";
import type { ErrorPayload } from "../../runtime/node/messages.d.ts";

/** Where a function's code or a layer comes from. */
export type CodeSource =
  /** A zip archive; `sha256` (hex) names its content. */
  | { readonly kind: "zip"; readonly sha256: string; readonly read: () => Promise<Buffer> }
  /** A directory that is run in place, and run anew when something in it changes. */
  | { readonly kind: "directory"; readonly path: string };

/** The temporary credentials of a function's role. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since 1970, on the cloud's clock. An environment is not used beyond. */
  readonly expiresMs: number;
}

export type LogFormat = "Text" | "JSON";
export const LOG_LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What has to be known to run one version of a function. */
export interface FunctionSpecification {
  /** ARN with the version; environments belong to it. */
  readonly arn: string;
  /** Changes whenever anything below does: older environments are then used no more. */
  readonly revision: string;
  readonly name: string;
  /** `$LATEST` or a number. */
  readonly version: string;
  readonly region: string;
  /** `nodejs22.x` */
  readonly runtime: string;
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly code: CodeSource;
  /** In the order given: later ones win. */
  readonly layers: readonly CodeSource[];
  readonly logging: {
    readonly group: string;
    readonly format: LogFormat;
    readonly applicationLevel: LogLevel;
    readonly systemLevel: LogLevel;
  };
  /** Port for a debugger (`--inspect`). While it is set nothing times out. */
  readonly inspectPort?: number;
  /** Credentials of its role; asked for at the start of each environment. */
  readonly credentials: () => Promise<RoleCredentials>;
}

/** One event for a function. */
export interface Invocation {
  readonly requestId: string;
  /** As the caller named it, with version or alias. */
  readonly invokedArn: string;
  /** JSON */
  readonly event: Uint8Array | string;
  /** `Root=1-…;Parent=…;Sampled=1` */
  readonly traceHeader?: string;
  readonly clientContext?: unknown;
  readonly identity?: unknown;
  /** Keep the last 4 KB of this invocation's log. */
  readonly tail?: boolean;
  /** Given: told of the answer as soon as the first byte is there; the payload of the result is then empty. */
  readonly onStream?: (answer: StreamedAnswer) => void;
}

/** An answer that is still being written. */
export interface StreamedAnswer {
  /** `application/vnd.awslambda.http-integration-response` where a prelude of status and headers stands before the body. */
  readonly contentType: string;
  readonly body: Readable;
}

export interface InvocationResult {
  /** Undefined where the function answered; else its failure, which is also the payload. */
  readonly error?: ErrorPayload;
  /** JSON, or what a streaming handler wrote. */
  readonly payload: Buffer;
  /** The end of the log, where asked for. */
  readonly logTail?: string;
  readonly durationMs: number;
  /** Set where this event waited for a new environment. */
  readonly initMs?: number;
  readonly memoryUsedMb: number;
}

export interface LogEvent {
  /** On the cloud's clock. */
  readonly timestampMs: number;
  readonly message: string;
}

/** Told of every line that a function's environment writes. */
export type LogSink = (specification: FunctionSpecification, logStream: string, event: LogEvent) => void;
