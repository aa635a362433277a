import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiGatewayV2Client, CreateApiCommand, GetApisCommand } from "@aws-sdk/client-apigatewayv2";
import { expect, it } from "vitest";
import { startCloud } from "../../cloud.ts";

it("an API is there again after a restart, at its new address", async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "katachi-http-api-"));
  const backend = createServer((request, response) => response.end(request.url));
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const Target = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  const first = await startCloud({ dataDirectory });
  const { ApiId } = await first
    .client(ApiGatewayV2Client)
    .send(new CreateApiCommand({ Name: "kept", ProtocolType: "HTTP", Target }));
  await first.close();
  const second = await startCloud({ dataDirectory });
  try {
    const { Items } = await second.client(ApiGatewayV2Client).send(new GetApisCommand({}));
    expect(Items).toMatchObject([{ ApiId, Name: "kept", ApiEndpoint: expect.stringContaining(second.endpoint) }]);
    expect(await (await fetch(`${Items![0]!.ApiEndpoint}/a?x=1`)).text()).toBe("/a?x=1");
  } finally {
    await second.close();
    backend.closeAllConnections();
    backend.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});
