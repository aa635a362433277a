/**
 * The demo of `saas-integration`: sends webhooks as GitHub, Stripe and Shopify do, signed.
 * `katachi dev saas-integration` in one terminal, this with the names that it prints in another.
 */
import { createHmac } from "node:crypto";

export interface Webhook {
  readonly provider: "github" | "stripe" | "shopify";
  /** The provider's id of the delivery. */
  readonly id: string;
  readonly event: string;
  readonly body: object | string;
}

/** Bodies as the services send them, shortened where they go on and on. */
export const WEBHOOKS: readonly Webhook[] = [
  {
    provider: "github",
    id: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    event: "issues",
    body: {
      action: "opened",
      issue: {
        url: "https://api.github.com/repos/octo-org/注文管理/issues/7",
        number: 7,
        title: "合計が 1 円ずれる",
        user: { login: "hanako-y", id: 21031067, type: "User" },
        labels: [{ id: 1362934389, name: "bug", color: "d73a4a" }],
        state: "open",
        created_at: "2026-05-15T15:20:18Z",
        updated_at: "2026-05-15T15:20:18Z",
        body: "税込の丸めが…\r\n再現手順は下記です。",
      },
      repository: { id: 186853002, full_name: "octo-org/注文管理", private: true },
      sender: { login: "hanako-y", id: 21031067 },
    },
  },
  {
    provider: "stripe",
    id: "evt_1NG8Du2eZvKYlo2CUI79vXWy",
    event: "invoice.paid",
    body: {
      id: "evt_1NG8Du2eZvKYlo2CUI79vXWy",
      object: "event",
      api_version: "2025-03-31.basil",
      created: 1747322418,
      data: {
        object: {
          id: "in_1MtHbELkdIwHu7ixl4OzzPMv",
          object: "invoice",
          amount_due: 6600,
          amount_paid: 6600,
          currency: "jpy",
          customer_name: "株式会社サンプル",
          status: "paid",
        },
      },
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      type: "invoice.paid",
    },
  },
  {
    provider: "shopify",
    id: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    event: "orders/create",
    // As text: the ids are larger than JavaScript's numbers can tell apart.
    body: `{
      "id": 820982911946154508,
      "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
      "created_at": "2026-05-15T11:00:00-04:00",
      "currency": "EUR",
      "email": "jörg@example.com",
      "name": "#9999",
      "total_price": "123.50",
      "line_items": [{ "id": 866550311766439020, "title": "IPod Nano – 8GB", "quantity": 1, "price": "99.50" }],
      "shipping_address": { "first_name": "Jörg", "city": "Köln", "country_code": "DE" }
    }`,
  },
];

/** The request as the provider makes it. @param now seconds since 1970, that Stripe signs */
export function signed(
  webhook: Webhook,
  secret: string,
  now: number,
): { headers: Record<string, string>; body: string } {
  const body = typeof webhook.body === "string" ? webhook.body : JSON.stringify(webhook.body);
  const hmac = (text: string) => createHmac("sha256", secret).update(text);
  const headers: Record<Webhook["provider"], () => Record<string, string>> = {
    github: () => ({
      "x-github-event": webhook.event,
      "x-github-delivery": webhook.id,
      "x-hub-signature-256": `sha256=${hmac(body).digest("hex")}`,
    }),
    stripe: () => ({ "stripe-signature": `t=${now},v1=${hmac(`${now}.${body}`).digest("hex")}` }),
    shopify: () => ({
      "x-shopify-topic": webhook.event,
      "x-shopify-webhook-id": webhook.id,
      "x-shopify-hmac-sha256": hmac(body).digest("base64"),
    }),
  };
  return { headers: { "content-type": "application/json", ...headers[webhook.provider]() }, body };
}

export interface DemoInput {
  readonly url: string;
  /** What each provider signs with. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What time it is in the cloud, in ms since 1970. */
  readonly now: () => number;
}

export function send({ url, secrets, now }: DemoInput, webhook: Webhook): Promise<Response> {
  const request = signed(webhook, secrets[webhook.provider]!, Math.floor(now() / 1000));
  return fetch(`${url.replace(/\/$/, "")}/webhooks/${webhook.provider}`, { method: "POST", ...request });
}

/** Sends them all. Resolves with how each was answered. */
export function runDemo(given: DemoInput): Promise<number[]> {
  return Promise.all(WEBHOOKS.map(async (webhook) => (await send(given, webhook)).status));
}
