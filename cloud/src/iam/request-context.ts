import type { Principal } from "./principal.ts";

export type ContextValue = string | readonly string[];

type GivenKeys = Readonly<Record<string, ContextValue>>;

/** The condition keys of one request. Keys are asked for in lower case: AWS compares them without regard to case. */
export interface RequestContext {
  find(key: string): ContextValue | undefined;
}

/** What is known of the caller beside its principal, kept with its user, role or session. */
export interface CallerFacts {
  /** Tags of the user; those of the role overlaid by the session's. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly sourceIdentity?: string;
  /** When the session's credentials were issued, ISO 8601. */
  readonly tokenIssueTime?: string;
  /** ARN or host of the identity provider, for a session of AssumeRoleWithWebIdentity. */
  readonly federatedProvider?: string;
}

/** Where a request comes from, as far as conditions may ask. */
export interface ContextSource {
  readonly principal: Principal;
  readonly facts: CallerFacts;
  /** Keys that the call itself gives, in AWS's spelling, e.g. `{ "aws:SourceIp": "127.0.0.1" }`. They win. */
  readonly given: GivenKeys | (() => GivenKeys);
  readonly resourceAccount: string;
}

const PRINCIPAL_TAG = "aws:principaltag/";

/** The keys of a request: those given, and the global ones that follow from its principal. Computed when asked for. */
export class CallContextKeys implements RequestContext {
  #given: Map<string, ContextValue> | undefined;

  constructor(private readonly source: ContextSource) {}

  find(key: string): ContextValue | undefined {
    this.#given ??= lowerCased(this.source.given);
    return this.#given.get(key) ?? this.#ofCaller(key);
  }

  /** AWS: "AWS global condition context keys". */
  #ofCaller(key: string): ContextValue | undefined {
    const { principal, facts, resourceAccount } = this.source;
    if (key.startsWith(PRINCIPAL_TAG)) return tag(facts.tags, key.slice(PRINCIPAL_TAG.length));
    switch (key) {
      case "aws:principalarn":
        return principalArn(principal);
      case "aws:principalaccount":
        return "account" in principal ? principal.account : undefined;
      case "aws:principaltype":
        return principalType(principal);
      case "aws:userid":
        return userId(principal);
      case "aws:username":
        return principal.kind === "user" ? principal.arn.slice(principal.arn.lastIndexOf("/") + 1) : undefined;
      case "aws:principalisawsservice":
        return String(principal.kind === "service");
      case "aws:principalservicename":
        return principal.kind === "service" ? principal.service : undefined;
      case "aws:principalservicenameslist":
        return principal.kind === "service" ? [principal.service] : undefined;
      case "aws:sourcearn":
        return principal.kind === "service" ? principal.sourceArn : undefined;
      case "aws:sourceaccount":
        return principal.kind === "service" ? principal.sourceAccount : undefined;
      case "aws:viaawsservice":
        return "false";
      case "aws:resourceaccount":
        return resourceAccount;
      case "aws:sourceidentity":
        return facts.sourceIdentity;
      case "aws:federatedprovider":
        return facts.federatedProvider;
      case "aws:tokenissuetime":
        return facts.tokenIssueTime;
      case "aws:multifactorauthpresent":
        // AWS: present with temporary credentials only; there is no MFA device here.
        return principal.kind === "role" ? "false" : undefined;
      default:
        return undefined;
    }
  }
}

/** A context of given keys alone, e.g. of the policy simulator. */
export class GivenContext implements RequestContext {
  readonly #values: Map<string, ContextValue>;

  constructor(given: Readonly<Record<string, ContextValue>>) {
    this.#values = lowerCased(given);
  }

  find(key: string): ContextValue | undefined {
    return this.#values.get(key);
  }
}

function lowerCased(given: GivenKeys | (() => GivenKeys)): Map<string, ContextValue> {
  const keys = typeof given === "function" ? given() : given;
  return new Map(Object.entries(keys).map(([key, value]) => [key.toLowerCase(), value]));
}

/** Tag keys in conditions are compared without regard to case. */
function tag(tags: Readonly<Record<string, string>> | undefined, wanted: string): string | undefined {
  for (const [key, value] of Object.entries(tags ?? {})) if (key.toLowerCase() === wanted) return value;
  return undefined;
}

function principalArn(principal: Principal): string | undefined {
  switch (principal.kind) {
    case "root":
      return `arn:aws:iam::${principal.account}:root`;
    case "user":
      return principal.arn;
    case "role":
      return principal.roleArn;
    default:
      return undefined;
  }
}

function principalType(principal: Principal): string | undefined {
  switch (principal.kind) {
    case "root":
      return "Account";
    case "user":
      return "User";
    case "role":
      return "AssumedRole";
    case "anonymous":
      return "Anonymous";
    case "service":
      return undefined;
  }
}

function userId(principal: Principal): string | undefined {
  switch (principal.kind) {
    case "root":
      return principal.account;
    case "user":
    case "role":
      return principal.userId;
    case "anonymous":
      return "anonymous";
    case "service":
      return undefined;
  }
}
