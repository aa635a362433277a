import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { UserPoolType } from "@aws-sdk/client-cognito-identity-provider";
import type { JWK } from "jose";
import { arn } from "../../../aws/arn.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { invalidParameter } from "../errors.ts";
import { getPool, type Cx } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { completePolicy } from "../password-policy.ts";
import { completeSchema, customAttribute } from "../schema.ts";
import type { PoolRecord } from "../state.ts";

type CreateInput = Input<"cognito-idp", "CreateUserPool">;
type UpdateInput = Input<"cognito-idp", "UpdateUserPool">;

const makeKeyPair = promisify(generateKeyPair);
const LIST_MAX = 60;

/** What a pool may be asked to do that is not here. @throws NotEmulatedError */
function refuse(input: Partial<CreateInput> & Partial<UpdateInput>): void {
  const lambda = Object.entries(input.LambdaConfig ?? {}).find(([, value]) => value !== undefined);
  if (lambda) throw new NotEmulatedError(`the trigger ${lambda[0]} of user pools (LambdaConfig)`);
  if (input.MfaConfiguration !== undefined && input.MfaConfiguration !== "OFF")
    throw new NotEmulatedError("multi-factor authentication of user pools (MfaConfiguration)");
  if (input.DeviceConfiguration !== undefined)
    throw new NotEmulatedError("device tracking of user pools (DeviceConfiguration)");
  if (input.EmailConfiguration?.EmailSendingAccount === "DEVELOPER")
    throw new NotEmulatedError("mail of user pools through SES (EmailConfiguration)");
  if (input.UserPoolAddOns && input.UserPoolAddOns.AdvancedSecurityMode !== "OFF")
    throw new NotEmulatedError("threat protection of user pools (UserPoolAddOns)");
  if (input.UserPoolTier === "PLUS") throw new NotEmulatedError("the feature plan PLUS of user pools");
  for (const name of ["KeyConfiguration", "IssuerConfiguration", "AcrConfiguration", "DcrConfiguration"] as const)
    if (input[name] !== undefined) throw new NotEmulatedError(`${name} of user pools`);
  if (input.UserAttributeUpdateSettings?.AttributesRequireVerificationBeforeUpdate?.length)
    throw new NotEmulatedError("UserAttributeUpdateSettings of user pools");
  const flow = input.Policies?.SignInPolicy?.AllowedFirstAuthFactors?.find((factor) => factor !== "PASSWORD");
  if (flow !== undefined) throw new NotEmulatedError(`the sign-in factor ${flow} of user pools`);
}

export async function createUserPool(cx: Cx, input: CreateInput): Promise<Output<"cognito-idp", "CreateUserPool">> {
  refuse(input);
  if (input.AliasAttributes?.length && input.UsernameAttributes?.length)
    throw invalidParameter("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.");
  const { PoolName, Schema, Policies, ...settings } = input;
  const keys = await Promise.all([newKey(cx), newKey(cx)]);
  const now = cx.kernel.clock.now();
  const Id = `${cx.scope.region}_${cx.kernel.random.text(9, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")}`;
  const pool: PoolRecord = {
    MfaConfiguration: "OFF",
    DeletionProtection: "INACTIVE",
    UserPoolTier: "ESSENTIALS",
    EmailConfiguration: { EmailSendingAccount: "COGNITO_DEFAULT" },
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: false, UnusedAccountValidityDays: 7 },
    VerificationMessageTemplate: { DefaultEmailOption: "CONFIRM_WITH_CODE" },
    ...(JSON.parse(JSON.stringify(settings)) as object),
    Id,
    Name: PoolName!,
    Arn: arn("cognito-idp", cx.scope, `userpool/${Id}`),
    Policies: { ...Policies, PasswordPolicy: completePolicy(Policies?.PasswordPolicy) },
    SchemaAttributes: completeSchema(Schema),
    scope: cx.scope,
    keys,
    createdMs: now,
    updatedMs: now,
  };
  cx.kernel.store.transaction(() => cx.state.addPool(pool));
  return { UserPool: describe(cx, pool) };
}

async function newKey(cx: Cx): Promise<JWK> {
  const { privateKey } = await makeKeyPair("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: cx.kernel.random.bytes(32).toString("base64") } as JWK;
}

export function describeUserPool(
  cx: Cx,
  { UserPoolId }: Input<"cognito-idp", "DescribeUserPool">,
): Output<"cognito-idp", "DescribeUserPool"> {
  return { UserPool: describe(cx, getPool(cx, UserPoolId)) };
}

export function listUserPools(
  cx: Cx,
  { MaxResults, NextToken }: Input<"cognito-idp", "ListUserPools">,
): Output<"cognito-idp", "ListUserPools"> {
  const { page, next } = pageOf(cx.state.poolsOf(cx.scope), MaxResults ?? LIST_MAX, NextToken);
  const UserPools = page.map(({ Id, Name, createdMs, updatedMs }) => ({
    Id,
    Name,
    LambdaConfig: {},
    CreationDate: new Date(createdMs),
    LastModifiedDate: new Date(updatedMs),
  }));
  return { UserPools, NextToken: next };
}

/** AWS: what an update leaves out goes back to its default, except what cannot be changed. */
export function updateUserPool(cx: Cx, input: UpdateInput): Output<"cognito-idp", "UpdateUserPool"> {
  const former = getPool(cx, input.UserPoolId);
  refuse(input);
  const { UserPoolId: _, PoolName, Policies, ...settings } = input;
  const {
    Id,
    Name,
    Arn,
    SchemaAttributes,
    AliasAttributes,
    UsernameAttributes,
    UsernameConfiguration,
    scope,
    keys,
    createdMs,
  } = former;
  const fixed = {
    Id,
    Arn,
    SchemaAttributes,
    AliasAttributes,
    UsernameAttributes,
    UsernameConfiguration,
    scope,
    keys,
    createdMs,
  };
  const pool: PoolRecord = {
    MfaConfiguration: "OFF",
    DeletionProtection: former.DeletionProtection,
    UserPoolTier: former.UserPoolTier,
    EmailConfiguration: { EmailSendingAccount: "COGNITO_DEFAULT" },
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: false, UnusedAccountValidityDays: 7 },
    VerificationMessageTemplate: { DefaultEmailOption: "CONFIRM_WITH_CODE" },
    UserPoolTags: former.UserPoolTags,
    ...(JSON.parse(JSON.stringify(settings)) as object),
    ...fixed,
    Name: PoolName ?? Name,
    Policies: { ...Policies, PasswordPolicy: completePolicy(Policies?.PasswordPolicy) },
    updatedMs: cx.kernel.clock.now(),
  };
  cx.state.pools.put([Id], pool);
  return {};
}

export function deleteUserPool(cx: Cx, { UserPoolId }: Input<"cognito-idp", "DeleteUserPool">): object {
  const pool = getPool(cx, UserPoolId);
  if (pool.DeletionProtection === "ACTIVE")
    throw invalidParameter(
      "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.",
    );
  cx.state.removePool(pool);
  return {};
}

export function addCustomAttributes(
  cx: Cx,
  { UserPoolId, CustomAttributes = [] }: Input<"cognito-idp", "AddCustomAttributes">,
): object {
  const pool = getPool(cx, UserPoolId);
  const schema = pool.SchemaAttributes ?? [];
  const added = CustomAttributes.map(customAttribute);
  for (const { Name } of added)
    if (schema.some((attribute) => attribute.Name === Name))
      throw invalidParameter(`${Name}: Existing attribute already has name ${Name}.`);
  cx.state.pools.put([pool.Id], { ...pool, SchemaAttributes: [...schema, ...added], updatedMs: cx.kernel.clock.now() });
  return {};
}

function poolByArn(cx: Cx, resourceArn: string | undefined): PoolRecord {
  return getPool(cx, resourceArn?.split("userpool/")[1]);
}

export function tagResource(cx: Cx, { ResourceArn, Tags }: Input<"cognito-idp", "TagResource">): object {
  const pool = poolByArn(cx, ResourceArn);
  cx.state.pools.put([pool.Id], { ...pool, UserPoolTags: { ...pool.UserPoolTags, ...Tags } });
  return {};
}

export function untagResource(cx: Cx, { ResourceArn, TagKeys = [] }: Input<"cognito-idp", "UntagResource">): object {
  const pool = poolByArn(cx, ResourceArn);
  const kept = Object.entries(pool.UserPoolTags ?? {}).filter(([key]) => !TagKeys.includes(key));
  cx.state.pools.put([pool.Id], { ...pool, UserPoolTags: Object.fromEntries(kept) });
  return {};
}

export function listTagsForResource(
  cx: Cx,
  { ResourceArn }: Input<"cognito-idp", "ListTagsForResource">,
): Output<"cognito-idp", "ListTagsForResource"> {
  return { Tags: poolByArn(cx, ResourceArn).UserPoolTags ?? {} };
}

function describe(cx: Cx, pool: PoolRecord): UserPoolType {
  const { scope: _, keys: __, createdMs, updatedMs, ...members } = pool;
  return {
    ...members,
    LambdaConfig: {},
    EstimatedNumberOfUsers: cx.state.users.count({ prefix: [pool.Id] }),
    CreationDate: new Date(createdMs),
    LastModifiedDate: new Date(updatedMs),
  };
}
