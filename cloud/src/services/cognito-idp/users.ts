import type { UserType } from "@aws-sdk/client-cognito-identity-provider";
import { aliasExists, usernameExists } from "./errors.ts";
import { attributeOf, findUser, foldCase, poolNameOf, signInAttributes, type Cx } from "./lookup.ts";
import { checkPassword } from "./password-policy.ts";
import { makeVerifier } from "./srp.ts";
import type { PoolRecord, UserRecord, Verifier } from "./state.ts";

/**
 * Keeps a user, and by what else it may sign in.
 * AWS: a username attribute signs in from the start, an alias once it is verified.
 * @param takeAlias whether an alias is taken from the user who has it now
 * @throws AwsError AliasExistsException, UsernameExistsException
 */
export function putUser(cx: Cx, pool: PoolRecord, user: UserRecord, takeAlias = false): void {
  const { users, aliases } = cx.state;
  const former = users.get([pool.Id, user.Username]);
  for (const [name, value] of former ? signInNames(pool, former) : []) aliases.remove([pool.Id, name, value]);
  for (const [name, value] of signInNames(pool, user)) {
    const owner = aliases.get([pool.Id, name, value]);
    if (owner !== undefined && owner !== user.Username && !takeAlias) {
      if (pool.UsernameAttributes?.includes(name as "email"))
        throw usernameExists(`An account with the given ${name} already exists.`);
      throw aliasExists(name);
    }
    aliases.put([pool.Id, name, value], user.Username);
  }
  users.put([pool.Id, user.Username], user);
}

export function removeUser(cx: Cx, pool: PoolRecord, user: UserRecord): void {
  for (const [name, value] of signInNames(pool, user)) cx.state.aliases.remove([pool.Id, name, value]);
  cx.state.removeUser(pool.Id, user);
}

function signInNames(pool: PoolRecord, user: UserRecord): [name: string, value: string][] {
  const names: [string, string][] = [["sub", user.sub]];
  for (const name of signInAttributes(pool)) {
    const value = attributeOf(user, name);
    const isAlias = pool.AliasAttributes?.includes(name as "email");
    const counts = !isAlias || name === "preferred_username" || attributeOf(user, `${name}_verified`) === "true";
    if (value !== undefined && counts) names.push([name, name === "email" ? foldCase(pool, value) : value]);
  }
  return names;
}

/** The name and the attributes that a new user gets. AWS: where users sign in by mail or phone, the username is made up. */
export function nameUser(
  cx: Cx,
  pool: PoolRecord,
  given: string,
  attributes: UserRecord["attributes"],
  existing: string,
): { Username: string; sub: string; attributes: UserRecord["attributes"] } {
  const sub = cx.kernel.random.uuid();
  const { UsernameAttributes = [] } = pool;
  if (UsernameAttributes.length === 0) {
    const Username = foldCase(pool, given);
    if (cx.state.users.has([pool.Id, Username])) throw usernameExists(existing);
    return { Username, sub, attributes };
  }
  const name = given.startsWith("+") && UsernameAttributes.includes("phone_number") ? "phone_number" : "email";
  if (findUser(cx, pool, given)) throw usernameExists(`An account with the given ${name} already exists.`);
  const isGiven = attributes.some((attribute) => attribute.Name === name);
  return { Username: sub, sub, attributes: isGiven ? attributes : [...attributes, { Name: name, Value: given }] };
}

/** A password as it is kept. @throws AwsError InvalidPasswordException */
export function hashPassword(cx: Cx, pool: PoolRecord, username: string, password: string): Verifier {
  checkPassword(password, pool.Policies?.PasswordPolicy ?? {});
  return makeVerifier(cx.kernel.random, poolNameOf(pool), username, password);
}

/** All attributes of a user as AWS gives them, `sub` among them. */
export function attributesOf(user: UserRecord): { Name: string; Value: string }[] {
  return [...user.attributes, { Name: "sub", Value: user.sub }];
}

export function describeUser(user: UserRecord, attributesToGet?: readonly string[]): UserType {
  const attributes = attributesOf(user);
  return {
    Username: user.Username,
    Attributes: attributesToGet ? attributes.filter(({ Name }) => attributesToGet.includes(Name)) : attributes,
    UserCreateDate: new Date(user.createdMs),
    UserLastModifiedDate: new Date(user.updatedMs),
    Enabled: user.enabled,
    UserStatus: user.status,
  };
}
