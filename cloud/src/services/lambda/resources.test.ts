import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from "@aws-sdk/client-cloudformation";
import {
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  InvokeCommand,
  LambdaClient,
  ListTagsCommand,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { createArchive } from "../../functions/archive.ts";

let cloud: Cloud;
let stacks: CloudFormationClient;
let lambda: LambdaClient;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  stacks = cloud.client(CloudFormationClient);
  lambda = cloud.client(LambdaClient);
  const s3 = cloud.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "assets" }));
  const put = async (Key: string, files: Record<string, string>) =>
    s3.send(new PutObjectCommand({ Bucket: "assets", Key, Body: await createArchive(files) }));
  await put("layer.zip", { "nodejs/node_modules/greet/index.js": `exports.text = "layer"` });
  await put("code.zip", {
    "main.mjs": `import { text } from "greet"; export const run = async () => [text, process.env.STAGE];`,
  });
});

afterAll(() => cloud.close());

const ROLE = {
  Type: "AWS::IAM::Role",
  Properties: {
    AssumeRolePolicyDocument: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    },
  },
};

function template(code: string, more: object = {}) {
  return JSON.stringify({
    Resources: {
      Role: ROLE,
      Layer: {
        Type: "AWS::Lambda::LayerVersion",
        Properties: { LayerName: "greet", Content: { S3Bucket: "assets", S3Key: "layer.zip" } },
      },
      Assets: {
        Type: "AWS::Lambda::Function",
        Properties: {
          Code: { S3Bucket: "assets", S3Key: "code.zip" },
          Runtime: "nodejs22.x",
          Handler: "main.run",
          Role: { "Fn::GetAtt": ["Role", "Arn"] },
          Layers: [{ Ref: "Layer" }],
          Environment: { Variables: { STAGE: "test" } },
          ReservedConcurrentExecutions: 5,
          Tags: [{ Key: "team", Value: "a" }],
        },
      },
      Inline: {
        Type: "AWS::Lambda::Function",
        Properties: {
          FunctionName: "inline",
          Code: { ZipFile: code },
          Runtime: "nodejs22.x",
          Handler: "index.handler",
          Role: { "Fn::GetAtt": ["Role", "Arn"] },
          ...more,
        },
      },
      Version: { Type: "AWS::Lambda::Version", Properties: { FunctionName: { Ref: "Inline" } } },
      Live: {
        Type: "AWS::Lambda::Alias",
        Properties: {
          FunctionName: { Ref: "Inline" },
          Name: "live",
          FunctionVersion: { "Fn::GetAtt": ["Version", "Version"] },
        },
      },
      Permission: {
        Type: "AWS::Lambda::Permission",
        Properties: {
          FunctionName: { Ref: "Live" },
          Action: "lambda:InvokeFunction",
          Principal: "events.amazonaws.com",
        },
      },
      Url: {
        Type: "AWS::Lambda::Url",
        Properties: { TargetFunctionArn: { "Fn::GetAtt": ["Inline", "Arn"] }, AuthType: "NONE" },
      },
      UrlPermission: {
        Type: "AWS::Lambda::Permission",
        Properties: {
          FunctionName: { Ref: "Inline" },
          Action: "lambda:InvokeFunctionUrl",
          Principal: "*",
          FunctionUrlAuthType: "NONE",
        },
      },
      UrlInvoke: {
        Type: "AWS::Lambda::Permission",
        Properties: {
          FunctionName: { Ref: "Inline" },
          Action: "lambda:InvokeFunction",
          Principal: "*",
          InvokedViaFunctionUrl: true,
        },
      },
      Retries: {
        Type: "AWS::Lambda::EventInvokeConfig",
        Properties: { FunctionName: { Ref: "Inline" }, Qualifier: "$LATEST", MaximumRetryAttempts: 1 },
      },
    },
    Outputs: {
      Assets: { Value: { Ref: "Assets" } },
      Alias: { Value: { Ref: "Live" } },
      Url: { Value: { "Fn::GetAtt": ["Url", "FunctionUrl"] } },
    },
  });
}

async function settled(StackName: string) {
  await cloud.settled();
  const { Stacks } = await stacks.send(new DescribeStacksCommand({ StackName }));
  const { StackStatus, Outputs = [] } = Stacks![0]!;
  if (!/^(CREATE|UPDATE)_COMPLETE$/.test(StackStatus!)) {
    const { StackEvents } = await stacks.send(new DescribeStackEventsCommand({ StackName }));
    throw new Error(
      `${StackStatus}: ${StackEvents!.map((event) => `${event.LogicalResourceId} ${event.ResourceStatusReason ?? ""}`).join("; ")}`,
    );
  }
  return Object.fromEntries(Outputs.map((output) => [output.OutputKey, output.OutputValue!]));
}

async function answer(FunctionName: string): Promise<unknown> {
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName }));
  return JSON.parse(Payload!.transformToString());
}

describe("CloudFormation", () => {
  it("creates, updates and deletes functions and what belongs to them", async () => {
    const StackName = "functions";
    await stacks.send(
      new CreateStackCommand({
        Capabilities: ["CAPABILITY_IAM"],
        StackName,
        TemplateBody: template(`exports.handler = async () => "one"`, { Timeout: 9 }),
      }),
    );
    const made = await settled(StackName);
    expect(made["Assets"]).toMatch(/^functions-Assets-[A-Za-z0-9]{12}$/);
    expect(await answer(made["Assets"]!)).toEqual(["layer", "test"]);
    expect(made["Alias"]).toBe("arn:aws:lambda:us-east-1:000000000000:function:inline:live");
    expect(await answer(made["Alias"]!)).toBe("one");
    expect(await (await fetch(made["Url"]!)).text()).toBe("one");
    expect(
      (await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: made["Assets"]! })))
        .ReservedConcurrentExecutions,
    ).toBe(5);
    const { Tags } = await lambda.send(
      new ListTagsCommand({ Resource: `arn:aws:lambda:us-east-1:000000000000:function:${made["Assets"]}` }),
    );
    expect(Tags).toMatchObject({ team: "a", "aws:cloudformation:stack-name": StackName });
    const { Policy } = await lambda.send(new GetPolicyCommand({ FunctionName: "inline", Qualifier: "live" }));
    expect(JSON.parse(Policy!).Statement[0]).toMatchObject({
      Principal: { Service: "events.amazonaws.com" },
      Resource: made["Alias"],
    });

    await stacks.send(
      new UpdateStackCommand({
        Capabilities: ["CAPABILITY_IAM"],
        StackName,
        TemplateBody: template(`exports.handler = async () => "two"`, { MemorySize: 256 }),
      }),
    );
    await settled(StackName);
    expect(await answer("inline")).toBe("two");
    expect(await answer("inline:live")).toBe("one");
    expect(await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "inline" }))).toMatchObject({
      Timeout: 3,
      MemorySize: 256,
    });

    await stacks.send(new DeleteStackCommand({ StackName }));
    await cloud.settled();
    await expect(answer("inline")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });

  it("refuses a runtime that cannot run here before anything is made", async () => {
    const TemplateBody = template(`1`, { Runtime: "ruby3.4" });
    const StackName = "ruby";
    const outcome = await stacks
      .send(new CreateStackCommand({ Capabilities: ["CAPABILITY_IAM"], StackName, TemplateBody }))
      .then(() => settled(StackName))
      .catch((error: Error) => error.message);
    expect(outcome).toMatch(/Katachi does not emulate Runtime ruby3.4 of AWS::Lambda::Function/);
  });

  it("gives inline code the cfn-response module", async () => {
    const code = `const response = require("cfn-response"); exports.handler = async () => [typeof response.send, response.SUCCESS]`;
    const TemplateBody = JSON.stringify({
      Resources: {
        Role: ROLE,
        Custom: {
          Type: "AWS::Lambda::Function",
          Properties: {
            FunctionName: "custom",
            Code: { ZipFile: code },
            Runtime: "nodejs22.x",
            Handler: "index.handler",
            Role: { "Fn::GetAtt": ["Role", "Arn"] },
          },
        },
      },
    });
    await stacks.send(new CreateStackCommand({ Capabilities: ["CAPABILITY_IAM"], StackName: "custom", TemplateBody }));
    await settled("custom");
    expect(await answer("custom")).toEqual(["function", "SUCCESS"]);
  });
});
