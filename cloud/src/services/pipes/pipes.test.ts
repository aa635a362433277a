import {
  DeletePipeCommand,
  DescribePipeCommand,
  ListPipesCommand,
  ListTagsForResourceCommand,
  StartPipeCommand,
  StopPipeCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdatePipeCommand,
} from "@aws-sdk/client-pipes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCOUNT, failure, START_MS, TestPipes } from "./test-pipes.ts";

let test: TestPipes;
beforeAll(async () => {
  test = await TestPipes.start();
});
afterAll(() => test.cloud.close());

const describePipe = (Name: string) => test.pipes.send(new DescribePipeCommand({ Name }));

describe("pipes", () => {
  it("are described with what they were made of, and AWS's defaults", async () => {
    const [from, to, RoleArn] = [await test.queue(), await test.queue(), await test.role()];
    const Name = await test.pipe({
      Source: from.arn,
      Target: to.arn,
      RoleArn,
      Description: "orders",
      SourceParameters: { SqsQueueParameters: { BatchSize: 3 } },
      Tags: { team: "a" },
    });
    const { $metadata: _, ...found } = await describePipe(Name);
    expect(found).toEqual({
      Arn: `arn:aws:pipes:us-east-1:${ACCOUNT}:pipe/${Name}`,
      Name,
      Description: "orders",
      DesiredState: "RUNNING",
      CurrentState: "RUNNING",
      StateReason: "USER_INITIATED",
      Source: from.arn,
      SourceParameters: { SqsQueueParameters: { BatchSize: 3, MaximumBatchingWindowInSeconds: 0 } },
      EnrichmentParameters: {},
      Target: to.arn,
      TargetParameters: {},
      RoleArn,
      Tags: { team: "a" },
      CreationTime: new Date(START_MS),
      LastModifiedTime: new Date(START_MS),
    });
  });

  it("are started, stopped, changed and deleted", async () => {
    const [from, to, other] = [await test.queue(), await test.queue(), await test.queue()];
    const RoleArn = await test.role();
    const Name = await test.pipe({ Source: from.arn, Target: to.arn, RoleArn, DesiredState: "STOPPED" });
    await test.send(from, "waits");
    expect(await test.stateOf(Name)).toMatchObject({ state: "STOPPED" });
    expect(await test.pipes.send(new StartPipeCommand({ Name }))).toMatchObject({ CurrentState: "STARTING" });
    await test.cloud.settled();
    expect((await test.bodies(to)).map((text) => JSON.parse(text).body)).toEqual(["waits"]);
    const update = { Name, RoleArn, Target: other.arn, TargetParameters: { InputTemplate: "<$.body>" } };
    expect(await test.pipes.send(new UpdatePipeCommand(update))).toMatchObject({ CurrentState: "UPDATING" });
    await test.cloud.settled();
    await test.send(from, "elsewhere");
    expect(await test.bodies(other)).toEqual(["elsewhere"]);
    expect(await test.pipes.send(new StopPipeCommand({ Name }))).toMatchObject({ CurrentState: "STOPPING" });
    expect(await test.cloud.settled().then(() => test.stateOf(Name))).toMatchObject({ state: "STOPPED" });
    await test.send(from, "stays");
    expect(await test.bodies(other)).toEqual([]);
    expect(await test.pipes.send(new DeletePipeCommand({ Name }))).toMatchObject({
      CurrentState: "DELETING",
      DesiredState: "DELETED",
    });
    await test.cloud.settled();
    expect(await failure(describePipe(Name))).toBe(`NotFoundException: Pipe ${Name} does not exist.`);
  });

  it("are listed and tagged", async () => {
    const [from, to] = [await test.queue(), await test.queue()];
    for (const Name of ["listed-a", "listed-b", "listed-c"])
      await test.pipe({ Name, Source: from.arn, Target: to.arn, DesiredState: "STOPPED" });
    const list = (input: object) => test.pipes.send(new ListPipesCommand({ NamePrefix: "listed-", ...input }));
    const first = await list({ Limit: 2 });
    expect(first.Pipes!.map(({ Name }) => Name)).toEqual(["listed-a", "listed-b"]);
    expect((await list({ NextToken: first.NextToken })).Pipes).toMatchObject([{ Name: "listed-c", Target: to.arn }]);
    expect((await list({ CurrentState: "RUNNING" })).Pipes).toEqual([]);
    expect((await list({ SourcePrefix: from.arn })).Pipes).toHaveLength(3);
    const resourceArn = first.Pipes![0]!.Arn!;
    await test.pipes.send(new TagResourceCommand({ resourceArn, tags: { a: "1", b: "2" } }));
    await test.pipes.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
    expect(await test.pipes.send(new ListTagsForResourceCommand({ resourceArn }))).toMatchObject({ tags: { b: "2" } });
  });

  it("refuse what AWS refuses, and by name what is not here", async () => {
    const [from, to] = [await test.queue(), await test.queue()];
    const made = (more: object) => failure(test.pipe({ Source: from.arn, Target: to.arn, ...more }));
    const Name = await test.pipe({ Source: from.arn, Target: to.arn, DesiredState: "STOPPED" });
    expect(await made({ Name })).toBe(`ConflictException: Pipe ${Name} already exists.`);
    expect(await made({ Source: `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/t/stream/1` })).toBe(
      `ValidationException: {"ValidationErrorFields":[{"Name":"SourceParameters.DynamoDBStreamParameters","Message":"Missing required parameter."}]}`,
    );
    expect(await made({ SourceParameters: { SqsQueueParameters: { BatchSize: 11 } } })).toMatch(
      /^ValidationException: .*BatchSize/,
    );
    expect(await made({ SourceParameters: { FilterCriteria: { Filters: [{ Pattern: `{"a":"b"}` }] } } })).toMatch(
      /^ValidationException: Filter pattern is not valid/,
    );
    expect(await made({ TargetParameters: { InputTemplate: "<aws.pipes.nothing>" } })).toMatch(/Invalid variable/);
    expect(await made({ Source: `arn:aws:kinesis:us-east-1:${ACCOUNT}:stream/s` })).toContain("pipes from Kinesis");
    expect(await made({ Target: `arn:aws:kinesis:us-east-1:${ACCOUNT}:stream/s` })).toContain("pipes to kinesis");
    expect(await made({ Target: `arn:aws:ecs:us-east-1:${ACCOUNT}:cluster/c` })).toContain("pipes to ecs");
    expect(await made({ KmsKeyIdentifier: "alias/mine" })).toContain("customer managed keys of pipes");
  });

  it.each([
    ["ReceiveMessage", ["sqs:DeleteMessage", "sqs:GetQueueAttributes"]],
    ["DeleteMessage", ["sqs:ReceiveMessage"]],
    ["GetQueueAttributes", ["sqs:ReceiveMessage", "sqs:DeleteMessage"]],
  ])("fail to be created where the role may not call %s", async (operation, actions) => {
    const [from, to] = [await test.queue(), await test.queue()];
    const Name = await test.pipe({ Source: from.arn, Target: to.arn, RoleArn: await test.role(actions) });
    expect(await test.stateOf(Name)).toEqual({
      state: "CREATE_FAILED",
      reason: `Input parameter is invalid from the request due to : The provided customer role does not have permissions to call ${operation} on SQS`,
    });
  });
});

describe("a stack's pipe", () => {
  it("is made, changed and deleted with it; one that cannot run fails the stack", async () => {
    const [from, to, RoleArn] = [await test.queue(), await test.queue(), await test.role()];
    const deploy = (properties: object, stackName = "pipe") =>
      test.cloud.deploy(
        {
          Resources: {
            Pipe: {
              Type: "AWS::Pipes::Pipe",
              Properties: { Source: from.arn, Target: to.arn, RoleArn, ...properties },
            },
          },
          Outputs: {
            Name: { Value: { Ref: "Pipe" } },
            Arn: { Value: { "Fn::GetAtt": ["Pipe", "Arn"] } },
            State: { Value: { "Fn::GetAtt": ["Pipe", "CurrentState"] } },
          },
        },
        { stackName },
      );
    const { stacks } = await deploy({
      SourceParameters: {
        SqsQueueParameters: { BatchSize: 2 },
        FilterCriteria: { Filters: [{ Pattern: JSON.stringify({ body: { kind: ["order"] } }) }] },
      },
      TargetParameters: { InputTemplate: `{"id": <$.body.id>}` },
      Tags: { team: "a" },
    });
    const outputs = Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
    const Name = outputs["Name"]!;
    expect(outputs).toEqual({ Name, Arn: `arn:aws:pipes:us-east-1:${ACCOUNT}:pipe/${Name}`, State: "RUNNING" });
    await test.send(from, { kind: "other", id: 1 });
    await test.send(from, { kind: "order", id: 2 });
    expect(await test.bodies(to)).toEqual([`{"id": 2}`]);
    await deploy({ TargetParameters: { InputTemplate: "changed" }, Tags: { team: "b" } });
    await test.send(from, "anything");
    expect(await test.bodies(to)).toEqual(["changed"]);
    expect(await describePipe(Name)).toMatchObject({ Tags: { team: "b" } });
    await test.cloud.call("cloudformation", "DeleteStack", { StackName: "pipe" });
    await test.cloud.settled();
    expect(await failure(describePipe(Name))).toMatch(/^NotFoundException/);
    const weak = await test.role(["sqs:SendMessage"]);
    await expect(deploy({ RoleArn: weak }, "weak-pipe")).rejects.toThrow(
      /did not stabilize. Status Reason is Input parameter is invalid from the request due to : The provided customer role does not have permissions to call ReceiveMessage on SQS/,
    );
  });
});
