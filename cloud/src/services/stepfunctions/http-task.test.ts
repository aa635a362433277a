import { CreateConnectionCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateStateMachineCommand, SFNClient, StartSyncExecutionCommand } from "@aws-sdk/client-sfn";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

let cloud: Cloud;
let server: Server;
let url: string;
let connection: string;
let count = 0;
const seen: { request: IncomingMessage; body: string }[] = [];

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      seen.push({ request, body });
      if (request.url?.startsWith("/missing")) response.statusCode = 404;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ path: request.url, method: request.method }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made = await cloud.client(EventBridgeClient).send(
    new CreateConnectionCommand({
      Name: "partner",
      AuthorizationType: "API_KEY",
      AuthParameters: {
        ApiKeyAuthParameters: { ApiKeyName: "x-api-key", ApiKeyValue: "s3cret" },
        InvocationHttpParameters: { QueryStringParameters: [{ Key: "tenant", Value: "7" }] },
      },
    }),
  );
  connection = made.ConnectionArn!;
  await cloud.settled();
});
afterAll(async () => {
  server.close();
  await cloud.close();
});

async function run(Parameters: object, statements: object[] = [{ Effect: "Allow", Action: "*", Resource: "*" }]) {
  const iam = cloud.client(IAMClient);
  const name = `http${++count}`;
  const document = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
  const trust = { Effect: "Allow", Principal: { Service: "states.amazonaws.com" }, Action: "sts:AssumeRole" };
  const role = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document(trust) }));
  await iam.send(
    new PutRolePolicyCommand({ RoleName: name, PolicyName: "p", PolicyDocument: document(...statements) }),
  );
  const Call = {
    Type: "Task",
    Resource: "arn:aws:states:::http:invoke",
    Parameters: { Authentication: { ConnectionArn: connection }, ...Parameters },
    End: true,
  };
  const sfn = cloud.client(SFNClient, { disableHostPrefix: true });
  const definition = JSON.stringify({ StartAt: "Call", States: { Call } });
  const machine = await sfn.send(
    new CreateStateMachineCommand({ name, type: "EXPRESS", roleArn: role.Role!.Arn!, definition }),
  );
  return sfn.send(new StartSyncExecutionCommand({ stateMachineArn: machine.stateMachineArn! }));
}

describe("HTTP Tasks", () => {
  it("call with the connection's authorization and parameters, and answer status, headers and body", async () => {
    const { output, status } = await run({
      ApiEndpoint: `${url}/orders`,
      Method: "POST",
      Headers: { "x-one": "1" },
      QueryParameters: { q: "a b", tag: ["x", "y"] },
      RequestBody: { n: 1 },
    });
    expect(status).toBe("SUCCEEDED");
    expect(JSON.parse(output!)).toMatchObject({
      StatusCode: 200,
      StatusText: "OK",
      ResponseBody: { method: "POST" },
      Headers: { "content-type": ["application/json"] },
    });
    const { request, body } = seen.at(-1)!;
    expect(new URL(request.url!, url).searchParams.getAll("tag")).toEqual(["x", "y"]);
    expect(new URL(request.url!, url).searchParams.get("tenant")).toBe("7");
    expect(request.headers).toMatchObject({ "x-api-key": "s3cret", "x-one": "1" });
    expect(body).toBe('{"n":1}');
  });

  it("send forms", async () => {
    const Transform = { RequestBodyEncoding: "URL_ENCODED", RequestEncodingOptions: { ArrayFormat: "REPEAT" } };
    await run({ ApiEndpoint: url, Method: "POST", RequestBody: { a: [1, 2], b: { c: "x y" } }, Transform });
    expect(seen.at(-1)!.body).toBe("a=1&a=2&b%5Bc%5D=x+y");
    expect(seen.at(-1)!.request.headers["content-type"]).toMatch(/^application\/x-www-form-urlencoded/);
  });

  it("fail by the status, and by the socket where nobody answers", async () => {
    expect(await run({ ApiEndpoint: `${url}/missing`, Method: "GET" })).toMatchObject({
      status: "FAILED",
      error: "States.Http.StatusCode.404",
    });
    expect(await run({ ApiEndpoint: "http://127.0.0.1:1/", Method: "GET" })).toMatchObject({
      error: "States.Http.Socket",
    });
  });

  it("need the four permissions, and heed conditions on method and address", async () => {
    const others = [
      { Effect: "Allow", Action: "events:RetrieveConnectionCredentials", Resource: connection },
      {
        Effect: "Allow",
        Action: ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
        Resource: "arn:aws:secretsmanager:*:*:secret:events!connection/*",
      },
    ];
    const invoke = (Condition: object) => ({
      Effect: "Allow",
      Action: "states:InvokeHTTPEndpoint",
      Resource: "*",
      Condition,
    });
    const get = { StringEquals: { "states:HTTPMethod": "GET" }, StringLike: { "states:HTTPEndpoint": `${url}/*` } };
    const asked = { ApiEndpoint: `${url}/a`, Method: "GET" };
    expect((await run(asked, [...others, invoke(get)])).status).toBe("SUCCEEDED");
    const refused = await run({ ...asked, Method: "POST" }, [...others, invoke(get)]);
    expect(refused.cause).toMatch(
      /is not authorized to perform: states:InvokeHTTPEndpoint on resource: .*stateMachine:http/,
    );
    const none = await run(asked, [invoke(get)]);
    expect(none.cause).toContain("events:RetrieveConnectionCredentials");
  });
});
