/** The inbox of this cloud: every message that it sent or was sent, kept until the data directory goes. */
import type { Address, Email } from "postal-mime";
import type { Blob } from "../../kernel/blobs.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import { afterRealMs } from "../../kernel/real-time.ts";

/** What a list of messages shows. */
export interface InboxEntry {
  readonly id: string;
  /** ISO 8601 */
  readonly receivedAt: string;
  /** The envelope's sender, and the From header. */
  readonly source: string;
  readonly from: string;
  /** The envelope's recipients, blind copies among them. */
  readonly to: readonly string[];
  readonly subject: string;
}

export interface InboxAttachment {
  readonly name: string | undefined;
  readonly contentType: string;
  /** base64 */
  readonly content: string;
}

export interface InboxMessage extends InboxEntry {
  readonly text: string | undefined;
  readonly html: string | undefined;
  /** By lower-case name; the last one of a name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly attachments: readonly InboxAttachment[];
  readonly raw: string;
}

/** What `waitFor` looks for. */
export interface InboxQuery {
  /** A whole address in any case, or a pattern; one of the envelope's recipients. */
  readonly to?: string | RegExp;
  /** A whole address in any case, or a pattern. */
  readonly from?: string | RegExp;
  /** A part of the subject in any case, or a pattern. */
  readonly subject?: string | RegExp;
  /** Real milliseconds (default 10 s). */
  readonly timeoutMs?: number;
}

export interface Envelope {
  readonly source: string;
  readonly destinations: readonly string[];
}

interface MailRecord extends InboxEntry {
  readonly raw: Blob;
}

const TIMEOUT_MS = 10_000;

export class Inbox {
  readonly #messages: Collection<MailRecord>;
  readonly #listeners = new Set<(entry: InboxEntry) => void>();
  #sequence = 0;

  constructor(private readonly kernel: Kernel) {
    this.#messages = kernel.store.collection("mail.messages");
  }

  /** Keeps a message. @param raw the whole message, headers and body */
  async receive(envelope: Envelope, raw: Uint8Array): Promise<InboxEntry> {
    const { clock, random, store, blobs } = this.kernel;
    const { default: PostalMime } = await import("postal-mime");
    const email = await PostalMime.parse(raw);
    const blob = await blobs.put(raw);
    const nowMs = clock.now();
    const sequence = (this.#sequence++).toString(36).padStart(6, "0");
    // Ids sort in the order received.
    const id = `${nowMs.toString(36).padStart(9, "0")}${sequence}${random.hex(6)}`;
    const entry: InboxEntry = {
      id,
      receivedAt: new Date(nowMs).toISOString(),
      source: envelope.source,
      from: addressText(email.from) ?? envelope.source,
      to: [...envelope.destinations],
      subject: email.subject ?? "",
    };
    store.transaction(() => this.#messages.put([id], { ...entry, raw: blob }));
    for (const listener of this.#listeners) listener(entry);
    return entry;
  }

  /** All messages, oldest first. */
  list(): InboxEntry[] {
    return Array.from(this.#messages.values(), entryOf);
  }

  /** The whole message, or undefined where there is none of that id. */
  async message(id: string): Promise<InboxMessage | undefined> {
    const record = this.#messages.get([id]);
    if (!record) return undefined;
    const raw = await this.kernel.blobs.bytes(record.raw);
    const { default: PostalMime } = await import("postal-mime");
    const email = await PostalMime.parse(raw, { attachmentEncoding: "base64" });
    return {
      ...entryOf(record),
      text: email.text,
      html: email.html,
      headers: Object.fromEntries(email.headers.map(({ key, value }) => [key, value])),
      attachments: attachmentsOf(email),
      raw: raw.toString("utf8"),
    };
  }

  /**
   * The first message that matches, already there or still to come.
   * @throws Error after `timeoutMs` of real time, naming what was received
   */
  async waitFor(query: InboxQuery = {}): Promise<InboxMessage> {
    const { id } = this.list().find((entry) => matches(entry, query)) ?? (await this.#coming(query));
    return (await this.message(id))!;
  }

  #coming(query: InboxQuery): Promise<InboxEntry> {
    const { timeoutMs = TIMEOUT_MS } = query;
    return new Promise((resolve, reject) => {
      const listener = (entry: InboxEntry) => {
        if (!matches(entry, query)) return;
        this.#listeners.delete(listener);
        callOff();
        resolve(entry);
      };
      const callOff = afterRealMs(timeoutMs, () => {
        this.#listeners.delete(listener);
        const seen = this.list().map(({ to, subject }) => `"${subject}" to ${to.join(", ")}`);
        reject(new Error(`No matching message within ${timeoutMs} ms. Received: ${seen.join("; ") || "none"}`));
      });
      this.#listeners.add(listener);
    });
  }
}

function entryOf({ id, receivedAt, source, from, to, subject }: MailRecord): InboxEntry {
  return { id, receivedAt, source, from, to, subject };
}

function matches(entry: InboxEntry, { to, from, subject }: InboxQuery): boolean {
  const sender = /<([^<>]*)>$/.exec(entry.from)?.[1] ?? entry.from;
  return (
    (subject === undefined ||
      (typeof subject === "string" ? holds(entry.subject, subject) : subject.test(entry.subject))) &&
    (from === undefined || isAddress(from, sender) || isAddress(from, entry.source)) &&
    (to === undefined || entry.to.some((address) => isAddress(to, address)))
  );
}

function holds(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

function isAddress(wanted: string | RegExp, address: string): boolean {
  return typeof wanted === "string" ? wanted.toLowerCase() === address.toLowerCase() : wanted.test(address);
}

function addressText(address: Address | undefined): string | undefined {
  if (!address?.address) return undefined;
  return address.name ? `${address.name} <${address.address}>` : address.address;
}

function attachmentsOf(email: Email): InboxAttachment[] {
  return email.attachments.map(({ filename, mimeType, content }) => ({
    name: filename ?? undefined,
    contentType: mimeType,
    content: String(content),
  }));
}
