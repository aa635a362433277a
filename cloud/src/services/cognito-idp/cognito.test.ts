import { createHmac } from "node:crypto";
import {
  AddCustomAttributesCommand,
  AdminAddUserToGroupCommand,
  AdminConfirmSignUpCommand,
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminDisableUserCommand,
  AdminGetUserCommand,
  AdminInitiateAuthCommand,
  AdminListGroupsForUserCommand,
  AdminRemoveUserFromGroupCommand,
  AdminResetUserPasswordCommand,
  AdminRespondToAuthChallengeCommand,
  AdminSetUserPasswordCommand,
  AdminUpdateUserAttributesCommand,
  AdminUserGlobalSignOutCommand,
  ChangePasswordCommand,
  CognitoIdentityProviderClient,
  ConfirmForgotPasswordCommand,
  ConfirmSignUpCommand,
  CreateGroupCommand,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
  CreateUserPoolDomainCommand,
  DeleteGroupCommand,
  DeleteUserCommand,
  DeleteUserPoolClientCommand,
  DeleteUserPoolCommand,
  DescribeUserPoolClientCommand,
  DescribeUserPoolCommand,
  ForgotPasswordCommand,
  GetUserCommand,
  GlobalSignOutCommand,
  InitiateAuthCommand,
  ListGroupsCommand,
  ListUserPoolClientsCommand,
  ListUserPoolsCommand,
  ListUsersCommand,
  ListUsersInGroupCommand,
  ResendConfirmationCodeCommand,
  RespondToAuthChallengeCommand,
  RevokeTokenCommand,
  SignUpCommand,
  TagResourceCommand,
  UpdateUserAttributesCommand,
  UpdateUserPoolClientCommand,
  UpdateUserPoolCommand,
  VerifyUserAttributeCommand,
  type CreateUserPoolClientCommandInput,
  type CreateUserPoolCommandInput,
} from "@aws-sdk/client-cognito-identity-provider";
import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateAuthorizerCommand,
  CreateRouteCommand,
  CreateStageCommand,
} from "@aws-sdk/client-apigatewayv2";
import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserPool,
  type CognitoUserSession,
} from "amazon-cognito-identity-js";
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const PASSWORD = "Secret-123";

let cloud: Cloud;
let client: CognitoIdentityProviderClient;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: START_MS });
  client = cloud.client(CognitoIdentityProviderClient);
});
afterAll(() => cloud.close());

interface Setup {
  pool?: Partial<CreateUserPoolCommandInput>;
  app?: Partial<CreateUserPoolClientCommandInput>;
}

async function setUp({ pool = {}, app = {} }: Setup = {}) {
  const { UserPool } = await client.send(
    new CreateUserPoolCommand({ PoolName: "people", AutoVerifiedAttributes: ["email"], ...pool }),
  );
  const UserPoolId = UserPool!.Id!;
  const { UserPoolClient } = await client.send(
    new CreateUserPoolClientCommand({
      UserPoolId,
      ClientName: "app",
      ExplicitAuthFlows: [
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
      ],
      ...app,
    }),
  );
  return { UserPoolId, ClientId: UserPoolClient!.ClientId!, ClientSecret: UserPoolClient!.ClientSecret };
}

/** A confirmed user. */
async function addUser(
  UserPoolId: string,
  Username = "kim",
  attributes: Record<string, string> = { email: `${Username}@example.com`, email_verified: "true" },
) {
  const UserAttributes = Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }));
  await client.send(new AdminCreateUserCommand({ UserPoolId, Username, UserAttributes, MessageAction: "SUPPRESS" }));
  await client.send(new AdminSetUserPasswordCommand({ UserPoolId, Username, Password: PASSWORD, Permanent: true }));
}

function signIn(ClientId: string, USERNAME = "kim", more: Record<string, string> = {}) {
  return client.send(
    new InitiateAuthCommand({
      ClientId,
      AuthFlow: "USER_PASSWORD_AUTH",
      AuthParameters: { USERNAME, PASSWORD, ...more },
    }),
  );
}

function sentCode(operation: string): string {
  const span = cloud.trace
    .spans((found) => found.name === `cognito-idp:${operation}` && found.attributes["message"] !== undefined)
    .at(-1)!;
  return (span.attributes["message"] as { code: string }).code;
}

function refused(sent: Promise<unknown>, name: string, message: string | RegExp) {
  return expect(sent).rejects.toMatchObject({
    name,
    message: typeof message === "string" ? message : expect.stringMatching(message),
  });
}

describe("user pools", () => {
  it("have AWS's defaults", async () => {
    const { UserPool } = await client.send(new CreateUserPoolCommand({ PoolName: "p", UserPoolTags: { a: "1" } }));
    expect(UserPool).toMatchObject({
      Name: "p",
      Arn: `arn:aws:cognito-idp:us-east-1:000000000000:userpool/${UserPool!.Id}`,
      MfaConfiguration: "OFF",
      DeletionProtection: "INACTIVE",
      UserPoolTags: { a: "1" },
      Policies: {
        PasswordPolicy: {
          MinimumLength: 8,
          RequireUppercase: true,
          RequireSymbols: true,
          TemporaryPasswordValidityDays: 7,
        },
      },
      EstimatedNumberOfUsers: 0,
      CreationDate: new Date(START_MS),
    });
    expect(UserPool!.Id).toMatch(/^us-east-1_[A-Za-z0-9]{9}$/);
    expect(UserPool!.SchemaAttributes!.find(({ Name }) => Name === "sub")).toMatchObject({
      Required: true,
      Mutable: false,
    });
    expect(JSON.stringify(UserPool)).not.toContain('"d":');
  });

  it("are updated, tagged, given attributes, listed and deleted", async () => {
    const { UserPoolId } = await setUp({
      pool: { DeletionProtection: "ACTIVE", Schema: [{ Name: "plan", AttributeDataType: "String", Mutable: true }] },
    });
    await client.send(
      new UpdateUserPoolCommand({
        UserPoolId,
        DeletionProtection: "ACTIVE",
        Policies: { PasswordPolicy: { MinimumLength: 12 } },
      }),
    );
    await client.send(
      new AddCustomAttributesCommand({
        UserPoolId,
        CustomAttributes: [{ Name: "level", AttributeDataType: "Number" }],
      }),
    );
    await client.send(
      new TagResourceCommand({
        ResourceArn: `arn:aws:cognito-idp:us-east-1:000000000000:userpool/${UserPoolId}`,
        Tags: { b: "2" },
      }),
    );
    const { UserPool } = await client.send(new DescribeUserPoolCommand({ UserPoolId }));
    expect(UserPool).toMatchObject({
      Policies: { PasswordPolicy: { MinimumLength: 12, RequireSymbols: false } },
      UserPoolTags: { b: "2" },
    });
    expect(UserPool!.AutoVerifiedAttributes).toBeUndefined();
    expect(UserPool!.SchemaAttributes!.map(({ Name }) => Name)).toEqual(
      expect.arrayContaining(["custom:plan", "custom:level"]),
    );
    expect((await client.send(new ListUserPoolsCommand({ MaxResults: 60 }))).UserPools!.map(({ Id }) => Id)).toContain(
      UserPoolId,
    );
    await refused(
      client.send(new DeleteUserPoolCommand({ UserPoolId })),
      "InvalidParameterException",
      /deletion protection is activated/,
    );
    await client.send(new UpdateUserPoolCommand({ UserPoolId, DeletionProtection: "INACTIVE" }));
    await client.send(new DeleteUserPoolCommand({ UserPoolId }));
    await refused(
      client.send(new DescribeUserPoolCommand({ UserPoolId })),
      "ResourceNotFoundException",
      `User pool ${UserPoolId} does not exist.`,
    );
  });

  it("refuse by name what is not emulated", async () => {
    const refusal = (more: object) =>
      expect(client.send(new CreateUserPoolCommand({ PoolName: "p", ...more }))).rejects;
    const arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    await refusal({ LambdaConfig: { PreSignUp: arn } }).toMatchObject({
      message: expect.stringContaining("the trigger PreSignUp"),
    });
    await refusal({ MfaConfiguration: "ON" }).toMatchObject({ message: expect.stringContaining("multi-factor") });
    const domain = client.send(new CreateUserPoolDomainCommand({ Domain: "d", UserPoolId: "us-east-1_a" }));
    await expect(domain).rejects.toMatchObject({
      message: expect.stringContaining("cognito-idp:CreateUserPoolDomain"),
    });
  });

  it("have clients", async () => {
    const { UserPoolId, ClientId, ClientSecret } = await setUp({ app: { GenerateSecret: true } });
    expect(ClientId).toMatch(/^[a-z0-9]{26}$/);
    expect(ClientSecret).toMatch(/^[a-z0-9]{51}$/);
    await client.send(
      new UpdateUserPoolClientCommand({
        UserPoolId,
        ClientId,
        AccessTokenValidity: 10,
        TokenValidityUnits: { AccessToken: "minutes" },
      }),
    );
    const { UserPoolClient } = await client.send(new DescribeUserPoolClientCommand({ UserPoolId, ClientId }));
    expect(UserPoolClient).toMatchObject({
      ClientName: "app",
      ClientSecret,
      AccessTokenValidity: 10,
      RefreshTokenValidity: 30,
      EnableTokenRevocation: true,
    });
    expect((await client.send(new ListUserPoolClientsCommand({ UserPoolId }))).UserPoolClients).toEqual([
      { ClientId, ClientName: "app", UserPoolId },
    ]);
    await refused(
      client.send(
        new CreateUserPoolClientCommand({
          UserPoolId,
          ClientName: "x",
          IdTokenValidity: 2,
          TokenValidityUnits: { IdToken: "minutes" },
        }),
      ),
      "InvalidParameterException",
      /Invalid range for token validity/,
    );
    await client.send(new DeleteUserPoolClientCommand({ UserPoolId, ClientId }));
    await refused(
      client.send(new DescribeUserPoolClientCommand({ UserPoolId, ClientId })),
      "ResourceNotFoundException",
      `User pool client ${ClientId} does not exist.`,
    );
  });
});

describe("signing up", () => {
  const UserAttributes = [{ Name: "email", Value: "kim@example.com" }];

  it("sends a code that confirms the user and the address", async () => {
    const { UserPoolId, ClientId } = await setUp();
    const signedUp = await client.send(
      new SignUpCommand({ ClientId, Username: "kim", Password: PASSWORD, UserAttributes }),
    );
    expect(signedUp).toMatchObject({
      UserConfirmed: false,
      CodeDeliveryDetails: { AttributeName: "email", DeliveryMedium: "EMAIL", Destination: "k***@e***" },
    });
    await refused(signIn(ClientId), "UserNotConfirmedException", "User is not confirmed.");
    const wrong = sentCode("SignUp") === "000000" ? "000001" : "000000";
    await refused(
      client.send(new ConfirmSignUpCommand({ ClientId, Username: "kim", ConfirmationCode: wrong })),
      "CodeMismatchException",
      "Invalid verification code provided, please try again.",
    );
    await client.send(new ResendConfirmationCodeCommand({ ClientId, Username: "kim" }));
    await client.send(
      new ConfirmSignUpCommand({ ClientId, Username: "kim", ConfirmationCode: sentCode("ResendConfirmationCode") }),
    );
    const user = await client.send(new AdminGetUserCommand({ UserPoolId, Username: "kim" }));
    expect(user).toMatchObject({ Username: "kim", UserStatus: "CONFIRMED", Enabled: true });
    expect(user.UserAttributes).toEqual(
      expect.arrayContaining([
        { Name: "email_verified", Value: "true" },
        { Name: "sub", Value: signedUp.UserSub },
      ]),
    );
    expect((await signIn(ClientId)).AuthenticationResult).toMatchObject({ TokenType: "Bearer", ExpiresIn: 3600 });
  });

  it("takes codes for a day", async () => {
    const { ClientId } = await setUp();
    await client.send(new SignUpCommand({ ClientId, Username: "kim", Password: PASSWORD, UserAttributes }));
    const ConfirmationCode = sentCode("SignUp");
    await cloud.clock.advance("25 hours");
    await refused(
      client.send(new ConfirmSignUpCommand({ ClientId, Username: "kim", ConfirmationCode })),
      "ExpiredCodeException",
      "Invalid code provided, please request a code again.",
    );
  });

  it.each([
    ["short", "Password not long enough"],
    ["secret-123", "Password must have uppercase characters"],
    ["SECRET-123", "Password must have lowercase characters"],
    ["Secret-abc", "Password must have numeric characters"],
    ["Secret1234", "Password must have symbol characters"],
  ])("refuses the password %s", async (Password, why) => {
    const { ClientId } = await setUp();
    await refused(
      client.send(new SignUpCommand({ ClientId, Username: "kim", Password })),
      "InvalidPasswordException",
      `Password did not conform with policy: ${why}`,
    );
  });

  it("refuses users that are there, attributes that are not, and pools of administrators only", async () => {
    const { UserPoolId, ClientId } = await setUp();
    await client.send(new SignUpCommand({ ClientId, Username: "kim", Password: PASSWORD, UserAttributes }));
    await refused(
      client.send(new SignUpCommand({ ClientId, Username: "kim", Password: PASSWORD })),
      "UsernameExistsException",
      "User already exists",
    );
    await refused(
      client.send(
        new SignUpCommand({
          ClientId,
          Username: "lee",
          Password: PASSWORD,
          UserAttributes: [{ Name: "custom:x", Value: "1" }],
        }),
      ),
      "InvalidParameterException",
      /custom:x: Attribute does not exist in the schema/,
    );
    await refused(
      client.send(
        new SignUpCommand({
          ClientId,
          Username: "lee",
          Password: PASSWORD,
          UserAttributes: [{ Name: "email_verified", Value: "true" }],
        }),
      ),
      "NotAuthorizedException",
      "A client attempted to write unauthorized attribute",
    );
    await client.send(new AdminConfirmSignUpCommand({ UserPoolId, Username: "kim" }));
    await refused(
      client.send(new AdminConfirmSignUpCommand({ UserPoolId, Username: "kim" })),
      "NotAuthorizedException",
      "User cannot be confirmed. Current status is CONFIRMED",
    );
    const closed = await setUp({ pool: { AdminCreateUserConfig: { AllowAdminCreateUserOnly: true } } });
    await refused(
      client.send(new SignUpCommand({ ClientId: closed.ClientId, Username: "kim", Password: PASSWORD })),
      "NotAuthorizedException",
      "SignUp is not permitted for this user pool",
    );
  });

  it("by mail makes up the username and signs in by the address", async () => {
    const { ClientId, UserPoolId } = await setUp({
      pool: { UsernameAttributes: ["email"], UsernameConfiguration: { CaseSensitive: false } },
    });
    const { UserSub } = await client.send(
      new SignUpCommand({ ClientId, Username: "Kim@Example.com", Password: PASSWORD }),
    );
    await refused(
      client.send(new SignUpCommand({ ClientId, Username: "kim@example.com", Password: PASSWORD })),
      "UsernameExistsException",
      "An account with the given email already exists.",
    );
    await client.send(
      new ConfirmSignUpCommand({ ClientId, Username: "kim@example.com", ConfirmationCode: sentCode("SignUp") }),
    );
    const { AuthenticationResult } = await signIn(ClientId, "KIM@example.com");
    expect(decodeJwt(AuthenticationResult!.IdToken!)).toMatchObject({
      sub: UserSub,
      "cognito:username": UserSub,
      email: "Kim@Example.com",
      email_verified: true,
    });
    expect((await client.send(new AdminGetUserCommand({ UserPoolId, Username: "kim@example.com" }))).Username).toBe(
      UserSub,
    );
  });
});

describe("signing in", () => {
  it("gives tokens with AWS's claims, signed with the published keys", async () => {
    const { UserPoolId, ClientId } = await setUp({ pool: { Schema: [{ Name: "plan", AttributeDataType: "String" }] } });
    await addUser(UserPoolId, "kim", { email: "kim@example.com", email_verified: "true", "custom:plan": "pro" });
    for (const [GroupName, Precedence] of [
      ["staff", 5],
      ["admins", 1],
    ] as const) {
      // prettier-ignore
      await client.send(new CreateGroupCommand({ UserPoolId, GroupName, Precedence }));
      await client.send(new AdminAddUserToGroupCommand({ UserPoolId, GroupName, Username: "kim" }));
    }
    const { AuthenticationResult: tokens } = await signIn(ClientId);
    const issuer = `https://cognito-idp.us-east-1.amazonaws.com/${UserPoolId}`;
    const configuration = (await (
      await fetch(`${cloud.endpoint}/${UserPoolId}/.well-known/openid-configuration`)
    ).json()) as { issuer: string; jwks_uri: string };
    expect(configuration).toMatchObject({ issuer, jwks_uri: `${cloud.endpoint}/${UserPoolId}/.well-known/jwks.json` });
    const keys = createLocalJWKSet((await (await fetch(configuration.jwks_uri)).json()) as JSONWebKeySet);
    const currentDate = cloud.clock.date();
    const id = await jwtVerify(tokens!.IdToken!, keys, { issuer, audience: ClientId, currentDate });
    const now = cloud.clock.seconds();
    expect(id.payload).toMatchObject({
      token_use: "id",
      "cognito:username": "kim",
      "cognito:groups": ["admins", "staff"],
      email: "kim@example.com",
      email_verified: true,
      "custom:plan": "pro",
      auth_time: now,
      iat: now,
      exp: now + 3600,
    });
    const access = await jwtVerify(tokens!.AccessToken!, keys, { issuer, currentDate });
    expect(access.payload).toMatchObject({
      token_use: "access",
      client_id: ClientId,
      username: "kim",
      scope: "aws.cognito.signin.user.admin",
      sub: id.payload.sub,
      origin_jti: id.payload["origin_jti"],
    });
    expect(access.payload.aud).toBeUndefined();
    expect(access.protectedHeader.kid).not.toBe(id.protectedHeader.kid);
  });

  it("refuses wrong passwords, unknown and disabled users, and locks after five", async () => {
    const { UserPoolId, ClientId } = await setUp();
    await addUser(UserPoolId);
    await refused(signIn(ClientId, "nobody"), "UserNotFoundException", "User does not exist.");
    for (let n = 0; n < 5; n++)
      await refused(
        signIn(ClientId, "kim", { PASSWORD: "wrong" }),
        "NotAuthorizedException",
        "Incorrect username or password.",
      );
    await refused(signIn(ClientId), "NotAuthorizedException", "Password attempts exceeded");
    await cloud.clock.advance("2 seconds");
    expect((await signIn(ClientId)).AuthenticationResult).toBeDefined();
    await client.send(new AdminDisableUserCommand({ UserPoolId, Username: "kim" }));
    await refused(signIn(ClientId), "NotAuthorizedException", "User is disabled.");
    const discreet = await setUp({ app: { PreventUserExistenceErrors: "ENABLED" } });
    await refused(signIn(discreet.ClientId, "nobody"), "NotAuthorizedException", "Incorrect username or password.");
  });

  it("wants a flow that the client allows", async () => {
    const { ClientId, UserPoolId } = await setUp({
      app: { ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] },
    });
    await refused(signIn(ClientId), "InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client");
    const AuthParameters = { USERNAME: "kim", PASSWORD };
    await refused(
      client.send(
        new AdminInitiateAuthCommand({ UserPoolId, ClientId, AuthFlow: "ADMIN_USER_PASSWORD_AUTH", AuthParameters }),
      ),
      "InvalidParameterException",
      "Auth flow not enabled for this client",
    );
    await expect(
      client.send(new InitiateAuthCommand({ ClientId, AuthFlow: "CUSTOM_AUTH", AuthParameters })),
    ).rejects.toMatchObject({ message: expect.stringContaining("CUSTOM_AUTH") });
  });

  it("wants the hash of a client's secret", async () => {
    const { UserPoolId, ClientId, ClientSecret } = await setUp({ app: { GenerateSecret: true } });
    await addUser(UserPoolId);
    await refused(
      signIn(ClientId),
      "NotAuthorizedException",
      `Client ${ClientId} is configured with secret but SECRET_HASH was not received`,
    );
    await refused(
      signIn(ClientId, "kim", { SECRET_HASH: "x" }),
      "NotAuthorizedException",
      `Unable to verify secret hash for client ${ClientId}`,
    );
    const SECRET_HASH = createHmac("sha256", ClientSecret!).update(`kim${ClientId}`).digest("base64");
    const { AuthenticationResult } = await signIn(ClientId, "kim", { SECRET_HASH });
    const AuthParameters = { REFRESH_TOKEN: AuthenticationResult!.RefreshToken!, SECRET_HASH };
    expect(
      (await client.send(new InitiateAuthCommand({ ClientId, AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters })))
        .AuthenticationResult?.IdToken,
    ).toBeDefined();
  });

  it("asks users of administrators for a new password", async () => {
    const { UserPoolId, ClientId } = await setUp({
      pool: { Schema: [{ Name: "family_name", Required: true, Mutable: true }] },
    });
    const created = await client.send(
      new AdminCreateUserCommand({
        UserPoolId,
        Username: "kim",
        TemporaryPassword: PASSWORD,
        UserAttributes: [{ Name: "email", Value: "kim@example.com" }],
        DesiredDeliveryMediums: ["EMAIL"],
      }),
    );
    expect(created.User).toMatchObject({ Username: "kim", UserStatus: "FORCE_CHANGE_PASSWORD", Enabled: true });
    const asked = await client.send(
      new AdminInitiateAuthCommand({
        UserPoolId,
        ClientId,
        AuthFlow: "ADMIN_USER_PASSWORD_AUTH",
        AuthParameters: { USERNAME: "kim", PASSWORD },
      }),
    );
    expect(asked).toMatchObject({
      ChallengeName: "NEW_PASSWORD_REQUIRED",
      ChallengeParameters: {
        USER_ID_FOR_SRP: "kim",
        requiredAttributes: '["userAttributes.family_name"]',
        userAttributes: '{"email":"kim@example.com"}',
      },
    });
    const answer = (ChallengeResponses: Record<string, string>, Session = asked.Session) =>
      client.send(
        new RespondToAuthChallengeCommand({
          ClientId,
          ChallengeName: "NEW_PASSWORD_REQUIRED",
          Session,
          ChallengeResponses: { USERNAME: "kim", ...ChallengeResponses },
        }),
      );
    await refused(
      answer({ NEW_PASSWORD: "New-Secret-1" }),
      "InvalidParameterException",
      /family_name: The attribute is required/,
    );
    await refused(answer({ NEW_PASSWORD: "New-Secret-1" }), "NotAuthorizedException", "Invalid session for the user.");
    const again = await client.send(
      new AdminInitiateAuthCommand({
        UserPoolId,
        ClientId,
        AuthFlow: "ADMIN_USER_PASSWORD_AUTH",
        AuthParameters: { USERNAME: "kim", PASSWORD },
      }),
    );
    const done = await client.send(
      new AdminRespondToAuthChallengeCommand({
        UserPoolId,
        ClientId,
        ChallengeName: "NEW_PASSWORD_REQUIRED",
        Session: again.Session,
        ChallengeResponses: { USERNAME: "kim", NEW_PASSWORD: "New-Secret-1", "userAttributes.family_name": "Lee" },
      }),
    );
    expect(decodeJwt(done.AuthenticationResult!.IdToken!)).toMatchObject({ family_name: "Lee" });
    expect((await signIn(ClientId, "kim", { PASSWORD: "New-Secret-1" })).AuthenticationResult).toBeDefined();
  });

  it("takes temporary passwords as long as the policy says", async () => {
    const { UserPoolId, ClientId } = await setUp();
    await client.send(new AdminCreateUserCommand({ UserPoolId, Username: "kim", TemporaryPassword: PASSWORD }));
    await cloud.clock.advance("8 days");
    await refused(
      signIn(ClientId),
      "NotAuthorizedException",
      "Temporary password has expired and must be reset by an administrator.",
    );
  });

  it("speaks SRP with Amplify's client", async () => {
    const { UserPoolId, ClientId } = await setUp();
    await addUser(UserPoolId);
    const Pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint: cloud.endpoint });
    const authenticate = (Password: string) =>
      new Promise<CognitoUserSession>((resolve, reject) => {
        const user = new CognitoUser({ Username: "kim", Pool });
        user.authenticateUser(new AuthenticationDetails({ Username: "kim", Password }), {
          onSuccess: resolve,
          onFailure: reject,
        });
      });
    const session = await authenticate(PASSWORD);
    expect(session.getIdToken().decodePayload()).toMatchObject({ "cognito:username": "kim" });
    await expect(authenticate("Wrong-123")).rejects.toMatchObject({
      code: "NotAuthorizedException",
      message: "Incorrect username or password.",
    });
  });
});

describe("tokens", () => {
  it("are refreshed, and end", async () => {
    const { UserPoolId, ClientId } = await setUp({
      app: { RefreshTokenValidity: 2, AccessTokenValidity: 10, TokenValidityUnits: { AccessToken: "minutes" } },
    });
    await addUser(UserPoolId);
    const { AuthenticationResult: first } = await signIn(ClientId);
    expect(first!.ExpiresIn).toBe(600);
    const refresh = () =>
      client.send(
        new InitiateAuthCommand({
          ClientId,
          AuthFlow: "REFRESH_TOKEN_AUTH",
          AuthParameters: { REFRESH_TOKEN: first!.RefreshToken! },
        }),
      );
    await cloud.clock.advance("11 minutes");
    await refused(
      client.send(new GetUserCommand({ AccessToken: first!.AccessToken })),
      "NotAuthorizedException",
      "Access Token has expired",
    );
    const { AuthenticationResult: second } = await refresh();
    expect(second!.RefreshToken).toBeUndefined();
    expect(decodeJwt(second!.AccessToken!)).toMatchObject({
      origin_jti: decodeJwt(first!.AccessToken!)["origin_jti"],
      auth_time: decodeJwt(first!.AccessToken!)["auth_time"],
    });
    expect((await client.send(new GetUserCommand({ AccessToken: second!.AccessToken }))).Username).toBe("kim");
    await cloud.clock.advance("2 days");
    await refused(refresh(), "NotAuthorizedException", "Refresh Token has expired");
  });

  it("are revoked: one sign-in, or all of a user", async () => {
    const { UserPoolId, ClientId } = await setUp();
    await addUser(UserPoolId);
    const refresh = (REFRESH_TOKEN: string) =>
      client.send(
        new InitiateAuthCommand({ ClientId, AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters: { REFRESH_TOKEN } }),
      );
    const one = (await signIn(ClientId)).AuthenticationResult!;
    const other = (await signIn(ClientId)).AuthenticationResult!;
    await client.send(new RevokeTokenCommand({ ClientId, Token: one.RefreshToken }));
    await refused(refresh(one.RefreshToken!), "NotAuthorizedException", "Refresh Token has been revoked");
    await refused(
      client.send(new GetUserCommand({ AccessToken: one.AccessToken })),
      "NotAuthorizedException",
      "Access Token has been revoked",
    );
    expect((await client.send(new GetUserCommand({ AccessToken: other.AccessToken }))).Username).toBe("kim");
    await client.send(new GlobalSignOutCommand({ AccessToken: other.AccessToken }));
    await refused(
      client.send(new GetUserCommand({ AccessToken: other.AccessToken })),
      "NotAuthorizedException",
      "Access Token has been revoked",
    );
    await cloud.clock.advance("1 second");
    const third = (await signIn(ClientId)).AuthenticationResult!;
    expect((await client.send(new GetUserCommand({ AccessToken: third.AccessToken }))).Username).toBe("kim");
    await client.send(new AdminUserGlobalSignOutCommand({ UserPoolId, Username: "kim" }));
    await refused(refresh(third.RefreshToken!), "NotAuthorizedException", "Refresh Token has been revoked");
    await refused(
      client.send(new GetUserCommand({ AccessToken: "x.y.z" })),
      "NotAuthorizedException",
      "Invalid Access Token",
    );
    await refused(
      client.send(new GetUserCommand({ AccessToken: third.IdToken })),
      "NotAuthorizedException",
      "Invalid Access Token",
    );
    await refused(refresh("nonsense"), "NotAuthorizedException", "Invalid Refresh Token");
  });

  it("open routes of an HTTP API", async () => {
    const { UserPoolId, ClientId } = await setUp();
    await addUser(UserPoolId);
    const gateway = cloud.client(ApiGatewayV2Client);
    const { ApiId, ApiEndpoint } = await gateway.send(new CreateApiCommand({ Name: "x", ProtocolType: "HTTP" }));
    const JwtConfiguration = {
      Issuer: `https://cognito-idp.us-east-1.amazonaws.com/${UserPoolId}`,
      Audience: [ClientId],
    };
    const { AuthorizerId } = await gateway.send(
      new CreateAuthorizerCommand({
        ApiId,
        Name: "c",
        AuthorizerType: "JWT",
        IdentitySource: ["$request.header.Authorization"],
        JwtConfiguration,
      }),
    );
    await gateway.send(new CreateRouteCommand({ ApiId, RouteKey: "GET /", AuthorizationType: "JWT", AuthorizerId }));
    await gateway.send(new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true }));
    const { IdToken, AccessToken } = (await signIn(ClientId)).AuthenticationResult!;
    const status = async (token: string) =>
      (await fetch(ApiEndpoint!, { headers: { authorization: `Bearer ${token}` } })).status;
    // The route has no integration: 500 is behind the authorizer.
    expect([await status("x"), await status(IdToken!), await status(AccessToken!)]).toEqual([401, 500, 500]);
    await cloud.clock.advance("61 minutes");
    expect(await status(IdToken!)).toBe(401);
  });
});

describe("users", () => {
  it("change their attributes, password and account", async () => {
    const { UserPoolId, ClientId } = await setUp();
    await addUser(UserPoolId);
    const { AccessToken } = (await signIn(ClientId)).AuthenticationResult!;
    const { CodeDeliveryDetailsList } = await client.send(
      new UpdateUserAttributesCommand({
        AccessToken,
        UserAttributes: [
          { Name: "email", Value: "new@example.com" },
          { Name: "name", Value: "Kim" },
        ],
      }),
    );
    expect(CodeDeliveryDetailsList).toMatchObject([{ AttributeName: "email", Destination: "n***@e***" }]);
    const attributes = async () =>
      Object.fromEntries(
        (await client.send(new GetUserCommand({ AccessToken }))).UserAttributes!.map(({ Name, Value }) => [
          Name,
          Value,
        ]),
      );
    expect(await attributes()).toMatchObject({ email: "new@example.com", email_verified: "false", name: "Kim" });
    await client.send(
      new VerifyUserAttributeCommand({ AccessToken, AttributeName: "email", Code: sentCode("UpdateUserAttributes") }),
    );
    expect(await attributes()).toMatchObject({ email_verified: "true" });
    await refused(
      client.send(
        new ChangePasswordCommand({ AccessToken, PreviousPassword: "Wrong-123", ProposedPassword: "New-Secret-1" }),
      ),
      "NotAuthorizedException",
      "Incorrect username or password.",
    );
    await client.send(
      new ChangePasswordCommand({ AccessToken, PreviousPassword: PASSWORD, ProposedPassword: "New-Secret-1" }),
    );
    expect((await signIn(ClientId, "kim", { PASSWORD: "New-Secret-1" })).AuthenticationResult).toBeDefined();
    await client.send(new DeleteUserCommand({ AccessToken }));
    await refused(
      client.send(new AdminGetUserCommand({ UserPoolId, Username: "kim" })),
      "UserNotFoundException",
      "User does not exist.",
    );
  });

  it("get a new password by a code, asked for by themselves or an administrator", async () => {
    const { UserPoolId, ClientId } = await setUp();
    await addUser(UserPoolId);
    const { CodeDeliveryDetails } = await client.send(new ForgotPasswordCommand({ ClientId, Username: "kim" }));
    expect(CodeDeliveryDetails).toMatchObject({ Destination: "k***@e***" });
    await client.send(
      new ConfirmForgotPasswordCommand({
        ClientId,
        Username: "kim",
        ConfirmationCode: sentCode("ForgotPassword"),
        Password: "New-Secret-1",
      }),
    );
    expect((await signIn(ClientId, "kim", { PASSWORD: "New-Secret-1" })).AuthenticationResult).toBeDefined();
    await client.send(new AdminResetUserPasswordCommand({ UserPoolId, Username: "kim" }));
    await refused(
      signIn(ClientId, "kim", { PASSWORD: "New-Secret-1" }),
      "PasswordResetRequiredException",
      "Password reset required for the user",
    );
    await client.send(
      new ConfirmForgotPasswordCommand({
        ClientId,
        Username: "kim",
        ConfirmationCode: sentCode("AdminResetUserPassword"),
        Password: PASSWORD,
      }),
    );
    expect((await signIn(ClientId)).AuthenticationResult).toBeDefined();
    await addUser(UserPoolId, "unreachable", {});
    await refused(
      client.send(new ForgotPasswordCommand({ ClientId, Username: "unreachable" })),
      "InvalidParameterException",
      /no registered\/verified email or phone_number/,
    );
  });

  it("sign in by an alias once it is verified, and aliases belong to one", async () => {
    const { UserPoolId, ClientId } = await setUp({ pool: { AliasAttributes: ["email"] } });
    await addUser(UserPoolId, "kim", { email: "kim@example.com" });
    await refused(signIn(ClientId, "kim@example.com"), "UserNotFoundException", "User does not exist.");
    await client.send(
      new AdminUpdateUserAttributesCommand({
        UserPoolId,
        Username: "kim",
        UserAttributes: [{ Name: "email_verified", Value: "true" }],
      }),
    );
    expect((await signIn(ClientId, "kim@example.com")).AuthenticationResult).toBeDefined();
    const UserAttributes = [{ Name: "email", Value: "kim@example.com" }, { Name: "email_verified", Value: "true" }]; // prettier-ignore
    await refused(
      client.send(new AdminCreateUserCommand({ UserPoolId, Username: "lee", UserAttributes })),
      "AliasExistsException",
      "An account with the email already exists.",
    );
    await client.send(
      new AdminCreateUserCommand({ UserPoolId, Username: "lee", UserAttributes, ForceAliasCreation: true }),
    );
    await refused(
      client.send(new AdminCreateUserCommand({ UserPoolId, Username: "lee" })),
      "UsernameExistsException",
      "User account already exists",
    );
  });

  it("are listed by filter and page", async () => {
    const { UserPoolId } = await setUp();
    for (const name of ["kim", "kai", "lee"]) await addUser(UserPoolId, name, { email: `${name}@example.com`, name });
    const names = async (more: object) =>
      (await client.send(new ListUsersCommand({ UserPoolId, ...more }))).Users!.map(({ Username }) => Username);
    expect(await names({})).toEqual(["kai", "kim", "lee"]);
    expect(await names({ Filter: 'name ^= "k"' })).toEqual(["kai", "kim"]);
    expect(await names({ Filter: 'email = "lee@example.com"' })).toEqual(["lee"]);
    const { Users, PaginationToken } = await client.send(
      new ListUsersCommand({ UserPoolId, Limit: 2, AttributesToGet: ["name"] }),
    );
    expect(Users).toMatchObject([{ Attributes: [{ Name: "name", Value: "kai" }] }, {}]);
    expect(await names({ Limit: 2, PaginationToken })).toEqual(["lee"]);
    await refused(
      client.send(new ListUsersCommand({ UserPoolId, Filter: "nonsense" })),
      "InvalidParameterException",
      /Error while parsing filter/,
    );
    await client.send(new AdminDeleteUserCommand({ UserPoolId, Username: "lee" }));
    expect(await names({})).toEqual(["kai", "kim"]);
  });

  it("are in groups", async () => {
    const { UserPoolId } = await setUp();
    await addUser(UserPoolId);
    await client.send(new CreateGroupCommand({ UserPoolId, GroupName: "staff", Description: "d" }));
    await refused(
      client.send(new CreateGroupCommand({ UserPoolId, GroupName: "staff" })),
      "GroupExistsException",
      "A group with the name already exists.",
    );
    await refused(
      client.send(new AdminAddUserToGroupCommand({ UserPoolId, GroupName: "nobody", Username: "kim" })),
      "ResourceNotFoundException",
      "Group not found.",
    );
    await client.send(new AdminAddUserToGroupCommand({ UserPoolId, GroupName: "staff", Username: "kim" }));
    expect(
      (await client.send(new AdminListGroupsForUserCommand({ UserPoolId, Username: "kim" }))).Groups,
    ).toMatchObject([{ GroupName: "staff", UserPoolId }]);
    expect((await client.send(new ListUsersInGroupCommand({ UserPoolId, GroupName: "staff" }))).Users).toMatchObject([
      { Username: "kim" },
    ]);
    await client.send(new AdminRemoveUserFromGroupCommand({ UserPoolId, GroupName: "staff", Username: "kim" }));
    expect((await client.send(new ListUsersInGroupCommand({ UserPoolId, GroupName: "staff" }))).Users).toEqual([]);
    await client.send(new DeleteGroupCommand({ UserPoolId, GroupName: "staff" }));
    expect((await client.send(new ListGroupsCommand({ UserPoolId }))).Groups).toEqual([]);
  });
});
