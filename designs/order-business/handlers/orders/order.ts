import { Problem } from "./problem.ts";

export const STATUSES = ["received", "preparing", "shipped", "cancelled"] as const;
export type Status = (typeof STATUSES)[number];

export interface OrderLine {
  sku: string;
  quantity: number;
  /** In the smallest unit of the currency (yen, cents). */
  unitPrice: number;
}

export interface Order {
  id: string;
  customer: string;
  email: string;
  lines: OrderLine[];
  total: number;
  note?: string;
  status: Status;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Goes up with each change; guards against lost updates. */
  version: number;
  /** Fingerprint of the form that made the order, to tell a retry from another order under the same key. */
  fingerprint: string;
}

/** What the form sends. */
export type OrderForm = Pick<Order, "customer" | "email" | "lines" | "note">;

const LINES_MAX = 100;

/** Reads the body of a request as JSON. */
export function parseBody(body: string | undefined, isBase64Encoded: boolean): unknown {
  const text = isBase64Encoded ? Buffer.from(body ?? "", "base64").toString("utf8") : (body ?? "");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(400, "Malformed JSON", `The body is not JSON: ${(error as Error).message}`);
  }
}

/** Checks an order form and names every field that is wrong. */
export function parseOrderForm(given: unknown): OrderForm {
  const errors: { field: string; message: string }[] = [];
  const form = (typeof given === "object" && given !== null ? given : {}) as Record<string, unknown>;
  const text = (field: string, max: number) => {
    const value = form[field];
    if (typeof value === "string" && value.trim() !== "" && value.length <= max) return value.trim();
    errors.push({ field, message: `a text of 1 to ${max} characters is required` });
    return "";
  };
  const customer = text("customer", 200);
  const email = text("email", 254);
  if (email !== "" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email))
    errors.push({ field: "email", message: "is not an e-mail address" });
  const lines = parseLines(form["lines"], errors);
  const note = form["note"] === undefined ? undefined : text("note", 2000);
  if (errors.length > 0) throw new Problem(400, "Invalid order", "Some fields are wrong.", errors);
  return { customer, email, lines, ...(note === undefined ? {} : { note }) };
}

function parseLines(given: unknown, errors: { field: string; message: string }[]): OrderLine[] {
  if (!Array.isArray(given) || given.length === 0 || given.length > LINES_MAX) {
    errors.push({ field: "lines", message: `a list of 1 to ${LINES_MAX} lines is required` });
    return [];
  }
  return given.map((line: Partial<OrderLine> | null, index) => {
    const { sku, quantity, unitPrice } = line ?? {};
    if (typeof sku !== "string" || sku === "") errors.push({ field: `lines[${index}].sku`, message: "is required" });
    if (!Number.isSafeInteger(quantity) || quantity! < 1)
      errors.push({ field: `lines[${index}].quantity`, message: "must be a whole number of 1 or more" });
    if (!Number.isSafeInteger(unitPrice) || unitPrice! < 0)
      errors.push({ field: `lines[${index}].unitPrice`, message: "must be a whole number of 0 or more" });
    return { sku: sku!, quantity: quantity!, unitPrice: unitPrice! };
  });
}

export function isStatus(value: unknown): value is Status {
  return STATUSES.includes(value as Status);
}

/** The order as callers see it. */
export function shown(order: Order): Omit<Order, "fingerprint"> {
  const { fingerprint: _fingerprint, ...rest } = order;
  return rest;
}
