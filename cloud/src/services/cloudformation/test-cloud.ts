import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { AwsError } from "../../aws/error.ts";
import { defineResource, type Properties, type ResourceType } from "../../deploy/resource.ts";
import { Faults } from "../../faults.ts";
import { Gate } from "../../gate.ts";
import type { Authority } from "../../iam/authority.ts";
import type { ClockMode } from "../../kernel/clock.ts";
import { openKernel } from "../../kernel/kernel.ts";
import type { ServiceDefinition } from "../../service.ts";
import { serve } from "../../wire/server.ts";
import { cloudformation } from "./service.ts";

/** What tiny resources have made: physical id → properties. Outlives a "crash" of the cloud in a test. */
export class World {
  readonly things = new Map<string, Properties>();
  /** What was done, in order: `create A`, `update A`, `delete A`. */
  readonly log: string[] = [];
  #made = 0;
  /** While set (`update b`), what does that waits for ever, until the cloud is gone. */
  hangs: string | undefined;

  next(): number {
    return ++this.#made;
  }

  async note(what: string): Promise<void> {
    this.log.push(what);
    if (this.hangs === what) await new Promise(() => undefined);
  }
}

export interface ThingProps {
  Name: string;
  Size?: number;
  /** Changing it replaces. */
  Kind?: string;
  /** `create`, `update` or `delete`: fails there. */
  Fails?: string;
  Tags?: { Key: string; Value: string }[];
  Refused?: string;
}

/** `Test::Tiny::Thing`: a resource in memory, that can be made to fail. */
export function thingType(world: World): ResourceType {
  const failing = (props: ThingProps, at: string) => {
    if (props.Fails === at) throw new AwsError("ThingBroken", `${props.Name} cannot ${at}`, { status: 400 });
  };
  return defineResource<ThingProps>({
    type: "Test::Tiny::Thing",
    honours: { Name: true, Size: true, Kind: true, Fails: true, Tags: true },
    replaceOn: ["Kind"],
    async create(cx, props) {
      await world.note(`create ${props.Name}`);
      failing(props, "create");
      const physicalId = cx.physicalName(60);
      world.things.set(physicalId, { ...props, Number: world.next(), AllTags: cx.mergedTagMap(props.Tags) });
      return { physicalId };
    },
    async update(_cx, { physicalId, props }) {
      await world.note(`update ${props.Name}`);
      failing(props, "update");
      world.things.set(physicalId, { ...props });
    },
    async delete(_cx, { physicalId, props }) {
      await world.note(`delete ${props.Name}`);
      failing(props, "delete");
      if (!world.things.delete(physicalId)) throw new AwsError("ThingNotFound", "no such thing");
    },
    async attributes(_cx, physicalId, props) {
      return { Arn: `arn:test:::${physicalId}`, Nested: { Size: props.Size ?? 0 } };
    },
  });
}

/** A cloud of CloudFormation and tiny resources, where IAM allows everything. */
export async function startTestCloud(
  world: World,
  options: {
    directory?: string;
    clock?: ClockMode;
    types?: readonly ResourceType[];
    services?: readonly ServiceDefinition[];
  } = {},
) {
  const kernel = openKernel({ clock: options.clock ?? "frozen", directory: options.directory });
  const authority: Authority = {
    findCredentials: () => undefined,
    decide: ({ action, resource }) => ({ allowed: true, action, resource, reason: "test", message: "" }),
  };
  const gate = new Gate(kernel, authority, new Faults(kernel, () => []));
  const services = [...(options.services ?? []), cloudformation];
  for (const definition of services) gate.add(definition);
  const server = await serve({
    gate,
    kernel,
    authority,
    consoleUrl: () => "",
    auth: "relaxed",
    host: "127.0.0.1",
    port: 0,
  });
  gate.endpoint = server.endpoint;
  const types = [thingType(world), ...(options.types ?? []), ...services.flatMap((service) => service.resources ?? [])];
  for (const definition of services)
    await definition.start?.({
      state: gate.stateOf(definition.api),
      kernel,
      endpoint: () => gate.endpoint,
      call: gate.callAs,
      resourceTypes: () => types,
    });
  kernel.deliveries.start();
  kernel.timers.start();
  const client = new CloudFormationClient({
    endpoint: server.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  });
  return {
    kernel,
    gate,
    client,
    endpoint: server.endpoint,
    /** Ends as `kill -9` would: nothing is waited for, nothing tidied up but the lock on the directory. */
    async crash() {
      client.destroy();
      await server.close();
      await kernel.close();
    },
    async close() {
      client.destroy();
      await server.close();
      kernel.deliveries.stop();
      for (const definition of services) await definition.stop?.({ state: gate.stateOf(definition.api) } as never);
      await kernel.close();
    },
  };
}
