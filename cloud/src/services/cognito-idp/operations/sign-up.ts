import type { Input, Output } from "../../../aws/api-types.ts";
import { aliasExists, codeExpired, codeMismatch, invalidParameter, notAuthorized, userNotFound } from "../errors.ts";
import { attributeOf, checkSecretHash, findUser, getClient, getUser, type Cx } from "../lookup.ts";
import { findDelivery, sendCode } from "../messages.ts";
import { checkAttributes, checkRequired, withAttributes } from "../schema.ts";
import type { ClientRecord, Code, PoolRecord, UserRecord } from "../state.ts";
import { hashPassword, nameUser, putUser } from "../users.ts";

export function signUp(cx: Cx, input: Input<"cognito-idp", "SignUp">): Output<"cognito-idp", "SignUp"> {
  const { client, pool } = getClient(cx, input.ClientId);
  checkSecretHash(client, [input.Username], input.SecretHash);
  if (pool.AdminCreateUserConfig?.AllowAdminCreateUserOnly)
    throw notAuthorized("SignUp is not permitted for this user pool");
  if (input.Password === undefined)
    throw invalidParameter(
      "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null",
    );
  const given = checkAttributes(pool, input.UserAttributes, true);
  checkWritable(client, given);
  const named = nameUser(cx, pool, input.Username!, given, "User already exists");
  checkRequired(pool, named.attributes);
  const now = cx.kernel.clock.now();
  const user: UserRecord = {
    ...named,
    createdMs: now,
    updatedMs: now,
    enabled: true,
    status: "UNCONFIRMED",
    password: hashPassword(cx, pool, named.Username, input.Password),
  };
  const delivery = findDelivery(user, pool.AutoVerifiedAttributes ?? []);
  const code = delivery ? sendCode(cx, pool, user, "signUp", delivery) : undefined;
  putUser(cx, pool, { ...user, code });
  return { UserConfirmed: false, UserSub: user.sub, ...(delivery ? { CodeDeliveryDetails: delivery } : {}) };
}

/** AWS: what a client may not write, and what nobody but Cognito sets. */
export function checkWritable(client: ClientRecord, given: UserRecord["attributes"]): void {
  for (const { Name } of given) {
    const isOurs = Name.endsWith("_verified") || Name.startsWith("dev:");
    if (isOurs || (client.WriteAttributes?.length && !client.WriteAttributes.includes(Name)))
      throw notAuthorized("A client attempted to write unauthorized attribute");
  }
}

export function confirmSignUp(cx: Cx, input: Input<"cognito-idp", "ConfirmSignUp">): object {
  const { client, pool } = getClient(cx, input.ClientId);
  checkSecretHash(client, [input.Username], input.SecretHash);
  const user = findUser(cx, pool, input.Username);
  if (!user) throw client.PreventUserExistenceErrors === "ENABLED" ? codeExpired() : userNotFound();
  if (user.status !== "UNCONFIRMED") throw notAuthorized(`User cannot be confirmed. Current status is ${user.status}`);
  checkCode(cx, user, "signUp", input.ConfirmationCode);
  const verified = findDelivery(user, pool.AutoVerifiedAttributes ?? [])?.AttributeName;
  const attributes = withAttributes(user.attributes, [], verified ? [verified] : []);
  if (verified && !input.ForceAliasCreation && isAliasOfAnother(cx, pool, user, verified)) throw aliasExists(verified);
  putUser(
    cx,
    pool,
    { ...user, attributes, status: "CONFIRMED", code: undefined, updatedMs: cx.kernel.clock.now() },
    input.ForceAliasCreation,
  );
  return {};
}

function isAliasOfAnother(cx: Cx, pool: PoolRecord, user: UserRecord, name: string): boolean {
  if (!pool.AliasAttributes?.includes(name as "email")) return false;
  const owner = cx.state.aliases.get([pool.Id, name, attributeOf(user, name) ?? ""]);
  return owner !== undefined && owner !== user.Username;
}

/** @throws AwsError CodeMismatchException, ExpiredCodeException */
export function checkCode(cx: Cx, user: UserRecord, purpose: Code["purpose"], given: string | undefined): void {
  const { code } = user;
  if (!code || code.purpose !== purpose || code.expiresMs <= cx.kernel.clock.now()) throw codeExpired();
  if (code.code !== given) throw codeMismatch();
}

export function resendConfirmationCode(
  cx: Cx,
  input: Input<"cognito-idp", "ResendConfirmationCode">,
): Output<"cognito-idp", "ResendConfirmationCode"> {
  const { client, pool } = getClient(cx, input.ClientId);
  checkSecretHash(client, [input.Username], input.SecretHash);
  const user = getUser(cx, pool, input.Username);
  if (user.status !== "UNCONFIRMED") throw invalidParameter("User is already confirmed.");
  const delivery = findDelivery(user, pool.AutoVerifiedAttributes ?? []);
  if (!delivery) throw invalidParameter("Cannot resend codes. Auto verification not turned on.");
  putUser(cx, pool, { ...user, code: sendCode(cx, pool, user, "signUp", delivery) });
  return { CodeDeliveryDetails: delivery };
}

export function forgotPassword(
  cx: Cx,
  input: Input<"cognito-idp", "ForgotPassword">,
): Output<"cognito-idp", "ForgotPassword"> {
  const { client, pool } = getClient(cx, input.ClientId);
  checkSecretHash(client, [input.Username], input.SecretHash);
  const user = findUser(cx, pool, input.Username);
  if (!user && client.PreventUserExistenceErrors === "ENABLED")
    return {
      CodeDeliveryDetails: {
        AttributeName: "email",
        DeliveryMedium: "EMAIL",
        Destination: `${input.Username!.slice(0, 1)}***@e***`,
      },
    };
  if (!user) throw userNotFound();
  if (!user.enabled) throw notAuthorized("User is disabled.");
  if (user.status === "FORCE_CHANGE_PASSWORD")
    throw notAuthorized("User password cannot be reset in the current state.");
  const delivery = findDelivery(
    user,
    recoveryOf(pool).filter((name) => attributeOf(user, `${name}_verified`) === "true"),
  );
  if (!delivery)
    throw invalidParameter(
      "Cannot reset password for the user as there is no registered/verified email or phone_number",
    );
  putUser(cx, pool, { ...user, code: sendCode(cx, pool, user, "forgotPassword", delivery) });
  return { CodeDeliveryDetails: delivery };
}

/** By which attributes an account is recovered. */
function recoveryOf(pool: PoolRecord): string[] {
  const options = pool.AccountRecoverySetting?.RecoveryMechanisms;
  if (!options?.length) return ["email", "phone_number"];
  return options.map(({ Name }) =>
    Name === "verified_email" ? "email" : Name === "verified_phone_number" ? "phone_number" : "",
  );
}

export function confirmForgotPassword(cx: Cx, input: Input<"cognito-idp", "ConfirmForgotPassword">): object {
  const { client, pool } = getClient(cx, input.ClientId);
  checkSecretHash(client, [input.Username], input.SecretHash);
  const user = findUser(cx, pool, input.Username);
  if (!user) throw client.PreventUserExistenceErrors === "ENABLED" ? codeExpired() : userNotFound();
  checkCode(cx, user, "forgotPassword", input.ConfirmationCode);
  const password = hashPassword(cx, pool, user.Username, input.Password!);
  putUser(cx, pool, {
    ...user,
    password,
    status: "CONFIRMED",
    code: undefined,
    failures: undefined,
    updatedMs: cx.kernel.clock.now(),
  });
  return {};
}
