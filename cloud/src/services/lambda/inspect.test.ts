import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { createArchive } from "../../functions/archive.ts";

let cloud: Cloud;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", auth: "strict" });
});
afterAll(() => cloud.close());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test("a function's next environment listens for a debugger, and no longer when that is ended", async () => {
  const statement = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const { Role } = await cloud
    .client(IAMClient)
    .send(new CreateRoleCommand({ RoleName: "debugged", AssumeRolePolicyDocument }));
  const lambda = cloud.client(LambdaClient);
  const FunctionName = "debugged";
  const code = "exports.handler = async () => process.execArgv.concat(process.debugPort)";
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: Role!.Arn,
      Code: { ZipFile: await createArchive({ "index.js": code }) },
    }),
  );
  await cloud.settled();
  const port = await freePort();
  cloud.inspect(FunctionName, port);
  await lambda.send(new InvokeCommand({ FunctionName }));
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as { type: string }[];
  expect(targets).toHaveLength(1);
  expect(targets[0]).toMatchObject({ type: "node" });

  cloud.inspect(FunctionName, undefined);
  await lambda.send(new InvokeCommand({ FunctionName }));
  await cloud.settled();
  await expect(fetch(`http://127.0.0.1:${port}/json/list`)).rejects.toThrow();
});
