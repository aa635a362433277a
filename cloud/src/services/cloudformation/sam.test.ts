import {
  CloudFormationClient,
  CreateChangeSetCommand,
  CreateStackCommand,
  DescribeChangeSetCommand,
  DescribeStackResourcesCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
  GetTemplateSummaryCommand,
  ValidateTemplateCommand,
} from "@aws-sdk/client-cloudformation";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let cloudformation: CloudFormationClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  cloudformation = cloud.client(CloudFormationClient);
});
afterAll(() => cloud.close());

const SERVERLESS = "AWS::Serverless-2016-10-31";

const SHOP = `
Transform: ${SERVERLESS}
Globals:
  Function: { Runtime: nodejs20.x, Timeout: 5, Environment: { Variables: { TABLE: !Ref Orders } } }
Resources:
  Orders: { Type: AWS::Serverless::SimpleTable, Properties: { PrimaryKey: { Name: id, Type: String } } }
  Inbox: { Type: AWS::SQS::Queue }
  Store:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Policies: [DynamoDBCrudPolicy: { TableName: !Ref Orders }]
      Events:
        FromInbox: { Type: SQS, Properties: { Queue: !GetAtt Inbox.Arn, BatchSize: 1 } }
      InlineCode: |
        const { DynamoDBClient, PutItemCommand } = require("@aws-sdk/client-dynamodb");
        exports.handler = async ({ Records }) => {
          for (const { body } of Records)
            await new DynamoDBClient({}).send(
              new PutItemCommand({ TableName: process.env.TABLE, Item: { id: { S: body } } }),
            );
        };
  Greet:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      AutoPublishAlias: live
      Events:
        Rest: { Type: Api, Properties: { Path: "/hello/{name}", Method: get } }
        Http: { Type: HttpApi, Properties: { Path: "/hello/{name}", Method: get } }
      InlineCode: |
        exports.handler = async ({ pathParameters }) => ({ statusCode: 200, body: "hello " + pathParameters.name });
Outputs:
  Inbox: { Value: !Ref Inbox }
  Table: { Value: !Ref Orders }
  Rest: { Value: !Sub "https://\${ServerlessRestApi}.execute-api.\${AWS::Region}.amazonaws.com/Prod" }
  Http: { Value: !Sub "https://\${ServerlessHttpApi}.execute-api.\${AWS::Region}.amazonaws.com" }
  Alias: { Value: !Ref Greet.Alias }
`;

async function deploy(name: string, template: string): Promise<Record<string, string>> {
  const path = join(mkdtempSync(join(tmpdir(), "katachi-sam-")), "template.yaml");
  writeFileSync(path, template);
  const { stacks } = await cloud.deploy(path, { stackName: name });
  return Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
}

test("a SAM application is deployed, and its queue, table and both kinds of APIs work", async () => {
  const outputs = await deploy("shop", SHOP);
  for (const url of [outputs["Rest"], outputs["Http"]]) {
    const answer = await fetch(`${url}/hello/ada`);
    expect([answer.status, await answer.text()]).toEqual([200, "hello ada"]);
  }
  await cloud.client(SQSClient).send(new SendMessageCommand({ QueueUrl: outputs["Inbox"], MessageBody: "o-1" }));
  await cloud.settled();
  const { Items } = await cloud.client(DynamoDBClient).send(new ScanCommand({ TableName: outputs["Table"] }));
  expect(Items).toEqual([{ id: { S: "o-1" } }]);
  expect(outputs["Alias"]).toMatch(/:live$/);
});

test("a changed function publishes a new version, and its alias leads to it", async () => {
  const before = await versionOf("shop");
  await deploy("shop", SHOP.replace('"hello "', '"good day "'));
  expect(await versionOf("shop")).not.toBe(before);
  const { StackResources = [] } = await cloudformation.send(new DescribeStackResourcesCommand({ StackName: "shop" }));
  expect(StackResources.filter(({ ResourceType }) => ResourceType === "AWS::Lambda::Version")).toHaveLength(1);
});

async function versionOf(StackName: string): Promise<string> {
  const { StackResources = [] } = await cloudformation.send(new DescribeStackResourcesCommand({ StackName }));
  return StackResources.find(({ ResourceType }) => ResourceType === "AWS::Lambda::Version")!.LogicalResourceId!;
}

test("a change set expands the template; both stages of it can be read", async () => {
  const name = { StackName: "reviewed", ChangeSetName: "first" };
  await cloudformation.send(
    new CreateChangeSetCommand({
      ...name,
      ChangeSetType: "CREATE",
      TemplateBody: `{"Transform": "${SERVERLESS}", "Resources": {"Things": {"Type": "AWS::Serverless::SimpleTable"}}}`,
    }),
  );
  const described = await cloudformation.send(new DescribeChangeSetCommand(name));
  expect(described.Status).toBe("CREATE_COMPLETE");
  expect(described.Changes?.map((change) => change.ResourceChange?.ResourceType)).toEqual(["AWS::DynamoDB::Table"]);
  await cloudformation.send(new ExecuteChangeSetCommand(name));
  await cloud.settled();
  const original = await cloudformation.send(new GetTemplateCommand({ StackName: "reviewed" }));
  expect(original.TemplateBody).toContain("AWS::Serverless::SimpleTable");
  const processed = await cloudformation.send(
    new GetTemplateCommand({ StackName: "reviewed", TemplateStage: "Processed" }),
  );
  expect(JSON.parse(processed.TemplateBody!)).toEqual({
    Resources: {
      Things: {
        Type: "AWS::DynamoDB::Table",
        Properties: {
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          BillingMode: "PAY_PER_REQUEST",
        },
      },
    },
  });
});

test("a template that SAM cannot transform fails its change set, and is refused by CreateStack", async () => {
  const TemplateBody = `{"Transform": "${SERVERLESS}", "Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b", "Runtime": "nodejs20.x", "CodeUri": "./src"}}}}`;
  const reason =
    `Transform ${SERVERLESS} failed with: Invalid Serverless Application Specification document. Number of errors found: 1. ` +
    "Resource with id [F] is invalid. 'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.";
  const name = { StackName: "failing", ChangeSetName: "first" };
  await cloudformation.send(new CreateChangeSetCommand({ ...name, ChangeSetType: "CREATE", TemplateBody }));
  const described = await cloudformation.send(new DescribeChangeSetCommand(name));
  expect([described.Status, described.StatusReason]).toEqual(["FAILED", reason]);
  const create = (Capabilities?: ["CAPABILITY_AUTO_EXPAND"]) =>
    cloudformation.send(new CreateStackCommand({ StackName: "failing-too", TemplateBody, Capabilities }));
  await expect(create()).rejects.toThrow("Requires capabilities : [CAPABILITY_AUTO_EXPAND]");
  await expect(create(["CAPABILITY_AUTO_EXPAND"])).rejects.toThrow(reason);
});

test("summaries tell of a template's transforms without running them", async () => {
  const TemplateBody = `{"Transform": "${SERVERLESS}", "Parameters": {"P": {"Type": "String"}}, "Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./src"}}}}`;
  const expected = {
    Capabilities: ["CAPABILITY_AUTO_EXPAND"],
    CapabilitiesReason: `The following transform(s) require capabilities: [${SERVERLESS}]`,
    DeclaredTransforms: [SERVERLESS],
  };
  expect(await cloudformation.send(new ValidateTemplateCommand({ TemplateBody }))).toMatchObject(expected);
  const summary = await cloudformation.send(new GetTemplateSummaryCommand({ TemplateBody }));
  expect(summary).toMatchObject({ ...expected, ResourceTypes: ["AWS::Serverless::Function"] });
  expect(summary.Parameters?.map(({ ParameterKey }) => ParameterKey)).toEqual(["P"]);
});

test("an API with authorizer, CORS, model and usage plan, and functions joined by a connector, are deployed and work", async () => {
  const outputs = await deploy("guarded", GUARDED);
  const call = (headers: Record<string, string>, body = '{"word":"hey"}') =>
    fetch(`${outputs["Url"]}/echo`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
  const answer = await call({ authorization: "open sesame" });
  expect([answer.status, await answer.text()]).toEqual([200, "HEY"]);
  expect((await call({ authorization: "wrong" })).status).toBe(403);
  const refused = await call({});
  expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, "*"]);
  expect((await call({ authorization: "open sesame" }, '{"word":1}')).status).toBe(400);
  const preflight = await fetch(`${outputs["Url"]}/echo`, { method: "OPTIONS" });
  expect(preflight.headers.get("access-control-allow-methods")).toBe("OPTIONS,POST");
});

const GUARDED = `
Transform: ${SERVERLESS}
Globals: { Function: { Runtime: nodejs20.x, Handler: index.handler } }
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      OpenApiVersion: 3.0.1
      EndpointConfiguration: { Type: REGIONAL }
      Cors: "'*'"
      Models: { Saying: { type: object, required: [word], properties: { word: { type: string } } } }
      GatewayResponses: { DEFAULT_4XX: { ResponseParameters: { Headers: { Access-Control-Allow-Origin: "'*'" } } } }
      Auth:
        DefaultAuthorizer: Door
        AddDefaultAuthorizerToCorsPreflight: false
        UsagePlan: { CreateUsagePlan: PER_API }
        Authorizers: { Door: { FunctionArn: !GetAtt Door.Arn } }
  Door:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        exports.handler = async ({ authorizationToken, methodArn }) => ({
          principalId: "me",
          policyDocument: {
            Version: "2012-10-17",
            Statement: [
              { Effect: authorizationToken === "open sesame" ? "Allow" : "Deny", Action: "execute-api:Invoke", Resource: methodArn },
            ],
          },
        });
  Echo:
    Type: AWS::Serverless::Function
    Connectors: { Loud: { Properties: { Destination: { Id: Loud }, Permissions: [Write] } } }
    Properties:
      Environment: { Variables: { LOUD: !Ref Loud } }
      Events:
        Post: { Type: Api, Properties: { RestApiId: !Ref Api, Path: /echo, Method: post, RequestModel: { Model: Saying, Required: true, ValidateBody: true } } }
      InlineCode: |
        const { LambdaClient, InvokeCommand } = require("@aws-sdk/client-lambda");
        exports.handler = async ({ body }) => {
          const { Payload } = await new LambdaClient({}).send(new InvokeCommand({ FunctionName: process.env.LOUD, Payload: body }));
          return { statusCode: 200, body: JSON.parse(Buffer.from(Payload).toString()) };
        };
  Loud: { Type: AWS::Serverless::Function, Properties: { InlineCode: "exports.handler = async ({ word }) => word.toUpperCase();" } }
Outputs:
  Url: { Value: !Sub "https://\${Api}.execute-api.\${AWS::Region}.amazonaws.com/v1" }
`;

test("a macro of the account's own rewrites a part of a template; one that fails tells why", async () => {
  await deploy("macros", MACRO);
  const outputs = await deploy("uses-macro", using("Suffix"));
  expect(outputs["Name"]).toBe("topic-made");
  await expect(deploy("uses-failing", using("Suffix", "wrong"))).rejects.toThrow(
    "Transform 000000000000::Suffix failed with: I was told a wrong word",
  );
  await expect(deploy("uses-none", using("None"))).rejects.toThrow("No transform named 000000000000::None found.");
});

const MACRO = `
Resources:
  Macro: { Type: AWS::CloudFormation::Macro, Properties: { Name: Suffix, FunctionName: !GetAtt Rewrite.Arn } }
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{ Effect: Allow, Action: "sts:AssumeRole", Principal: { Service: lambda.amazonaws.com } }]
  Rewrite:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs20.x
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          exports.handler = async ({ requestId, fragment, params }) =>
            params.Word === "wrong"
              ? { requestId, status: "failure", errorMessage: "I was told a wrong word" }
              : { requestId, status: "success", fragment: { ...fragment, TopicName: "topic-" + params.Word } };
`;

function using(macro: string, word = "made"): string {
  return `
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      Fn::Transform: { Name: ${macro}, Parameters: { Word: ${word} } }
Outputs:
  Name: { Value: !GetAtt Topic.TopicName }
`;
}
