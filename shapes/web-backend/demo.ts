/**
 * The demo of `web-backend`: sends an order form to the running API and shows what comes back.
 * `katachi dev web-backend` in one terminal, `npm run demo -- http://127.0.0.1:4566/…` with its Url in another.
 */

export interface DemoStep {
  readonly title: string;
  readonly request: string;
  readonly status: number;
  readonly body: unknown;
}

/** As it comes from the page: names with spaces and kanji, a plus in the address, a note with line breaks and an emoji. */
export const ORDER_FORM = {
  customer: "山田 花子",
  email: "hanako+shop@example.jp",
  lines: [
    { sku: "tea-01", quantity: 2, unitPrice: 1200 },
    { sku: "cup/青磁", quantity: 1, unitPrice: 3500 },
  ],
  note: "玄関先に置いてください 🙏\n不在のことが多いです。",
};

/**
 * Runs the demo's calls one after the other.
 * @param url address of the API, with or without a slash at the end
 */
export async function runDemo(url: string): Promise<DemoStep[]> {
  const base = url.replace(/\/$/, "");
  const steps: DemoStep[] = [];
  const call = async (
    title: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const response = await fetch(base + path, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const step = {
      title,
      request: `${method} ${path}`,
      status: response.status,
      body: text === "" ? undefined : JSON.parse(text),
    };
    steps.push(step);
    return step.body as { id: string; version: number; next?: string };
  };

  const key = { "idempotency-key": `demo-${crypto.randomUUID()}` };
  const order = await call("An order comes in", "POST", "/orders", ORDER_FORM, key);
  await call("The same form again: a retry makes no second order", "POST", "/orders", ORDER_FORM, key);
  await call("Read it back", "GET", `/orders/${order.id}`);
  for (let n = 2; n <= 4; n++)
    await call(`Order ${n}`, "POST", "/orders", { ...ORDER_FORM, customer: `Customer ${n}` });
  const page = await call("Newest first, two a page", "GET", "/orders?status=received&limit=2");
  if (page.next) await call("The next page", "GET", `/orders?status=received&limit=2&next=${page.next}`);
  await call("It ships", "PATCH", `/orders/${order.id}`, { status: "shipped", version: order.version });
  await call("A second clerk is too late", "PATCH", `/orders/${order.id}`, {
    status: "cancelled",
    version: order.version,
  });
  return steps;
}
