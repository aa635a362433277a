/**
 * Mail on its way: the delivery kind `mail`, which any service may hand a message to, puts it into the inbox and, where a
 * relay is configured, sends it on for real.
 */
import type { SendMailOptions } from "nodemailer";
import type { DeliveryPolicy } from "../../kernel/delivery.ts";
import type { Inbox } from "./inbox.ts";

export const MAIL_DELIVERY = "mail";

/** What is handed to the delivery kind `mail`. */
export interface Mail {
  /** The envelope's sender, an address without a name. */
  readonly source: string;
  readonly destinations: readonly string[];
  /** The whole message, headers and body. */
  readonly raw: string;
  /** How `raw` is written (default utf8). */
  readonly encoding?: "utf8" | "base64";
}

/** A real SMTP server that everything in the inbox is sent on to. */
export interface SmtpRelay {
  readonly host: string;
  /** Default: 587, or 465 where `secure`. */
  readonly port?: number;
  /** TLS from the beginning (default: STARTTLS where offered). */
  readonly secure?: boolean;
  readonly user?: string;
  readonly password?: string;
}

const RETRIES = 5;
const FIRST_RETRY_MS = 10_000;

export function mailPolicy(inbox: Inbox, relay: (mail: Mail) => void): DeliveryPolicy<Mail> {
  return {
    name: MAIL_DELIVERY,
    async attempt({ payload }) {
      await inbox.receive(payload, bytesOf(payload));
      relay(payload);
    },
    retryAfterMs: (_error, { failures }) => (failures > RETRIES ? undefined : FIRST_RETRY_MS * 2 ** (failures - 1)),
    exhausted: () => Promise.resolve(),
  };
}

/** Sends on to the relay, as its own delivery: the inbox has the message whatever the relay does. */
export function relayPolicy(findRelay: () => SmtpRelay | undefined): DeliveryPolicy<Mail> {
  return {
    name: "mail.relay",
    async attempt({ payload }) {
      const relay = findRelay();
      if (relay) await sendOn(relay, payload);
    },
    retryAfterMs: (_error, { failures }) => (failures > RETRIES ? undefined : FIRST_RETRY_MS * 2 ** (failures - 1)),
    exhausted: () => Promise.resolve(),
  };
}

async function sendOn({ host, port, secure, user, password }: SmtpRelay, mail: Mail): Promise<void> {
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    host,
    port: port ?? (secure ? 465 : 587),
    secure: secure ?? false,
    ...(user === undefined ? {} : { auth: { user, pass: password ?? "" } }),
  });
  const message: SendMailOptions = {
    envelope: { from: mail.source, to: [...mail.destinations] },
    raw: bytesOf(mail),
  };
  await transport.sendMail(message);
  transport.close();
}

function bytesOf({ raw, encoding = "utf8" }: Mail): Buffer {
  return Buffer.from(raw, encoding);
}
