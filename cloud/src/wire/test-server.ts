import { Gate } from "../gate.ts";
import type { Authority, KnownCredentials } from "../iam/authority.ts";
import { openKernel } from "../kernel/kernel.ts";
import type { ServiceDefinition } from "../service.ts";
import { serve, type AuthMode } from "./server.ts";

const NO_FAULTS = { apply: async () => undefined } as unknown as ConstructorParameters<typeof Gate>[2];

/** For tests of the wire alone: a server with the services given, where IAM allows everything. */
export async function startWire(
  services: readonly ServiceDefinition[],
  options: { auth?: AuthMode; known?: Record<string, KnownCredentials> } = {},
) {
  const kernel = openKernel({ clock: "wall", seed: "wire" });
  const authority: Authority = {
    findCredentials: (accessKeyId) => options.known?.[accessKeyId],
    decide: ({ action, resource }) => ({ allowed: true, action, resource, reason: "test", message: "" }),
  };
  const gate = new Gate(kernel, authority, NO_FAULTS);
  for (const definition of services) gate.add(definition);
  const server = await serve({
    consoleUrl: () => "",
    gate,
    kernel,
    authority,
    auth: options.auth ?? "relaxed",
    host: "127.0.0.1",
    port: 0,
  });
  gate.endpoint = server.endpoint;
  const configuration = {
    endpoint: server.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    disableHostPrefix: true,
    forcePathStyle: true,
    maxAttempts: 1,
  };
  return {
    gate,
    kernel,
    ...server,
    client: <C>(Client: new (configuration: never) => C, overrides: Record<string, unknown> = {}): C =>
      new Client({ ...configuration, ...overrides } as never),
    async close() {
      await server.close();
      await kernel.close();
    },
  };
}
