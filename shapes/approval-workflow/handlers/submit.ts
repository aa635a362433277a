import { randomUUID } from "node:crypto";
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import type { APIGatewayProxyHandlerV2 } from "aws-lambda";
import { answer, problem } from "./answer.ts";
import { insertRequest, type ApprovalRequest } from "./requests-table.ts";

const sfn = new SFNClient();

/** POST /requests */
export const handler: APIGatewayProxyHandlerV2 = async (event) => {
  const read = parse(event.body ?? "");
  if ("problem" in read) return problem(400, "Invalid request", read.problem);
  const request: ApprovalRequest = { id: randomUUID(), ...read };
  await insertRequest(request);
  await sfn.send(
    new StartExecutionCommand({
      stateMachineArn: process.env["STATE_MACHINE_ARN"],
      name: request.id,
      input: JSON.stringify(request),
    }),
  );
  return answer(202, { id: request.id, status: "pending" });
};

function parse(body: string): Omit<ApprovalRequest, "id"> | { problem: string } {
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return { problem: "The body is not JSON." };
  }
  const { requester, title, amount } = given ?? {};
  if (typeof requester !== "string" || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(requester))
    return { problem: "requester must be a mail address." };
  if (typeof title !== "string" || title.trim() === "" || title.length > 200)
    return { problem: "title must be a text of 1 to 200 characters." };
  if (typeof amount !== "number" || !Number.isSafeInteger(amount) || amount < 0)
    return { problem: "amount must be a whole number of 0 or more." };
  return { requester, title: title.trim(), amount };
}
