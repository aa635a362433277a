import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startCloud } from "../../cloud.ts";
import { newApi } from "./test-api.ts";

it("a deployed API serves again after a restart", async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "katachi-rest-"));
  const first = await startCloud({ dataDirectory, clock: "frozen" });
  const { restApiId } = await newApi(first, {
    path: "a",
    integration: { type: "MOCK", requestTemplates: { "application/json": '{"statusCode": 200}' } },
  });
  await first.close();
  const second = await startCloud({ dataDirectory, clock: "frozen" });
  try {
    expect((await fetch(`${second.endpoint}/_aws/execute-api/${restApiId}/dev/a`)).status).toBe(200);
  } finally {
    await second.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});
