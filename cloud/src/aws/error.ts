/** Who is at fault, as the AWS protocols tell it: `Sender` is the caller (4xx), `Receiver` the service (5xx). */
export type Fault = "Sender" | "Receiver";

export interface AwsErrorOptions {
  /** HTTP status. Where it is left out, the API model's status for the code is taken, else 400. */
  status?: number;
  /** Further members of the error's shape, e.g. `CancellationReasons`. */
  members?: Record<string, unknown>;
  /** Further response headers, e.g. `Retry-After`. */
  headers?: Record<string, string>;
  cause?: unknown;
}

/**
 * An error that goes to the caller in AWS's own code and words.
 * Every service lists its own in `errors.ts`; nothing else reaches a caller except `InternalFailure` for a bug of ours.
 */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number | undefined;
  readonly members: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(code: string, message: string, options: AwsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = code;
    this.code = code;
    this.status = options.status;
    this.members = options.members ?? {};
    this.headers = options.headers ?? {};
  }

  get fault(): Fault {
    return (this.status ?? 400) >= 500 ? "Receiver" : "Sender";
  }
}

/** Thrown for what AWS has and Katachi does not emulate: never ignored, always refused by name, and counted. */
export class NotEmulatedError extends AwsError {
  constructor(readonly what: string) {
    super("NotImplemented", `Katachi does not emulate ${what}.`, { status: 501 });
  }
}
