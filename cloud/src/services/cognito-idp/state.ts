import type {
  AttributeType,
  UserPoolClientType,
  UserPoolType,
  UserStatusType,
} from "@aws-sdk/client-cognito-identity-provider";
import type { JWK } from "jose";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";

type Wire<T> = Omit<T, "CreationDate" | "LastModifiedDate">;

export interface PoolRecord extends Wire<UserPoolType> {
  readonly Id: string;
  readonly Name: string;
  readonly scope: Scope;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** Private keys with their ids: tokens are signed with the first (ID) and the second (access). */
  readonly keys: readonly [id: JWK, access: JWK];
}

export interface ClientRecord extends Wire<UserPoolClientType> {
  readonly ClientId: string;
  readonly UserPoolId: string;
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** What proves a password without being it (SRP): a random salt and g^x. Hex. */
export interface Verifier {
  readonly salt: string;
  readonly verifier: string;
}

export interface Code {
  readonly purpose: "signUp" | "forgotPassword" | `verify:${string}`;
  readonly code: string;
  readonly expiresMs: number;
}

export interface UserRecord {
  readonly Username: string;
  readonly sub: string;
  /** Besides `sub`, in the order given. */
  readonly attributes: readonly (AttributeType & { Name: string; Value: string })[];
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly enabled: boolean;
  readonly status: UserStatusType;
  readonly password: Verifier | undefined;
  /** Of a temporary password. */
  readonly passwordExpiresMs?: number | undefined;
  readonly code?: Code | undefined;
  /** Wrong passwords in a row, and until when no more are taken. */
  readonly failures?: { readonly count: number; readonly untilMs: number } | undefined;
  /** Tokens of sign-ins up to this moment are revoked. */
  readonly signedOutMs?: number | undefined;
}

export interface GroupRecord {
  readonly GroupName: string;
  readonly Description?: string | undefined;
  readonly Precedence?: number | undefined;
  readonly RoleArn?: string | undefined;
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** A sign-in: what its refresh token stands for. */
export interface SignInRecord {
  readonly poolId: string;
  readonly clientId: string;
  readonly username: string;
  /** `origin_jti` of its tokens. */
  readonly originId: string;
  readonly authMs: number;
  readonly expiresMs: number;
}

/** A sign-in that waits for an answer. */
export interface ChallengeRecord {
  readonly name: "NEW_PASSWORD_REQUIRED" | "PASSWORD_VERIFIER";
  readonly poolId: string;
  readonly clientId: string;
  readonly username: string;
  readonly expiresMs: number;
  /** Of the SRP exchange, hex: the client's A, our secret b and B. */
  readonly srp?: { readonly clientPublic: string; readonly secret: string; readonly serverPublic: string };
}

/** What the service keeps. All but clients and sign-ins has its pool's id as the first part of the key. */
export class UserPools {
  readonly pools: Collection<PoolRecord>;
  readonly #byScope: Collection<string>;
  readonly clients: Collection<ClientRecord>;
  readonly #clientsByPool: Collection<string>;
  readonly users: Collection<UserRecord>;
  /** Username by attribute that signs in: [pool, attribute, value]. */
  readonly aliases: Collection<string>;
  readonly groups: Collection<GroupRecord>;
  /** [pool, username, group] and [pool, group, username]. */
  readonly #groupsOfUser: Collection<number>;
  readonly #usersOfGroup: Collection<number>;
  /** By refresh token. */
  readonly signIns: Collection<SignInRecord>;
  readonly #signInsByPool: Collection<string>;
  /** By session. */
  readonly challenges: Collection<ChallengeRecord>;
  /** Ids of revoked sign-ins, until when they matter. */
  readonly revoked: Collection<number>;

  constructor(readonly kernel: Kernel) {
    const { store } = kernel;
    this.pools = store.collection("cognito-idp.pools");
    this.#byScope = store.collection("cognito-idp.poolsByScope");
    this.clients = store.collection("cognito-idp.clients");
    this.#clientsByPool = store.collection("cognito-idp.clientsByPool");
    this.users = store.collection("cognito-idp.users");
    this.aliases = store.collection("cognito-idp.aliases");
    this.groups = store.collection("cognito-idp.groups");
    this.#groupsOfUser = store.collection("cognito-idp.groupsOfUser");
    this.#usersOfGroup = store.collection("cognito-idp.usersOfGroup");
    this.signIns = store.collection("cognito-idp.signIns");
    this.#signInsByPool = store.collection("cognito-idp.signInsByPool");
    this.challenges = store.collection("cognito-idp.challenges");
    this.revoked = store.collection("cognito-idp.revoked");
  }

  addPool(pool: PoolRecord): void {
    this.pools.put([pool.Id], pool);
    this.#byScope.put([pool.scope.account, pool.scope.region, pool.Id], pool.Id);
  }

  poolsOf({ account, region }: Scope): PoolRecord[] {
    return Array.from(this.#byScope.values({ prefix: [account, region] }), (id) => this.pools.get([id])!);
  }

  removePool({ Id, scope }: PoolRecord): void {
    for (const client of this.clientsOf(Id)) this.removeClient(client);
    for (const token of Array.from(this.#signInsByPool.values({ prefix: [Id] }))) this.signIns.remove([token]);
    const all = [this.users, this.aliases, this.groups, this.#groupsOfUser, this.#usersOfGroup, this.#signInsByPool];
    for (const collection of all) collection.clear({ prefix: [Id] });
    this.#byScope.remove([scope.account, scope.region, Id]);
    this.pools.remove([Id]);
  }

  addClient(client: ClientRecord): void {
    this.clients.put([client.ClientId], client);
    this.#clientsByPool.put([client.UserPoolId, client.ClientId], client.ClientId);
  }

  clientsOf(poolId: string): ClientRecord[] {
    return Array.from(this.#clientsByPool.values({ prefix: [poolId] }), (id) => this.clients.get([id])!);
  }

  removeClient({ ClientId, UserPoolId }: ClientRecord): void {
    this.clients.remove([ClientId]);
    this.#clientsByPool.remove([UserPoolId, ClientId]);
  }

  addSignIn(token: string, signIn: SignInRecord): void {
    this.signIns.put([token], signIn);
    this.#signInsByPool.put([signIn.poolId, token], token);
  }

  join(poolId: string, username: string, group: string): void {
    this.#groupsOfUser.put([poolId, username, group], 1);
    this.#usersOfGroup.put([poolId, group, username], 1);
  }

  leave(poolId: string, username: string, group: string): void {
    this.#groupsOfUser.remove([poolId, username, group]);
    this.#usersOfGroup.remove([poolId, group, username]);
  }

  /** The groups of a user, the most important first. */
  groupsOf(poolId: string, username: string): GroupRecord[] {
    const names = Array.from(this.#groupsOfUser.keys({ prefix: [poolId, username] }), (key) => key[2] as string);
    const groups = names.map((name) => this.groups.get([poolId, name])!);
    return groups.toSorted(
      (a, b) => (a.Precedence ?? Infinity) - (b.Precedence ?? Infinity) || (a.GroupName < b.GroupName ? -1 : 1),
    );
  }

  usernamesIn(poolId: string, group: string): string[] {
    return Array.from(this.#usersOfGroup.keys({ prefix: [poolId, group] }), (key) => key[2] as string);
  }

  removeUser(poolId: string, user: UserRecord): void {
    for (const { GroupName } of this.groupsOf(poolId, user.Username)) this.leave(poolId, user.Username, GroupName);
    this.users.remove([poolId, user.Username]);
  }

  removeGroup(poolId: string, group: string): void {
    for (const username of this.usernamesIn(poolId, group)) this.leave(poolId, username, group);
    this.groups.remove([poolId, group]);
  }
}
