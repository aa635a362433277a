import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import { Inbox } from "./inbox.ts";
import type { Mail, SmtpRelay } from "./mail.ts";

export interface IdentityRecord {
  readonly name: string;
  readonly kind: "EMAIL_ADDRESS" | "DOMAIN";
  /** What a domain's owner would put into its DNS. */
  readonly token: string;
  readonly dkimTokens: readonly string[];
  readonly createdMs: number;
  configurationSet?: string;
  tags: Record<string, string>;
}

export interface TemplateRecord {
  readonly name: string;
  subject: string;
  text?: string;
  html?: string;
  readonly createdMs: number;
  tags: Record<string, string>;
}

export interface ConfigurationSetRecord {
  readonly name: string;
  sendingEnabled: boolean;
  suppressedReasons?: SuppressionReason[];
  tags: Record<string, string>;
}

export type SuppressionReason = "BOUNCE" | "COMPLAINT";

export interface SuppressedRecord {
  readonly address: string;
  readonly reason: SuppressionReason;
  readonly updatedMs: number;
}

export interface AccountRecord {
  sendingEnabled: boolean;
  suppressedReasons: SuppressionReason[];
}

const states = new WeakMap<Kernel, SesState>();

/** What both versions of the API keep together. Keys begin with account and Region. */
export class SesState {
  /** …, address or domain */
  readonly identities: Collection<IdentityRecord>;
  /** …, name */
  readonly templates: Collection<TemplateRecord>;
  /** …, name */
  readonly configurationSets: Collection<ConfigurationSetRecord>;
  /** …, address */
  readonly suppressed: Collection<SuppressedRecord>;
  readonly accounts: Collection<AccountRecord>;
  /** Recipients of each message sent: …, time, message id */
  readonly sends: Collection<number>;
  readonly inbox: Inbox;
  /** Where the inbox is sent on to; set by who starts the cloud. */
  relay: SmtpRelay | undefined;
  /** Hands a message to delivery; set when the service starts. */
  send!: (mail: Mail) => unknown;

  static of(kernel: Kernel): SesState {
    let state = states.get(kernel);
    if (!state) states.set(kernel, (state = new SesState(kernel)));
    return state;
  }

  private constructor(kernel: Kernel) {
    const { store } = kernel;
    this.identities = store.collection("ses.identities");
    this.templates = store.collection("ses.templates");
    this.configurationSets = store.collection("ses.configurationSets");
    this.suppressed = store.collection("ses.suppressed");
    this.accounts = store.collection("ses.accounts");
    this.sends = store.collection("ses.sends");
    this.inbox = new Inbox(kernel);
  }
}

export function scopeKey(scope: Scope): [account: string, region: string] {
  return [scope.account, scope.region];
}
