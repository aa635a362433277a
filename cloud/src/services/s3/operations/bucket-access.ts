import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError } from "../../../aws/error.ts";
import { findPolicyFault } from "../../../iam/validation.ts";
import { nameOf } from "../../../iam/principal.ts";
import { aclMembers, isPublicAcl, privateAcl, readAcl } from "../acl.ts";
import { aclsDisabled, bucketArn, changeBucket, ownedBucket } from "../bucket.ts";
import { blockedAcl } from "../draft.ts";
import {
  accessDenied,
  aclsNotSupported,
  bucketAclWithOwnership,
  malformedPolicy,
  malformedXml,
  noSuchConfiguration,
} from "../errors.ts";
import { isPublicPolicy } from "../public-policy.ts";
import type { Bucket, S3Context } from "../state.ts";

/** Who may do what with a bucket: policy, Block Public Access, ownership, ACL. */

const POLICY_BYTES_MAX = 20 * 1024;

export function PutBucketPolicy(cx: S3Context, input: Input<"s3", "PutBucketPolicy">): Output<"s3", "PutBucketPolicy"> {
  const bucket = ownedBucket(cx, input);
  const text = input.Policy ?? "";
  const policy = readPolicy(bucket, text);
  const isPublic = isPublicPolicy(policy);
  if (isPublic && bucket.publicAccess?.BlockPublicPolicy)
    throw accessDenied(
      `User: ${nameOf(cx.principal)} is not authorized to perform: s3:PutBucketPolicy on resource: ` +
        `"${bucketArn(bucket.name)}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
    );
  changeBucket(cx.state, bucket, { policy: { text, isPublic } });
  return {};
}

/** @throws AwsError MalformedPolicy, PolicyTooLarge */
function readPolicy(bucket: Bucket, text: string): { Statement: Statement[] } {
  if (Buffer.byteLength(text) > POLICY_BYTES_MAX)
    throw malformedPolicy(
      `Policy exceeds the maximum allowed document size. The maximum is ${POLICY_BYTES_MAX} bytes.`,
    );
  let parsed: unknown;
  try {
    parsed = text.startsWith("{") ? JSON.parse(text) : undefined;
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== "object" || parsed === null)
    throw malformedPolicy("Policies must be valid JSON and the first byte must be '{'");
  const { Statement } = parsed as { Statement?: unknown };
  if (Statement === undefined) throw malformedPolicy("Missing required field Statement");
  const statements = (Array.isArray(Statement) ? Statement : [Statement]) as Statement[];
  for (const statement of statements) checkStatement(bucket, statement);
  const fault = findPolicyFault(text, "resource");
  if (fault !== undefined) throw malformedPolicy(fault);
  return { Statement: statements };
}

interface Statement {
  readonly Action?: unknown;
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
}

/** AWS: a bucket policy speaks of S3 actions on its own bucket and the objects in it. */
function checkStatement(bucket: Bucket, statement: Statement): void {
  const actions = list(statement.Action ?? statement.NotAction);
  const resources = list(statement.Resource ?? statement.NotResource);
  if (actions.length === 0) throw malformedPolicy("Missing required field Action");
  if (resources.length === 0) throw malformedPolicy("Missing required field Resource");
  if (actions.some((action) => action !== "*" && !/^s3:/i.test(action)))
    throw malformedPolicy("Policy has invalid action");
  const arn = bucketArn(bucket.name);
  const own = resources.every(
    (resource) => resource === arn || resource.startsWith(`${arn}/`) || /^arn:aws:s3:::[^/]*[*?]/.test(resource),
  );
  if (!own) throw malformedPolicy("Policy has invalid resource");
  const bucketOnly = actions.every(
    (action) => /^s3:(?:ListBucket|GetBucket|PutBucket|DeleteBucket)/i.test(action) && !action.includes("*"),
  );
  const objectOnly = actions.every(
    (action) => /^s3:(?:Get|Put|Delete)Object(?!Lock)/i.test(action) && !action.includes("*"),
  );
  const ofObjects = resources.every((resource) => resource.includes("/"));
  const ofBuckets = resources.every((resource) => !resource.includes("/") && !resource.includes("*"));
  if ((bucketOnly && ofObjects) || (objectOnly && ofBuckets))
    throw malformedPolicy("Action does not apply to any resource(s) in statement");
}

function list(value: unknown): string[] {
  return value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String);
}

export function GetBucketPolicy(cx: S3Context, input: Input<"s3", "GetBucketPolicy">): Output<"s3", "GetBucketPolicy"> {
  return { Policy: getPolicy(ownedBucket(cx, input)).text };
}

function getPolicy(bucket: Bucket) {
  if (!bucket.policy) throw noSuchConfiguration("NoSuchBucketPolicy", "The bucket policy does not exist", bucket.name);
  return bucket.policy;
}

export function GetBucketPolicyStatus(
  cx: S3Context,
  input: Input<"s3", "GetBucketPolicyStatus">,
): Output<"s3", "GetBucketPolicyStatus"> {
  return { PolicyStatus: { IsPublic: getPolicy(ownedBucket(cx, input)).isPublic } };
}

export function DeleteBucketPolicy(
  cx: S3Context,
  input: Input<"s3", "DeleteBucketPolicy">,
): Output<"s3", "DeleteBucketPolicy"> {
  changeBucket(cx.state, ownedBucket(cx, input), { policy: undefined });
  return {};
}

export function PutPublicAccessBlock(
  cx: S3Context,
  input: Input<"s3", "PutPublicAccessBlock">,
): Output<"s3", "PutPublicAccessBlock"> {
  const bucket = ownedBucket(cx, input);
  const given = input.PublicAccessBlockConfiguration;
  if (!given) throw malformedXml();
  changeBucket(cx.state, bucket, {
    publicAccess: {
      BlockPublicAcls: given.BlockPublicAcls ?? false,
      IgnorePublicAcls: given.IgnorePublicAcls ?? false,
      BlockPublicPolicy: given.BlockPublicPolicy ?? false,
      RestrictPublicBuckets: given.RestrictPublicBuckets ?? false,
    },
  });
  return {};
}

export function GetPublicAccessBlock(
  cx: S3Context,
  input: Input<"s3", "GetPublicAccessBlock">,
): Output<"s3", "GetPublicAccessBlock"> {
  const bucket = ownedBucket(cx, input);
  if (!bucket.publicAccess)
    throw noSuchConfiguration(
      "NoSuchPublicAccessBlockConfiguration",
      "The public access block configuration was not found",
      bucket.name,
    );
  return { PublicAccessBlockConfiguration: bucket.publicAccess };
}

export function DeletePublicAccessBlock(
  cx: S3Context,
  input: Input<"s3", "DeletePublicAccessBlock">,
): Output<"s3", "DeletePublicAccessBlock"> {
  changeBucket(cx.state, ownedBucket(cx, input), { publicAccess: undefined });
  return {};
}

export function PutBucketOwnershipControls(
  cx: S3Context,
  input: Input<"s3", "PutBucketOwnershipControls">,
): Output<"s3", "PutBucketOwnershipControls"> {
  const bucket = ownedBucket(cx, input);
  const rules = input.OwnershipControls?.Rules;
  const ownership = rules?.[0]?.ObjectOwnership;
  if (rules?.length !== 1 || ownership === undefined) throw malformedXml();
  // AWS: ACLs can only be disabled once they grant nothing to others.
  if (ownership === "BucketOwnerEnforced" && !isOwnersAlone(bucket)) throw bucketAclWithOwnership();
  changeBucket(cx.state, bucket, { ownership });
  return {};
}

function isOwnersAlone({ acl, account }: Bucket): boolean {
  const own = JSON.stringify(privateAcl(account).grants[0]!.grantee);
  return acl.grants.every((grant) => JSON.stringify(grant.grantee) === own);
}

export function GetBucketOwnershipControls(
  cx: S3Context,
  input: Input<"s3", "GetBucketOwnershipControls">,
): Output<"s3", "GetBucketOwnershipControls"> {
  const bucket = ownedBucket(cx, input);
  if (!bucket.ownership)
    throw noSuchConfiguration(
      "OwnershipControlsNotFoundError",
      "The bucket ownership controls were not found",
      bucket.name,
    );
  return { OwnershipControls: { Rules: [{ ObjectOwnership: bucket.ownership }] } };
}

export function DeleteBucketOwnershipControls(
  cx: S3Context,
  input: Input<"s3", "DeleteBucketOwnershipControls">,
): Output<"s3", "DeleteBucketOwnershipControls"> {
  changeBucket(cx.state, ownedBucket(cx, input), { ownership: undefined });
  return {};
}

export function PutBucketAcl(cx: S3Context, input: Input<"s3", "PutBucketAcl">): Output<"s3", "PutBucketAcl"> {
  const bucket = ownedBucket(cx, input);
  const acl = readAcl(input, { owner: bucket.account, bucketOwner: bucket.account });
  if (!acl)
    throw new AwsError("MissingSecurityHeader", "Your request was missing a required header", {
      status: 400,
      members: { MissingHeaderName: "x-amz-acl" },
    });
  if (aclsDisabled(bucket)) throw aclsNotSupported();
  if (bucket.publicAccess?.BlockPublicAcls && isPublicAcl(acl))
    throw blockedAcl(cx, "s3:PutBucketAcl", bucketArn(bucket.name));
  changeBucket(cx.state, bucket, { acl });
  return {};
}

export function GetBucketAcl(cx: S3Context, input: Input<"s3", "GetBucketAcl">): Output<"s3", "GetBucketAcl"> {
  const bucket = ownedBucket(cx, input);
  return aclMembers(aclsDisabled(bucket) ? privateAcl(bucket.account) : bucket.acl, bucket.account);
}
