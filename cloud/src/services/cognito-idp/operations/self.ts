import type { Input, Output } from "../../../aws/api-types.ts";
import { invalidParameter, notAuthorized, wrongPassword } from "../errors.ts";
import { attributeOf, getClient, poolNameOf, type Cx } from "../lookup.ts";
import { findDelivery, sendCode, type Delivery } from "../messages.ts";
import { checkAttributes, withAttributes } from "../schema.ts";
import { matches } from "../srp.ts";
import type { UserRecord } from "../state.ts";
import { verifyAccessToken, type Bearer } from "../tokens.ts";
import { attributesOf, hashPassword, putUser, removeUser } from "../users.ts";
import { findSignIn } from "./auth.ts";
import { checkCode, checkWritable } from "./sign-up.ts";

/** What users do for themselves, with their access token. */

export async function getUser(
  cx: Cx,
  { AccessToken }: Input<"cognito-idp", "GetUser">,
): Promise<Output<"cognito-idp", "GetUser">> {
  const { user, client } = await verifyAccessToken(cx, AccessToken);
  const readable = client.ReadAttributes;
  const UserAttributes = attributesOf(user).filter(
    ({ Name }) => Name === "sub" || !readable?.length || readable.includes(Name),
  );
  return { Username: user.Username, UserAttributes };
}

function keep(cx: Cx, { pool }: Bearer, user: UserRecord): void {
  cx.kernel.store.transaction(() => putUser(cx, pool, { ...user, updatedMs: cx.kernel.clock.now() }));
}

export async function updateUserAttributes(
  cx: Cx,
  input: Input<"cognito-idp", "UpdateUserAttributes">,
): Promise<Output<"cognito-idp", "UpdateUserAttributes">> {
  const bearer = await verifyAccessToken(cx, input.AccessToken);
  const { pool, user, client } = bearer;
  const given = checkAttributes(pool, input.UserAttributes);
  checkWritable(client, given);
  let changed: UserRecord = { ...user, attributes: withAttributes(user.attributes, given) };
  const sent: Delivery[] = [];
  for (const { Name, Value } of given) {
    const isNew =
      (pool.AutoVerifiedAttributes as readonly string[] | undefined)?.includes(Name) &&
      attributeOf(user, Name) !== Value;
    const delivery = isNew ? findDelivery(changed, [Name]) : undefined;
    if (!delivery) continue;
    changed = { ...changed, code: sendCode(cx, pool, changed, `verify:${Name}`, delivery) };
    sent.push(delivery);
  }
  keep(cx, bearer, changed);
  return { CodeDeliveryDetailsList: sent };
}

export async function deleteUserAttributes(
  cx: Cx,
  input: Input<"cognito-idp", "DeleteUserAttributes">,
): Promise<object> {
  const bearer = await verifyAccessToken(cx, input.AccessToken);
  const attributes = bearer.user.attributes.filter(({ Name }) => !input.UserAttributeNames?.includes(Name));
  keep(cx, bearer, { ...bearer.user, attributes });
  return {};
}

export async function getUserAttributeVerificationCode(
  cx: Cx,
  { AccessToken, AttributeName }: Input<"cognito-idp", "GetUserAttributeVerificationCode">,
): Promise<Output<"cognito-idp", "GetUserAttributeVerificationCode">> {
  const bearer = await verifyAccessToken(cx, AccessToken);
  const delivery = findDelivery(bearer.user, [AttributeName!]);
  if (!delivery) throw invalidParameter("User does not have the attribute to verify");
  keep(cx, bearer, {
    ...bearer.user,
    code: sendCode(cx, bearer.pool, bearer.user, `verify:${AttributeName}`, delivery),
  });
  return { CodeDeliveryDetails: delivery };
}

export async function verifyUserAttribute(
  cx: Cx,
  { AccessToken, AttributeName, Code }: Input<"cognito-idp", "VerifyUserAttribute">,
): Promise<object> {
  const bearer = await verifyAccessToken(cx, AccessToken);
  checkCode(cx, bearer.user, `verify:${AttributeName}`, Code);
  keep(cx, bearer, {
    ...bearer.user,
    attributes: withAttributes(bearer.user.attributes, [], [AttributeName!]),
    code: undefined,
  });
  return {};
}

export async function changePassword(cx: Cx, input: Input<"cognito-idp", "ChangePassword">): Promise<object> {
  const bearer = await verifyAccessToken(cx, input.AccessToken);
  const { pool, user } = bearer;
  if (!user.password || !matches(user.password, poolNameOf(pool), user.Username, input.PreviousPassword ?? ""))
    throw wrongPassword();
  keep(cx, bearer, { ...user, password: hashPassword(cx, pool, user.Username, input.ProposedPassword!) });
  return {};
}

export async function deleteUser(cx: Cx, { AccessToken }: Input<"cognito-idp", "DeleteUser">): Promise<object> {
  const { pool, user } = await verifyAccessToken(cx, AccessToken);
  cx.kernel.store.transaction(() => removeUser(cx, pool, user));
  return {};
}

export async function globalSignOut(cx: Cx, { AccessToken }: Input<"cognito-idp", "GlobalSignOut">): Promise<object> {
  const bearer = await verifyAccessToken(cx, AccessToken);
  keep(cx, bearer, { ...bearer.user, signedOutMs: cx.kernel.clock.now() });
  return {};
}

/** AWS: revokes the refresh token and every access token that came of it. */
export function revokeToken(cx: Cx, { ClientId, ClientSecret, Token }: Input<"cognito-idp", "RevokeToken">): object {
  const { client } = getClient(cx, ClientId);
  if (client.ClientSecret !== undefined && client.ClientSecret !== ClientSecret)
    throw notAuthorized("Invalid client secret");
  const signIn = findSignIn(cx, Token ?? "");
  // AWS: a token that is none of the client's is no error.
  if (signIn?.clientId === client.ClientId) cx.state.revoked.put([signIn.originId], signIn.expiresMs);
  return {};
}
