import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from "@aws-sdk/client-cloudformation";
import { DescribeParametersCommand, GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let cloudformation: CloudFormationClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  cloudformation = cloud.client(CloudFormationClient);
});
afterAll(() => cloud.close());

type Json = Record<string, unknown>;
const getAtt = (name: string, attribute: string) => ({ "Fn::GetAtt": [name, attribute] });

async function describeStack(StackName: string) {
  await cloud.settled();
  const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
  const { StackStatus, Outputs = [] } = Stacks![0]!;
  return {
    status: StackStatus,
    outputs: Object.fromEntries(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!])),
  };
}

async function deploy(StackName: string, template: Json, update = false) {
  const input = { StackName, TemplateBody: JSON.stringify(template) };
  await cloudformation.send(update ? new UpdateStackCommand(input) : new CreateStackCommand(input));
  const { status, outputs } = await describeStack(StackName);
  expect(status).toBe(update ? "UPDATE_COMPLETE" : "CREATE_COMPLETE");
  return outputs;
}

it("deploys parameters", async () => {
  const ssm = cloud.client(SSMClient);
  const template = (Value: string, Tags: Json) => ({
    Resources: {
      Parameter: { Type: "AWS::SSM::Parameter", Properties: { Name: "/deployed/p", Type: "String", Value, Tags } },
    },
    Outputs: {
      Ref: { Value: { Ref: "Parameter" } },
      Type: { Value: getAtt("Parameter", "Type") },
      Value: { Value: getAtt("Parameter", "Value") },
    },
  });
  expect(await deploy("parameters", template("1", { a: "1" }))).toEqual({
    Ref: "/deployed/p",
    Type: "String",
    Value: "1",
  });
  expect(await deploy("parameters", template("2", { b: "2" }), true)).toMatchObject({ Value: "2" });
  expect((await ssm.send(new GetParameterCommand({ Name: "/deployed/p" }))).Parameter).toMatchObject({
    Value: "2",
    Version: 2,
  });
  const ParameterFilters = [{ Key: "tag:b", Values: ["2"] }];
  expect((await ssm.send(new DescribeParametersCommand({ ParameterFilters }))).Parameters).toHaveLength(1);
  await cloudformation.send(new DeleteStackCommand({ StackName: "parameters" }));
  await cloud.settled();
  await expect(ssm.send(new GetParameterCommand({ Name: "/deployed/p" }))).rejects.toMatchObject({
    name: "ParameterNotFound",
  });
});

it("does not deploy secrets, as CloudFormation does not", async () => {
  const Properties = { Type: "SecureString", Value: "x" };
  const TemplateBody = JSON.stringify({ Resources: { Secret: { Type: "AWS::SSM::Parameter", Properties } } });
  await cloudformation.send(new CreateStackCommand({ StackName: "secrets", TemplateBody }));
  expect((await describeStack("secrets")).status).toBe("ROLLBACK_COMPLETE");
  const { Parameters } = await cloud.client(SSMClient).send(new DescribeParametersCommand({}));
  expect(Parameters ?? []).toEqual([]);
});
