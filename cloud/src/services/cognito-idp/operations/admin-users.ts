import type { Input, Output } from "../../../aws/api-types.ts";
import { invalidParameter, notAuthorized, usernameExists } from "../errors.ts";
import { findUserFilter } from "../filter.ts";
import { attributeOf, findUser, getPool, getUser, type Cx } from "../lookup.ts";
import { findDelivery, sendCode, sendInvitation } from "../messages.ts";
import { pageOf } from "../page.ts";
import { checkAttributes, withAttributes } from "../schema.ts";
import type { PoolRecord, UserRecord } from "../state.ts";
import { attributesOf, describeUser, hashPassword, nameUser, putUser, removeUser } from "../users.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const LIST_MAX = 60;

export function adminCreateUser(
  cx: Cx,
  input: Input<"cognito-idp", "AdminCreateUser">,
): Output<"cognito-idp", "AdminCreateUser"> {
  const pool = getPool(cx, input.UserPoolId);
  const attributes = checkAttributes(pool, input.UserAttributes, true);
  if (input.MessageAction === "RESEND") return resend(cx, pool, input);
  const existing = findUser(cx, pool, input.Username);
  if (existing && !pool.UsernameAttributes?.length) throw usernameExists("User account already exists");
  const named = nameUser(cx, pool, input.Username!, attributes, "User account already exists");
  const password = input.TemporaryPassword ?? temporaryPassword(cx);
  const user = withTemporaryPassword(cx, pool, newUser(cx, named), password);
  putUser(cx, pool, user, input.ForceAliasCreation);
  if (input.MessageAction !== "SUPPRESS")
    sendInvitation(cx, pool, user, password, input.DesiredDeliveryMediums ?? ["SMS"]);
  return { User: describeUser(user) };
}

function newUser(cx: Cx, named: Pick<UserRecord, "Username" | "sub" | "attributes">): UserRecord {
  const now = cx.kernel.clock.now();
  return {
    ...named,
    createdMs: now,
    updatedMs: now,
    enabled: true,
    status: "FORCE_CHANGE_PASSWORD",
    password: undefined,
  };
}

function withTemporaryPassword(cx: Cx, pool: PoolRecord, user: UserRecord, password: string): UserRecord {
  const days = pool.Policies?.PasswordPolicy?.TemporaryPasswordValidityDays ?? 7;
  const passwordExpiresMs = cx.kernel.clock.now() + days * DAY_MS;
  return {
    ...user,
    status: "FORCE_CHANGE_PASSWORD",
    password: hashPassword(cx, pool, user.Username, password),
    passwordExpiresMs,
  };
}

/** Meets every policy: all kinds of characters, and long. */
function temporaryPassword({ kernel: { random } }: Cx): string {
  return `Aa1!${random.text(16, "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789")}`;
}

function resend(
  cx: Cx,
  pool: PoolRecord,
  input: Input<"cognito-idp", "AdminCreateUser">,
): Output<"cognito-idp", "AdminCreateUser"> {
  const user = getUser(cx, pool, input.Username);
  const password = input.TemporaryPassword ?? temporaryPassword(cx);
  const renewed = withTemporaryPassword(cx, pool, user, password);
  putUser(cx, pool, renewed);
  sendInvitation(cx, pool, renewed, password, input.DesiredDeliveryMediums ?? ["SMS"]);
  return { User: describeUser(renewed) };
}

export function adminGetUser(
  cx: Cx,
  { UserPoolId, Username }: Input<"cognito-idp", "AdminGetUser">,
): Output<"cognito-idp", "AdminGetUser"> {
  const user = getUser(cx, getPool(cx, UserPoolId), Username);
  const { Attributes: _, ...described } = describeUser(user);
  return { ...described, Username: user.Username, UserAttributes: attributesOf(user) };
}

export function adminDeleteUser(cx: Cx, { UserPoolId, Username }: Input<"cognito-idp", "AdminDeleteUser">): object {
  const pool = getPool(cx, UserPoolId);
  removeUser(cx, pool, getUser(cx, pool, Username));
  return {};
}

function change(
  cx: Cx,
  poolId: string | undefined,
  username: string | undefined,
  alter: (user: UserRecord, pool: PoolRecord) => UserRecord,
): object {
  const pool = getPool(cx, poolId);
  const user = getUser(cx, pool, username);
  putUser(cx, pool, { ...alter(user, pool), updatedMs: cx.kernel.clock.now() });
  return {};
}

export function adminUpdateUserAttributes(cx: Cx, input: Input<"cognito-idp", "AdminUpdateUserAttributes">): object {
  return change(cx, input.UserPoolId, input.Username, (user, pool) => ({
    ...user,
    attributes: withAttributes(user.attributes, checkAttributes(pool, input.UserAttributes)),
  }));
}

export function adminDeleteUserAttributes(cx: Cx, input: Input<"cognito-idp", "AdminDeleteUserAttributes">): object {
  return change(cx, input.UserPoolId, input.Username, (user) => ({
    ...user,
    attributes: user.attributes.filter(({ Name }) => !input.UserAttributeNames?.includes(Name)),
  }));
}

export function adminSetUserPassword(cx: Cx, input: Input<"cognito-idp", "AdminSetUserPassword">): object {
  return change(cx, input.UserPoolId, input.Username, (user, pool) => {
    if (!input.Permanent) return withTemporaryPassword(cx, pool, user, input.Password!);
    const password = hashPassword(cx, pool, user.Username, input.Password!);
    return { ...user, status: "CONFIRMED", password, passwordExpiresMs: undefined, failures: undefined };
  });
}

export function adminConfirmSignUp(cx: Cx, input: Input<"cognito-idp", "AdminConfirmSignUp">): object {
  return change(cx, input.UserPoolId, input.Username, (user) => {
    if (user.status !== "UNCONFIRMED")
      throw notAuthorized(`User cannot be confirmed. Current status is ${user.status}`);
    return { ...user, status: "CONFIRMED", code: undefined };
  });
}

export function adminEnableUser(cx: Cx, input: Input<"cognito-idp", "AdminEnableUser">): object {
  return change(cx, input.UserPoolId, input.Username, (user) => ({ ...user, enabled: true }));
}

export function adminDisableUser(cx: Cx, input: Input<"cognito-idp", "AdminDisableUser">): object {
  return change(cx, input.UserPoolId, input.Username, (user) => ({ ...user, enabled: false }));
}

export function adminUserGlobalSignOut(cx: Cx, input: Input<"cognito-idp", "AdminUserGlobalSignOut">): object {
  return change(cx, input.UserPoolId, input.Username, (user) => ({ ...user, signedOutMs: cx.kernel.clock.now() }));
}

export function adminResetUserPassword(cx: Cx, input: Input<"cognito-idp", "AdminResetUserPassword">): object {
  return change(cx, input.UserPoolId, input.Username, (user, pool) => {
    const verified = ["email", "phone_number"].filter((name) => attributeOf(user, `${name}_verified`) === "true");
    const delivery = findDelivery(user, verified);
    if (!delivery)
      throw invalidParameter(
        "Cannot reset password for the user as there is no registered/verified email or phone_number",
      );
    return { ...user, status: "RESET_REQUIRED", code: sendCode(cx, pool, user, "forgotPassword", delivery) };
  });
}

export function listUsers(cx: Cx, input: Input<"cognito-idp", "ListUsers">): Output<"cognito-idp", "ListUsers"> {
  const pool = getPool(cx, input.UserPoolId);
  const matches = findUserFilter(input.Filter);
  const users = Array.from(cx.state.users.values({ prefix: [pool.Id] })).filter(matches);
  const { page, next } = pageOf(users, input.Limit ?? LIST_MAX, input.PaginationToken);
  return { Users: page.map((user) => describeUser(user, input.AttributesToGet)), PaginationToken: next };
}
