/** Messages as SES writes and rewrites them. The libraries are loaded when first used: most clouds send no mail. */
import type { Address } from "postal-mime";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";

export interface MessageParts {
  readonly from: string;
  readonly to?: readonly string[] | undefined;
  readonly cc?: readonly string[] | undefined;
  readonly replyTo?: readonly string[] | undefined;
  readonly subject: string;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  readonly attachments?: readonly MessageAttachment[];
}

export interface MessageAttachment {
  readonly filename?: string | undefined;
  readonly content: Buffer;
  readonly contentType?: string | undefined;
  readonly cid?: string | undefined;
  readonly contentDisposition?: "inline" | "attachment" | undefined;
}

/** A message id as SES gives them, e.g. `0100018f2c5d9a1e-6d7e8f90-1234-4678-9abc-def012345678-000000`. */
export function newMessageId({ clock, random }: Kernel): string {
  return `01000${clock.now().toString(16).padStart(11, "0")}-${random.uuid()}-000000`;
}

/** AWS: the Message-ID header is the id at the Region's mail domain. */
export function messageIdHeader(id: string, { region }: Scope): string {
  return `<${id}@${region === "us-east-1" ? "email" : region}.amazonses.com>`;
}

/** Writes a message. Blind copies are in the envelope only. */
export async function compose(kernel: Kernel, scope: Scope, id: string, parts: MessageParts): Promise<string> {
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const built = await new MailComposer({
    from: parts.from,
    to: [...(parts.to ?? [])],
    cc: [...(parts.cc ?? [])],
    replyTo: [...(parts.replyTo ?? [])],
    subject: parts.subject,
    text: parts.text,
    html: parts.html,
    headers: (parts.headers ?? []).map(({ key, value }) => ({ key, value })),
    attachments: (parts.attachments ?? []).map((attachment) => ({ ...attachment })),
    messageId: messageIdHeader(id, scope),
    date: kernel.clock.date(),
    baseBoundary: kernel.random.hex(16),
  })
    .compile()
    .build();
  return built.toString("utf8");
}

/** What a raw message says of its sender and recipients. */
export async function readRaw(raw: Uint8Array): Promise<{ from: string | undefined; recipients: string[] }> {
  const { default: PostalMime } = await import("postal-mime");
  const email = await PostalMime.parse(raw);
  const addresses = [...(email.to ?? []), ...(email.cc ?? []), ...(email.bcc ?? [])];
  const from = email.headers.find(({ key }) => key === "from")?.value;
  return { from: from ?? email.from?.address, recipients: addresses.flatMap(addressesOf) };
}

/** AWS: SendRawEmail sets Message-ID and Date anew, and takes Bcc out. */
export function rewriteRaw(kernel: Kernel, scope: Scope, id: string, raw: Uint8Array): Buffer {
  const text = Buffer.from(raw).toString("latin1");
  const end = /\r?\n\r?\n/.exec(text);
  const head = end ? text.slice(0, end.index) : text;
  const body = end ? text.slice(end.index) : "\r\n\r\n";
  const kept = head.split(/\r?\n(?![ \t])/).filter((line) => !/^(message-id|date|bcc|x-ses-[a-z-]+)\s*:/i.test(line));
  const own = [
    `Message-ID: ${messageIdHeader(id, scope)}`,
    `Date: ${kernel.clock.date().toUTCString().replace("GMT", "+0000")}`,
  ];
  return Buffer.from([...kept, ...own].join("\r\n") + body, "latin1");
}

function addressesOf(address: Address): string[] {
  if (address.address) return [address.address];
  return (address.group ?? []).flatMap(({ address: one }) => (one ? [one] : []));
}
