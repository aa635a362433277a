import { CloudFormationClient, GetTemplateCommand } from "@aws-sdk/client-cloudformation";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SFNClient, StartSyncExecutionCommand } from "@aws-sdk/client-sfn";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCloud, type Cloud } from "./cloud.ts";

const directory = mkdtempSync(join(tmpdir(), "katachi-artifacts-"));
let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  for (const [name, content] of Object.entries(FILES)) write(name, content);
});
afterAll(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

function write(name: string, content: string): void {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const FILES = {
  "template.yaml": `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs20.x, CodeUri: src/ } }
Resources:
  Greet: { Type: AWS::Serverless::Function, Properties: { Handler: greet.handler, Layers: [!Ref Words], AutoPublishAlias: live } }
  Words: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: layer } }
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: EXPRESS
      DefinitionUri: flow.asl.json
      DefinitionSubstitutions: { Greet: !GetAtt Greet.Arn }
      Policies: [LambdaInvokePolicy: { FunctionName: !Ref Greet }]
  Child: { Type: AWS::Serverless::Application, Properties: { Location: child/child.yaml, Parameters: { Word: hey } } }
  Api: { Type: AWS::Serverless::Api, Properties: { StageName: v1, DefinitionBody: { Fn::Transform: { Name: AWS::Include, Parameters: { Location: api.yaml } } } } }
Outputs:
  Greet: { Value: !Ref Greet }
  Flow: { Value: !Ref Flow }
  Child: { Value: !GetAtt Child.Outputs.Function }
  Url: { Value: !Sub "https://\${Api}.execute-api.\${AWS::Region}.amazonaws.com/v1/ping" }
`,
  "src/greet.js": 'exports.handler = async ({ name }) => require("words").hello + " " + name;',
  "layer/nodejs/node_modules/words/index.js": 'exports.hello = "hello";',
  "flow.asl.json":
    '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Greet}", "Parameters": {"name.$": "$.who"}, "End": true}}}',
  "child/child.yaml": `
Transform: AWS::Serverless-2016-10-31
Parameters: { Word: { Type: String } }
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties: { Runtime: nodejs20.x, CodeUri: code, Handler: child.handler, Environment: { Variables: { WORD: !Ref Word } } }
Outputs:
  Function: { Value: !Ref Function }
`,
  "child/code/child.js": "exports.handler = async () => process.env.WORD;",
  "api.yaml": `
swagger: "2.0"
info: { title: ping, version: "1" }
paths:
  /ping:
    get:
      responses: { "200": { description: ok } }
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: { application/json: '{"statusCode": 200}' }
        responses: { default: { statusCode: "200", responseTemplates: { application/json: pong } } }
`,
};

async function deploy(codeInPlace: boolean, stackName = "packaged"): Promise<Record<string, string>> {
  const { stacks } = await cloud.deploy(join(directory, "template.yaml"), { stackName, codeInPlace });
  return Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
}

async function invoke(FunctionName: string | undefined, input: unknown): Promise<unknown> {
  const Payload = JSON.stringify(input);
  const answer = await cloud.client(LambdaClient).send(new InvokeCommand({ FunctionName, Payload }));
  return JSON.parse(Buffer.from(answer.Payload!).toString("utf8"));
}

test("code, layer, definition, nested application and included document of a template are uploaded", async () => {
  const outputs = await deploy(false);
  expect(await invoke(outputs["Greet"], { name: "ada" })).toBe("hello ada");
  expect(await invoke(outputs["Child"], {})).toBe("hey");
  const started = await cloud
    .client(SFNClient)
    .send(new StartSyncExecutionCommand({ stateMachineArn: outputs["Flow"], input: '{"who": "bob"}' }));
  expect(started.output).toBe('"hello bob"');
  expect(await (await fetch(outputs["Url"]!)).text()).toBe("pong");
  const { TemplateBody } = await cloud
    .client(CloudFormationClient)
    .send(new GetTemplateCommand({ StackName: "packaged" }));
  expect(TemplateBody).toMatch(/"ContentUri":"s3:\/\/katachi-artifacts-000000000000-us-east-1\/[0-9a-f]{32}"/);
});

test("the same files make no change; a changed one makes a new version", async () => {
  const { stacks } = await cloud.deploy(join(directory, "template.yaml"), { stackName: "packaged" });
  expect(stacks[0]!.status).toBe("NO_CHANGE");
  write("src/greet.js", 'exports.handler = async ({ name }) => "good day " + name;');
  const outputs = await deploy(false);
  expect(await invoke(`${outputs["Greet"]}:live`, { name: "ada" })).toBe("good day ada");
});

test("in place, a changed file is run at the next call", async () => {
  const outputs = await deploy(true, "in-place");
  expect(await invoke(outputs["Greet"], { name: "ada" })).toBe("good day ada");
  write("src/greet.js", 'exports.handler = async ({ name }) => "bye " + name;');
  await expect.poll(() => invoke(outputs["Greet"], { name: "ada" })).toBe("bye ada");
});

test("a file that is not there is named", async () => {
  write("wrong.yaml", FILES["template.yaml"].replace("src/", "nowhere/"));
  await expect(cloud.deploy(join(directory, "wrong.yaml"))).rejects.toThrow(
    "Unable to upload artifact nowhere/ referenced by CodeUri parameter of Greet resource.",
  );
});
