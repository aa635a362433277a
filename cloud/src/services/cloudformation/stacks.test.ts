import {
  CancelUpdateStackCommand,
  ContinueUpdateRollbackCommand,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListExportsCommand,
  ListImportsCommand,
  ListStacksCommand,
  RollbackStackCommand,
  SetStackPolicyCommand,
  UpdateStackCommand,
  UpdateTerminationProtectionCommand,
  type CreateStackCommandInput,
} from "@aws-sdk/client-cloudformation";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestCloud, World } from "./test-cloud.ts";

const world = new World();
let cloud: Awaited<ReturnType<typeof startTestCloud>>;

beforeAll(async () => {
  cloud = await startTestCloud(world);
});
afterAll(() => cloud.close());
beforeEach(() => {
  world.log.length = 0;
});

type Resources = Record<string, unknown>;
const thing = (Name: string, more: Record<string, unknown> = {}, around: Record<string, unknown> = {}) => ({
  Type: "Test::Tiny::Thing",
  Properties: { Name, ...more },
  ...around,
});
const text = (Resources: Resources, more: Record<string, unknown> = {}) => JSON.stringify({ Resources, ...more });

async function create(
  StackName: string,
  Resources: Resources,
  more: Partial<CreateStackCommandInput> & { sections?: Record<string, unknown> } = {},
) {
  const { sections, ...input } = more;
  const { StackId } = await cloud.client.send(
    new CreateStackCommand({ StackName, TemplateBody: text(Resources, sections), ...input }),
  );
  await cloud.kernel.settled();
  return StackId!;
}
async function update(StackName: string, Resources: Resources, sections: Record<string, unknown> = {}, more = {}) {
  await cloud.client.send(new UpdateStackCommand({ StackName, TemplateBody: text(Resources, sections), ...more }));
  await cloud.kernel.settled();
}
async function stack(name: string) {
  return (await cloud.client.send(new DescribeStacksCommand({ StackName: name }))).Stacks![0]!;
}
/** Events, oldest first, as `Logical STATUS reason`. */
async function events(name: string) {
  const { StackEvents } = await cloud.client.send(new DescribeStackEventsCommand({ StackName: name }));
  return StackEvents!
    .toReversed()
    .map((event) =>
      [event.LogicalResourceId, event.ResourceStatus, event.ResourceStatusReason].filter(Boolean).join(" "),
    );
}
const message = async (promise: Promise<unknown>) =>
  promise.then(
    () => "succeeded",
    (error: Error) => `${error.name}: ${error.message}`,
  );

test("a stack is created along its graph, tells every step, and gives its outputs", async () => {
  const id = await create(
    "first",
    { B: thing("b", { Size: { "Fn::GetAtt": ["A", "Nested.Size"] } }), A: thing("a", { Size: "7" }) },
    {
      sections: {
        Outputs: { Arn: { Value: { "Fn::Sub": "${B.Arn}!" } }, Ref: { Value: { Ref: "A" }, Description: "the ref" } },
      },
    },
  );
  expect(world.log).toEqual(["create a", "create b"]);
  const described = await stack("first");
  expect(described.StackStatus).toBe("CREATE_COMPLETE");
  expect(described.StackId).toBe(id);
  const ref = described.Outputs!.find((output) => output.OutputKey === "Ref")!;
  expect(ref.OutputValue).toMatch(/^first-A-[A-Za-z0-9]{12}$/);
  expect(ref.Description).toBe("the ref");
  expect(await events("first")).toEqual([
    "first CREATE_IN_PROGRESS User Initiated",
    "A CREATE_IN_PROGRESS",
    "A CREATE_IN_PROGRESS Resource creation Initiated",
    "A CREATE_COMPLETE",
    "B CREATE_IN_PROGRESS",
    "B CREATE_IN_PROGRESS Resource creation Initiated",
    "B CREATE_COMPLETE",
    "first CREATE_COMPLETE",
  ]);
  const b = [...world.things.values()].find((props) => props["Name"] === "b")!;
  expect(b["Size"]).toBe("7");
  expect(b["AllTags"]).toEqual({
    "aws:cloudformation:stack-name": "first",
    "aws:cloudformation:stack-id": id,
    "aws:cloudformation:logical-id": "B",
  });
  const template = await cloud.client.send(new GetTemplateCommand({ StackName: "first" }));
  expect(JSON.parse(template.TemplateBody!)).toHaveProperty("Resources.A");
});

test("a failing creation is rolled back, with AWS's reasons", async () => {
  const before = world.things.size;
  await create("broken", {
    A: thing("a"),
    B: thing("b", { Fails: "create" }, { DependsOn: "A" }),
    C: thing("c", {}, { DependsOn: ["B"] }),
  });
  const told = await events("broken");
  expect(told).toEqual([
    "broken CREATE_IN_PROGRESS User Initiated",
    "A CREATE_IN_PROGRESS",
    "A CREATE_IN_PROGRESS Resource creation Initiated",
    "A CREATE_COMPLETE",
    "B CREATE_IN_PROGRESS",
    "B CREATE_FAILED b cannot create",
    "broken ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [B]. Rollback requested by user.",
    "B DELETE_COMPLETE",
    "A DELETE_IN_PROGRESS",
    "A DELETE_COMPLETE",
    "broken ROLLBACK_COMPLETE",
  ]);
  expect(world.things.size).toBe(before);
  expect(await message(update("broken", { A: thing("a") }))).toMatch(
    /^ValidationError: Stack:arn:aws:cloudformation:us-east-1:\d+:stack\/broken\/.* is in ROLLBACK_COMPLETE state and can not be updated\.$/,
  );
});

test("OnFailure DO_NOTHING leaves what is there; RollbackStack takes it back; DELETE removes the stack", async () => {
  await create(
    "kept",
    { A: thing("a"), B: thing("b", { Fails: "create" }, { DependsOn: "A" }) },
    { OnFailure: "DO_NOTHING" },
  );
  expect((await stack("kept")).StackStatus).toBe("CREATE_FAILED");
  await cloud.client.send(new RollbackStackCommand({ StackName: "kept" }));
  await cloud.kernel.settled();
  expect((await stack("kept")).StackStatus).toBe("ROLLBACK_COMPLETE");
  const id = await create("vanishing", { B: thing("b", { Fails: "create" }) }, { OnFailure: "DELETE" });
  expect((await stack(id)).StackStatus).toBe("DELETE_COMPLETE");
  expect(await message(stack("vanishing"))).toBe("ValidationError: Stack with id vanishing does not exist");
});

test("an update changes in place, replaces, adds and removes, and cleans up last", async () => {
  await create("changing", {
    A: thing("a"),
    B: thing("b", { Kind: "x" }),
    C: thing("c", { Size: { Ref: "B" } }),
    Gone: thing("gone"),
  });
  const before = (await cloud.client.send(new DescribeStackResourcesCommand({ StackName: "changing" })))
    .StackResources!;
  world.log.length = 0;
  await update("changing", {
    A: thing("a", { Size: 2 }),
    B: thing("b", { Kind: "y" }),
    C: thing("c", { Size: { Ref: "B" } }),
    D: thing("d"),
  });
  expect(world.log.toSorted()).toEqual(["create b", "create d", "delete b", "delete gone", "update a", "update c"]);
  const told = await events("changing");
  const own = told.slice(told.indexOf("changing UPDATE_IN_PROGRESS User Initiated"));
  const of = (id: string) => own.filter((line) => line.startsWith(`${id} `)).map((line) => line.slice(id.length + 1));
  expect(of("A")).toEqual(["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]);
  expect(of("B")).toEqual([
    "UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one.",
    "UPDATE_IN_PROGRESS Resource creation Initiated",
    "UPDATE_COMPLETE",
    "DELETE_IN_PROGRESS",
    "DELETE_COMPLETE",
  ]);
  expect(of("C")).toEqual(["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]);
  expect(of("D")).toEqual(["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS Resource creation Initiated", "CREATE_COMPLETE"]);
  expect(of("changing")).toEqual([
    "UPDATE_IN_PROGRESS User Initiated",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
  ]);
  const cleanup = own.indexOf("changing UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
  expect(own.slice(0, cleanup).some((line) => line.includes("DELETE"))).toBe(false);
  expect(own.indexOf("C UPDATE_IN_PROGRESS")).toBeGreaterThan(own.indexOf("B UPDATE_COMPLETE"));
  const after = (await cloud.client.send(new DescribeStackResourcesCommand({ StackName: "changing" }))).StackResources!;
  expect(after.map((resource) => resource.LogicalResourceId)).toEqual(["A", "B", "C", "D"]);
  const idOf = (list: typeof after, id: string) =>
    list.find((resource) => resource.LogicalResourceId === id)!.PhysicalResourceId;
  expect(idOf(after, "A")).toBe(idOf(before, "A"));
  expect(idOf(after, "B")).not.toBe(idOf(before, "B"));
  expect(
    await message(
      update("changing", {
        A: thing("a", { Size: 2 }),
        B: thing("b", { Kind: "y" }),
        C: thing("c", { Size: { Ref: "B" } }),
        D: thing("d"),
      }),
    ),
  ).toBe("ValidationError: No updates are to be performed.");
});

test("a failing update is rolled back: changed back, replacements and additions removed", async () => {
  await create(
    "undone",
    { A: thing("a", { Size: 1 }), B: thing("b", { Kind: "x" }) },
    { sections: { Outputs: { O: { Value: "old" } } } },
  );
  const living = new Map(world.things);
  await update(
    "undone",
    {
      A: thing("a", { Size: 2 }),
      B: thing("b", { Kind: "y" }),
      N: thing("n"),
      Z: thing("z", { Fails: "create" }, { DependsOn: ["A", "B", "N"] }),
    },
    { Outputs: { O: { Value: "new" } } },
  );
  const described = await stack("undone");
  expect(described.StackStatus).toBe("UPDATE_ROLLBACK_COMPLETE");
  expect(described.Outputs![0]!.OutputValue).toBe("old");
  expect([...world.things.keys()]).toEqual([...living.keys()]);
  expect([...world.things.values()].find((props) => props["Name"] === "a" && props["Size"] === 1)).toBeDefined();
  const told = await events("undone");
  expect(told).toContain("undone UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Z]. ");
  expect(told).toContain("undone UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS");
  const { StackResources } = await cloud.client.send(new DescribeStackResourcesCommand({ StackName: "undone" }));
  expect(StackResources!.map((resource) => `${resource.LogicalResourceId} ${resource.ResourceStatus}`)).toEqual([
    "A UPDATE_COMPLETE",
    "B UPDATE_COMPLETE",
  ]);
  // The stack goes on from where it was.
  await update("undone", { A: thing("a", { Size: 3 }), B: thing("b", { Kind: "x" }) });
  expect((await stack("undone")).StackStatus).toBe("UPDATE_COMPLETE");
});

test("a rollback that fails can be continued, skipping what cannot be undone", async () => {
  await create("stuck", { A: thing("a", { Fails: "update" }), B: thing("b", { Size: 1 }) });
  // Going forward succeeds (nothing fails in the new properties), going back does not.
  await update("stuck", { A: thing("a"), B: thing("b", { Size: 2, Fails: "update" }, { DependsOn: "A" }) });
  const failed = await stack("stuck");
  expect(failed.StackStatus).toBe("UPDATE_ROLLBACK_FAILED");
  expect(failed.StackStatusReason).toBe("The following resource(s) failed to update: [A]. ");
  expect(await message(update("stuck", { A: thing("a") }))).toContain(
    "is in UPDATE_ROLLBACK_FAILED state and can not be updated.",
  );
  await cloud.client.send(new ContinueUpdateRollbackCommand({ StackName: "stuck", ResourcesToSkip: ["A"] }));
  await cloud.kernel.settled();
  expect((await stack("stuck")).StackStatus).toBe("UPDATE_ROLLBACK_COMPLETE");
});

test("a stack is deleted in reverse order; what fails is told, retained on request", async () => {
  await create("going", {
    A: thing("a"),
    B: thing("b", { Size: { "Fn::GetAtt": ["A", "Nested.Size"] } }),
    K: thing("k", {}, { DeletionPolicy: "Retain" }),
  });
  world.log.length = 0;
  const id = (await stack("going")).StackId!;
  await cloud.client.send(new DeleteStackCommand({ StackName: "going" }));
  await cloud.kernel.settled();
  expect(world.log).toEqual(["delete b", "delete a"]);
  expect((await stack(id)).StackStatus).toBe("DELETE_COMPLETE");
  expect(await events(id)).toContain("K DELETE_SKIPPED");
  expect([...world.things.values()].some((props) => props["Name"] === "k")).toBe(true);

  await create("sticky", { A: thing("a"), B: thing("b", { Fails: "delete" }) });
  await cloud.client.send(new DeleteStackCommand({ StackName: "sticky" }));
  await cloud.kernel.settled();
  const sticky = await stack("sticky");
  expect([sticky.StackStatus, sticky.StackStatusReason]).toEqual([
    "DELETE_FAILED",
    "The following resource(s) failed to delete: [B]. ",
  ]);
  await cloud.client.send(new DeleteStackCommand({ StackName: "sticky", RetainResources: ["B"] }));
  await cloud.kernel.settled();
  expect((await stack(sticky.StackId!)).StackStatus).toBe("DELETE_COMPLETE");
});

test("termination protection and stack policies are kept", async () => {
  await create("guarded", { A: thing("a", { Size: 1 }) }, { EnableTerminationProtection: true });
  expect(await message(cloud.client.send(new DeleteStackCommand({ StackName: "guarded" })))).toBe(
    "ValidationError: Stack [guarded] cannot be deleted while TerminationProtection is enabled",
  );
  const StackPolicyBody = JSON.stringify({
    Statement: [{ Effect: "Deny", Principal: "*", Action: "Update:Modify", Resource: "LogicalResourceId/A" }],
  });
  await cloud.client.send(new SetStackPolicyCommand({ StackName: "guarded", StackPolicyBody }));
  await update("guarded", { A: thing("a", { Size: 2 }) });
  expect((await stack("guarded")).StackStatus).toBe("UPDATE_ROLLBACK_COMPLETE");
  expect((await events("guarded")).join("\n")).toContain(
    "A UPDATE_FAILED Action denied by stack policy: Statement [#1] denies [Update:Modify]",
  );
  await cloud.client.send(
    new UpdateTerminationProtectionCommand({ StackName: "guarded", EnableTerminationProtection: false }),
  );
  await cloud.client.send(new DeleteStackCommand({ StackName: "guarded" }));
});

test("what is not emulated is named, all at once, before anything is made", async () => {
  await create("unknown", {
    A: thing("a"),
    B: thing("b", { Refused: "x" }),
    C: { Type: "AWS::EKS::Cluster", Properties: { RoleArn: "x", ResourcesVpcConfig: {} } },
  });
  expect(world.log).toEqual([]);
  const told = await events("unknown");
  expect(told).toContain("B CREATE_FAILED Katachi does not emulate property Refused of Test::Tiny::Thing");
  expect(told).toContain("C CREATE_FAILED Katachi does not emulate AWS::EKS::Cluster");
  expect((await stack("unknown")).StackStatus).toBe("ROLLBACK_COMPLETE");
  expect(await message(create("nosuch", { A: { Type: "AWS::No::Such" } }))).toBe(
    "ValidationError: Template format error: Unrecognized resource types: [AWS::No::Such]",
  );
});

test("exports are imported, and kept while they are in use", async () => {
  await create(
    "exporting",
    { A: thing("a") },
    { sections: { Outputs: { O: { Value: "v1", Export: { Name: "the-export" } } } } },
  );
  await create("importing", { B: thing("b", { Size: { "Fn::ImportValue": "the-export" } }) });
  expect([...world.things.values()].find((props) => props["Name"] === "b" && props["Size"] === "v1")).toBeDefined();
  expect((await cloud.client.send(new ListExportsCommand({}))).Exports).toMatchObject([
    { Name: "the-export", Value: "v1" },
  ]);
  expect((await cloud.client.send(new ListImportsCommand({ ExportName: "the-export" }))).Imports).toEqual([
    "importing",
  ]);
  await update("exporting", { A: thing("a") }, { Outputs: { O: { Value: "v2", Export: { Name: "the-export" } } } });
  expect((await events("exporting")).join("\n")).toContain(
    "Export the-export cannot be updated as it is in use by importing",
  );
  await cloud.client.send(new DeleteStackCommand({ StackName: "exporting" }));
  await cloud.kernel.settled();
  const failed = await stack("exporting");
  expect([failed.StackStatus, failed.StackStatusReason]).toEqual([
    "DELETE_FAILED",
    "Delete canceled. Cannot delete export the-export as it is in use by importing.",
  ]);
  await create("wanting", { B: thing("b", { Size: { "Fn::ImportValue": "missing" } }) });
  expect((await events("wanting")).at(-2)).toBe(
    "wanting ROLLBACK_IN_PROGRESS No export named missing found. Rollback requested by user.",
  );
});

test("names, tokens and lists", async () => {
  const id = await create("named", { A: thing("a") }, { ClientRequestToken: "token-1" });
  expect(await create("named", { A: thing("a") }, { ClientRequestToken: "token-1" })).toBe(id);
  expect(await message(create("named", { A: thing("a") }))).toBe(
    "AlreadyExistsException: Stack [named] already exists",
  );
  expect(await message(create("under_score", { A: thing("a") }))).toContain(
    "1 validation error detected: Value 'under_score' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*",
  );
  expect(await message(update("nobody", { A: thing("a") }))).toBe("ValidationError: Stack [nobody] does not exist");
  await cloud.client.send(new DeleteStackCommand({ StackName: "nobody" }));
  const { StackSummaries } = await cloud.client.send(new ListStacksCommand({ StackStatusFilter: ["CREATE_COMPLETE"] }));
  expect(StackSummaries!.map((summary) => summary.StackName)).toContain("named");
  expect(StackSummaries!.every((summary) => summary.StackStatus === "CREATE_COMPLETE")).toBe(true);
});

test("stack tags reach every resource that takes tags, also when they alone change", async () => {
  await create("tagged", { A: thing("a") }, { Tags: [{ Key: "team", Value: "blue" }] });
  expect([...world.things.values()].at(-1)!["AllTags"]).toMatchObject({ team: "blue" });
  expect((await stack("tagged")).Tags).toEqual([{ Key: "team", Value: "blue" }]);
});

test("a creation that hangs is called off by a delete, an update by CancelUpdateStack", async () => {
  const waiting = {
    H: { Type: "AWS::CloudFormation::WaitConditionHandle" },
    W: { Type: "AWS::CloudFormation::WaitCondition", Properties: { Handle: { Ref: "H" }, Timeout: 600 } },
  };
  const id = await create("slow", { A: thing("a"), ...waiting });
  expect((await stack("slow")).StackStatus).toBe("CREATE_IN_PROGRESS");
  await cloud.client.send(new DeleteStackCommand({ StackName: "slow" }));
  await cloud.kernel.settled();
  expect((await stack(id)).StackStatus).toBe("DELETE_COMPLETE");
  expect(await events(id)).toContain("W CREATE_FAILED Resource creation cancelled");

  await create("slower", { A: thing("a") });
  await update("slower", { A: thing("a", { Size: 5 }), ...waiting });
  expect((await stack("slower")).StackStatus).toBe("UPDATE_IN_PROGRESS");
  await cloud.client.send(new CancelUpdateStackCommand({ StackName: "slower" }));
  await cloud.kernel.settled();
  expect((await stack("slower")).StackStatus).toBe("UPDATE_ROLLBACK_COMPLETE");
});

test("a stack has the time it is given, by the clock", async () => {
  const id = await create(
    "late",
    {
      H: { Type: "AWS::CloudFormation::WaitConditionHandle" },
      W: { Type: "AWS::CloudFormation::WaitCondition", Properties: { Handle: { Ref: "H" }, Timeout: "43200" } },
    },
    { TimeoutInMinutes: 5 },
  );
  await cloud.kernel.clock.advance("6 minutes");
  await cloud.kernel.settled();
  expect((await stack(id)).StackStatus).toBe("ROLLBACK_COMPLETE");
  expect(await events(id)).toContain(
    "late ROLLBACK_IN_PROGRESS Stack creation time exceeded the specified timeout. Rollback requested by user.",
  );
});
