/**
 * Which of what happens goes over a join, in the pattern language of its glue. What is narrowed is the body of what
 * happens: the detail of an event, the body of a message, the record of a change.
 */

/** One test of a value. AWS: "Comparison operators for use in event patterns"; SNS knows all but `wildcard`. */
export type Matcher =
  | string
  | number
  | boolean
  | null
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly "equals-ignore-case": string }
  | { readonly wildcard: string }
  | { readonly exists: boolean }
  | { readonly numeric: readonly (string | number)[] }
  | { readonly cidr: string }
  | {
      readonly "anything-but":
        | string
        | number
        | readonly (string | number)[]
        | { readonly prefix?: string; readonly suffix?: string; readonly wildcard?: string };
    };

/** A body of any form. */
export interface BodyPattern {
  readonly [field: string]: readonly Matcher[] | readonly BodyPattern[] | BodyPattern;
}

/** A body whose fields are known. */
export type PatternOf<Body> = {
  readonly [Field in keyof Body]?: Body[Field] extends string | number | boolean
    ? readonly (Matcher & (Body[Field] | object | null))[]
    : PatternOf<Body[Field]>;
};

/** AWS: "EventBridge event notification message structure" of S3, the detail of "Object Created". */
interface ObjectCreatedBody {
  readonly bucket: { readonly name: string };
  readonly object: {
    readonly key: string;
    readonly size: number;
    readonly etag: string;
    readonly "version-id": string;
    readonly sequencer: string;
  };
  readonly reason: "PutObject" | "POST Object" | "CopyObject" | "CompleteMultipartUpload";
  readonly requester: string;
  readonly "source-ip-address": string;
}

/** AWS: "Step Functions Execution Status Change", the detail; input and output are JSON as text. */
interface ExecutionEndedBody {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly status: "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";
  readonly input: string;
  readonly output: string;
  readonly error: string;
  readonly cause: string;
}

interface AlarmState {
  readonly value: "OK" | "ALARM" | "INSUFFICIENT_DATA";
  readonly reason: string;
}

/** AWS: "CloudWatch Alarm State Change", the detail. */
interface AlarmChangesBody {
  readonly alarmName: string;
  readonly state: AlarmState;
  readonly previousState: AlarmState;
}

/** AWS: a record of a table's stream. */
interface TableChangesPattern {
  readonly eventName?: readonly ("INSERT" | "MODIFY" | "REMOVE")[];
  readonly dynamodb?: {
    readonly Keys?: BodyPattern;
    readonly NewImage?: BodyPattern;
    readonly OldImage?: BodyPattern;
  };
  readonly userIdentity?: BodyPattern;
}

/** The pattern of each kind of source. Points in time have nothing to choose from. */
export interface Patterns {
  readonly ObjectCreated: PatternOf<ObjectCreatedBody>;
  readonly TableChanges: TableChangesPattern;
  readonly Messages: BodyPattern;
  readonly DeadLetters: BodyPattern;
  readonly Notifications: BodyPattern;
  readonly Events: BodyPattern;
  readonly ExecutionEnded: PatternOf<ExecutionEndedBody>;
  readonly AlarmChanges: PatternOf<AlarmChangesBody>;
  readonly Ticks: never;
}

/**
 * Narrows a pattern by another one.
 * @throws Error where both name a field: one of them would be lost
 */
export function narrowed(pattern: object, filter: object, at = "filter"): object {
  const result: Record<string, unknown> = { ...pattern };
  for (const [field, given] of Object.entries(filter)) {
    const fixed = result[field];
    if (fixed === undefined) result[field] = given;
    else if (isObject(fixed) && isObject(given)) result[field] = narrowed(fixed, given, `${at}.${field}`);
    else throw new Error(`${at}.${field} is already fixed by the source, to ${JSON.stringify(fixed)}; leave it out`);
  }
  return result;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
