/** What every way of sending has in common: who may send, to whom it really goes, and what is counted. */
import { NotEmulatedError } from "../../aws/error.ts";
import type { CallContext } from "../../service.ts";
import { configurationSetNotFound, invalidParameter, notVerified, sendingPaused, type Version } from "./errors.ts";
import { newMessageId } from "./message.ts";
import { type AccountRecord, scopeKey, type SesState } from "./state.ts";

export type Cx = CallContext<SesState>;

/** AWS: what an account outside of the sandbox begins with. */
export const QUOTA = { Max24HourSend: 50_000, MaxSendRate: 14 };
/** AWS: "Service quotas in Amazon SES": To, Cc and Bcc together. */
const RECIPIENTS_MAX = 50;
const DAY_MS = 86_400_000;
/** AWS: GetSendStatistics tells of two weeks. */
const KEPT_MS = 14 * DAY_MS;

/**
 * @throws NotEmulatedError for a parameter that would change who may send or where complaints go
 */
export function refuse(operation: string, input: object, parameters: readonly string[]): void {
  for (const name of parameters)
    if ((input as Record<string, unknown>)[name] !== undefined) throw new NotEmulatedError(`${name} of ${operation}`);
}

export interface Sending {
  readonly version: Version;
  /** As the caller wrote it: `Name <address>` or an address. */
  readonly from: string;
  readonly recipients: readonly string[];
  readonly configurationSet?: string | undefined;
}

export interface Accepted {
  readonly id: string;
  readonly source: string;
}

/**
 * Checks that this may be sent, and gives it its id.
 * @throws AwsError MessageRejected for a sender that is not verified; sending paused; no such configuration set
 */
export function accept(cx: Cx, sending: Sending): Accepted {
  const { version, from, recipients, configurationSet } = sending;
  const source = addressOf(from);
  if (!isVerified(cx, source))
    throw notVerified(cx.scope.region, source === from.trim() ? [source] : [from.trim(), source]);
  if (recipients.length === 0) throw invalidParameter(version, "Missing required header 'To'.");
  if (recipients.length > RECIPIENTS_MAX) throw invalidParameter(version, `Recipient count exceeds ${RECIPIENTS_MAX}.`);
  for (const recipient of recipients)
    if (!/^[^@\s]+@[^@\s]+$/.test(addressOf(recipient))) throw invalidParameter(version, "Missing final '@domain'");
  if (!accountOf(cx).sendingEnabled) throw sendingPaused(version, "account");
  if (configurationSet !== undefined) {
    const set = cx.state.configurationSets.get([...scopeKey(cx.scope), configurationSet]);
    if (!set) throw configurationSetNotFound(version, configurationSet);
    if (!set.sendingEnabled) throw sendingPaused(version, "configuration set");
  }
  return { id: newMessageId(cx.kernel), source };
}

/** Hands an accepted message to delivery, without the recipients on the suppression list, and counts it. */
export function dispatch(cx: Cx, { id, source }: Accepted, sending: Sending, raw: Buffer | string): void {
  const { state, kernel, scope } = cx;
  kernel.store.transaction(() => {
    const nowMs = kernel.clock.now();
    state.sends.clear({ prefix: scopeKey(scope), to: [...scopeKey(scope), nowMs - KEPT_MS] });
    state.sends.put([...scopeKey(scope), nowMs, id], sending.recipients.length);
    const addresses = sending.recipients.map(addressOf);
    const destinations = addresses.filter((address) => !isSuppressed(cx, address, sending.configurationSet));
    if (destinations.length === 0) return;
    state.send(
      typeof raw === "string"
        ? { source, destinations, raw }
        : { source, destinations, raw: raw.toString("base64"), encoding: "base64" },
    );
  });
}

export function accountOf({ state, scope }: Cx): AccountRecord {
  return state.accounts.get(scopeKey(scope)) ?? { sendingEnabled: true, suppressedReasons: ["BOUNCE", "COMPLAINT"] };
}

/** Recipients of the last 24 hours. */
export function sentLast24Hours({ state, scope, kernel }: Cx): number {
  const from = [...scopeKey(scope), kernel.clock.now() - DAY_MS];
  let sent = 0;
  for (const count of state.sends.values({ prefix: scopeKey(scope), from })) sent += count;
  return sent;
}

/** The bare address of `Name <address>`. */
export function addressOf(text: string): string {
  return (/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text).trim();
}

/** Whether the address, its domain or a domain above it is an identity. Domains have no case; addresses do. */
function isVerified({ state, scope }: Cx, address: string): boolean {
  if (state.identities.has([...scopeKey(scope), address])) return true;
  const labels = address
    .slice(address.lastIndexOf("@") + 1)
    .toLowerCase()
    .split(".");
  return labels.some((_, index) => state.identities.has([...scopeKey(scope), labels.slice(index).join(".")]));
}

function isSuppressed(cx: Cx, address: string, configurationSet: string | undefined): boolean {
  const { state, scope } = cx;
  const record = state.suppressed.get([...scopeKey(scope), address.toLowerCase()]);
  if (!record) return false;
  const set =
    configurationSet === undefined ? undefined : state.configurationSets.get([...scopeKey(scope), configurationSet]);
  return (set?.suppressedReasons ?? accountOf(cx).suppressedReasons).includes(record.reason);
}
