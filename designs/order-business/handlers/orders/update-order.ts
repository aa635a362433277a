import type { APIGatewayProxyHandlerV2 } from "aws-lambda";
import { isStatus, parseBody, shown, STATUSES } from "./order.ts";
import { updateStatus } from "./orders-table.ts";
import { answering, json, Problem } from "./problem.ts";

/** PATCH /orders/{id} with `{ "status": "shipped", "version": 1 }`. */
export const handler: APIGatewayProxyHandlerV2 = (event) =>
  answering(async () => {
    const body = (parseBody(event.body, event.isBase64Encoded) ?? {}) as { status?: unknown; version?: unknown };
    const { status, version } = body;
    if (!isStatus(status))
      throw new Problem(400, "Invalid status", `status is ${JSON.stringify(status)}; allowed: ${STATUSES.join(", ")}.`);
    if (!Number.isSafeInteger(version))
      throw new Problem(400, "Invalid version", "version must be the number that the order was read with.");
    const order = await updateStatus(event.pathParameters?.["id"] ?? "", status, version as number);
    return json(200, shown(order), { etag: `"${order.version}"` });
  });
