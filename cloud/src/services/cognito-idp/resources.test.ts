import {
  CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
  DescribeUserPoolCommand,
  GetGroupCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../index.ts";

let cloud: Cloud;
let client: CognitoIdentityProviderClient;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true });
  client = cloud.client(CognitoIdentityProviderClient);
});
afterAll(() => cloud.close());

// As CDK's UserPool, UserPoolClient and CfnUserPoolGroup synthesise them.
function template(more: { pool?: object; app?: object; group?: object } = {}) {
  return {
    Resources: {
      Pool: {
        Type: "AWS::Cognito::UserPool",
        Properties: {
          AccountRecoverySetting: { RecoveryMechanisms: [{ Name: "verified_email", Priority: 1 }] },
          AdminCreateUserConfig: { AllowAdminCreateUserOnly: false },
          AutoVerifiedAttributes: ["email"],
          EmailVerificationMessage: "Your code is {####}",
          EmailVerificationSubject: "Verify",
          SmsVerificationMessage: "Your code is {####}",
          UsernameAttributes: ["email"],
          VerificationMessageTemplate: {
            DefaultEmailOption: "CONFIRM_WITH_CODE",
            EmailMessage: "Your code is {####}",
            EmailSubject: "Verify",
            SmsMessage: "Your code is {####}",
          },
          Schema: [{ Name: "email", Mutable: true, Required: true }],
          ...more.pool,
        },
      },
      Client: {
        Type: "AWS::Cognito::UserPoolClient",
        Properties: {
          UserPoolId: { Ref: "Pool" },
          AllowedOAuthFlows: ["implicit", "code"],
          AllowedOAuthFlowsUserPoolClient: true,
          AllowedOAuthScopes: ["openid"],
          CallbackURLs: ["https://example.com"],
          SupportedIdentityProviders: ["COGNITO"],
          ExplicitAuthFlows: ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
          GenerateSecret: true,
          ...more.app,
        },
      },
      Group: {
        Type: "AWS::Cognito::UserPoolGroup",
        Properties: { UserPoolId: { Ref: "Pool" }, GroupName: "staff", Precedence: 1, ...more.group },
      },
    },
    Outputs: {
      PoolId: { Value: { Ref: "Pool" } },
      Arn: { Value: { "Fn::GetAtt": ["Pool", "Arn"] } },
      Issuer: { Value: { "Fn::GetAtt": ["Pool", "ProviderURL"] } },
      ClientId: { Value: { Ref: "Client" } },
      Secret: { Value: { "Fn::GetAtt": ["Client", "ClientSecret"] } },
    },
  };
}

async function deploy(more?: Parameters<typeof template>[0]): Promise<Record<string, string>> {
  const [stack] = (await cloud.deploy(template(more), { stackName: "people" })).stacks;
  return Object.fromEntries(stack!.outputs.map(({ key, value }) => [key, value]));
}

it("a stack makes, changes and deletes a user pool, its client and a group", async () => {
  const { PoolId: UserPoolId, ClientId, Arn, Issuer, Secret } = await deploy();
  expect(Arn).toBe(`arn:aws:cognito-idp:us-east-1:000000000000:userpool/${UserPoolId}`);
  expect(Issuer).toBe(`https://cognito-idp.us-east-1.amazonaws.com/${UserPoolId}`);
  const { UserPoolClient } = await client.send(new DescribeUserPoolClientCommand({ UserPoolId, ClientId }));
  expect(UserPoolClient).toMatchObject({
    ClientSecret: Secret,
    AllowedOAuthScopes: ["openid"],
    ClientName: expect.stringMatching(/^people-Client-/),
  });
  const changed = await deploy({
    pool: {
      Schema: [
        { Name: "email", Mutable: true, Required: true },
        { Name: "plan", AttributeDataType: "String" },
      ],
      UserPoolTags: { a: "1" },
    },
    app: { AccessTokenValidity: 10, TokenValidityUnits: { AccessToken: "minutes" } },
    group: { Description: "all of us" },
  });
  expect(changed).toMatchObject({ PoolId: UserPoolId, ClientId });
  const { UserPool } = await client.send(new DescribeUserPoolCommand({ UserPoolId }));
  expect(UserPool!.SchemaAttributes!.map(({ Name }) => Name)).toContain("custom:plan");
  expect(UserPool!.UserPoolTags).toMatchObject({ a: "1" });
  expect((await client.send(new GetGroupCommand({ UserPoolId, GroupName: "staff" }))).Group).toMatchObject({
    Description: "all of us",
    Precedence: 1,
  });
  await cloud.call("cloudformation", "DeleteStack", { StackName: "people" });
  await cloud.settled();
  await expect(client.send(new DescribeUserPoolCommand({ UserPoolId }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
});

it.each([
  [{ pool: { LambdaConfig: { PreSignUp: "arn:aws:lambda:us-east-1:000000000000:function:f" } } }, /LambdaConfig/],
  [{ pool: { MfaConfiguration: "ON" } }, /multi-factor|MfaConfiguration/],
])("what is not emulated is refused by name: %#", async (more, message) => {
  await expect(cloud.deploy(template(more), { stackName: `refused-${String(message).length}` })).rejects.toThrow(
    message,
  );
});
