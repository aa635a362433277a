import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  SignalResourceCommand,
  UpdateStackCommand,
} from "@aws-sdk/client-cloudformation";
import { parameterType, parameterService } from "./test-parameters.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestCloud, World } from "./test-cloud.ts";

// A cloud that is gone in the middle of a stack operation, and started again on the same data: what `kill -9` leaves.
let directory: string;
let world: World;
let cloud: Awaited<ReturnType<typeof startTestCloud>>;

async function start() {
  cloud = await startTestCloud(world, { directory, services: [parameterService], types: [parameterType(world)] });
}
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "katachi-crash-"));
  world = new World();
  await start();
});
afterEach(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

const thing = (Name: string, more: Record<string, unknown> = {}, around: Record<string, unknown> = {}) => ({
  Type: "Test::Tiny::Thing",
  Properties: { Name, ...more },
  ...around,
});
const body = (Resources: Record<string, unknown>) => ({ TemplateBody: JSON.stringify({ Resources }) });
const names = () =>
  [...world.things.values()].map((props) => `${String(props["Name"])}${String(props["Size"] ?? "")}`).toSorted();
const stack = async (StackName: string) =>
  (await cloud.client.send(new DescribeStacksCommand({ StackName }))).Stacks![0]!;
const count = (line: string) => world.log.filter((one) => one === line).length;

/** Lets the operation run until the step that hangs, then lets the cloud be gone and starts it again. */
async function crashAt(step: string) {
  while (!world.log.includes(step)) await new Promise((turn) => setImmediate(turn));
  await cloud.crash();
  world.hangs = undefined;
  await start();
  await cloud.kernel.settled();
}

test("a creation goes on where it stood: what was made is not made again", async () => {
  world.hangs = "create b";
  const { StackId } = await cloud.client.send(
    new CreateStackCommand({
      StackName: "crashed",
      ...body({ A: thing("a"), B: thing("b", {}, { DependsOn: "A" }), C: thing("c", {}, { DependsOn: "B" }) }),
    }),
  );
  await crashAt("create b");
  expect((await stack("crashed")).StackStatus).toBe("CREATE_COMPLETE");
  expect([count("create a"), count("create b"), count("create c")]).toEqual([1, 2, 1]);
  expect(names()).toEqual(["a", "b", "c"]);
  expect((await stack("crashed")).StackId).toBe(StackId);
  const { StackEvents } = await cloud.client.send(new DescribeStackEventsCommand({ StackName: "crashed" }));
  expect(StackEvents!.filter((event) => event.LogicalResourceId === "B").map((event) => event.ResourceStatus)).toEqual([
    "CREATE_COMPLETE",
    "CREATE_IN_PROGRESS",
    "CREATE_IN_PROGRESS",
  ]);
});

test("calls that an interrupted create had made are not made twice", async () => {
  world.hangs = "create p";
  await cloud.client.send(
    new CreateStackCommand({
      StackName: "journaled",
      ...body({ P: { Type: "Test::Tiny::Parameter", Properties: { Name: "p" } } }),
    }),
  );
  await crashAt("create p");
  expect((await stack("journaled")).StackStatus).toBe("CREATE_COMPLETE");
  // The type called the service before it hung; a second call would have failed with "already exists".
  expect(world.log.filter((line) => line.startsWith("called"))).toEqual(["called DescribeParameters"]);
});

test("an update goes on: in place, replaced, cleaned up", async () => {
  await cloud.client.send(
    new CreateStackCommand({
      StackName: "updating",
      ...body({ A: thing("a", { Size: 1 }), B: thing("b", { Size: 1, Kind: "x" }), D: thing("d") }),
    }),
  );
  await cloud.kernel.settled();
  for (const [step, size] of [
    ["update a", 2],
    ["create b", 3],
    ["delete b", 4],
  ] as const) {
    world.log.length = 0;
    world.hangs = step;
    await cloud.client.send(
      new UpdateStackCommand({
        StackName: "updating",
        ...body({ A: thing("a", { Size: size }), B: thing("b", { Size: size, Kind: `x${size}` }, { DependsOn: "A" }) }),
      }),
    );
    await crashAt(step);
    expect((await stack("updating")).StackStatus).toBe("UPDATE_COMPLETE");
    expect(names()).toEqual([`a${size}`, `b${size}`]);
  }
});

test("a rollback goes on", async () => {
  await cloud.client.send(new CreateStackCommand({ StackName: "back", ...body({ A: thing("a", { Size: 1 }) }) }));
  await cloud.kernel.settled();
  world.log.length = 0;
  await cloud.client.send(
    new UpdateStackCommand({
      StackName: "back",
      ...body({
        A: thing("a", { Size: 2 }),
        N: thing("n", {}, { DependsOn: "A" }),
        Z: thing("z", { Fails: "create" }, { DependsOn: "N" }),
      }),
    }),
  );
  world.hangs = "delete n";
  await crashAt("delete n");
  expect((await stack("back")).StackStatus).toBe("UPDATE_ROLLBACK_COMPLETE");
  expect(names()).toEqual(["a1"]);
});

test("a deletion goes on", async () => {
  const { StackId } = await cloud.client.send(
    new CreateStackCommand({ StackName: "gone", ...body({ A: thing("a"), B: thing("b", {}, { DependsOn: "A" }) }) }),
  );
  await cloud.kernel.settled();
  world.hangs = "delete a";
  await cloud.client.send(new DeleteStackCommand({ StackName: "gone" }));
  await crashAt("delete a");
  expect((await stack(StackId!)).StackStatus).toBe("DELETE_COMPLETE");
  expect(names()).toEqual([]);
});

test("what waits for somebody else waits on, with the time that it had", async () => {
  const resources = {
    H: { Type: "AWS::CloudFormation::WaitConditionHandle" },
    W: {
      Type: "AWS::CloudFormation::WaitCondition",
      CreationPolicy: { ResourceSignal: { Count: 1, Timeout: "PT1H" } },
    },
  };
  await cloud.client.send(new CreateStackCommand({ StackName: "patient", ...body(resources) }));
  await cloud.kernel.settled();
  const before = await cloud.client.send(
    new DescribeStackResourcesCommand({ StackName: "patient", LogicalResourceId: "W" }),
  );
  await cloud.crash();
  await start();
  await cloud.kernel.settled();
  expect((await stack("patient")).StackStatus).toBe("CREATE_IN_PROGRESS");
  await cloud.client.send(
    new SignalResourceCommand({ StackName: "patient", LogicalResourceId: "W", UniqueId: "1", Status: "SUCCESS" }),
  );
  await cloud.kernel.settled();
  expect((await stack("patient")).StackStatus).toBe("CREATE_COMPLETE");
  const after = await cloud.client.send(
    new DescribeStackResourcesCommand({ StackName: "patient", LogicalResourceId: "W" }),
  );
  expect(after.StackResources![0]!.PhysicalResourceId).toBe(before.StackResources![0]!.PhysicalResourceId);
});
