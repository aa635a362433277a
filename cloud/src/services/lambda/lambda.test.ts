import { setTimeout as realWait } from "node:timers/promises";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetLayerVersionCommand,
  InvokeCommand,
  type InvokeCommandInput,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  ListFunctionsCommand,
  ListLayersCommand,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  GetProvisionedConcurrencyConfigCommand,
  CreateAliasCommand,
  UpdateAliasCommand,
  DeleteAliasCommand,
  AddPermissionCommand,
  RemovePermissionCommand,
  GetPolicyCommand,
  CreateFunctionUrlConfigCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type CreateFunctionCommandInput,
} from "@aws-sdk/client-lambda";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createArchive } from "../../functions/archive.ts";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let client: LambdaClient;
let role: string;
let silentRole: string;

const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  client = cloud.client(LambdaClient, { maxAttempts: 1 });
  role = await makeRole("functions", [{ Effect: "Allow", Action: ["logs:*", "lambda:InvokeFunction"], Resource: "*" }]);
  silentRole = await makeRole("silent", []);
});

afterAll(() => cloud.close());

async function makeRole(name: string, statements: object[], trust = TRUST): Promise<string> {
  const iam = cloud.client(IAMClient);
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust }));
  if (statements.length > 0)
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: name,
        PolicyName: "inline",
        PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
      }),
    );
  return Role!.Arn!;
}

let count = 0;

async function create(code: string, more: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
  const name = `fn-${++count}`;
  await client.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: "nodejs22.x",
      Role: role,
      Handler: "index.handler",
      Code: { ZipFile: await createArchive({ "index.js": code }) },
      ...more,
    }),
  );
  return name;
}

async function invoke(name: string, event: unknown = {}, more: Partial<InvokeCommandInput> = {}) {
  const { Payload, ...rest } = await client.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event), ...more }),
  );
  const text = Payload?.transformToString() ?? "";
  return { ...rest, answer: text === "" ? undefined : JSON.parse(text) };
}

async function logged(name: string): Promise<string> {
  await cloud.settled();
  const { events } = await cloud
    .client(CloudWatchLogsClient)
    .send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }));
  return events!.map((event) => event.message).join("");
}

function failure(promise: Promise<unknown>) {
  return promise.then(
    () => expect.fail("should have failed"),
    (error: { name: string; message: string; $metadata: { httpStatusCode?: number } }) => ({
      code: error.name,
      message: error.message,
      status: error.$metadata.httpStatusCode,
    }),
  );
}

const ARN = "arn:aws:lambda:us-east-1:000000000000:function:";

describe("functions", () => {
  it("are created, described and found active by the SDK's waiters", async () => {
    const zip = await createArchive({ "index.js": "exports.handler = async () => 1" });
    const made = await client.send(
      new CreateFunctionCommand({
        FunctionName: "described",
        Runtime: "nodejs20.x",
        Role: role,
        Handler: "index.handler",
        Code: { ZipFile: zip },
        Description: "counts",
        Environment: { Variables: { ONE: "1" } },
        Tags: { team: "x" },
        Timeout: 7,
        MemorySize: 256,
      }),
    );
    expect(made).toMatchObject({
      FunctionName: "described",
      FunctionArn: `${ARN}described`,
      Runtime: "nodejs20.x",
      Role: role,
      Handler: "index.handler",
      CodeSize: zip.length,
      Description: "counts",
      Timeout: 7,
      MemorySize: 256,
      Version: "$LATEST",
      Environment: { Variables: { ONE: "1" } },
      TracingConfig: { Mode: "PassThrough" },
      PackageType: "Zip",
      Architectures: ["x86_64"],
      EphemeralStorage: { Size: 512 },
      SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
      LoggingConfig: { LogFormat: "Text", LogGroup: "/aws/lambda/described" },
      State: "Pending",
      StateReason: "The function is being created.",
      StateReasonCode: "Creating",
    });
    expect(made.CodeSha256).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(made.LastModified).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 5 }, { FunctionName: "described" });
    const found = await client.send(new GetFunctionCommand({ FunctionName: "described" }));
    expect(found.Configuration).toMatchObject({ State: "Active", LastUpdateStatus: "Successful" });
    expect(found.Tags).toEqual({ team: "x" });
    const download = await fetch(found.Code!.Location!);
    expect(Buffer.from(await download.arrayBuffer())).toEqual(zip);
  });

  it("answer what is wrong with a request", async () => {
    await create("exports.handler = 1", { FunctionName: "taken" });
    const base = {
      FunctionName: "wrong",
      Runtime: "nodejs22.x" as const,
      Role: role,
      Handler: "index.handler",
      Code: { ZipFile: await createArchive({ "index.js": "1" }) },
    };
    const fail = (more: object) => failure(client.send(new CreateFunctionCommand({ ...base, ...more })));
    expect(await fail({ FunctionName: "taken" })).toEqual({
      code: "ResourceConflictException",
      message: "Function already exist: taken",
      status: 409,
    });
    expect(await fail({ Code: { ZipFile: Buffer.from("no zip") } })).toMatchObject({
      code: "InvalidParameterValueException",
      message: "Could not unzip uploaded file. Please check your file, then try to upload again.",
    });
    expect(await fail({ Runtime: "nodejs14.x" })).toMatchObject({
      code: "InvalidParameterValueException",
      message: expect.stringMatching(/^The runtime parameter of nodejs14.x is no longer supported/),
    });
    expect(await fail({ Runtime: "java21" })).toMatchObject({
      message: expect.stringMatching(/^Katachi does not emulate the runtime java21: .*provided.al2023/),
      status: 501,
    });
    expect(await fail({ VpcConfig: { SubnetIds: ["subnet-1"] } })).toMatchObject({ status: 501 });
    expect(await fail({ PackageType: "Image" })).toMatchObject({ status: 501 });
    expect(await fail({ Handler: undefined })).toMatchObject({
      message: "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
    });
    expect(await fail({ Environment: { Variables: { AWS_REGION: "x" } } })).toMatchObject({
      code: "InvalidParameterValueException",
      message: expect.stringMatching(/Reserved keys used in this request: AWS_REGION$/),
    });
    expect(await fail({ Environment: { Variables: { BIG: "x".repeat(4096) } } })).toMatchObject({
      message: expect.stringMatching(/exceeded the 4KB limit\. String measured: \{"BIG":"xxx/),
    });
    expect(await fail({ MemorySize: 20_000 })).toMatchObject({ code: "ValidationException" });
    expect(await fail({ Timeout: 901 })).toMatchObject({ code: "ValidationException" });
    expect(await fail({ Code: { S3Bucket: "no-such-bucket-here", S3Key: "k" } })).toMatchObject({
      code: "InvalidParameterValueException",
      message: expect.stringMatching(
        /^Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: /,
      ),
    });
    expect(await fail({ Layers: [`arn:aws:lambda:us-east-1:000000000000:layer:none:1`] })).toMatchObject({
      message: "Layer version arn:aws:lambda:us-east-1:000000000000:layer:none:1 does not exist.",
    });
    expect(await failure(client.send(new GetFunctionCommand({ FunctionName: "wrong" })))).toEqual({
      code: "ResourceNotFoundException",
      message: `Function not found: ${ARN}wrong`,
      status: 404,
    });
  });

  it("need a role that trusts Lambda", async () => {
    const strangers = await makeRole("strangers", [], TRUST.replace("lambda", "ec2"));
    for (const given of [strangers, "arn:aws:iam::000000000000:role/nobody"])
      expect(await failure(create("exports.handler = 1", { Role: given }))).toMatchObject({
        code: "InvalidParameterValueException",
        message: "The role defined for the function cannot be assumed by Lambda.",
      });
  });

  it("run new code and new configuration after an update", async () => {
    const name = await create("exports.handler = async () => [1, process.env.XX]");
    expect((await invoke(name)).answer).toEqual([1, null]);
    const before = await client.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    const updated = await client.send(
      new UpdateFunctionCodeCommand({
        FunctionName: name,
        ZipFile: await createArchive({ "index.js": "exports.handler = async () => [2, process.env.XX]" }),
        RevisionId: before.RevisionId,
      }),
    );
    expect(updated).toMatchObject({ LastUpdateStatus: "InProgress", LastUpdateStatusReasonCode: "Creating" });
    expect(updated.RevisionId).not.toBe(before.RevisionId);
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 5 }, { FunctionName: name });
    await client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { XX: "y" } } }),
    );
    expect((await invoke(name)).answer).toEqual([2, "y"]);
    expect(
      await failure(
        client.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, RevisionId: before.RevisionId! })),
      ),
    ).toMatchObject({ code: "PreconditionFailedException", status: 412 });
  });

  it("are listed in pages, tagged and deleted", async () => {
    const names: string[] = [];
    let Marker: string | undefined;
    do {
      const page = await client.send(new ListFunctionsCommand({ MaxItems: 2, Marker }));
      expect(page.Functions!.length).toBeLessThanOrEqual(2);
      names.push(...page.Functions!.map((fn) => fn.FunctionName!));
      Marker = page.NextMarker;
    } while (Marker);
    expect(names).toContain("described");
    expect(new Set(names).size).toBe(names.length);
    const Resource = `${ARN}described`;
    await client.send(new TagResourceCommand({ Resource, Tags: { a: "1", b: "2" } }));
    await client.send(new UntagResourceCommand({ Resource, TagKeys: ["team", "a"] }));
    expect((await client.send(new ListTagsCommand({ Resource }))).Tags).toEqual({ b: "2" });
    await client.send(new DeleteFunctionCommand({ FunctionName: "described" }));
    expect(await failure(invoke("described"))).toMatchObject({ code: "ResourceNotFoundException" });
  });
});

describe("invocation", () => {
  it("answers with version, error and log", async () => {
    const name = await create(
      `exports.handler = async (e) => { console.log("seen", e.n); if (e.fail) throw new Error("no"); return e.n + 1; }`,
    );
    const ok = await invoke(name, { n: 1 }, { LogType: "Tail" });
    expect(ok).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST", answer: 2 });
    expect(ok.FunctionError).toBeUndefined();
    expect(Buffer.from(ok.LogResult!, "base64").toString()).toMatch(
      /^START RequestId: .*\n.*\tINFO\tseen 1\nEND .*\nREPORT /,
    );
    const bad = await invoke(name, { fail: true });
    expect(bad).toMatchObject({
      StatusCode: 200,
      FunctionError: "Unhandled",
      answer: { errorType: "Error", errorMessage: "no" },
    });
    expect(bad.LogResult).toBeUndefined();
    const dry = await client.send(new InvokeCommand({ FunctionName: name, InvocationType: "DryRun" }));
    expect(dry.StatusCode).toBe(204);
    expect(await logged(name)).toMatch(/START[^]*seen 1[^]*END[^]*REPORT/);
  });

  it("hands on the client context and the caller's form of the ARN", async () => {
    const name = await create(
      `exports.handler = async (e, c) => [c.invokedFunctionArn, c.clientContext, c.awsRequestId]`,
    );
    const ClientContext = Buffer.from(JSON.stringify({ custom: { a: "b" } })).toString("base64");
    const { answer, $metadata } = await invoke(`${ARN}${name}:$LATEST`, {}, { ClientContext });
    expect(answer).toEqual([`${ARN}${name}:$LATEST`, { custom: { a: "b" } }, $metadata.requestId]);
  });

  it("refuses what is too large and what is no JSON", async () => {
    const name = await create(`exports.handler = async () => 1`);
    const send = (bytes: number, InvocationType: "Event" | "RequestResponse") =>
      failure(
        client.send(new InvokeCommand({ FunctionName: name, InvocationType, Payload: `"${"x".repeat(bytes - 2)}"` })),
      );
    expect(await send(1_048_577, "Event")).toEqual({
      code: "RequestTooLargeException",
      message: "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
      status: 413,
    });
    expect(await send(6_291_457, "RequestResponse")).toMatchObject({ status: 413 });
    expect(await failure(client.send(new InvokeCommand({ FunctionName: name, Payload: "{" })))).toMatchObject({
      code: "InvalidRequestContentException",
      message: expect.stringMatching(/^Could not parse request body into json: /),
      status: 400,
    });
  });

  it("streams", async () => {
    const name = await create(`exports.handler = awslambda.streamifyResponse(async (e, s) => {
      s.setContentType("text/plain"); s.write("a"); await new Promise((r) => setTimeout(r, 20)); s.write("b"); if (e.fail) throw new TypeError("broke"); s.end(); })`);
    const read = async (event: object) => {
      const answer = await client.send(
        new InvokeWithResponseStreamCommand({ FunctionName: name, Payload: JSON.stringify(event) as never }),
      );
      let text = "";
      let complete: unknown;
      for await (const part of answer.EventStream!) {
        if (part.PayloadChunk) text += Buffer.from(part.PayloadChunk.Payload!).toString();
        if (part.InvokeComplete) complete = part.InvokeComplete;
      }
      return { text, complete };
    };
    expect(await read({})).toEqual({ text: "ab", complete: {} });
    expect(await read({ fail: true })).toMatchObject({
      text: "ab",
      complete: { ErrorCode: "TypeError", ErrorDetails: expect.stringContaining("broke") },
    });
  });

  it("writes no logs where the role may not", async () => {
    const name = await create(`exports.handler = async () => 1`, { Role: silentRole });
    expect((await invoke(name)).answer).toBe(1);
    await cloud.settled();
    expect(await failure(logged(name))).toMatchObject({ code: "ResourceNotFoundException" });
  });

  it("throttles at the reserved concurrency, and keeps a hundred unreserved", async () => {
    const name = await create(`exports.handler = async () => await new Promise((r) => setTimeout(r, 300))`);
    await client.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 1 }));
    const running = invoke(name);
    await realWait(50);
    const error = await client.send(new InvokeCommand({ FunctionName: name })).then(
      () => undefined,
      (e) => e,
    );
    expect(error).toMatchObject({
      name: "TooManyRequestsException",
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      message: "Rate Exceeded.",
      $metadata: { httpStatusCode: 429 },
    });
    await running;
    const settings = await client.send(new GetAccountSettingsCommand({}));
    expect(settings.AccountLimit).toMatchObject({ ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 999 });
    expect(
      await failure(
        client.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 901 })),
      ),
    ).toMatchObject({
      message:
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    });
  });
});

describe("asynchronous invocation", () => {
  it("retries twice, after one and two minutes, then hands on a record", async () => {
    const sink = await create(`exports.handler = async (e) => console.log("RECORD " + JSON.stringify(e))`);
    const name = await create(`exports.handler = async (e) => { console.log("ATTEMPT"); throw new Error("always") }`);
    await client.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: name,
        DestinationConfig: { OnFailure: { Destination: `${ARN}${sink}` } },
      }),
    );
    const { StatusCode } = await invoke(name, { order: 1 }, { InvocationType: "Event" });
    expect(StatusCode).toBe(202);
    const attempts = async () => (await logged(name)).match(/ATTEMPT/g)!.length;
    expect(await attempts()).toBe(1);
    await cloud.clock.advance("59 s");
    expect(await attempts()).toBe(1);
    await cloud.clock.advance("2 s");
    expect(await attempts()).toBe(2);
    await cloud.clock.advance("2 min");
    expect(await attempts()).toBe(3);
    await cloud.clock.advance("1 h");
    expect(await attempts()).toBe(3);
    const record = JSON.parse(/RECORD (.*)/.exec(await logged(sink))![1]!);
    expect(record).toMatchObject({
      version: "1.0",
      requestContext: {
        functionArn: `${ARN}${name}:$LATEST`,
        condition: "RetriesExhausted",
        approximateInvokeCount: 3,
      },
      requestPayload: { order: 1 },
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      responsePayload: { errorType: "Error", errorMessage: "always" },
    });
  });

  it("tells a success destination", async () => {
    const sink = await create(`exports.handler = async (e) => console.log("RECORD " + JSON.stringify(e))`);
    const name = await create(`exports.handler = async (e) => ({ got: e })`);
    await client.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: name,
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnSuccess: { Destination: `${ARN}${sink}` } },
      }),
    );
    await invoke(name, { a: 1 }, { InvocationType: "Event" });
    await cloud.settled();
    const record = JSON.parse(/RECORD (.*)/.exec(await logged(sink))![1]!);
    expect(record).toMatchObject({
      requestContext: { condition: "Success", approximateInvokeCount: 1 },
      responsePayload: { got: { a: 1 } },
    });
  });

  it("hands on to queues, as destination and as dead-letter queue", async () => {
    const sqs = cloud.client(SQSClient);
    const queue = async (QueueName: string) => (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl!;
    const [failed, dead] = [await queue("failed"), await queue("dead")];
    const sender = await makeRole("sender", [{ Effect: "Allow", Action: "sqs:SendMessage", Resource: "*" }]);
    const name = await create(`exports.handler = async () => { throw new RangeError("always") }`, {
      Role: sender,
      DeadLetterConfig: { TargetArn: "arn:aws:sqs:us-east-1:000000000000:dead" },
    });
    await client.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: name,
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnFailure: { Destination: "arn:aws:sqs:us-east-1:000000000000:failed" } },
      }),
    );
    await invoke(name, { a: 1 }, { InvocationType: "Event" });
    await cloud.settled();
    const receive = async (QueueUrl: string) =>
      (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ["All"] }))).Messages?.[0];
    expect(JSON.parse((await receive(failed))!.Body!)).toMatchObject({
      requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 1 },
      requestPayload: { a: 1 },
      responsePayload: { errorType: "RangeError" },
    });
    const letter = await receive(dead);
    expect(JSON.parse(letter!.Body!)).toEqual({ a: 1 });
    expect(letter!.MessageAttributes).toMatchObject({
      RequestID: { StringValue: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      ErrorCode: { DataType: "Number", StringValue: "200" },
      ErrorMessage: { StringValue: "always" },
    });
  });

  it("gives up what has grown too old under throttling", async () => {
    const sink = await create(`exports.handler = async (e) => console.log("RECORD " + JSON.stringify(e))`);
    const name = await create(`exports.handler = async (e) => 1`);
    await client.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 0 }));
    await client.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: name,
        MaximumEventAgeInSeconds: 60,
        DestinationConfig: { OnFailure: { Destination: `${ARN}${sink}` } },
      }),
    );
    await invoke(name, { a: 1 }, { InvocationType: "Event" });
    await cloud.clock.advance("2 min");
    const record = JSON.parse(/RECORD (.*)/.exec(await logged(sink))![1]!);
    expect(record).toMatchObject({
      requestContext: { condition: "EventAgeExceeded", approximateInvokeCount: 0 },
      requestPayload: { a: 1 },
    });
    expect(record.responsePayload).toBeUndefined();
  });
});

describe("versions and aliases", () => {
  it("are immutable, the same where nothing changed, and named by aliases", async () => {
    const name = await create(`exports.handler = async () => process.env.AWS_LAMBDA_FUNCTION_VERSION + " one"`);
    const first = await client.send(new PublishVersionCommand({ FunctionName: name, Description: "first" }));
    expect(first).toMatchObject({ Version: "1", FunctionArn: `${ARN}${name}:1`, Description: "first" });
    expect((await client.send(new PublishVersionCommand({ FunctionName: name }))).Version).toBe("1");
    await client.send(
      new UpdateFunctionCodeCommand({
        FunctionName: name,
        ZipFile: await createArchive({ "index.js": `exports.handler = async () => "two"` }),
      }),
    );
    const second = await client.send(new PublishVersionCommand({ FunctionName: name }));
    expect(second.Version).toBe("2");
    await client.send(new CreateAliasCommand({ FunctionName: name, Name: "live", FunctionVersion: "1" }));
    expect(await invoke(name, {}, { Qualifier: "live" })).toMatchObject({ answer: "1 one", ExecutedVersion: "1" });
    expect(await invoke(`${name}:2`)).toMatchObject({ answer: "two", ExecutedVersion: "2" });
    await client.send(
      new UpdateAliasCommand({
        FunctionName: name,
        Name: "live",
        RoutingConfig: { AdditionalVersionWeights: { "2": 0.5 } },
      }),
    );
    const answers = new Set<string>();
    for (let i = 0; i < 40; i++) answers.add((await invoke(name, {}, { Qualifier: "live" })).answer);
    expect(answers).toEqual(new Set(["1 one", "two"]));
    expect(await failure(client.send(new DeleteFunctionCommand({ FunctionName: name, Qualifier: "2" })))).toEqual({
      code: "ResourceConflictException",
      message: "Unable to delete version because the following aliases reference it: [live]",
      status: 409,
    });
    await client.send(new DeleteAliasCommand({ FunctionName: name, Name: "live" }));
    await client.send(new DeleteFunctionCommand({ FunctionName: name, Qualifier: "2" }));
    const { Versions } = await client.send(new ListVersionsByFunctionCommand({ FunctionName: name }));
    expect(Versions!.map((version) => version.Version)).toEqual(["$LATEST", "1"]);
    expect(await failure(invoke(name, {}, { Qualifier: "live" }))).toEqual({
      code: "ResourceNotFoundException",
      message: `Function not found: ${ARN}${name}:live`,
      status: 404,
    });
  });

  it("keep provisioned environments", async () => {
    const name = await create(`exports.handler = async () => process.env.AWS_LAMBDA_INITIALIZATION_TYPE`, {
      Publish: true,
    });
    await client.send(
      new PutProvisionedConcurrencyConfigCommand({
        FunctionName: name,
        Qualifier: "1",
        ProvisionedConcurrentExecutions: 2,
      }),
    );
    await cloud.settled();
    expect(
      await client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName: name, Qualifier: "1" })),
    ).toMatchObject({
      Status: "READY",
      RequestedProvisionedConcurrentExecutions: 2,
      AllocatedProvisionedConcurrentExecutions: 2,
    });
    expect((await invoke(name, {}, { Qualifier: "1" })).answer).toBe("provisioned-concurrency");
    expect((await invoke(name)).answer).toBe("on-demand");
  });
});

describe("layers", () => {
  it("give functions packages, and stay with them when deleted", async () => {
    const Content = {
      ZipFile: await createArchive({ "nodejs/node_modules/greet/index.js": "exports.text = 'hello'" }),
    };
    const layer = await client.send(
      new PublishLayerVersionCommand({ LayerName: "greet", Content, CompatibleRuntimes: ["nodejs22.x"] }),
    );
    expect(layer).toMatchObject({ Version: 1, LayerVersionArn: "arn:aws:lambda:us-east-1:000000000000:layer:greet:1" });
    const name = await create(`exports.handler = async () => require("greet").text`, {
      Layers: [layer.LayerVersionArn!],
    });
    expect((await invoke(name)).answer).toBe("hello");
    const found = await client.send(new GetLayerVersionCommand({ LayerName: "greet", VersionNumber: 1 }));
    expect((await fetch(found.Content!.Location!)).status).toBe(200);
    const { Layers } = await client.send(new ListLayersCommand({ CompatibleRuntime: "nodejs22.x" }));
    expect(Layers!.map((item) => item.LayerName)).toContain("greet");
  });
});

describe("permissions", () => {
  it("become statements as AWS writes them", async () => {
    const FunctionName = await create(`exports.handler = async () => 1`);
    expect(await failure(client.send(new GetPolicyCommand({ FunctionName })))).toMatchObject({
      message: "The resource you requested does not exist.",
      status: 404,
    });
    const { Statement } = await client.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: "s3",
        Action: "lambda:InvokeFunction",
        Principal: "s3.amazonaws.com",
        SourceArn: "arn:aws:s3:::b",
        SourceAccount: "000000000000",
      }),
    );
    expect(JSON.parse(Statement!)).toEqual({
      Sid: "s3",
      Effect: "Allow",
      Principal: { Service: "s3.amazonaws.com" },
      Action: "lambda:InvokeFunction",
      Resource: `${ARN}${FunctionName}`,
      Condition: {
        StringEquals: { "AWS:SourceAccount": "000000000000" },
        ArnLike: { "AWS:SourceArn": "arn:aws:s3:::b" },
      },
    });
    const again = new AddPermissionCommand({
      FunctionName,
      StatementId: "s3",
      Action: "lambda:InvokeFunction",
      Principal: "111122223333",
    });
    expect(await failure(client.send(again))).toMatchObject({ code: "ResourceConflictException" });
    const { Policy } = await client.send(new GetPolicyCommand({ FunctionName }));
    expect(JSON.parse(Policy!)).toMatchObject({ Version: "2012-10-17", Id: "default", Statement: [{ Sid: "s3" }] });
    await client.send(new RemovePermissionCommand({ FunctionName, StatementId: "s3" }));
    expect(await failure(client.send(new RemovePermissionCommand({ FunctionName, StatementId: "s3" })))).toMatchObject({
      status: 404,
    });
  });
});

describe("function URLs", () => {
  const open = async (FunctionName: string, InvokeMode: "BUFFERED" | "RESPONSE_STREAM" = "BUFFERED", permit = true) => {
    const { FunctionUrl } = await client.send(
      new CreateFunctionUrlConfigCommand({
        FunctionName,
        AuthType: "NONE",
        InvokeMode,
        Cors: { AllowOrigins: ["https://a.example"], AllowMethods: ["POST"] },
      }),
    );
    if (permit) {
      await client.send(
        new AddPermissionCommand({
          FunctionName,
          StatementId: "url",
          Action: "lambda:InvokeFunctionUrl",
          Principal: "*",
          FunctionUrlAuthType: "NONE",
        }),
      );
      await client.send(
        new AddPermissionCommand({
          FunctionName,
          StatementId: "fn",
          Action: "lambda:InvokeFunction",
          Principal: "*",
          InvokedViaFunctionUrl: true,
        }),
      );
    }
    return FunctionUrl!;
  };

  it("answer by path and by host, with events of format 2.0", async () => {
    const name = await create(
      `exports.handler = async (e) => ({ statusCode: 201, headers: { "x-a": "b" }, cookies: ["c=1", "d=2"], body: JSON.stringify(e) })`,
    );
    const url = await open(name);
    const response = await fetch(`${url}orders/a%20b?x=1&x=2`, {
      method: "POST",
      body: `{"a":1}`,
      headers: { "content-type": "application/json", cookie: "k=v; l=w", origin: "https://a.example" },
    });
    expect(response.status).toBe(201);
    expect(response.headers.get("x-a")).toBe("b");
    expect(response.headers.getSetCookie()).toEqual(["c=1", "d=2"]);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://a.example");
    const event = (await response.json()) as Record<string, unknown>;
    expect(event).toMatchObject({
      version: "2.0",
      routeKey: "$default",
      rawPath: "/orders/a b",
      rawQueryString: "x=1&x=2",
      cookies: ["k=v", "l=w"],
      queryStringParameters: { x: "1,2" },
      body: `{"a":1}`,
      isBase64Encoded: false,
      requestContext: {
        accountId: "anonymous",
        http: { method: "POST", path: "/orders/a b", protocol: "HTTP/1.1" },
        stage: "$default",
      },
    });
    const id = (event["requestContext"] as { apiId: string }).apiId;
    const byHost = await new Promise<number>((resolve) => {
      void import("node:http").then(({ get }) =>
        get(
          { host: "127.0.0.1", port: cloud.port, path: "/", headers: { host: `${id}.lambda-url.us-east-1.on.aws` } },
          (answer) => {
            answer.resume();
            resolve(answer.statusCode!);
          },
        ),
      );
    });
    expect(byHost).toBe(201);
    const preflight = await fetch(url, {
      method: "OPTIONS",
      headers: { origin: "https://a.example", "access-control-request-method": "POST" },
    });
    expect(preflight.headers.get("access-control-allow-methods")).toBe("POST");
  });

  it("are forbidden without permission, and 502 where the function fails", async () => {
    const name = await create(
      `exports.handler = async (e) => { if (e.rawPath === "/fail") throw new Error("x"); return { plain: true }; }`,
    );
    const closed = await open(await create(`exports.handler = async () => 1`), "BUFFERED", false);
    expect((await fetch(closed)).status).toBe(403);
    const url = await open(name);
    const plain = await fetch(url);
    expect([plain.status, plain.headers.get("content-type"), await plain.json()]).toEqual([
      200,
      "application/json",
      { plain: true },
    ]);
    expect((await fetch(`${url}fail`)).status).toBe(502);
  });

  it("stream", async () => {
    const name = await create(`exports.handler = awslambda.streamifyResponse(async (e, s) => {
      const out = awslambda.HttpResponseStream.from(s, { statusCode: 202, headers: { "content-type": "text/event-stream" } });
      for (let i = 0; i < 3; i++) { out.write("data " + i); await new Promise((r) => setTimeout(r, 10)); } out.end(); })`);
    const response = await fetch(await open(name, "RESPONSE_STREAM"));
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      202,
      "text/event-stream",
      "data 0data 1data 2",
    ]);
  });
});
