import {
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteChangeSetCommand,
  DescribeChangeSetCommand,
  DescribeEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
  ListChangeSetsCommand,
  type CreateChangeSetCommandInput,
  type ResourceChange,
} from "@aws-sdk/client-cloudformation";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCloud, World } from "./test-cloud.ts";

let cloud: Awaited<ReturnType<typeof startTestCloud>>;
beforeAll(async () => {
  cloud = await startTestCloud(new World());
});
afterAll(() => cloud.close());

const thing = (Name: unknown, more: Record<string, unknown> = {}) => ({
  Type: "Test::Tiny::Thing",
  Properties: { Name, ...more },
});
const template = (Resources: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  JSON.stringify({ Resources, ...more });
const message = async (promise: Promise<unknown>) =>
  promise.then(
    () => "succeeded",
    (error: Error) => `${error.name}: ${error.message}`,
  );

async function change(StackName: string, TemplateBody: string, more: Partial<CreateChangeSetCommandInput> = {}) {
  const { Id, StackId } = await cloud.client.send(
    new CreateChangeSetCommand({ StackName, ChangeSetName: "change", TemplateBody, ...more }),
  );
  return { Id: Id!, StackId: StackId! };
}
const describe = (ChangeSetName: string, more = {}) =>
  cloud.client.send(new DescribeChangeSetCommand({ ChangeSetName, ...more }));
async function changes(Id: string): Promise<Record<string, ResourceChange>> {
  const { Changes } = await describe(Id);
  return Object.fromEntries(Changes!.map(({ ResourceChange: made }) => [made!.LogicalResourceId!, made!]));
}
async function status(StackName: string) {
  const { Stacks } = await cloud.client.send(new DescribeStacksCommand({ StackName }));
  return Stacks![0]!.StackStatus;
}
async function execute(Id: string) {
  await cloud.client.send(new ExecuteChangeSetCommand({ ChangeSetName: Id }));
  await cloud.kernel.settled();
}

test("a new stack is reviewed before it is created", async () => {
  const { Id, StackId } = await change("fresh", template({ A: thing("a") }), {
    ChangeSetType: "CREATE",
    Description: "first",
  });
  expect(await status("fresh")).toBe("REVIEW_IN_PROGRESS");
  const described = await describe("change", { StackName: "fresh" });
  expect(described).toMatchObject({
    ChangeSetId: Id,
    StackId,
    Status: "CREATE_COMPLETE",
    ExecutionStatus: "AVAILABLE",
    Description: "first",
    Changes: [
      {
        Type: "Resource",
        ResourceChange: {
          Action: "Add",
          LogicalResourceId: "A",
          ResourceType: "Test::Tiny::Thing",
          Scope: [],
          Details: [],
        },
      },
    ],
  });
  expect((await cloud.client.send(new ListChangeSetsCommand({ StackName: "fresh" }))).Summaries).toHaveLength(1);
  expect(
    await message(
      cloud.client.send(
        new CreateChangeSetCommand({
          StackName: "fresh",
          ChangeSetName: "change",
          TemplateBody: template({ A: thing("a") }),
          ChangeSetType: "CREATE",
        }),
      ),
    ),
  ).toMatch(/^AlreadyExistsException/);
  await execute(Id);
  expect(await status("fresh")).toBe("CREATE_COMPLETE");
  expect((await describe(Id)).ExecutionStatus).toBe("EXECUTE_COMPLETE");
  expect(await message(execute(Id))).toBe(
    `InvalidChangeSetStatusException: ChangeSet [${Id}] cannot be executed in its current status of [EXECUTE_COMPLETE]`,
  );
  const again = change("fresh", template({ A: thing("a") }), { ChangeSetType: "CREATE" });
  expect(await message(again)).toBe(
    "ValidationError: Stack [fresh] already exists and cannot be created again with the changeSet [change].",
  );
});

test("what changes, what it causes, and why, is told before it happens", async () => {
  const parameters = { Parameters: { Size: { Type: "String", Default: "1" } } };
  const before = {
    Same: thing("same"),
    Direct: thing("direct", { Size: 1 }),
    Replaced: thing("replaced", { Kind: "x" }),
    UsesRef: thing("uses", { Size: { Ref: "Replaced" } }),
    UsesArn: thing("arn", { Size: { "Fn::GetAtt": ["Direct", "Arn"] } }),
    ByParameter: thing("parameter", { Size: { Ref: "Size" } }),
    Gone: thing("gone"),
    Noted: { ...thing("noted"), Metadata: { a: 1 } },
  };
  await cloud.client.send(new CreateStackCommand({ StackName: "preview", TemplateBody: template(before, parameters) }));
  await cloud.kernel.settled();
  const { Gone: _gone, ...kept } = before;
  const after = {
    ...kept,
    Direct: thing("direct", { Size: 2 }),
    Replaced: thing("replaced", { Kind: "y" }),
    New: thing("new"),
    Noted: { ...thing("noted"), Metadata: { a: 2 } },
  };
  const { Id } = await change("preview", template(after, parameters), {
    Parameters: [{ ParameterKey: "Size", ParameterValue: "9" }],
  });
  const told = await changes(Id);
  expect(Object.keys(told).toSorted()).toEqual([
    "ByParameter",
    "Direct",
    "Gone",
    "New",
    "Noted",
    "Replaced",
    "UsesArn",
    "UsesRef",
  ]);
  const target = (Name: string, RequiresRecreation: string) => ({ Attribute: "Properties", Name, RequiresRecreation });
  expect(told["Gone"]).toMatchObject({ Action: "Remove", PolicyAction: "Delete" });
  expect(told["New"]!.Action).toBe("Add");
  expect(told["Noted"]).toMatchObject({ Action: "Modify", Replacement: "False", Scope: ["Metadata"] });
  expect(told["Direct"]).toMatchObject({
    Action: "Modify",
    Replacement: "False",
    Scope: ["Properties"],
    Details: [{ Target: target("Size", "Never"), Evaluation: "Static", ChangeSource: "DirectModification" }],
  });
  expect(told["Replaced"]).toMatchObject({
    Replacement: "True",
    PolicyAction: "ReplaceAndDelete",
    Details: [{ Target: target("Kind", "Always"), Evaluation: "Static", ChangeSource: "DirectModification" }],
  });
  expect(told["UsesRef"]!.Details).toEqual([
    {
      Target: target("Size", "Never"),
      Evaluation: "Dynamic",
      ChangeSource: "ResourceReference",
      CausingEntity: "Replaced",
    },
  ]);
  expect(told["UsesArn"]!.Details).toEqual([
    {
      Target: target("Size", "Never"),
      Evaluation: "Dynamic",
      ChangeSource: "ResourceAttribute",
      CausingEntity: "Direct.Arn",
    },
  ]);
  expect(told["ByParameter"]!.Details).toEqual([
    {
      Target: target("Size", "Never"),
      Evaluation: "Static",
      ChangeSource: "ParameterReference",
      CausingEntity: "Size",
    },
    { Target: target("Size", "Never"), Evaluation: "Dynamic", ChangeSource: "DirectModification" },
  ]);
  const valued = (await describe(Id, { IncludePropertyValues: true })).Changes!.find(
    (one) => one.ResourceChange!.LogicalResourceId === "Direct",
  )!;
  expect(valued.ResourceChange!.Details![0]!.Target).toMatchObject({
    Path: "/Properties/Size",
    BeforeValue: "1",
    AfterValue: "2",
  });
  // The preview told the truth.
  await execute(Id);
  expect(await status("preview")).toBe("UPDATE_COMPLETE");
});

test("a change set without changes fails, and cannot be executed", async () => {
  await cloud.client.send(new CreateStackCommand({ StackName: "still", TemplateBody: template({ A: thing("a") }) }));
  await cloud.kernel.settled();
  const { Id } = await change("still", template({ A: thing("a") }));
  expect(await describe(Id)).toMatchObject({
    Status: "FAILED",
    StatusReason:
      "The submitted information didn't contain changes. Submit different information to create a change set.",
    ExecutionStatus: "UNAVAILABLE",
    Changes: [],
  });
  expect(await message(execute(Id))).toBe(
    `InvalidChangeSetStatusException: ChangeSet [${Id}] cannot be executed in its current status of [FAILED]`,
  );
});

test("a change set names everything that cannot be deployed here", async () => {
  const { Id } = await change(
    "impossible",
    template({ A: thing("a", { Refused: 1 }), B: { Type: "AWS::EKS::Cluster", Properties: {} } }),
    { ChangeSetType: "CREATE" },
  );
  const { Status, StatusReason } = await describe(Id);
  expect(Status).toBe("FAILED");
  expect(StatusReason).toContain("Katachi does not emulate property Refused of Test::Tiny::Thing [A]");
  expect(StatusReason).toContain("Katachi does not emulate AWS::EKS::Cluster [B]");
  const { OperationEvents } = await cloud.client.send(
    new DescribeEventsCommand({ ChangeSetName: Id, Filters: { FailedEvents: true } }),
  );
  expect(
    OperationEvents!.map((event) => [event.LogicalResourceId, event.EventType, event.ValidationStatusReason]),
  ).toEqual([
    ["A", "VALIDATION_ERROR", "Katachi does not emulate property Refused of Test::Tiny::Thing"],
    ["B", "VALIDATION_ERROR", "Katachi does not emulate AWS::EKS::Cluster"],
  ]);
  expect(await message(change("x", template({ A: thing("a") }), { ChangeSetType: "IMPORT" }))).toBe(
    "NotImplemented: Katachi does not emulate change sets of type IMPORT.",
  );
});

test("change sets that are not there, and deleting them", async () => {
  expect(await message(describe("nothing", { StackName: "nostack" }))).toBe(
    "ValidationError: Stack [nostack] does not exist",
  );
  expect(await message(describe("nothing"))).toBe(
    "ValidationError: StackName must be specified if ChangeSetName is not specified as an ARN.",
  );
  expect(await message(describe("nothing", { StackName: "still" }))).toBe(
    "ChangeSetNotFoundException: ChangeSet [nothing] does not exist",
  );
  const { Id } = await change("still", template({ A: thing("a", { Size: 4 }) }), { ChangeSetName: "short-lived" });
  const { TemplateBody } = await cloud.client.send(new GetTemplateCommand({ ChangeSetName: Id }));
  expect(JSON.parse(TemplateBody!)).toMatchObject({ Resources: { A: { Properties: { Size: 4 } } } });
  await cloud.client.send(new DeleteChangeSetCommand({ ChangeSetName: Id }));
  expect(await message(describe(Id))).toBe(`ChangeSetNotFoundException: ChangeSet [${Id}] does not exist`);
});

test("CreateStack on a stack under review makes its change set obsolete", async () => {
  const { Id, StackId } = await change("both", template({ A: thing("a") }), { ChangeSetType: "CREATE" });
  const made = await cloud.client.send(
    new CreateStackCommand({ StackName: "both", TemplateBody: template({ A: thing("a") }) }),
  );
  expect(made.StackId).toBe(StackId);
  await cloud.kernel.settled();
  expect((await describe(Id)).ExecutionStatus).toBe("OBSOLETE");
});

test("what NoEcho parameters hold is not shown in a preview", async () => {
  const secret = (value: string) => ({
    TemplateBody: template(
      { A: thing({ "Fn::Sub": "user:${Secret}" }) },
      { Parameters: { Secret: { Type: "String", NoEcho: true } } },
    ),
    Parameters: [{ ParameterKey: "Secret", ParameterValue: value }],
  });
  await cloud.client.send(new CreateStackCommand({ StackName: "secret", ...secret("hunter1") }));
  await cloud.kernel.settled();
  const { Id } = await change("secret", secret("hunter2").TemplateBody, { Parameters: secret("hunter2").Parameters });
  const described = JSON.stringify(await describe(Id, { IncludePropertyValues: true }));
  expect(described).not.toContain("hunter");
  expect(described).toContain("user:****");
});
