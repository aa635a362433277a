import type { APIGatewayProxyHandlerV2 } from "aws-lambda";
import { isStatus, shown, STATUSES } from "./order.ts";
import { listOrders } from "./orders-table.ts";
import { answering, json, Problem } from "./problem.ts";

const PAGE_MAX = 100;

/** GET /orders?status=received&limit=20&next=… */
export const handler: APIGatewayProxyHandlerV2 = (event) =>
  answering(async () => {
    const { status = "received", limit = "20", next } = event.queryStringParameters ?? {};
    if (!isStatus(status))
      throw new Problem(400, "Invalid status", `status is "${status}"; allowed: ${STATUSES.join(", ")}.`);
    if (!/^\d+$/.test(limit) || Number(limit) < 1 || Number(limit) > PAGE_MAX)
      throw new Problem(400, "Invalid limit", `limit is "${limit}"; allowed: 1 to ${PAGE_MAX}.`);
    const page = await listOrders(status, Number(limit), next);
    return json(200, { orders: page.orders.map(shown), ...(page.next === undefined ? {} : { next: page.next }) });
  });
