import { createHash, timingSafeEqual } from "node:crypto";
import { SendTaskFailureCommand, SendTaskSuccessCommand, SFNClient, TaskTimedOut } from "@aws-sdk/client-sfn";
import type { APIGatewayProxyEventV2, APIGatewayProxyHandlerV2 } from "aws-lambda";
import { escapeHtml, page } from "./answer.ts";
import { decide, findStep, note, type Step } from "./requests-table.ts";

const sfn = new SFNClient();

/** GET and POST /decisions/{id}/{step}?decision=approve&key=…: what the links in the mails lead to. */
export const handler: APIGatewayProxyHandlerV2 = async (event) => {
  const { id = "", step: stepName = "" } = event.pathParameters ?? {};
  const { decision, key = "" } = event.queryStringParameters ?? {};
  const step = await findStep(id, stepName);
  if (!step || !isKey(step, key) || (decision !== "approve" && decision !== "reject"))
    return page(400, "This link is not valid", "<p>Please use the link as it stands in the mail.</p>");
  if (step.decision !== undefined) return tooLate(step);
  if (mustConfirm(event)) return question(event, step, decision);
  if (!(await decide(id, stepName, decision))) return tooLate((await findStep(id, stepName))!);
  try {
    await answerTask(step, decision);
  } catch (error) {
    if (!(error instanceof TaskTimedOut)) throw error;
    await note(id, `late ${decision}`, step.approver);
    return page(410, "Too late", "<p>The deadline has passed; the request went on without you.</p>");
  }
  await note(id, decision === "approve" ? "approved" : "rejected", step.approver);
  return page(200, decision === "approve" ? "Approved" : "Rejected", "<p>Thank you. You can close this page.</p>");
};

function isKey(step: Step, key: string): boolean {
  const given = createHash("sha256").update(key).digest();
  return timingSafeEqual(given, Buffer.from(step.keyHash, "hex"));
}

async function answerTask({ taskToken, level, approver }: Step, decision: "approve" | "reject"): Promise<void> {
  if (decision === "approve")
    await sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify({ level, approver }) }));
  else
    await sfn.send(
      new SendTaskFailureCommand({ taskToken, error: "Rejected", cause: `${approver} rejected as ${level}` }),
    );
}

function mustConfirm(event: APIGatewayProxyEventV2): boolean {
  return event.requestContext.http.method === "GET" && process.env["CONFIRMS"] === "true";
}

function question(event: APIGatewayProxyEventV2, step: Step, decision: string) {
  const action = escapeHtml(`?${event.rawQueryString}`);
  const form = `<form method="post" action="${action}"><button>${decision === "approve" ? "Approve" : "Reject"}</button></form>`;
  return page(200, `Decide as ${escapeHtml(step.level)}`, form);
}

function tooLate(step: Step) {
  const word = step.decision === "approve" ? "approved" : "rejected";
  return page(409, "Already answered", `<p>This was ${word} at ${step.decidedAt}; the first answer stands.</p>`);
}
