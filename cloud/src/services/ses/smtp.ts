import type { AddressInfo } from "node:net";
import type { Mail } from "./mail.ts";

export interface SmtpListener {
  readonly port: number;
  close(): Promise<void>;
}

/** AWS: "Service quotas in Amazon SES": a message with its attachments. */
const MESSAGE_BYTES_MAX = 40 * 1024 * 1024;

/**
 * Serves SMTP: takes mail from any client, with any credentials or none, to any recipient.
 * @param take keeps the message; the client is told of success when it returns
 * @param port 0 takes a free one
 * @throws the socket's error, e.g. EADDRINUSE
 */
export async function serveSmtp(
  take: (mail: Mail) => Promise<void>,
  { host, port }: { host: string; port: number },
): Promise<SmtpListener> {
  const { SMTPServer } = await import("smtp-server");
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    // A certificate of our own would be refused by every client that looks at it.
    disabledCommands: ["STARTTLS"],
    disableReverseLookup: true,
    size: MESSAGE_BYTES_MAX,
    banner: "Katachi",
    onAuth: ({ username }, _session, done) => done(null, { user: username ?? "anyone" }),
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        if (stream.sizeExceeded) {
          done(Object.assign(new Error("Message exceeds fixed maximum message size"), { responseCode: 552 }));
          return;
        }
        take({
          source: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
          destinations: envelope.rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString("base64"),
          encoding: "base64",
        }).then(
          () => done(),
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        );
      });
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  // A client that breaks off is its own matter.
  server.on("error", () => undefined);
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
