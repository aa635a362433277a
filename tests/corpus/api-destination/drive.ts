import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

const calls: unknown[] = [];
let server: Server;

async function put({ cloud }: Running, id: string) {
  const Entries = [{ Source: "corpus.saas", DetailType: "made", Detail: JSON.stringify({ id }) }];
  await cloud.client(EventBridgeClient).send(new PutEventsCommand({ Entries }));
  await cloud.settled();
}

export const application: Application = {
  parameters: { Key: "s3cret" },
  async prepare() {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        calls.push({ url: request.url, key: request.headers["x-key"], from: request.headers["x-from"], body });
        response.end("{}");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { Endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  },
  async drive(running) {
    await put(running, "1");
    expect(calls).toEqual([{ url: "/hooks/orders", key: "s3cret", from: "first", body: '{"id":"1"}' }]);
  },
  update: (template) => template.replace("x-from: first", "x-from: second"),
  updatedParameters: { Key: "rotated" },
  async updated(running) {
    await put(running, "2");
    expect(calls[1]).toEqual({ url: "/hooks/orders", key: "rotated", from: "second", body: '{"id":"2"}' });
  },
  async clear() {
    await new Promise((resolve) => server.close(resolve));
  },
};
