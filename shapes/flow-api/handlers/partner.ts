import type { APIGatewayProxyHandlerV2 } from "aws-lambda";

const json = (statusCode: number, body: unknown) => ({
  statusCode,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/**
 * Stands for the companies around the shop: reviews, shipping and payment, each an HTTP API with a key. The product
 * `slow-reviews` makes reviews answer late; the card `declined` is declined.
 */
export const handler: APIGatewayProxyHandlerV2 = async (event) => {
  if (event.headers["x-api-key"] !== process.env["API_KEY"]) return json(403, { message: "Forbidden" });
  const { id = "" } = event.pathParameters ?? {};
  if (event.routeKey === "GET /reviews/{id}") {
    if (id === "slow-reviews") await new Promise((resolve) => setTimeout(resolve, 5000));
    return json(200, [{ stars: 5, text: `良い ${id}` }]);
  }
  if (event.routeKey === "GET /shipping/{id}") return json(200, { days: 2, price: 500 });
  const { orderId, card } = JSON.parse(event.body ?? "{}") as { orderId: string; card: string };
  if (card === "declined") return json(402, { message: "Insufficient funds" });
  return json(200, { paymentId: `p-${orderId}` });
};
