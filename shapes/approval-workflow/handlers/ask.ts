import { createHash, randomBytes } from "node:crypto";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import { sendMail } from "./mail.ts";
import { note, putStep, type ApprovalRequest } from "./requests-table.ts";

interface Ask {
  readonly taskToken: string;
  readonly request: ApprovalRequest;
  readonly step: string;
  readonly level: string;
  readonly to: string;
  readonly escalated: boolean;
  readonly deadlineSeconds: number;
}

const ses = new SESv2Client();

/** Mails somebody two links, and keeps what is needed to believe the one that is followed. */
export async function handler({ taskToken, request, step, level, to, escalated, deadlineSeconds }: Ask): Promise<void> {
  const { id, title, amount, requester } = request;
  // Only its fingerprint is kept: whoever reads the table cannot decide.
  const key = randomBytes(24).toString("base64url");
  await putStep(id, {
    step,
    level,
    approver: to,
    keyHash: createHash("sha256").update(key).digest("hex"),
    taskToken,
    askedAt: new Date().toISOString(),
  });
  const link = (decision: string) =>
    `${process.env["API_URL"]}decisions/${id}/${step}?decision=${decision}&key=${encodeURIComponent(key)}`;
  const days = Math.round((deadlineSeconds / 86_400) * 10) / 10;
  await sendMail(ses, to, `${escalated ? "Escalated: " : ""}${title} (${amount.toLocaleString("en")})`, [
    `${requester} asks for your approval as ${level}:`,
    `${title}, ${amount.toLocaleString("en")}`,
    escalated ? "The first approver has not answered in time." : `Please answer within ${days} days.`,
    `Approve: ${link("approve")}`,
    `Reject: ${link("reject")}`,
  ]);
  await note(id, escalated ? `escalated to ${level}` : `asked ${level}`, to);
}
