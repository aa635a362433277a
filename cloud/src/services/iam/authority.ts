import { AwsError } from "../../aws/error.ts";
import type { AccessDecision, AccessRequest, Authority, KnownCredentials } from "../../iam/authority.ts";
import { decide, type NamedPolicy, type PolicySet } from "../../iam/decision.ts";
import { denialMessage, explain } from "../../iam/denial.ts";
import { managedPolicy, policiesOf } from "../../iam/identity-policies.ts";
import { compilePolicy } from "../../iam/policy.ts";
import type { Principal } from "../../iam/principal.ts";
import { CallContextKeys, type CallerFacts } from "../../iam/request-context.ts";
import {
  entityArn,
  findGroup,
  findRole,
  findRoleByArn,
  findUser,
  openIamState,
  type IamState,
} from "../../iam/state.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { findRootKey } from "./root-key.ts";

/** What a principal brings with it to a decision. */
interface Grants {
  readonly policies: PolicySet;
  readonly facts: CallerFacts;
}

const NOTHING: Grants = { policies: { identity: [] }, facts: {} };
/** AWS: last use is told by the hour or so; a write for every call would cost more than it tells. */
const USE_NOTED_EVERY_MS = 60_000;
const REMEMBERED_MAX = 10_000;
/** Actions that the resource's own policy must allow in any case: role trust policies and KMS key policies. */
const RESOURCE_POLICY_DECIDES = /^(sts:(AssumeRole|TagSession|SetSourceIdentity)|kms:)/;

/** IAM's answers for gate and wire, from what IAM and STS keep. */
export function createAuthority(kernel: Kernel): Authority {
  return new IamAuthority(kernel, openIamState(kernel));
}

/** Everything remembered here is dropped with the first change of users, groups, roles, policies or keys. */
class IamAuthority implements Authority {
  #generation = -1;
  readonly #credentials = new Map<string, KnownCredentials>();
  readonly #grants = new Map<string, Grants>();
  readonly #usedMs = new Map<string, number>();

  constructor(
    private readonly kernel: Kernel,
    private readonly state: IamState,
  ) {}

  /** @throws AwsError InvalidClientTokenId for a key that was given out and is no longer good, ExpiredToken */
  findCredentials(accessKeyId: string): KnownCredentials | undefined {
    if (!accessKeyId.startsWith("AKIA") && !accessKeyId.startsWith("ASIA")) return undefined;
    this.#forgetStale();
    let found = this.#credentials.get(accessKeyId);
    if (!found) {
      found = accessKeyId.startsWith("AKIA") ? this.#userKey(accessKeyId) : this.#session(accessKeyId);
      if (!found) return undefined;
      remember(this.#credentials, accessKeyId, found);
    }
    if (found.expiresMs !== undefined && found.expiresMs <= this.kernel.clock.now())
      throw new AwsError("ExpiredToken", "The security token included in the request is expired", { status: 403 });
    return found;
  }

  decide(request: AccessRequest): AccessDecision {
    const { principal, action, resource } = request;
    const resourceAccount = request.resourceAccount ?? accountOf(resource) ?? request.scope.account;
    const { facts, policies } = this.#grantsOf(principal);
    const resourcePolicy: NamedPolicy | undefined =
      request.resourcePolicy === undefined
        ? undefined
        : { name: resource, source: "resource", compiled: compilePolicy(request.resourcePolicy) };
    const decision = decide({
      principal,
      action,
      resource,
      resourceAccount,
      context: new CallContextKeys({ principal, facts, given: request.context, resourceAccount }),
      policies: resourcePolicy ? { ...policies, resource: resourcePolicy } : policies,
      resourcePolicyDecides: RESOURCE_POLICY_DECIDES.test(action),
    });
    this.#noteUse(request);
    const allowed = decision.outcome === "allowed";
    const message = allowed ? "" : denialMessage({ principal, action, resource }, decision);
    return { allowed, action, resource, reason: explain(decision), message };
  }

  #forgetStale(): void {
    const generation = this.state.generation();
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#credentials.clear();
    this.#grants.clear();
  }

  #userKey(id: string): KnownCredentials | undefined {
    const owner = this.state.keyOwners.get([id]);
    if (!owner) return findRootKey(this.state, id);
    const user = findUser(this.state, owner.account, owner.user);
    const key = user?.keys.find((one) => one.id === id);
    if (!user || key?.status !== "Active") throw invalidToken();
    const arn = entityArn("user", user);
    const principal: Principal = { kind: "user", account: user.account, arn, userId: user.id, accessKeyId: id };
    return { principal, secretAccessKey: key.secret };
  }

  #session(id: string): KnownCredentials | undefined {
    const session = this.state.sessions.get([id]);
    if (!session) return undefined;
    return {
      principal: sessionPrincipal(this.state, id, session),
      secretAccessKey: session.secret,
      sessionToken: session.token,
      expiresMs: session.expiresMs,
    };
  }

  #grantsOf(principal: Principal): Grants {
    if (principal.kind !== "user" && principal.kind !== "role") return NOTHING;
    this.#forgetStale();
    // Without a key of its own a session has no policies and tags of its own either, unless the principal carries them.
    const name = principal.accessKeyId ?? principal.arn;
    const key =
      principal.kind === "role" && principal.sessionPolicies ? `${name} ${principal.sessionPolicies.join()}` : name;
    let grants = this.#grants.get(key);
    if (!grants) {
      grants = principal.kind === "user" ? this.#userGrants(principal) : this.#roleGrants(principal);
      remember(this.#grants, key, grants);
    }
    return grants;
  }

  #userGrants(principal: Extract<Principal, { kind: "user" }>): Grants {
    const name = principal.arn.slice(principal.arn.lastIndexOf("/") + 1);
    const user = findUser(this.state, principal.account, name);
    if (!user) return NOTHING;
    const groups = user.groups.flatMap((group) => findGroup(this.state, user.account, group) ?? []);
    const identity = [
      ...policiesOf(this.state, user, "user"),
      ...groups.flatMap((group) => policiesOf(this.state, group, "group")),
    ];
    return { policies: { identity, boundary: this.#boundary(user.boundary) }, facts: { tags: user.tags } };
  }

  #roleGrants(principal: Extract<Principal, { kind: "role" }>): Grants {
    const role = findRoleByArn(this.state, principal.roleArn);
    const session = principal.accessKeyId === undefined ? undefined : this.state.sessions.get([principal.accessKeyId]);
    const sessionPolicies = principal.sessionPolicies ?? session?.policies ?? [];
    return {
      policies: {
        identity: role ? policiesOf(this.state, role, "role") : [],
        boundary: this.#boundary(role?.boundary),
        session:
          sessionPolicies.length === 0 ? undefined : sessionPolicies.flatMap((policy) => this.#sessionPolicy(policy)),
      },
      facts: {
        tags: { ...role?.tags, ...session?.tags },
        ...(session?.sourceIdentity === undefined ? {} : { sourceIdentity: session.sourceIdentity }),
        ...(session?.federatedProvider === undefined ? {} : { federatedProvider: session.federatedProvider }),
        ...(session === undefined ? {} : { tokenIssueTime: new Date(session.issuedMs).toISOString() }),
      },
    };
  }

  #boundary(arn: string | undefined): NamedPolicy[] | undefined {
    return arn === undefined ? undefined : managedPolicy(this.state, arn);
  }

  #sessionPolicy(policy: string): NamedPolicy[] {
    if (policy.startsWith("arn:")) return managedPolicy(this.state, policy);
    return [{ name: "session policy", source: "none", compiled: compilePolicy(policy) }];
  }

  /** Keeps when a key or a role was last used, for GetAccessKeyLastUsed and GetRole. */
  #noteUse({ principal, action, scope }: AccessRequest): void {
    if (principal.kind !== "user" && principal.kind !== "role") return;
    const key =
      principal.kind === "user" ? principal.accessKeyId : principal.userId.slice(0, principal.userId.indexOf(":"));
    const atMs = this.kernel.clock.now();
    if (key === undefined || atMs - (this.#usedMs.get(key) ?? Number.NEGATIVE_INFINITY) < USE_NOTED_EVERY_MS) return;
    remember(this.#usedMs, key, atMs);
    this.state.uses.put([key], { atMs, region: scope.region, service: action.slice(0, action.indexOf(":")) });
  }
}

/** @throws AwsError InvalidClientTokenId where its role or user is gone */
function sessionPrincipal(
  state: IamState,
  accessKeyId: string,
  session: NonNullable<ReturnType<IamState["sessions"]["get"]>>,
): Principal {
  const { account, role: assumed, user: userName } = session;
  if (assumed) {
    const role = findRole(state, account, assumed.name);
    // AWS: a role made anew under the same name is another role.
    if (role?.id !== assumed.id) throw invalidToken();
    return {
      kind: "role",
      account,
      arn: `arn:aws:sts::${account}:assumed-role/${role.name}/${assumed.session}`,
      roleArn: entityArn("role", role),
      userId: `${role.id}:${assumed.session}`,
      accessKeyId,
      ...(session.policies.length === 0 ? {} : { sessionPolicies: session.policies }),
    };
  }
  if (userName === undefined) return { kind: "root", account, accessKeyId };
  const user = findUser(state, account, userName);
  if (!user) throw invalidToken();
  return { kind: "user", account, arn: entityArn("user", user), userId: user.id, accessKeyId };
}

function invalidToken(): AwsError {
  return new AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", {
    status: 403,
  });
}

/** The account in a resource's ARN; S3's have none. */
function accountOf(resource: string): string | undefined {
  let start = 0;
  for (let colons = 0; colons < 4; colons++) {
    start = resource.indexOf(":", start) + 1;
    if (start === 0) return undefined;
  }
  const end = resource.indexOf(":", start);
  const account = resource.slice(start, end);
  return end - start === 12 && /^\d{12}$/.test(account) ? account : undefined;
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  if (map.size >= REMEMBERED_MAX) map.delete(map.keys().next().value!);
  map.set(key, value);
}
