import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilterLogEventsCommand, CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  InvokeCommand,
  LambdaClient,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
} from "@aws-sdk/client-lambda";
import { afterAll, expect, it } from "vitest";
import { startCloud } from "../../cloud.ts";
import { createArchive } from "../../functions/archive.ts";

const dataDirectory = mkdtempSync(join(tmpdir(), "lambda-restart-"));
const codeDirectory = mkdtempSync(join(tmpdir(), "lambda-restart-code-"));
afterAll(() => {
  for (const directory of [dataDirectory, codeDirectory]) rmSync(directory, { recursive: true });
});

const TRUST = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
};
const LOGS = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "logs:*", Resource: "*" }] };

async function answer(client: LambdaClient, FunctionName: string): Promise<unknown> {
  const { Payload } = await client.send(new InvokeCommand({ FunctionName }));
  return JSON.parse(Payload!.transformToString());
}

it("keeps functions, versions of code run in place, and accepted events over a restart", async () => {
  const first = await startCloud({ dataDirectory });
  const iam = first.client(IAMClient);
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: "fn", AssumeRolePolicyDocument: JSON.stringify(TRUST) }),
  );
  await iam.send(new PutRolePolicyCommand({ RoleName: "fn", PolicyName: "p", PolicyDocument: JSON.stringify(LOGS) }));
  let client = first.client(LambdaClient);
  const create = (FunctionName: string, Code: object) =>
    client.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: "nodejs22.x",
        Role: Role!.Arn!,
        Handler: "index.handler",
        Code,
      }),
    );
  const code = `exports.handler = async (e) => { console.log("EVENT", JSON.stringify(e)); return "kept"; }`;
  await create("kept", { ZipFile: await createArchive({ "index.js": code }) });
  writeFileSync(join(codeDirectory, "index.js"), `exports.handler = async () => "published"`);
  await create("in-place", { S3Bucket: "hot-reload", S3Key: codeDirectory });
  await client.send(new PublishVersionCommand({ FunctionName: "in-place" }));
  writeFileSync(join(codeDirectory, "index.js"), `exports.handler = async () => "edited"`);
  await client.send(new PutFunctionConcurrencyCommand({ FunctionName: "kept", ReservedConcurrentExecutions: 0 }));
  const Payload = JSON.stringify({ order: 7 });
  await client.send(new InvokeCommand({ FunctionName: "kept", InvocationType: "Event", Payload }));
  await first.close();

  const second = await startCloud({ dataDirectory });
  try {
    client = second.client(LambdaClient);
    await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName: "kept" }));
    expect(await answer(client, "in-place")).toBe("edited");
    expect(await answer(client, "in-place:1")).toBe("published");
    await second.clock.advance("10 min");
    await second.settled();
    const { events } = await second
      .client(CloudWatchLogsClient)
      .send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/kept", filterPattern: "EVENT" }));
    expect(events!.map((event) => event.message)).toEqual([expect.stringContaining(`{"order":7}`)]);
    expect(await answer(client, "kept")).toBe("kept");
  } finally {
    await second.close();
  }
});
