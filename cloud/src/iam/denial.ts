import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Decision, Match, PolicyType } from "./decision.ts";
import { nameOf, type Principal } from "./principal.ts";

/** What was asked, for the words about it. */
export interface Asked {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
}

const NAMES: Record<PolicyType, { readonly none: string; readonly explicit: string }> = {
  identity: { none: "identity-based policy", explicit: "an identity-based policy" },
  resource: { none: "resource-based policy", explicit: "a resource-based policy" },
  boundary: { none: "permissions boundary", explicit: "a permissions boundary" },
  session: { none: "session policy", explicit: "a session policy" },
};

/**
 * AWS's message to a caller that was denied (AWS: "Troubleshoot access denied error messages"), in the dialect of the
 * service that the action belongs to.
 */
export function denialMessage(asked: Asked, decision: Decision): string {
  const vendor = asked.action.slice(0, asked.action.indexOf(":")).toLowerCase();
  const action = spellAction(vendor, asked.action);
  const { resource } = asked;
  // AWS: STS gives no reason, since the trust policy is the other side's secret.
  const why = vendor === "sts" ? stsReason(decision) : reason(decision, action);
  // AWS: S3 quotes the resource.
  const on = vendor === "s3" ? `"${resource}"` : resource;
  const text = `User: ${nameOf(asked.principal)} is not authorized to perform: ${action} on resource: ${on}${why}`;
  if (vendor !== "ec2") return text;
  // AWS: EC2 adds the decision itself, for sts:DecodeAuthorizationMessage.
  const encoded = encodeDenial(asked, decision);
  return `You are not authorized to perform this operation. ${text}. Encoded authorization failure message: ${encoded}`;
}

/** AWS: SQS writes its actions in lower case, SNS its own name in upper case. */
function spellAction(vendor: string, action: string): string {
  if (vendor === "sqs") return action.toLowerCase();
  if (vendor === "sns") return `SNS${action.slice(3)}`;
  return action;
}

function reason(decision: Decision, action: string): string {
  if (decision.deniedBy === undefined) return "";
  const names = NAMES[decision.deniedBy];
  return decision.outcome === "explicitDeny"
    ? ` with an explicit deny in ${names.explicit}`
    : ` because no ${names.none} allows the ${action} action`;
}

function stsReason(decision: Decision): string {
  if (decision.outcome !== "explicitDeny" || decision.deniedBy === undefined) return "";
  return ` with an explicit deny in ${decision.deniedBy === "resource" ? "the role trust policy" : NAMES[decision.deniedBy].explicit}`;
}

function encodeDenial(asked: Asked, decision: Decision): string {
  const denied = {
    allowed: false,
    explicitDeny: decision.outcome === "explicitDeny",
    matchedStatements: {
      items: decision.matches.map(({ policy, statement }) => ({
        statementId: statement.sid ?? "",
        effect: statement.effect.toUpperCase(),
        sourcePolicyId: policy.name,
      })),
    },
    failures: { items: [] },
    context: {
      principal: { id: "userId" in asked.principal ? asked.principal.userId : "", arn: nameOf(asked.principal) },
      action: asked.action,
      resource: asked.resource,
      conditions: { items: [] },
    },
  };
  return deflateRawSync(JSON.stringify(denied)).toString("base64url");
}

/** The decision in an encoded authorization failure message, as JSON text; undefined where it is none of ours. */
export function decodeDenial(encoded: string): string | undefined {
  try {
    const text = inflateRawSync(Buffer.from(encoded, "base64url"), { maxOutputLength: 65_536 }).toString("utf8");
    return (JSON.parse(text) as { allowed?: unknown }).allowed === false ? text : undefined;
  } catch {
    return undefined;
  }
}

/**
 * How it was decided, for traces and people: which statement of which policy, or which kind of policy said nothing.
 * e.g. `allowed by statement "WriteOrders" of identity policy OrdersPolicy`.
 */
export function explain(decision: Decision): string {
  if (decision.outcome === "implicitDeny") {
    const { deniedBy, policies } = decision;
    const examined =
      deniedBy === "resource"
        ? policies.resource
          ? [policies.resource]
          : []
        : (policies[deniedBy ?? "identity"] ?? []);
    const names = examined.map((policy) => policy.name).join(", ");
    return `denied: no ${NAMES[deniedBy ?? "identity"].none} allows it (${names === "" ? "there is none" : `examined: ${names}`})`;
  }
  const effect = decision.outcome === "allowed" ? "Allow" : "Deny";
  const deciding = decision.matches.find((match) => match.statement.effect === effect);
  if (!deciding) return "allowed: the root of the account";
  return `${effect === "Allow" ? "allowed" : "denied"} by ${describe(deciding)}`;
}

function describe({ type, policy, statement }: Match): string {
  const which = statement.sid === undefined ? `statement ${statement.index + 1}` : `statement "${statement.sid}"`;
  return `${which} of ${NAMES[type].none} ${policy.name}`;
}
