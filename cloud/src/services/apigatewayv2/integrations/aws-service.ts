import { AwsError, NotEmulatedError } from "../../../aws/error.ts";
import type { CallOptions } from "../../../service.ts";
import { getApi, type Protocol } from "../../../wire/model.ts";
import { codecOf } from "../../../wire/protocols/index.ts";
import type { Exchange } from "../execute/exchange.ts";
import { findExpression } from "../execute/expression.ts";
import { isPassedOn, type Reply } from "../../../gateway/reply.ts";
import { GatewayError } from "../execute/reply.ts";
import type { Cx } from "../gateway.ts";

/** The table below names services and operations; their inputs are checked by the gate. */
type UntypedCall = (service: string, operation: string, input: object, options: CallOptions) => Promise<unknown>;

type Values = Readonly<Record<string, string | undefined>>;

interface Subtype {
  /** As the AWS CLI names it. */
  readonly service: string;
  readonly operation: string;
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** The operation's input from the parameters' texts. */
  input(values: Values): Record<string, unknown>;
  /** AWS: SQS answers in the XML of its query protocol, the others in their JSON. */
  readonly protocol?: Protocol;
}

const plain = (values: Values): Record<string, unknown> => ({ ...values });

/** AWS: "Integration subtype reference". `Region` is a parameter of each. */
const SUBTYPES: Readonly<Record<string, Subtype>> = {
  "EventBridge-PutEvents": {
    service: "events",
    operation: "PutEvents",
    required: ["Detail", "DetailType", "Source"],
    optional: ["Time", "EventBusName", "Resources", "TraceHeader"],
    input: ({ Time, Resources, ...entry }) => ({
      Entries: [{ ...entry, Time: Time && new Date(Time), Resources: Resources && listOf(Resources) }],
    }),
  },
  "SQS-SendMessage": {
    service: "sqs",
    operation: "SendMessage",
    required: ["QueueUrl", "MessageBody"],
    optional: [
      "DelaySeconds",
      "MessageAttributes",
      "MessageDeduplicationId",
      "MessageGroupId",
      "MessageSystemAttributes",
    ],
    input: ({ DelaySeconds, MessageAttributes, MessageSystemAttributes, ...rest }) => ({
      ...rest,
      DelaySeconds: numberOf(DelaySeconds),
      MessageAttributes: jsonOf(MessageAttributes),
      MessageSystemAttributes: jsonOf(MessageSystemAttributes),
    }),
    protocol: "awsQuery",
  },
  "SQS-ReceiveMessage": {
    service: "sqs",
    operation: "ReceiveMessage",
    required: ["QueueUrl"],
    optional: [
      "AttributeNames",
      "MaxNumberOfMessages",
      "MessageAttributeNames",
      "ReceiveRequestAttemptId",
      "VisibilityTimeout",
      "WaitTimeSeconds",
    ],
    input: ({
      AttributeNames,
      MessageAttributeNames,
      MaxNumberOfMessages,
      VisibilityTimeout,
      WaitTimeSeconds,
      ...rest
    }) => ({
      ...rest,
      AttributeNames: AttributeNames && listOf(AttributeNames),
      MessageAttributeNames: MessageAttributeNames && listOf(MessageAttributeNames),
      MaxNumberOfMessages: numberOf(MaxNumberOfMessages),
      VisibilityTimeout: numberOf(VisibilityTimeout),
      WaitTimeSeconds: numberOf(WaitTimeSeconds),
    }),
    protocol: "awsQuery",
  },
  "SQS-DeleteMessage": {
    service: "sqs",
    operation: "DeleteMessage",
    required: ["QueueUrl", "ReceiptHandle"],
    optional: [],
    input: plain,
    protocol: "awsQuery",
  },
  "SQS-PurgeQueue": {
    service: "sqs",
    operation: "PurgeQueue",
    required: ["QueueUrl"],
    optional: [],
    input: plain,
    protocol: "awsQuery",
  },
  "Kinesis-PutRecord": {
    service: "kinesis",
    operation: "PutRecord",
    required: ["StreamName", "Data", "PartitionKey"],
    optional: ["SequenceNumberForOrdering", "ExplicitHashKey"],
    input: ({ Data, ...rest }) => ({ ...rest, Data: Buffer.from(Data ?? "") }),
  },
  "StepFunctions-StartExecution": {
    service: "stepfunctions",
    operation: "StartExecution",
    required: ["StateMachineArn"],
    optional: ["Name", "Input"],
    input: ({ StateMachineArn, Name, Input }) => ({ stateMachineArn: StateMachineArn, name: Name, input: Input }),
  },
  "StepFunctions-StartSyncExecution": {
    service: "stepfunctions",
    operation: "StartSyncExecution",
    required: ["StateMachineArn"],
    optional: ["Name", "Input", "TraceHeader"],
    input: ({ StateMachineArn, Name, Input, TraceHeader }) => ({
      stateMachineArn: StateMachineArn,
      name: Name,
      input: Input,
      traceHeader: TraceHeader,
    }),
  },
  "StepFunctions-StopExecution": {
    service: "stepfunctions",
    operation: "StopExecution",
    required: ["ExecutionArn"],
    optional: ["Cause", "Error"],
    input: ({ ExecutionArn, Cause, Error }) => ({ executionArn: ExecutionArn, cause: Cause, error: Error }),
  },
};

/** What is wrong with an integration's subtype and parameters; undefined where nothing is. @throws NotEmulatedError */
export function subtypeFault(name: string, parameters: Readonly<Record<string, string>>): string | undefined {
  if (name === "AppConfig-GetConfiguration")
    throw new NotEmulatedError("the integration subtype AppConfig-GetConfiguration");
  const subtype = Object.hasOwn(SUBTYPES, name) ? SUBTYPES[name] : undefined;
  if (!subtype) return `Integration subtype ${name} is not supported`;
  const missing = subtype.required.filter((parameter) => !Object.hasOwn(parameters, parameter));
  if (missing.length > 0) return `Missing required parameters for ${name}: ${missing.join(", ")}`;
  const known = new Set(["Region", ...subtype.required, ...subtype.optional]);
  const unknown = Object.keys(parameters).filter((parameter) => !known.has(parameter));
  if (unknown.length > 0) return `Unsupported parameters for ${name}: ${unknown.join(", ")}`;
  const malformed = Object.values(parameters).find((text) => findExpression(text) === undefined);
  return malformed === undefined ? undefined : `Invalid mapping expression specified: ${malformed}`;
}

/**
 * Calls the AWS service of an integration as its role, and answers what the service answers.
 * @throws GatewayError 400 where the request lacks a value that the service needs, 500 where the role cannot be assumed
 */
export async function callService(cx: Cx, exchange: Exchange): Promise<Reply> {
  const { record } = exchange.route!.integration!;
  const subtype = SUBTYPES[record.IntegrationSubtype!]!;
  const values: Record<string, string | undefined> = {};
  for (const [name, text] of Object.entries(record.RequestParameters ?? {}))
    values[name] = findExpression(text)?.({ exchange });
  const { Region, ...parameters } = values;
  if (subtype.required.some((name) => parameters[name] === undefined || parameters[name] === ""))
    throw new GatewayError(400);
  const scope = { ...exchange.stage.scope, region: Region ?? exchange.stage.scope.region };
  const as = await assume(cx, exchange, record.CredentialsArn ?? "");
  try {
    const output = await (cx.call as unknown as UntypedCall)(
      subtype.service,
      subtype.operation,
      subtype.input(parameters),
      { as, scope },
    );
    return await encode(exchange, subtype, (codec, facts) => codec.encode(output, facts));
  } catch (error) {
    if (!(error instanceof AwsError) || error instanceof NotEmulatedError) throw error;
    exchange.integration!.error = error.message;
    return encode(exchange, subtype, (codec, facts) =>
      codec.encodeError(error, { ...facts, api: facts.operation.api, path: "/" }),
    );
  }
}

async function assume(cx: Cx, exchange: Exchange, roleArn: string) {
  try {
    return await cx.state.roleSessions.assume(cx, roleArn, exchange.stage.scope);
  } catch (error) {
    if (!(error instanceof AwsError) || error instanceof NotEmulatedError) throw error;
    exchange.integration!.error = error.message;
    throw new GatewayError(500, {}, { cause: error });
  }
}

type Codec = Awaited<ReturnType<typeof codecOf>>;
type Facts = Parameters<Codec["encode"]>[1];

async function encode(
  exchange: Exchange,
  { service, operation, protocol }: Subtype,
  write: (codec: Codec, facts: Facts) => ReturnType<Codec["encode"]>,
): Promise<Reply> {
  const api = getApi(service);
  const codec = await codecOf(protocol ?? api.protocol);
  const facts = {
    requestId: exchange.request.requestId,
    operation: api.operation(operation),
    method: "POST",
    headers: {},
  };
  const { status, headers, body } = write(codec, facts);
  const passed = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()] as const);
  exchange.integration!.serviceStatus = status;
  return {
    status,
    headers: Object.fromEntries(passed.filter(([name]) => isPassedOn(name))),
    body: typeof body === "string" || body instanceof Uint8Array ? body : "",
  };
}

/** `["a","b"]`, or one entry. */
function listOf(text: string): unknown[] {
  return text.startsWith("[") ? (jsonOf(text) as unknown[]) : [text];
}

function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new GatewayError(400);
  }
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
