import {
  DescribeArchiveCommand,
  DescribeEventBusCommand,
  DescribeRuleCommand,
  ListEventBusesCommand,
  ListTargetsByRuleCommand,
} from "@aws-sdk/client-eventbridge";
import { expect, it } from "vitest";
import { testCloud } from "./test-cloud.ts";

const test = testCloud();

const template = (more: object = {}) => ({
  Resources: {
    Bus: { Type: "AWS::Events::EventBus", Properties: { Name: "orders" } },
    BusPolicy: {
      Type: "AWS::Events::EventBusPolicy",
      Properties: {
        EventBusName: { Ref: "Bus" },
        StatementId: "partner",
        Statement: {
          Effect: "Allow",
          Principal: { AWS: "111111111111" },
          Action: "events:PutEvents",
          Resource: { "Fn::GetAtt": ["Bus", "Arn"] },
        },
      },
    },
    Queue: { Type: "AWS::SQS::Queue" },
    QueuePolicy: {
      Type: "AWS::SQS::QueuePolicy",
      Properties: {
        Queues: [{ Ref: "Queue" }],
        PolicyDocument: {
          Version: "2012-10-17",
          Statement: {
            Effect: "Allow",
            Principal: { Service: "events.amazonaws.com" },
            Action: "sqs:SendMessage",
            Resource: { "Fn::GetAtt": ["Queue", "Arn"] },
            Condition: { ArnEquals: { "aws:SourceArn": { "Fn::GetAtt": ["Rule", "Arn"] } } },
          },
        },
      },
    },
    Rule: {
      Type: "AWS::Events::Rule",
      Properties: {
        EventBusName: { Ref: "Bus" },
        EventPattern: { source: ["shop"] },
        Targets: [{ Id: "q", Arn: { "Fn::GetAtt": ["Queue", "Arn"] }, InputPath: "$.detail" }],
        ...more,
      },
    },
    Archive: {
      Type: "AWS::Events::Archive",
      Properties: { SourceArn: { "Fn::GetAtt": ["Bus", "Arn"] }, RetentionDays: 3 },
    },
    Connection: {
      Type: "AWS::Events::Connection",
      Properties: {
        AuthorizationType: "API_KEY",
        AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "x-key", ApiKeyValue: "secret" } },
      },
    },
    Destination: {
      Type: "AWS::Events::ApiDestination",
      Properties: {
        ConnectionArn: { "Fn::GetAtt": ["Connection", "Arn"] },
        InvocationEndpoint: "https://example.com/hook",
        HttpMethod: "POST",
      },
    },
  },
  Outputs: {
    Queue: { Value: { Ref: "Queue" } },
    Rule: { Value: { Ref: "Rule" } },
    Archive: { Value: { Ref: "Archive" } },
    Destination: { Value: { "Fn::GetAtt": ["Destination", "Arn"] } },
    SecretArn: { Value: { "Fn::GetAtt": ["Connection", "SecretArn"] } },
  },
});

it("a stack of every type is deployed, works, changes and goes", async () => {
  const deployed = await test.cloud.deploy(template(), { stackName: "events" });
  const outputs = Object.fromEntries(deployed.stacks[0]!.outputs.map(({ key, value }) => [key, value]));
  expect(outputs["Rule"]).toMatch(/^orders\|events-Rule-/);
  expect(outputs["Destination"]).toMatch(/:api-destination\/events-Destination-\w+\/[0-9a-f-]{36}$/);
  expect(outputs["SecretArn"]).toMatch(/:secret:events!connection\//);
  await test.put({ EventBusName: "orders", Source: "shop", DetailType: "t", Detail: '{"n":1}' });
  expect(await test.bodies({ url: outputs["Queue"]!, arn: "" })).toEqual(['{"n":1}']);
  const bus = await test.events.send(new DescribeEventBusCommand({ Name: "orders" }));
  expect(JSON.parse(bus.Policy!)).toMatchObject({ Statement: [{ Sid: "partner" }] });
  const archive = await test.events.send(new DescribeArchiveCommand({ ArchiveName: outputs["Archive"] }));
  expect(archive).toMatchObject({ RetentionDays: 3, EventCount: 1 });

  await test.cloud.deploy(template({ State: "DISABLED", Targets: [] }), { stackName: "events" });
  const rule = { Name: outputs["Rule"]!.split("|")[1], EventBusName: "orders" };
  expect((await test.events.send(new DescribeRuleCommand(rule))).State).toBe("DISABLED");
  const left = await test.events.send(new ListTargetsByRuleCommand({ Rule: rule.Name, EventBusName: "orders" }));
  expect(left.Targets).toEqual([]);

  await test.cloud.call("cloudformation", "DeleteStack", { StackName: "events" });
  await test.cloud.settled();
  await test.cloud.clock.advance("10 minutes");
  const { EventBuses } = await test.events.send(new ListEventBusesCommand({}));
  expect(EventBuses!.map(({ Name }) => Name)).toEqual(["default"]);
});
