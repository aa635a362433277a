import { createHmac } from "node:crypto";
import type { CallContext } from "../../service.ts";
import { clientNotFound, notAuthorized, poolNotFound, userNotFound } from "./errors.ts";
import type { ClientRecord, PoolRecord, UserPools, UserRecord } from "./state.ts";

export type Cx = CallContext<UserPools>;

/** A pool of the caller's account and Region. @throws AwsError ResourceNotFoundException */
export function getPool(cx: Cx, id: string | undefined): PoolRecord {
  const pool = cx.state.pools.get([id ?? ""]);
  const { account, region } = cx.scope;
  if (!pool || pool.scope.account !== account || pool.scope.region !== region) throw poolNotFound(id ?? "");
  return pool;
}

/** A client of a pool. @throws AwsError ResourceNotFoundException */
export function getPoolClient(cx: Cx, pool: PoolRecord, id: string | undefined): ClientRecord {
  const client = cx.state.clients.get([id ?? ""]);
  if (client?.UserPoolId !== pool.Id) throw clientNotFound(id ?? "");
  return client;
}

/**
 * The client of an unsigned call, and its pool: the call says neither account nor Region.
 * @throws AwsError ResourceNotFoundException
 */
export function getClient(cx: Cx, id: string | undefined): { client: ClientRecord; pool: PoolRecord } {
  const client = cx.state.clients.get([id ?? ""]);
  if (!client) throw clientNotFound(id ?? "");
  return { client, pool: cx.state.pools.get([client.UserPoolId])! };
}

/** AWS: names are told apart by case unless the pool says otherwise. */
export function foldCase(pool: PoolRecord, name: string): string {
  return pool.UsernameConfiguration?.CaseSensitive === false ? name.toLowerCase() : name;
}

/** A user by username, sub, or what else the pool lets users sign in with. */
export function findUser(cx: Cx, pool: PoolRecord, name: string | undefined): UserRecord | undefined {
  if (name === undefined || name === "") return undefined;
  const folded = foldCase(pool, name);
  const direct = cx.state.users.get([pool.Id, folded]);
  if (direct) return direct;
  for (const attribute of ["sub", ...signInAttributes(pool)]) {
    const username = cx.state.aliases.get([pool.Id, attribute, attribute === "email" ? folded : name]);
    if (username !== undefined) return cx.state.users.get([pool.Id, username]);
  }
  return undefined;
}

/** @throws AwsError UserNotFoundException */
export function getUser(cx: Cx, pool: PoolRecord, name: string | undefined): UserRecord {
  const user = findUser(cx, pool, name);
  if (!user) throw userNotFound();
  return user;
}

/** The attributes that users of a pool may sign in with. */
export function signInAttributes(pool: PoolRecord): string[] {
  return [...(pool.UsernameAttributes ?? []), ...(pool.AliasAttributes ?? [])];
}

export function attributeOf(user: Pick<UserRecord, "attributes">, name: string): string | undefined {
  return user.attributes.find((attribute) => attribute.Name === name)?.Value;
}

/** The pool's id without its Region, which SRP hashes. */
export function poolNameOf(pool: PoolRecord): string {
  return pool.Id.slice(pool.Id.indexOf("_") + 1);
}

/**
 * AWS: "Computing secret hash values": of a client with a secret, each call on a user carries
 * base64(HMAC-SHA256(secret, username + client id)).
 * @throws AwsError NotAuthorizedException
 */
export function checkSecretHash(
  client: ClientRecord,
  usernames: readonly (string | undefined)[],
  hash: string | undefined,
): void {
  const { ClientSecret, ClientId } = client;
  if (ClientSecret === undefined) return;
  if (hash === undefined)
    throw notAuthorized(`Client ${ClientId} is configured with secret but SECRET_HASH was not received`);
  const fits = usernames.some(
    (username) =>
      username !== undefined &&
      createHmac("sha256", ClientSecret)
        .update(username + ClientId)
        .digest("base64") === hash,
  );
  if (!fits) throw notAuthorized(`Unable to verify secret hash for client ${ClientId}`);
}
