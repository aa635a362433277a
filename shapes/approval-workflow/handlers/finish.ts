import { SESv2Client } from "@aws-sdk/client-sesv2";
import { sendMail } from "./mail.ts";
import { note, setStatus, type ApprovalRequest } from "./requests-table.ts";

const ses = new SESv2Client();
const WORDS = {
  approved: "was approved",
  rejected: "was rejected",
  expired: "was not answered in time by anybody, and is closed",
} as const;

/** Notes how a request ended, and tells whoever asked. */
export async function handler({ request, outcome }: { request: ApprovalRequest; outcome: keyof typeof WORDS }) {
  await setStatus(request.id, outcome);
  await note(request.id, outcome, "workflow");
  await sendMail(ses, request.requester, `${request.title}: ${outcome}`, [
    `Your request "${request.title}" (${request.amount.toLocaleString("en")}) ${WORDS[outcome]}.`,
  ]);
}
