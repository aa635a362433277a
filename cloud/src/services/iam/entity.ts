import type { CallContext } from "../../service.ts";
import type { Collection } from "../../kernel/store.ts";
import {
  entityArn,
  type EntityRecord,
  type GroupRecord,
  type IamState,
  type RoleRecord,
  type UserRecord,
} from "../../iam/state.ts";
import { findManagedDocument } from "../../iam/managed-policy.ts";
import { entityExists, mustFirst, noBoundary, noEntity, protectedRole, type Named } from "./errors.ts";

export type Cx = CallContext<IamState>;

export interface Records {
  user: UserRecord;
  group: GroupRecord;
  role: RoleRecord;
}

function collectionOf<K extends Named>(state: IamState, kind: K): Collection<Records[K]> {
  const collections = { user: state.users, group: state.groups, role: state.roles };
  return collections[kind] as unknown as Collection<Records[K]>;
}

/** @throws AwsError NoSuchEntity */
export function getEntity<K extends Named>(cx: Cx, kind: K, name: string): Records[K] {
  const found = collectionOf(cx.state, kind).get([cx.scope.account, name.toLowerCase()]);
  if (found?.name !== name) throw noEntity(kind, name);
  return found;
}

/** The role, where it may be changed. @throws AwsError NoSuchEntity, UnmodifiableEntity for a service-linked role */
export function getOwnRole(cx: Cx, name: string): RoleRecord {
  const role = getEntity(cx, "role", name);
  if (role.linkedTo !== undefined) throw protectedRole(name);
  return role;
}

/** An entity that may be changed: any but a service-linked role. */
export function getOwn<K extends Named>(cx: Cx, kind: K, name: string): Records[K] {
  const entity = getEntity(cx, kind, name);
  if ((entity as Partial<RoleRecord>).linkedTo !== undefined) throw protectedRole(name);
  return entity;
}

export function putEntity<K extends Named>(cx: Cx, kind: K, record: Records[K]): void {
  collectionOf(cx.state, kind).put([record.account, record.name.toLowerCase()], record);
}

export function removeEntity(cx: Cx, kind: Named, name: string): void {
  collectionOf(cx.state, kind).remove([cx.scope.account, name.toLowerCase()]);
}

/** Those of the account under a path. */
export function* entitiesOf<K extends Named>(cx: Cx, kind: K, pathPrefix = "/"): Iterable<Records[K]> {
  for (const entity of collectionOf(cx.state, kind).values({ prefix: [cx.scope.account] }))
    if (entity.path.startsWith(pathPrefix)) yield entity;
}

/** @throws AwsError EntityAlreadyExists; names are unique without regard to case */
export function checkFree(cx: Cx, kind: Named, name: string): void {
  if (collectionOf(cx.state, kind).has([cx.scope.account, name.toLowerCase()])) throw entityExists(kind, name);
}

/** @throws AwsError NoSuchEntity where there is no such managed policy */
export function checkBoundary(cx: Cx, arn: string | undefined): void {
  if (arn !== undefined && findManagedDocument(cx.state, arn) === undefined) throw noBoundary(arn);
}

/** @throws AwsError DeleteConflict while policies are attached or inside */
export function checkNoPolicies(entity: EntityRecord): void {
  if (entity.attached.length > 0) throw mustFirst("detach all policies");
  if (Object.keys(entity.inline).length > 0) throw mustFirst("delete policies");
}

/** The ARN for a permission: that of the entity where there is one, else as it would be at the root path. */
export function askedArn(cx: Cx, kind: Named, name: string | undefined): string {
  const { account } = cx.scope;
  const found = name === undefined ? undefined : collectionOf(cx.state, kind).get([account, name.toLowerCase()]);
  return found ? entityArn(kind, found) : `arn:aws:iam::${account}:${kind}/${name ?? ""}`;
}

/** What AWS tells of a permissions boundary. */
export function boundaryOf(arn: string | undefined) {
  if (arn === undefined) return {};
  // AWS: answers `Policy`, though its model names the value otherwise.
  const PermissionsBoundaryType = "Policy" as "PermissionsBoundaryPolicy";
  return { PermissionsBoundary: { PermissionsBoundaryType, PermissionsBoundaryArn: arn } };
}
