import { createHash } from "node:crypto";
import type { AccessControlPolicy, Grant as WireGrant, Permission } from "@aws-sdk/client-s3";
import { NotEmulatedError } from "../../aws/error.ts";
import { AwsError } from "../../aws/error.ts";
import { invalidArgument, invalidRequest, malformedAcl } from "./errors.ts";

/** A grantee by its canonical user id, or a group by its URI. */
export type Grantee = { readonly id: string } | { readonly uri: string };

export interface Grant {
  readonly grantee: Grantee;
  readonly permission: Permission;
}

export interface Acl {
  readonly grants: readonly Grant[];
}

export const ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers";
export const AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery";
const GROUPS = [ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY];
const PERMISSIONS: readonly string[] = ["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"];

const ID_LENGTH = 64;
const ACCOUNT = /^\d{12}$/;

/** The canonical user id of an account: 64 characters that end with the account, so that it can be found again. */
export function canonicalId(account: string): string {
  const digest = createHash("sha256").update(`canonical:${account}`).digest("hex");
  return digest.slice(0, ID_LENGTH - account.length) + account;
}

/** The account of a canonical user id; undefined for what is none of ours. */
export function accountOfCanonicalId(id: string): string | undefined {
  const account = id.slice(-12);
  return ACCOUNT.test(account) && canonicalId(account) === id ? account : undefined;
}

export function privateAcl(owner: string): Acl {
  return { grants: [{ grantee: { id: canonicalId(owner) }, permission: "FULL_CONTROL" }] };
}

/** Whether an ACL grants something to everybody (or everybody with an AWS account, which S3 holds to be the same). */
export function isPublicAcl(acl: Acl): boolean {
  return acl.grants.some(({ grantee }) => "uri" in grantee && grantee.uri !== LOG_DELIVERY);
}

/** ACL parameters of a request, in any of the three forms. */
export interface AclInput {
  readonly ACL?: string | undefined;
  readonly GrantFullControl?: string | undefined;
  readonly GrantRead?: string | undefined;
  readonly GrantWrite?: string | undefined;
  readonly GrantReadACP?: string | undefined;
  readonly GrantWriteACP?: string | undefined;
  readonly AccessControlPolicy?: AccessControlPolicy | undefined;
}

const GRANT_HEADERS = [
  ["GrantFullControl", "FULL_CONTROL", "x-amz-grant-full-control"],
  ["GrantRead", "READ", "x-amz-grant-read"],
  ["GrantWrite", "WRITE", "x-amz-grant-write"],
  ["GrantReadACP", "READ_ACP", "x-amz-grant-read-acp"],
  ["GrantWriteACP", "WRITE_ACP", "x-amz-grant-write-acp"],
] as const;

/** Whom canned ACLs speak of. */
export interface AclParties {
  readonly owner: string;
  readonly bucketOwner: string;
}

/**
 * The ACL that a request gives, in whichever form.
 * @returns undefined where it gives none
 * @throws AwsError InvalidRequest, InvalidArgument, MalformedACLError, UnexpectedContent
 */
export function readAcl(input: AclInput, parties: AclParties): Acl | undefined {
  const headers = GRANT_HEADERS.filter(([member]) => input[member] !== undefined);
  if (input.ACL !== undefined && headers.length > 0)
    throw invalidRequest("Specifying both Canned ACLs and Header Grants is not allowed");
  if (input.AccessControlPolicy !== undefined) {
    if (input.ACL !== undefined || headers.length > 0)
      throw new AwsError("UnexpectedContent", "This request does not support content", { status: 400 });
    return readPolicy(input.AccessControlPolicy, parties.owner);
  }
  if (input.ACL !== undefined) return cannedAcl(input.ACL, parties);
  if (headers.length === 0) return undefined;
  return {
    grants: headers.flatMap(([member, permission, header]) => readGrantHeader(input[member]!, permission, header)),
  };
}

/** AWS: "Canned ACL". */
function cannedAcl(name: string, { owner, bucketOwner }: AclParties): Acl {
  const own = privateAcl(owner).grants;
  const toGroup = (uri: string, permission: Permission): Grant => ({ grantee: { uri }, permission });
  switch (name) {
    case "private":
      return { grants: own };
    case "public-read":
      return { grants: [...own, toGroup(ALL_USERS, "READ")] };
    case "public-read-write":
      return { grants: [...own, toGroup(ALL_USERS, "READ"), toGroup(ALL_USERS, "WRITE")] };
    case "authenticated-read":
      return { grants: [...own, toGroup(AUTHENTICATED_USERS, "READ")] };
    case "log-delivery-write":
      return { grants: [...own, toGroup(LOG_DELIVERY, "WRITE"), toGroup(LOG_DELIVERY, "READ_ACP")] };
    case "bucket-owner-read":
    case "bucket-owner-full-control": {
      if (owner === bucketOwner) return { grants: own };
      const permission = name === "bucket-owner-read" ? "READ" : "FULL_CONTROL";
      return { grants: [...own, { grantee: { id: canonicalId(bucketOwner) }, permission }] };
    }
    case "aws-exec-read":
      throw new NotEmulatedError("the canned ACL aws-exec-read of S3 (there are no AMIs here)");
    default:
      // Quirk: S3 answers without a message here.
      throw invalidArgument("", "x-amz-acl", name);
  }
}

const GRANTEE = /^\s*(\w+)\s*=\s*"?([^"]*)"?\s*$/;

function readGrantHeader(value: string, permission: Permission, header: string): Grant[] {
  return value.split(",").map((entry) => {
    const [, kind, who = ""] = GRANTEE.exec(entry) ?? [];
    switch (kind) {
      case "id":
        return { grantee: { id: checkId(who, "id") }, permission };
      case "uri":
        return { grantee: { uri: checkGroup(who, "uri") }, permission };
      case "emailAddress":
        throw new NotEmulatedError("S3 grants by e-mail address (AWS ended them in 2025)");
      default:
        throw invalidArgument("Argument format not recognized", header, entry.trim());
    }
  });
}

function readPolicy(policy: AccessControlPolicy, owner: string): Acl {
  if (!policy.Owner?.ID || !policy.Grants) throw malformedAcl();
  if (!accountOfCanonicalId(policy.Owner.ID)) throw invalidArgument("Invalid id", "CanonicalUser/ID", policy.Owner.ID);
  if (policy.Owner.ID !== canonicalId(owner)) throw new AwsError("AccessDenied", "Access Denied", { status: 403 });
  return { grants: policy.Grants.map(readWireGrant) };
}

function readWireGrant({ Grantee: grantee, Permission: permission }: WireGrant): Grant {
  if (!grantee || !permission || !PERMISSIONS.includes(permission)) throw malformedAcl();
  if (grantee.Type === "Group" && grantee.URI !== undefined)
    return { grantee: { uri: checkGroup(grantee.URI, "Group/URI") }, permission };
  if (grantee.Type === "CanonicalUser" && grantee.ID !== undefined)
    return { grantee: { id: checkId(grantee.ID, "CanonicalUser/ID") }, permission };
  if (grantee.Type === "AmazonCustomerByEmail")
    throw new NotEmulatedError("S3 grants by e-mail address (AWS ended them in 2025)");
  throw malformedAcl();
}

function checkId(id: string, name: string): string {
  if (!accountOfCanonicalId(id)) throw invalidArgument("Invalid id", name, id);
  return id;
}

function checkGroup(uri: string, name: string): string {
  if (!GROUPS.includes(uri)) throw invalidArgument("Invalid group uri", name, uri);
  return uri;
}

/** As GetBucketAcl and GetObjectAcl answer. */
export function aclMembers(acl: Acl, owner: string) {
  return {
    Owner: { ID: canonicalId(owner) },
    Grants: acl.grants.map(({ grantee, permission }) => ({
      Grantee:
        "id" in grantee
          ? { Type: "CanonicalUser" as const, ID: grantee.id }
          : { Type: "Group" as const, URI: grantee.uri },
      Permission: permission,
    })),
  };
}

const ON_BUCKET: Record<string, readonly string[]> = {
  READ: ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"],
  WRITE: ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
  READ_ACP: ["s3:GetBucketAcl"],
  WRITE_ACP: ["s3:PutBucketAcl"],
};
const ON_OBJECT: Record<string, readonly string[]> = {
  READ: ["s3:GetObject", "s3:GetObjectVersion"],
  WRITE: [],
  READ_ACP: ["s3:GetObjectAcl", "s3:GetObjectVersionAcl"],
  WRITE_ACP: ["s3:PutObjectAcl", "s3:PutObjectVersionAcl"],
};

/**
 * An ACL as statements of a resource policy, so that one evaluation decides (AWS: "Mapping of ACL permissions and
 * access policy permissions").
 * @param of the ARN of the bucket or the object
 * @param options.owner account whose own grants say nothing: its identities are allowed by their own policies
 */
export function aclStatements(
  acl: Acl,
  of: { readonly kind: "bucket" | "object"; readonly arn: string },
  options: { readonly owner: string; readonly ignorePublic: boolean },
): object[] {
  const actions = of.kind === "bucket" ? ON_BUCKET : ON_OBJECT;
  return acl.grants.flatMap(({ grantee, permission }) => {
    const granted = permission === "FULL_CONTROL" ? Object.values(actions).flat() : (actions[permission] ?? []);
    const who = principalOf(grantee, options);
    if (!who || granted.length === 0) return [];
    const resource = of.kind === "bucket" ? [of.arn, `${of.arn}/*`] : of.arn;
    return [{ Sid: `acl-${permission}`, Effect: "Allow", Action: granted, Resource: resource, ...who }];
  });
}

function principalOf(grantee: Grantee, options: { owner: string; ignorePublic: boolean }): object | undefined {
  if ("id" in grantee) {
    const account = accountOfCanonicalId(grantee.id);
    return account === undefined || account === options.owner
      ? undefined
      : { Principal: { AWS: `arn:aws:iam::${account}:root` } };
  }
  if (options.ignorePublic || grantee.uri === LOG_DELIVERY) return undefined;
  if (grantee.uri === ALL_USERS) return { Principal: "*" };
  return { Principal: "*", Condition: { StringNotEquals: { "aws:PrincipalType": "Anonymous" } } };
}
