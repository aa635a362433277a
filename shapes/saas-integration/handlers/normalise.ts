/** A webhook as rules and consumers see it, whoever sent it. */
export interface Normalised {
  readonly provider: string;
  /** The provider's id of this delivery: the same however often it is sent. */
  readonly id: string;
  /** What happened: `issues.opened`, `invoice.paid`, `orders/create`. */
  readonly type: string;
  /** When, ISO 8601. */
  readonly at: string;
  /** What it is about, as the provider calls it. */
  readonly subject: string;
  /** In the smallest unit of the currency, where money is concerned. */
  readonly amount?: number;
  readonly currency?: string;
}

type Headers = Readonly<Record<string, string | undefined>>;

/** @throws Error where the body is not what this provider sends */
export function normalise(provider: string, headers: Headers, body: unknown): Normalised {
  const read = READ[provider];
  if (!read || typeof body !== "object" || body === null) throw new Error(`Not a webhook of ${provider}`);
  const webhook = { provider, ...read(headers, body as never) };
  for (const name of ["id", "type", "at", "subject"] as const)
    if (typeof webhook[name] !== "string" || webhook[name] === "") throw new Error(`There is no ${name}`);
  return webhook;
}

interface GithubBody {
  readonly action?: string;
  readonly repository: { readonly full_name: string };
  readonly issue?: { readonly number: number; readonly updated_at: string };
  readonly head_commit?: { readonly timestamp: string };
}

interface StripeBody {
  readonly id: string;
  readonly type: string;
  readonly created: number;
  readonly data: {
    readonly object: {
      readonly id: string;
      readonly amount_paid?: number;
      readonly amount?: number;
      readonly currency?: string;
    };
  };
}

interface ShopifyBody {
  readonly admin_graphql_api_id?: string;
  readonly id: number;
  readonly created_at: string;
  readonly total_price?: string;
  readonly currency?: string;
}

type Read = (headers: Headers, body: never) => Omit<Normalised, "provider">;

const READ: Readonly<Record<string, Read>> = {
  github: (headers, { action, repository, issue, head_commit: commit }: GithubBody) => ({
    id: headers["x-github-delivery"] ?? "",
    type: [headers["x-github-event"], action].filter(Boolean).join("."),
    at: new Date(issue?.updated_at ?? commit?.timestamp ?? Date.now()).toISOString(),
    subject: issue ? `${repository.full_name}#${issue.number}` : repository.full_name,
  }),
  stripe: (_headers, { id, type, created, data: { object } }: StripeBody) => ({
    id,
    type,
    at: new Date(created * 1000).toISOString(),
    subject: object.id,
    ...money(object.amount_paid ?? object.amount, object.currency),
  }),
  shopify: (headers, { id, created_at: created, total_price: price, currency, ...body }: ShopifyBody) => ({
    id: headers["x-shopify-webhook-id"] ?? "",
    type: headers["x-shopify-topic"] ?? "",
    at: new Date(created).toISOString(),
    subject: body.admin_graphql_api_id ?? String(id),
    ...money(price === undefined ? undefined : smallestUnits(price, currency), currency),
  }),
};

function money(amount: number | undefined, currency: string | undefined) {
  return amount === undefined || currency === undefined ? {} : { amount, currency: currency.toUpperCase() };
}

/** `"12.50"` in euros is 1250; yen have no smaller unit. */
function smallestUnits(price: string, currency = "USD"): number {
  const { maximumFractionDigits: digits = 2 } = new Intl.NumberFormat("en", {
    style: "currency",
    currency,
  }).resolvedOptions();
  return Math.round(Number(price) * 10 ** digits);
}
