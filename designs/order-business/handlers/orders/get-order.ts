import type { APIGatewayProxyHandlerV2 } from "aws-lambda";
import { shown } from "./order.ts";
import { findOrder } from "./orders-table.ts";
import { answering, json, Problem } from "./problem.ts";

/** GET /orders/{id} */
export const handler: APIGatewayProxyHandlerV2 = (event) =>
  answering(async () => {
    const id = event.pathParameters?.["id"] ?? "";
    const order = await findOrder(id);
    if (!order) throw new Problem(404, "Not found", `There is no order ${id}.`);
    return json(200, shown(order), { etag: `"${order.version}"` });
  });
