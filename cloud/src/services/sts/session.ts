import type { PolicyDescriptorType, Tag } from "@aws-sdk/client-sts";
import { findManagedDocument } from "../../iam/managed-policy.ts";
import { accessKeyId, secretAccessKey } from "../../iam/identifiers.ts";
import type { IamState, RoleRecord, SessionRecord } from "../../iam/state.ts";
import { findPolicyFault } from "../../iam/validation.ts";
import type { CallContext } from "../../service.ts";
import { malformedPolicy, packedPolicyTooLarge, validationError } from "./errors.ts";

export type Cx = CallContext<IamState>;

const DURATION_SECONDS_DEFAULT = 3_600;
/** AWS: a role assumed by another role's session lasts one hour at most. */
const CHAINED_SECONDS_MAX = 3_600;
const POLICY_CHARACTERS_MAX = 2_048;
const PACKED_CHARACTERS_MAX = 4_096;
const POLICY_ARNS_MAX = 10;
/** Expired credentials stay known so long: they must be told as expired, not taken for somebody else's. */
const KEPT_AFTER_EXPIRY_MS = 7 * 86_400_000;

/** What a call gives a session besides its role. */
export interface SessionRequest {
  readonly RoleSessionName?: string | undefined;
  readonly DurationSeconds?: number | undefined;
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly PolicyDescriptorType[] | undefined;
  readonly Tags?: readonly Tag[] | undefined;
  readonly TransitiveTagKeys?: readonly string[] | undefined;
  readonly SourceIdentity?: string | undefined;
  readonly federatedProvider?: string | undefined;
}

/**
 * Opens a session of a role that the caller may assume.
 * @param caller the session that the caller has itself, where it has one (role chaining)
 * @throws AwsError ValidationError, MalformedPolicyDocument, PackedPolicyTooLarge
 */
export function openRoleSession(cx: Cx, role: RoleRecord, request: SessionRequest, caller?: SessionRecord) {
  const { RoleSessionName: session = "", DurationSeconds = DURATION_SECONDS_DEFAULT } = request;
  if (caller?.role && DurationSeconds > CHAINED_SECONDS_MAX)
    throw validationError(
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
  if (DurationSeconds > role.sessionSecondsMax)
    throw validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  const policies = sessionPolicies(cx, request);
  const { tags, transitive } = sessionTags(request, caller);
  const packed = packedSize(policies, tags);
  const record = openSession(cx, {
    account: role.account,
    seconds: DurationSeconds,
    role: { name: role.name, id: role.id, session },
    policies,
    tags,
    transitive,
    sourceIdentity: caller?.sourceIdentity ?? request.SourceIdentity,
    federatedProvider: request.federatedProvider,
  });
  return {
    Credentials: record.credentials,
    AssumedRoleUser: {
      AssumedRoleId: `${role.id}:${session}`,
      Arn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${session}`,
    },
    ...(packed > 0 ? { PackedPolicySize: packed } : {}),
    ...(record.session.sourceIdentity === undefined ? {} : { SourceIdentity: record.session.sourceIdentity }),
  };
}

/** Gives out temporary credentials and keeps whom they stand for. */
export function openSession(
  cx: Cx,
  options: Omit<SessionRecord, "secret" | "token" | "issuedMs" | "expiresMs"> & { readonly seconds: number },
) {
  const { seconds, ...rest } = options;
  const { random, clock } = cx.kernel;
  const issuedMs = clock.seconds() * 1000;
  const id = accessKeyId(random, "ASIA", rest.account);
  const session: SessionRecord = {
    ...rest,
    secret: secretAccessKey(random),
    token: `IQoJb3JpZ2luX2Vj${random.bytes(192).toString("base64")}`,
    issuedMs,
    expiresMs: issuedMs + seconds * 1000,
  };
  sweep(cx);
  cx.state.sessions.put([id], session);
  cx.state.sessionExpiries.put([session.expiresMs, id], 1);
  const credentials = {
    AccessKeyId: id,
    SecretAccessKey: session.secret,
    SessionToken: session.token,
    Expiration: new Date(session.expiresMs),
  };
  return { session, credentials };
}

function sweep(cx: Cx): void {
  const before = cx.kernel.clock.now() - KEPT_AFTER_EXPIRY_MS;
  const expired = Array.from(cx.state.sessionExpiries.keys({ to: [before] }));
  for (const [expiresMs, id] of expired) {
    cx.state.sessions.remove([id!]);
    cx.state.sessionExpiries.remove([expiresMs!, id!]);
  }
}

function sessionPolicies(cx: Cx, { Policy, PolicyArns = [] }: SessionRequest): string[] {
  const policies: string[] = [];
  if (Policy !== undefined) {
    if (Policy.length > POLICY_CHARACTERS_MAX)
      throw validationError(
        `1 validation error detected: Value '${Policy}' at 'policy' failed to satisfy constraint: ` +
          `Member must have length less than or equal to ${POLICY_CHARACTERS_MAX}`,
      );
    const fault = findPolicyFault(Policy, "inline");
    if (fault !== undefined) throw malformedPolicy(fault);
    policies.push(Policy);
  }
  if (PolicyArns.length > POLICY_ARNS_MAX)
    throw validationError(`You can only specify up to ${POLICY_ARNS_MAX} managed session policies.`);
  for (const { arn = "" } of PolicyArns) {
    if (findManagedDocument(cx.state, arn) === undefined) throw validationError(`PolicyArns ${arn} does not exist.`);
    policies.push(arn);
  }
  return policies;
}

function sessionTags({ Tags = [], TransitiveTagKeys = [] }: SessionRequest, caller: SessionRecord | undefined) {
  const inherited = new Map((caller?.transitive ?? []).map((key) => [key.toLowerCase(), key]));
  const tags: Record<string, string> = {};
  for (const key of inherited.values()) tags[key] = caller!.tags[key] ?? "";
  const seen = new Set<string>();
  for (const { Key = "", Value = "" } of Tags) {
    const lower = Key.toLowerCase();
    if (seen.has(lower))
      throw validationError("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    seen.add(lower);
    if (inherited.has(lower))
      throw validationError(
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
      );
    tags[Key] = Value;
  }
  for (const key of TransitiveTagKeys)
    if (!seen.has(key.toLowerCase()))
      throw validationError("The specified transitive tag key must be included in the requested tags.");
  return { tags, transitive: [...inherited.values(), ...TransitiveTagKeys] };
}

/** How full a session's room for policies and tags is, in percent. Gap: AWS packs them in a way of its own. */
function packedSize(policies: readonly string[], tags: Readonly<Record<string, string>>): number {
  const characters = [...policies, ...Object.entries(tags).flat()].reduce((sum, text) => sum + text.length, 0);
  const percent = Math.ceil((characters / PACKED_CHARACTERS_MAX) * 100);
  if (percent > 100) throw packedPolicyTooLarge(percent);
  return percent;
}
