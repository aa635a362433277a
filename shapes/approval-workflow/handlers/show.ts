import type { APIGatewayProxyHandlerV2 } from "aws-lambda";
import { answer, problem } from "./answer.ts";
import { findRequest } from "./requests-table.ts";

/** GET /requests/{id}: the request and its audit trail. */
export const handler: APIGatewayProxyHandlerV2 = async (event) => {
  const id = event.pathParameters?.["id"] ?? "";
  const request = await findRequest(id);
  return request ? answer(200, request) : problem(404, "Not found", `There is no request ${id}.`);
};
