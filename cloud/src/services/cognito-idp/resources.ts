/** The CloudFormation types of Cognito user pools. */
import type {
  CreateUserPoolClientCommandInput,
  CreateUserPoolCommandInput,
} from "@aws-sdk/client-cognito-identity-provider";
import { arn } from "../../aws/arn.ts";
import { userPoolIssuer } from "../../aws/addresses.ts";
import { defineResource, type ResourceType } from "../../deploy/resource.ts";

type PoolProps = Omit<CreateUserPoolCommandInput, "PoolName"> & { UserPoolName?: string };

const userPool = defineResource<PoolProps>({
  type: "AWS::Cognito::UserPool",
  honours: {
    UserPoolName: true,
    Policies: { PasswordPolicy: true },
    DeletionProtection: true,
    AutoVerifiedAttributes: true,
    AliasAttributes: true,
    UsernameAttributes: true,
    UsernameConfiguration: true,
    Schema: true,
    AdminCreateUserConfig: true,
    AccountRecoverySetting: true,
    EmailConfiguration: true,
    EmailVerificationMessage: true,
    EmailVerificationSubject: true,
    SmsVerificationMessage: true,
    VerificationMessageTemplate: true,
    MfaConfiguration: true,
    UserPoolTier: true,
    UserPoolAddOns: true,
    UserPoolTags: true,
  },
  replaceOn: ["AliasAttributes", "UsernameAttributes", "UsernameConfiguration"],
  async create(cx, { UserPoolName, ...props }) {
    const made = await cx.call("cognito-idp", "CreateUserPool", {
      ...props,
      PoolName: UserPoolName ?? cx.physicalName(128),
      UserPoolTags: cx.mergedTagMap(props.UserPoolTags),
    });
    return { physicalId: made.UserPool!.Id! };
  },
  async update(cx, { physicalId, props, previous }) {
    const {
      UserPoolName,
      Schema = [],
      AliasAttributes: _,
      UsernameAttributes: __,
      UsernameConfiguration: ___,
      ...settings
    } = props;
    const known = new Set((previous.Schema ?? []).map((attribute) => attribute.Name));
    const CustomAttributes = Schema.filter((attribute) => !known.has(attribute.Name));
    if (CustomAttributes.length > 0)
      await cx.call("cognito-idp", "AddCustomAttributes", { UserPoolId: physicalId, CustomAttributes });
    await cx.call("cognito-idp", "UpdateUserPool", {
      DeletionProtection: "INACTIVE",
      ...settings,
      UserPoolId: physicalId,
      PoolName: UserPoolName,
      UserPoolTags: cx.mergedTagMap(props.UserPoolTags),
    });
  },
  async delete(cx, { physicalId }) {
    await cx.call("cognito-idp", "DeleteUserPool", { UserPoolId: physicalId });
  },
  async attributes({ scope }, physicalId) {
    const issuer = userPoolIssuer(scope, physicalId);
    return {
      Arn: arn("cognito-idp", scope, `userpool/${physicalId}`),
      ProviderName: issuer.replace("https://", ""),
      ProviderURL: issuer,
      UserPoolId: physicalId,
    };
  },
});

type ClientProps = CreateUserPoolClientCommandInput;

const userPoolClient = defineResource<ClientProps>({
  type: "AWS::Cognito::UserPoolClient",
  honours: {
    UserPoolId: true,
    ClientName: true,
    GenerateSecret: true,
    AccessTokenValidity: true,
    IdTokenValidity: true,
    RefreshTokenValidity: true,
    TokenValidityUnits: true,
    ExplicitAuthFlows: true,
    PreventUserExistenceErrors: true,
    EnableTokenRevocation: true,
    AuthSessionValidity: true,
    ReadAttributes: true,
    WriteAttributes: true,
    SupportedIdentityProviders: true,
    AllowedOAuthFlows: true,
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthScopes: true,
    CallbackURLs: true,
    LogoutURLs: true,
    DefaultRedirectURI: true,
  },
  async create(cx, props) {
    const made = await cx.call("cognito-idp", "CreateUserPoolClient", {
      ...props,
      ClientName: props.ClientName ?? cx.physicalName(128),
    });
    return { physicalId: made.UserPoolClient!.ClientId! };
  },
  async update(cx, { physicalId, props }) {
    const { GenerateSecret: _, ClientSecret: __, ...settings } = props;
    await cx.call("cognito-idp", "UpdateUserPoolClient", { ...settings, ClientId: physicalId });
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("cognito-idp", "DeleteUserPoolClient", { UserPoolId: props.UserPoolId, ClientId: physicalId });
  },
  async attributes(cx, physicalId, props) {
    const { UserPoolClient } = await cx.call("cognito-idp", "DescribeUserPoolClient", {
      UserPoolId: props.UserPoolId,
      ClientId: physicalId,
    });
    const { ClientSecret } = UserPoolClient!;
    return {
      ClientId: physicalId,
      Name: UserPoolClient!.ClientName,
      ...(ClientSecret === undefined ? {} : { ClientSecret }),
    };
  },
});

interface GroupProps {
  UserPoolId: string;
  GroupName?: string;
  Description?: string;
  Precedence?: number;
  RoleArn?: string;
}

const userPoolGroup = defineResource<GroupProps>({
  type: "AWS::Cognito::UserPoolGroup",
  honours: { UserPoolId: true, GroupName: true, Description: true, Precedence: true, RoleArn: true },
  // AWS has no way to take these away.
  replaces: (previous, props) =>
    (["Precedence", "RoleArn"] as const).filter((name) => previous[name] !== undefined && props[name] === undefined),
  async create(cx, props) {
    const GroupName = props.GroupName ?? cx.physicalName(128);
    await cx.call("cognito-idp", "CreateGroup", { ...props, GroupName });
    return { physicalId: GroupName };
  },
  async update(cx, { physicalId, props }) {
    await cx.call("cognito-idp", "UpdateGroup", { Description: "", ...props, GroupName: physicalId });
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("cognito-idp", "DeleteGroup", { UserPoolId: props.UserPoolId, GroupName: physicalId });
  },
});

export const resources: readonly ResourceType[] = [userPool, userPoolClient, userPoolGroup];
