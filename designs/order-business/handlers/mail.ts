import { SendEmailCommand, type SESv2Client } from "@aws-sdk/client-sesv2";

/** Sends a mail of plain text. @param lines paragraphs */
export async function sendMail(ses: SESv2Client, to: string, subject: string, lines: readonly string[]): Promise<void> {
  await ses.send(
    new SendEmailCommand({
      FromEmailAddress: process.env["SENDER"],
      Destination: { ToAddresses: [to] },
      Content: {
        Simple: {
          Subject: { Data: subject, Charset: "UTF-8" },
          Body: { Text: { Data: lines.join("\n\n"), Charset: "UTF-8" } },
        },
      },
    }),
  );
}
