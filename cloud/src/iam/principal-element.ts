import type { PrincipalElement } from "./document.ts";
import type { Principal } from "./principal.ts";

/**
 * How directly a statement of a resource's policy names the caller.
 *
 * - `account`: its account, which hands the decision on to the account's own policies;
 * - `role`: its role; boundary and session policies still limit what this grants;
 * - `direct`: the very user, session or service, or everybody; nothing limits it but an explicit deny.
 */
export type Naming = "account" | "role" | "direct";

type Namer = (principal: Principal) => Naming | undefined;

const ROOT_ARN = /^arn:aws:iam::(\d{12}):root$/;
const ACCOUNT = /^\d{12}$/;
const RANK: Record<Naming, number> = { account: 0, role: 1, direct: 2 };

/** Compiles a Principal element (AWS: "AWS JSON policy elements: Principal"). */
export function compilePrincipal(element: PrincipalElement): Namer {
  const namers = namersOf(element);
  return (principal) => {
    let best: Naming | undefined;
    for (const namer of namers) {
      const naming = namer(principal);
      if (naming && (best === undefined || RANK[naming] > RANK[best])) best = naming;
    }
    return best;
  };
}

/**
 * Compiles a NotPrincipal element: it names everyone but those listed. AWS looks at every level of a caller (account,
 * role, session), so a caller is only spared when all of them are listed ("AWS JSON policy elements: NotPrincipal").
 */
export function compileNotPrincipal(element: PrincipalElement): Namer {
  const listed = new Set([...element.values()].flat().map((name) => (ACCOUNT.test(name) ? rootArn(name) : name)));
  return (principal) => {
    if (listed.has("*")) return undefined;
    return levelsOf(principal).every((level) => listed.has(level)) ? undefined : "direct";
  };
}

function levelsOf(principal: Principal): string[] {
  switch (principal.kind) {
    case "root":
      return [rootArn(principal.account)];
    case "user":
      return [rootArn(principal.account), principal.arn];
    case "role":
      return [rootArn(principal.account), principal.roleArn, principal.arn];
    case "service":
      return [principal.service];
    case "anonymous":
      return ["anonymous"];
  }
}

function namersOf(element: PrincipalElement): Namer[] {
  const namers: Namer[] = [];
  for (const [kind, names] of element) {
    for (const name of names) {
      if (name === "*" && (kind === "AWS" || kind === "*")) namers.push(() => "direct");
      else if (kind === "AWS") namers.push(awsNamer(name));
      // An identity provider takes part as a service does, under its ARN.
      else if (kind === "Service" || kind === "Federated") namers.push(serviceNamer(name));
      // AWS: canonical user ids stand for accounts in bucket policies. Gap: accounts have none here, so they name nobody.
    }
  }
  return namers;
}

/** AWS: `logs.us-east-1.amazonaws.com` names the service as `logs.amazonaws.com` does. */
const REGIONAL = /\.[a-z]{2}(?:-[a-z]+)+-\d(?=\.amazonaws\.com$)/;

function serviceNamer(name: string): Namer {
  const service = name.replace(REGIONAL, "");
  return (principal) => (principal.kind === "service" && principal.service === service ? "direct" : undefined);
}

function awsNamer(name: string): Namer {
  const account = ACCOUNT.test(name) ? name : ROOT_ARN.exec(name)?.[1];
  if (account !== undefined)
    return (principal) => ("account" in principal && principal.account === account ? "account" : undefined);
  return (principal) => {
    switch (principal.kind) {
      case "user":
        return principal.arn === name || principal.userId === name ? "direct" : undefined;
      case "role":
        if (principal.arn === name) return "direct";
        return principal.roleArn === name || principal.userId.startsWith(`${name}:`) ? "role" : undefined;
      default:
        return undefined;
    }
  };
}

function rootArn(account: string): string {
  return `arn:aws:iam::${account}:root`;
}
