import {
  AttachUserPolicyCommand,
  CreateUserCommand,
  GetContextKeysForCustomPolicyCommand,
  IAMClient,
  PutUserPolicyCommand,
  SimulateCustomPolicyCommand,
  SimulatePrincipalPolicyCommand,
} from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let iam: IAMClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  iam = cloud.client(IAMClient);
});
afterAll(() => cloud.close());

const TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/Orders";
const POLICY = `{
  "Version": "2012-10-17",
  "Statement": [
    { "Sid": "Read", "Effect": "Allow", "Action": "dynamodb:Get*", "Resource": "*" },
    { "Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": "*" },
    { "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Condition": { "StringEquals": { "aws:RequestedRegion": "us-east-1" } } }
  ]
}`;

async function custom(ActionNames: string[], more = {}) {
  const command = new SimulateCustomPolicyCommand({
    PolicyInputList: [POLICY],
    ActionNames,
    ResourceArns: [TABLE],
    ...more,
  });
  return (await iam.send(command)).EvaluationResults!;
}

it("decides for each action and resource and says by which statements", async () => {
  const [get, put, remove] = await custom(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteTable"]);
  expect(get).toMatchObject({
    EvalActionName: "dynamodb:GetItem",
    EvalResourceName: TABLE,
    EvalDecision: "allowed",
    MatchedStatements: [
      {
        SourcePolicyId: "PolicyInputList.1",
        SourcePolicyType: "none",
        StartPosition: { Line: 4, Column: 5 },
        EndPosition: { Line: 4, Column: 85 },
      },
    ],
    MissingContextValues: ["aws:RequestedRegion"],
  });
  expect(put).toMatchObject({ EvalDecision: "implicitDeny" });
  expect(put!.MatchedStatements ?? []).toEqual([]);
  expect(remove).toMatchObject({
    EvalDecision: "explicitDeny",
    MatchedStatements: [{ StartPosition: { Line: 5, Column: 5 } }],
  });
});

it("takes the context that it is given", async () => {
  const ContextEntries = [
    { ContextKeyName: "aws:RequestedRegion", ContextKeyValues: ["us-east-1"], ContextKeyType: "string" },
  ];
  const [put] = await custom(["dynamodb:PutItem"], { ContextEntries });
  expect(put).toMatchObject({ EvalDecision: "allowed" });
  expect(put!.MissingContextValues ?? []).toEqual([]);
});

it("pages", async () => {
  const command = { PolicyInputList: [POLICY], ActionNames: ["dynamodb:GetItem", "dynamodb:PutItem"], MaxItems: 1 };
  const first = await iam.send(new SimulateCustomPolicyCommand(command));
  expect(first).toMatchObject({ IsTruncated: true, EvaluationResults: [{ EvalActionName: "dynamodb:GetItem" }] });
  const second = await iam.send(new SimulateCustomPolicyCommand({ ...command, Marker: first.Marker }));
  expect(second).toMatchObject({ IsTruncated: false, EvaluationResults: [{ EvalActionName: "dynamodb:PutItem" }] });
});

it("simulates a user with all its policies and its boundary", async () => {
  const { User } = await iam.send(
    new CreateUserCommand({
      UserName: "sim",
      PermissionsBoundary: "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess",
    }),
  );
  await iam.send(new PutUserPolicyCommand({ UserName: "sim", PolicyName: "own", PolicyDocument: POLICY }));
  await iam.send(
    new AttachUserPolicyCommand({ UserName: "sim", PolicyArn: "arn:aws:iam::aws:policy/AmazonSQSFullAccess" }),
  );
  const { EvaluationResults } = await iam.send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: User!.Arn!,
      ActionNames: ["dynamodb:GetItem", "sqs:SendMessage"],
    }),
  );
  expect(EvaluationResults).toMatchObject([
    { EvalDecision: "allowed", PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: true } },
    {
      EvalDecision: "implicitDeny",
      MatchedStatements: [{ SourcePolicyId: "AmazonSQSFullAccess", SourcePolicyType: "aws-managed" }],
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
    },
  ]);
});

it("refuses what is no policy and no entity", async () => {
  await expect(custom(["s3:GetObject"], { PolicyInputList: ["{"] })).rejects.toMatchObject({
    name: "InvalidInputException",
  });
  const nobody = new SimulatePrincipalPolicyCommand({
    PolicySourceArn: "arn:aws:iam::000000000000:user/nobody",
    ActionNames: ["s3:GetObject"],
  });
  await expect(iam.send(nobody)).rejects.toMatchObject({ name: "NoSuchEntityException" });
});

it("names the context keys of policies", async () => {
  const variable = POLICY.replace('"*", "Condition"', '"arn:aws:s3:::${aws:username}", "Condition"');
  const { ContextKeyNames } = await iam.send(new GetContextKeysForCustomPolicyCommand({ PolicyInputList: [variable] }));
  expect(ContextKeyNames!.toSorted()).toEqual(["aws:RequestedRegion", "aws:username"]);
});
