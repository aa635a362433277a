/** The cloud inside other people's tests: Jest (CommonJS) and node:test (ES modules), each in a process of its own. */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
// Inside the repository, so that the packages are found as any project finds what it installed.
const directory = join(root, ".katachi", `programmatic-${process.pid}`);

/** The same test under each runner: a queue, a message, and an hour that passes. */
const BODY = `
  const cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  const sqs = cloud.client(SQSClient);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "order 1234", DelaySeconds: 900 }));
  const early = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  await cloud.clock.advance("1 hour");
  await cloud.settled();
  const late = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  await cloud.close();
`;
const CLIENT = `SQSClient, CreateQueueCommand, SendMessageCommand, ReceiveMessageCommand`;

beforeAll(() => mkdirSync(join(directory, "jest"), { recursive: true }));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(cwd: string, ...args: string[]): Promise<{ code: number; output: string }> {
  // What Vitest tells its workers would make Jest take itself for one.
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
  return new Promise((resolve) =>
    execFile(process.execPath, args, { cwd, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    ),
  );
}

test("from Jest", { timeout: 60_000 }, async () => {
  const folder = join(directory, "jest");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "commonjs" }));
  writeFileSync(
    join(folder, "orders.test.js"),
    `const { startCloud } = require("@katachi/cloud");
     const { ${CLIENT} } = require("@aws-sdk/client-sqs");
     test("a delayed order comes", async () => {
       ${BODY}
       expect(early.Messages).toBeUndefined();
       expect(late.Messages[0].Body).toBe("order 1234");
     });`,
  );
  const { code, output } = await run(folder, join(root, "node_modules/jest/bin/jest.js"), "--rootDir", folder);
  expect(output).toContain("Tests:       1 passed, 1 total");
  expect(code).toBe(0);
});

test("from node:test", { timeout: 60_000 }, async () => {
  writeFileSync(
    join(directory, "orders.mjs"),
    `import assert from "node:assert/strict";
     import { test } from "node:test";
     import { startCloud } from "@katachi/cloud";
     import { ${CLIENT} } from "@aws-sdk/client-sqs";
     test("a delayed order comes", async () => {
       ${BODY}
       assert.equal(early.Messages, undefined);
       assert.equal(late.Messages[0].Body, "order 1234");
     });`,
  );
  const { code, output } = await run(directory, "--test", "orders.mjs");
  expect(output).toContain("# pass 1");
  expect(code).toBe(0);
});
