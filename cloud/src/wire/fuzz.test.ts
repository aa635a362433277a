import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { SmithyRpcV2CborProtocol } from "@smithy/core/cbor";
import { describe, expect, it } from "vitest";
import { SERVICES } from "../../../scripts/generate-api.mjs";
import { AwsError } from "../aws/error.ts";
import type { HttpHead, HttpResponse } from "../http.ts";
import { getApi, type Member, type Operation, type ServiceApi } from "./model.ts";
import { codecOf } from "./protocols/index.ts";
import { type Route, routeForm, routeHead } from "./route.ts";
import { comparable, Values } from "./test-values.ts";

/**
 * Every operation of every table: random input → the real client → our decode → compare; random output → our encode →
 * the real client → compare; the same with a modelled error.
 */

interface ClientRequest {
  method: string;
  path: string;
  query: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body: unknown;
}
interface Sent {
  readonly route: Route;
  readonly head: HttpHead;
  readonly body: Buffer;
}
type Answer = (sent: Sent) => Promise<HttpResponse> | HttpResponse;
interface Client {
  send(command: unknown): Promise<Record<string, unknown>>;
}
type Sdk = Record<string, unknown>;

/** What a client changes or computes on its own, so that it cannot be compared. */
const CLIENT_OWN: Record<string, RegExp> = {
  s3: /^(SSECustomer|CopySourceSSECustomer|Checksum|ContentMD5|ContentLength|MultipartObjectSize|Bucket$|Expires$|RequestRoute|LocationConstraint$|Body$)/,
  sqs: /^MD5Of/,
  lambda: /^ResponseStreamContentType$/, // the content type of the frames
  events: /^EndpointId$/,
  sesv2: /^EndpointId$/, // becomes a part of the host's name
};
/** Operations of other endpoints; GetBucketLocation answers text alone. */
const ELSEWHERE = new Set(["s3:ListDirectoryBuckets", "s3:CreateSession", "s3:WriteGetObjectResponse"]);

function headOf(request: ClientRequest): HttpHead {
  const query = Object.entries(request.query)
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) =>
        one === null ? encodeURIComponent(name) : `${encodeURIComponent(name)}=${encodeURIComponent(one)}`,
      ),
    )
    .join("&");
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    method: request.method,
    target: query ? `${request.path}?${query}` : request.path,
    path: request.path,
    query,
    headers,
    host: "127.0.0.1",
    sourceIp: "127.0.0.1",
    httpVersion: "1.1",
  };
}

async function bytesOf(body: unknown): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === "string" || body instanceof Uint8Array) return Buffer.from(body as string);
  return buffer(body as Readable);
}

/** A client whose requests go no further than to `answer`. */
function clientOf(api: ServiceApi, sdk: Sdk, answer: { now: Answer }, options: Record<string, unknown>): Client {
  const Class = Object.entries(sdk).find(([name]) => name.endsWith("Client") && name !== "__Client")![1] as new (
    configuration: unknown,
  ) => Client;
  return new Class({
    endpoint: "http://127.0.0.1:1",
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    disableHostPrefix: true,
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    disableRequestCompression: true,
    md5: false,
    ...options,
    requestHandler: {
      metadata: { handlerProtocol: "http/1.1" },
      async handle(request: ClientRequest) {
        const head = headOf(request);
        const body = await bytesOf(request.body);
        const found = routeHead(head, api.signingName);
        const route = found === "form" ? routeForm(new URLSearchParams(body.toString()), api.signingName) : found;
        if ("error" in route) throw route.error;
        const response = await answer.now({ route, head, body });
        const headers = Object.fromEntries(
          Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
        );
        const payload = response.body ?? "";
        return {
          response: {
            statusCode: response.status,
            headers,
            body: payload instanceof Readable ? payload : Readable.from([Buffer.from(payload as string)]),
          },
        };
      },
    },
  });
}

async function decode({ route, head, body }: Sent): Promise<Record<string, unknown>> {
  const codec = await codecOf(route.protocol);
  const streaming = route.operation.inputPayload?.shape.streaming;
  return codec.decode({
    head,
    operation: route.operation,
    labels: route.labels,
    body: streaming ? Buffer.alloc(0) : body,
    stream: streaming ? body : undefined,
  });
}

function requestOf(api: ServiceApi, operation: Operation, values: Values): Record<string, unknown> {
  const own = CLIENT_OWN[api.name];
  const skip = (member: Member) =>
    own?.test(member.name) === true ||
    (api.name === "s3" && member.location === "header" && member.shape.kind !== "string");
  const input = values.structure(operation.input, skip);
  if (api.name === "s3" && operation.input.byName.has("Bucket")) input["Bucket"] = `bucket-${values.integer(1000)}`;
  if (operation.inputPayload?.shape.streaming) input[operation.inputPayload.name] = Buffer.from("streamed");
  return input;
}

/** What the client sent beyond the input is its own affair; what the input had must be there. */
function within(expected: unknown, actual: unknown): unknown {
  if (
    typeof expected !== "object" ||
    expected === null ||
    typeof actual !== "object" ||
    actual === null ||
    Array.isArray(expected)
  )
    return actual;
  return Object.fromEntries(Object.entries(actual).filter(([key]) => key in expected));
}

async function roundTrip(
  api: ServiceApi,
  operation: Operation,
  sdk: Sdk,
  client: Client,
  answer: { now: Answer },
  values: Values,
) {
  const Command = sdk[`${operation.name}Command`] as new (input: unknown) => unknown;
  const input = requestOf(api, operation, values);
  const own = CLIENT_OWN[api.name];
  const output = values.structure(
    operation.output,
    (member) => own?.test(member.name) === true && member.name !== "Body",
  );
  if (api.name === "s3" && operation.outputPayload && !operation.eventStream)
    output[operation.outputPayload.name] ??= values.value(operation.outputPayload.shape, 1);
  const { eventStream } = operation;
  const events = eventStream
    ? [values.union(eventStream.shape, 3), values.union(eventStream.shape, 3)].filter(
        (event) => !eventStream.shape.byName.get(Object.keys(event)[0]!)?.shape.error,
      )
    : undefined;
  let decoded: unknown;
  let routed = "";
  answer.now = async (sent) => {
    routed = sent.route.operation.name;
    decoded = await decode(sent);
    const codec = await codecOf(sent.route.protocol);
    const whole = eventStream ? { ...output, [eventStream.name]: events } : output;
    return codec.encode(whole, {
      requestId: "id",
      operation: sent.route.operation,
      method: sent.head.method,
      headers: sent.head.headers,
    });
  };
  const received = await client.send(new Command(input));
  const { $metadata: _, ...rest } = received;
  expect(routed).toBe(operation.name);
  expect(comparable(within(input, decoded))).toEqual(comparable(input));
  if (eventStream)
    expect(comparable(await collect(rest[eventStream.name] as AsyncIterable<unknown>))).toEqual(comparable(events));
  const payload = operation.outputPayload;
  if (payload?.shape.streaming && !eventStream)
    rest[payload.name] = await (
      rest[payload.name] as { transformToByteArray(): Promise<Uint8Array> }
    ).transformToByteArray();
  if (eventStream) delete rest[eventStream.name];
  expect(comparable(within(output, rest))).toEqual(comparable(output));
}

async function collect(events: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const event of events) all.push(event);
  return all;
}

async function errorTrip(
  api: ServiceApi,
  operation: Operation,
  sdk: Sdk,
  client: Client,
  answer: { now: Answer },
  values: Values,
) {
  // CloudWatch has two errors of one query code, which is what the client goes by.
  const names = api.errorNames.filter((errorName) => errorName !== "DashboardNotFoundError");
  if (names.length === 0) return;
  const shape = api.shape(values.pick(names));
  const Command = sdk[`${operation.name}Command`] as new (input: unknown) => unknown;
  const members = values.structure(shape, (member) => member.name.toLowerCase() === "message");
  const error = new AwsError(shape.name, "What is wrong & why", { members });
  answer.now = async ({ route, head }) =>
    (await codecOf(route.protocol)).encodeError(error, {
      requestId: "id",
      api,
      operation: route.operation,
      method: head.method,
      path: head.path,
      headers: head.headers,
    });
  const caught = (await client.send(new Command(requestOf(api, operation, values))).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )) as Record<string, unknown> | undefined;
  if (operation.method === "HEAD") return; // no body: the client knows the status alone
  expect(caught?.["name"]).toBe(shape.name);
  expect(caught?.["message"]).toBe("What is wrong & why");
  expect(comparable(within(members, caught))).toEqual(comparable(members));
}

const TRIPS = [
  ...Object.keys(SERVICES).map((name) => ({ name, protocol: "its own protocol", options: {} })),
  ...["cloudwatch", "dynamodb"].map((name) => ({
    name,
    protocol: "RPC v2 CBOR",
    options: { protocol: SmithyRpcV2CborProtocol },
  })),
];

describe.each(TRIPS)("$name in $protocol", ({ name, options }) => {
  const { client: packageName } = SERVICES[name]!;
  const ROUNDS = name === "ec2" ? 1 : 2;
  it("round-trips every operation, in and out, and its errors", { timeout: 60_000 }, async () => {
    const sdk = (await import(`@aws-sdk/${packageName}`)) as Sdk;
    const api = getApi(name);
    const answer: { now: Answer } = { now: () => ({ status: 500, headers: {} }) };
    const client = clientOf(api, sdk, answer, options);
    const failures: string[] = [];
    for (const operationName of api.operationNames) {
      if (ELSEWHERE.has(`${name}:${operationName}`)) continue;
      const operation = api.operation(operationName);
      for (let round = 0; round < ROUNDS; round++) {
        const values = new Values(operationName.length * 7919 + round);
        await roundTrip(api, operation, sdk, client, answer, values).catch((error: unknown) =>
          failures.push(`${operationName} [${round}]: ${String((error as Error).stack).slice(0, 1500)}`),
        );
        await errorTrip(api, operation, sdk, client, answer, values).catch((error: unknown) =>
          failures.push(`${operationName} error [${round}]: ${String((error as Error).stack).slice(0, 600)}`),
        );
      }
    }
    if (failures.length > 0)
      throw new Error(
        `${failures.length} of ${api.operationNames.length * ROUNDS * 2} trips differ:\n${failures.slice(0, 12).join("\n\n")}`,
      );
  });
});
