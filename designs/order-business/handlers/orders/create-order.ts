import { createHash, randomUUID } from "node:crypto";
import type { APIGatewayProxyHandlerV2 } from "aws-lambda";
import { type Order, parseBody, parseOrderForm, shown } from "./order.ts";
import { insertOrder } from "./orders-table.ts";
import { answering, json, Problem } from "./problem.ts";

/**
 * POST /orders. With an `Idempotency-Key` the same form sent again answers with the order that was made the first time;
 * another form under the same key is refused.
 */
export const handler: APIGatewayProxyHandlerV2 = (event) =>
  answering(async () => {
    const form = parseOrderForm(parseBody(event.body, event.isBase64Encoded));
    const key = event.headers["idempotency-key"];
    const fingerprint = createHash("sha256").update(JSON.stringify(form)).digest("hex");
    const order: Order = {
      id: key === undefined ? randomUUID() : createHash("sha256").update(key).digest("hex").slice(0, 32),
      ...form,
      total: form.lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0),
      status: "received",
      createdAt: new Date().toISOString(),
      version: 1,
      fingerprint,
    };
    const stored = await insertOrder(order);
    if (stored.fingerprint !== fingerprint)
      throw new Problem(409, "Key already used", `Another order was made with the Idempotency-Key "${key}".`);
    return json(201, shown(stored), { location: `/orders/${stored.id}` });
  });
