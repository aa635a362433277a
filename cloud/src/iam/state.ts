import type { Kernel } from "../kernel/kernel.ts";
import type { Collection } from "../kernel/store.ts";

/** What users, groups and roles have in common. */
export interface EntityRecord {
  readonly account: string;
  name: string;
  path: string;
  /** `AIDA…`, `AGPA…` or `AROA…`. */
  readonly id: string;
  readonly createdMs: number;
  /** Inline policies: name → JSON text. */
  inline: Record<string, string>;
  /** ARNs of attached managed policies, in the order in which they were attached. */
  attached: string[];
}

export interface UserRecord extends EntityRecord {
  tags: Record<string, string>;
  /** ARN of the managed policy that is the permissions boundary. */
  boundary?: string | undefined;
  /** Names of the groups that the user is in. */
  groups: string[];
  keys: AccessKeyRecord[];
}

export type GroupRecord = EntityRecord;

export interface RoleRecord extends EntityRecord {
  tags: Record<string, string>;
  boundary?: string | undefined;
  trust: string;
  description?: string | undefined;
  sessionSecondsMax: number;
  /** The service of a service-linked role, e.g. `ecs.amazonaws.com`. */
  linkedTo?: string;
}

export interface AccessKeyRecord {
  readonly id: string;
  readonly secret: string;
  readonly createdMs: number;
  status: "Active" | "Inactive";
}

export interface PolicyVersionRecord {
  readonly id: string;
  readonly document: string;
  readonly createdMs: number;
}

/** A customer managed policy. */
export interface PolicyRecord {
  readonly account: string;
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly createdMs: number;
  updatedMs: number;
  readonly description?: string | undefined;
  tags: Record<string, string>;
  versions: PolicyVersionRecord[];
  defaultVersion: string;
  /** Version numbers are never given out twice. */
  lastVersion: number;
}

export interface InstanceProfileRecord {
  readonly account: string;
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly createdMs: number;
  role?: string | undefined;
  tags: Record<string, string>;
}

export interface OidcProviderRecord {
  /** Without `https://`. */
  readonly url: string;
  readonly createdMs: number;
  clientIds: string[];
  thumbprints: string[];
  tags: Record<string, string>;
}

/** Temporary credentials that STS gave out. */
export interface SessionRecord {
  readonly account: string;
  readonly secret: string;
  readonly token: string;
  readonly issuedMs: number;
  readonly expiresMs: number;
  /** Absent for a session of GetSessionToken. */
  readonly role?: { readonly name: string; readonly id: string; readonly session: string };
  /** Name of the user, for a session of GetSessionToken; absent for root. */
  readonly user?: string | undefined;
  /** Session policies: JSON texts and ARNs of managed policies. */
  readonly policies: readonly string[];
  /** Session tags; those also named in `transitive` go on to chained sessions. */
  readonly tags: Readonly<Record<string, string>>;
  readonly transitive: readonly string[];
  readonly sourceIdentity?: string | undefined;
  readonly federatedProvider?: string | undefined;
}

/** When and where an access key or a role was last used. */
export interface UseRecord {
  readonly atMs: number;
  readonly region: string;
  readonly service: string;
}

/** What IAM keeps; read by IAM and STS, which are two faces of it, and by the authority. Keys begin with the account. */
export interface IamState {
  /** Names are unique without regard to case, so the second key part is the name in lower case. */
  readonly users: Collection<UserRecord>;
  readonly groups: Collection<GroupRecord>;
  readonly roles: Collection<RoleRecord>;
  readonly policies: Collection<PolicyRecord>;
  readonly profiles: Collection<InstanceProfileRecord>;
  readonly providers: Collection<OidcProviderRecord>;
  /** [account] → the account's alias. */
  readonly aliases: Collection<string>;
  /** [access key id] → whose it is. Stays when the key is deleted: a key once given out never stands for root. */
  readonly keyOwners: Collection<{ readonly account: string; readonly user: string }>;
  /** [account] → the account's first credentials, where they were made. */
  readonly rootKeys: Collection<{ readonly id: string; readonly secret: string }>;
  /** [access key id] */
  readonly sessions: Collection<SessionRecord>;
  /** [time of expiry in ms, access key id] */
  readonly sessionExpiries: Collection<1>;
  /** [access key id], or [role's unique id] */
  readonly uses: Collection<UseRecord>;
  /** Grows with every change of what the authority may have remembered. */
  generation(): number;
}

const opened = new WeakMap<Kernel, IamState>();

/** Opens IAM's state; the same object for the same kernel. */
export function openIamState(kernel: Kernel): IamState {
  const known = opened.get(kernel);
  if (known) return known;
  const { store } = kernel;
  let generation = 0;
  const watched = <V>(name: string) => watch(store.collection<V>(name), () => generation++);
  const state: IamState = {
    users: watched("iam.users"),
    groups: watched("iam.groups"),
    roles: watched("iam.roles"),
    policies: watched("iam.policies"),
    profiles: store.collection("iam.profiles"),
    providers: store.collection("iam.oidc-providers"),
    aliases: store.collection("iam.aliases"),
    keyOwners: watched("iam.key-owners"),
    rootKeys: watched("iam.root-keys"),
    sessions: store.collection("sts.sessions"),
    sessionExpiries: store.collection("sts.session-expiries"),
    uses: store.collection("iam.uses"),
    generation: () => generation,
  };
  opened.set(kernel, state);
  return state;
}

function watch<V>(collection: Collection<V>, onWrite: () => void): Collection<V> {
  return {
    get: (key) => collection.get(key),
    has: (key) => collection.has(key),
    entries: (range) => collection.entries(range),
    values: (range) => collection.values(range),
    keys: (range) => collection.keys(range),
    first: (range) => collection.first(range),
    count: (range) => collection.count(range),
    put(key, value) {
      onWrite();
      collection.put(key, value);
    },
    remove(key) {
      onWrite();
      return collection.remove(key);
    },
    clear(range) {
      onWrite();
      return collection.clear(range);
    },
  };
}

/** ARN of a user, group, role, policy or instance profile. */
export function entityArn(
  kind: "user" | "group" | "role" | "policy" | "instance-profile",
  record: { readonly account: string; readonly path: string; readonly name: string },
): string {
  return `arn:aws:iam::${record.account}:${kind}${record.path}${record.name}`;
}

/** The role of that exact name, or undefined. */
export function findRole(state: IamState, account: string, name: string): RoleRecord | undefined {
  return exact(state.roles.get([account, name.toLowerCase()]), name);
}

export function findUser(state: IamState, account: string, name: string): UserRecord | undefined {
  return exact(state.users.get([account, name.toLowerCase()]), name);
}

export function findGroup(state: IamState, account: string, name: string): GroupRecord | undefined {
  return exact(state.groups.get([account, name.toLowerCase()]), name);
}

/** The role of an ARN, with its path as it is. */
export function findRoleByArn(state: IamState, arn: string): RoleRecord | undefined {
  const [, account, name] = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (account === undefined || name === undefined) return undefined;
  const role = findRole(state, account, name);
  return role && entityArn("role", role) === arn ? role : undefined;
}

function exact<R extends { readonly name: string }>(record: R | undefined, name: string): R | undefined {
  return record?.name === name ? record : undefined;
}
